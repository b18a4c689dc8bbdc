import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mibench.store import Store, read_frame

HOSTILE = Path(__file__).parents[1] / "runner" / "hostile.py"
SMALL = "-t", "gaussian:dim=1,mi=1", "--samples", "20"


@pytest.fixture
def stored(make_attempt):
    """A store of two estimators in the working folder; one cell has timed out."""
    attempts = [
        make_attempt(name, "gaussian:dim=1,mi=1.0", 20, seed, suite="quick", wall_s=2.0, sample_s=0.0)
        for name in ("zero", "gaussian:correction=none")
        for seed in range(3)
    ]
    attempts.append(
        make_attempt("zero", "gaussian:dim=1,mi=1.0", 20, 3, suite="quick", status="timeout", nats=None, timeout_s=9.0)
    )
    path = Path("mibench.sqlite")
    with Store(path) as store:
        store.extend(attempts)
    return path


def rows(text):
    """The words of each line."""
    return [line.split() for line in text.splitlines()]


def test_a_run_fills_the_store_and_a_second_finds_nothing_missing(cli):
    first = cli("run", "quick", "-e", "zero", "-e", "gaussian", *SMALL, "--seeds", 2)
    assert (first.code, first.out.splitlines()[-1]) == (0, "4 run, 0 reused")
    assert cli("run", "quick", "-e", "zero", "-e", "gaussian", *SMALL, "--seeds", 2).out == "0 run, 4 reused\n"
    again = cli("run", "quick", "-e", "zero", *SMALL, "--seeds", 3, "--fresh")
    assert again.out.splitlines()[-1] == "3 run, 0 reused"
    frame = read_frame("mibench.sqlite")
    assert sorted(frame["attempts"]) == [1, 1, 1, 2, 2]
    assert set(frame["suite"]) == {"quick"}


def test_what_was_reused_alone_has_no_row(cli):
    cli("run", "quick", "-e", "zero", *SMALL, "--seeds", 2)
    more = cli("run", "quick", "-e", "zero", "-e", "gaussian", *SMALL, "--seeds", 2)
    assert rows(more.out) == [["estimator", "ok"], ["gaussian", "2"], ["2", "run,", "2", "reused"]]


def test_a_suite_file_and_a_plugin_are_run_by_path(cli, tmp_path):
    (tmp_path / "own.toml").write_text(
        'tasks = ["gaussian:dim=1,mi=1"]\nestimators = ["sloppy", "hostile:fault=[nan,segfault]"]\n'
        'samples = [20]\nseeds = 1\ntimeout_s = 30\nmemory = "500MB"\n'
    )
    done = cli("run", "own.toml", "--plugin", HOSTILE, "--store", "own.sqlite")
    assert rows(done.out) == [
        ["estimator", "ok", "nonfinite", "crash"],
        ["sloppy", "1"],
        ["hostile:fault=nan", "1"],
        ["hostile:fault=segfault", "1"],
        ["hostile:fault=nan:", "1", "nonfinite,", "first:", "the", "estimate", "is", "nan"],
        ["hostile:fault=segfault:", "1", "crash,", "first:", "the", "process", "was", "killed", "by", "SIGSEGV"],
        ["3", "run,", "0", "reused"],
    ]
    assert rows(cli("status", "--store", "own.sqlite").out) == [
        ["suite", "estimator", "ok", "nonfinite", "crash"],
        ["own", "hostile:fault=nan", "1"],
        ["own", "hostile:fault=segfault", "1"],
        ["own", "sloppy", "1"],
        ["own,", "hostile:fault=nan:", "1", "nonfinite,", "first:", "the", "estimate", "is", "nan"],
        [
            "own,",
            "hostile:fault=segfault:",
            "1",
            "crash,",
            "first:",
            "the",
            "process",
            "was",
            "killed",
            "by",
            "SIGSEGV",
        ],
        ["3", "cells,", "3", "attempts"],
    ]
    assert read_frame("own.sqlite").set_index("estimator")["status"].to_dict() == {
        "sloppy": "ok", "hostile:fault=nan": "nonfinite", "hostile:fault=segfault": "crash",
    }  # fmt: skip


def test_shards_and_a_merge_make_the_whole(cli):
    whole = "run", "quick", "-e", "zero", "-e", "gaussian", *SMALL, "--seeds", 5
    for index in (1, 2, 3):
        cli(*whole, "--shard", f"{index}/3", "--store", f"part-{index}.sqlite")
    parts = [f"part-{index}.sqlite" for index in (1, 2, 3)]
    assert [len(read_frame(part)) for part in parts] == [4, 4, 2]
    assert cli("merge", *parts, "-o", "all.sqlite").out == "10 attempts added to all.sqlite, 0 known already\n"
    assert cli("merge", *parts, "-o", "all.sqlite").out == "0 attempts added to all.sqlite, 10 known already\n"
    assert cli(*whole, "--store", "all.sqlite").out == "0 run, 10 reused\n"


def test_a_dry_run_shows_the_grid_and_touches_nothing(cli, stored):
    before = stored.read_bytes()
    done = cli("run", "quick", "-e", "zero", "-e", "gaussian", *SMALL, "--seeds", 8, "--dry-run", "--workers", 2)
    assert rows(done.out)[:3] == [
        ["estimator", "cells", "missing", "time"], ["zero", "8", "8", "30", "s"], ["gaussian", "8", "8", "16", "s"],
    ]  # fmt: skip
    assert done.out.splitlines()[3:] == [
        "1 task, n = 20, seeds 0 to 7",
        "16 cells, 16 missing, 0 reused",
        "about 23 s on 2 workers, from past attempts",
    ]
    assert stored.read_bytes() == before
    empty = cli("run", "quick", "-e", "zero", *SMALL, "--seeds", 2, "--dry-run", "--store", "none.sqlite")
    assert empty.out.splitlines()[-1] == "2 cells of estimators never timed here: how long they take is not known"
    assert not Path("none.sqlite").exists()


def test_retry_runs_what_failed_and_keeps_the_old_attempt(cli):
    chosen = "-e", "sloppy", "-e", "hostile:fault=[nan,exit_1]", *SMALL, "--seeds", 1, "--plugin", HOSTILE
    cli("run", "quick", *chosen)
    assert cli("retry", "--status", "timeout").out == "0 run: no cell failed\n"
    one = cli("retry", "--status", "crash", "--plugin", HOSTILE)
    assert one.out.splitlines()[-1] == "1 run, 0 reused"
    both = cli("retry", "--plugin", HOSTILE, "--memory", "700MB")
    assert both.out.splitlines()[-1] == "2 run, 0 reused"
    frame = read_frame("mibench.sqlite").set_index("estimator")
    assert frame["attempts"].to_dict() == {"sloppy": 1, "hostile:fault=nan": 2, "hostile:fault=exit_1": 3}
    assert frame["memory_mb"].to_dict() == {
        "sloppy": 2000, "hostile:fault=nan": 700, "hostile:fault=exit_1": 700,
    }  # fmt: skip


def test_retry_says_what_cannot_be_run_again(cli, stored):
    done = cli("retry", "--failed")
    assert done.out == "0 run\n"
    assert "1 cell left out: zero on gaussian:dim=1,mi=1.0 has another version by now; run the suite" in done.err


def test_status_as_json(cli, stored):
    assert json.loads(cli("status", "--json").out)[-1] == {
        "suite": "quick", "estimator": "zero", "status": "timeout", "cells": 1,
    }  # fmt: skip


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_an_export_holds_every_cell(cli, stored, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    assert cli("export", "-o", f"out.{suffix}").code == 0
    readers = {"jsonl": read_frame, "csv": pd.read_csv, "parquet": pd.read_parquet}
    frame = readers[suffix](f"out.{suffix}")
    expected = read_frame(stored)
    for name in ("key", "estimator", "n", "seed", "status", "nats", "cpu_s"):
        pd.testing.assert_series_equal(
            frame.sort_values("key", ignore_index=True)[name], expected.sort_values("key", ignore_index=True)[name],
            check_dtype=False,
        )  # fmt: skip


def test_an_import_adds_what_is_not_known(cli, stored):
    cli("export", "-o", "out.jsonl")
    assert cli("import", "out.jsonl", "--store", "b.sqlite").out == "7 attempts added to b.sqlite, 0 known already\n"
    assert cli("import", "out.jsonl", "--store", "b.sqlite").out == "0 attempts added to b.sqlite, 7 known already\n"
    cli("export", "--store", "b.sqlite", "-o", "again.jsonl")
    assert Path("again.jsonl").read_bytes() == Path("out.jsonl").read_bytes()


def test_what_is_left_of_a_damaged_store_is_exported(cli, make_attempt):
    with Store("mibench.sqlite") as store:
        store.extend(make_attempt("zero", "gaussian:dim=1,mi=1.0", 20, seed) for seed in range(500))
    with Path("mibench.sqlite").open("r+b") as file:
        file.truncate(60_000)
    assert "malformed; what is left of it can be saved: mibench export" in cli("status").complaint
    done = cli("export", "-o", "saved.jsonl")
    assert done.code == 2
    assert "is damaged: the" in done.err
    assert 50 < len(read_frame("saved.jsonl")) < 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "quikc"], "unknown suite 'quikc'; did you mean 'quick'?"),
        (["run", "quick", "-e", "zero", "--shard", "3/2"], "shard is '3/2'; allowed: i/n"),
        (["run", "quick", "-e", "zero", "--memory", "much"], "memory is 'much'; allowed: a size such as 512MB or 2GB"),
        (["run", "quick", "-e", "zero", "--workers", "0"], "'--workers'"),
        (["run", "quick", "-e", "zero", "--store", "a.jsonl"], "allowed for writing: an SQLite file"),
        (["run", "quick", "-e", "zero", "--plugin", "none.py"], "'none.py' is not a file"),
        (["status"], "store 'mibench.sqlite' does not exist"),
        (["merge", "a.sqlite", "-o", "b.sqlite"], "store 'a.sqlite' does not exist"),
        (["import", "a.jsonl"], "store 'a.jsonl' does not exist"),
        (["export", "-o", "a.xlsx"], "output is 'a.xlsx'; allowed: a file that ends in .jsonl, .csv, .parquet"),
        (["retry", "--status", "ok"], "'ok' is not one of"),
    ],
)
def test_a_mistake_is_one_line(cli, arguments, message):
    assert message in cli(*arguments).complaint
    assert not Path("mibench.sqlite").exists()


def test_the_commands_import_nothing_heavy():
    code = "import sys, mibench.cli.main; print(*{'torch', 'pandas', 'sklearn', 'numba', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
