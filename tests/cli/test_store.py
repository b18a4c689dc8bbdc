"""Results out, in and gone: ``export``, ``import``, ``merge`` and ``forget``."""

import json
import sqlite3
from pathlib import Path

import pytest

from mibench.runner import execute
from mibench.store import Store, read_attempts, read_frame
from mibench.store.jsonl import write_jsonl
from mibench.suite import SuiteError, parse_suite


@pytest.fixture
def theirs(make_attempt):
    """A file of four attempts, one of them malformed."""
    write_jsonl("theirs.jsonl", [make_attempt("zero", "gaussian:dim=1,mi=0.5", 100, seed) for seed in range(4)], {})
    lines = Path("theirs.jsonl").read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "n": "many"})
    Path("theirs.jsonl").write_text("\n".join(lines) + "\n")
    return "theirs.jsonl"


def test_a_bad_entry_is_one_line_and_leaves_the_store_as_it_was(cli, theirs):
    complaint = cli("import", theirs).complaint
    assert complaint.startswith("'theirs.jsonl', line 2: n is 'many'; allowed: a whole number from 1 to ")
    assert not Path("mibench.sqlite").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["import", "theirs.jsonl"],
        ["merge", "theirs.jsonl", "-o", "mibench.sqlite"],
        ["export", "--store", "theirs.jsonl", "-o", "out.jsonl"],
        ["export", "--store", "theirs.jsonl", "-o", "out.csv"],
        ["status", "--store", "theirs.jsonl"],
        ["leaderboard", "trial", "--store", "theirs.jsonl", "--format", "csv"],
        ["leaderboard", "trial", "--store", "theirs.jsonl", "--format", "csv", "-o", "boards"],
    ],
)
def test_skip_bad_keeps_the_rest_and_says_what_was_left_out(cli, theirs, words):
    assert "line 2: n is 'many'" in cli(*words).complaint
    done = cli(*words, "--skip-bad")
    assert done.code == 1
    assert "1 bad entry left out:" in done.err
    assert "'theirs.jsonl', line 2: n is 'many'" in done.err
    for file in ("mibench.sqlite", "out.jsonl"):
        if Path(file).exists():
            assert read_frame(file)["seed"].tolist() == [0, 2, 3] or sorted(read_frame(file)["seed"]) == [0, 2, 3]


def test_forget_names_what_it_removes_and_records_it(cli, make_attempt):
    with Store("mibench.sqlite") as store:
        store.extend(make_attempt("ksg:k=3", "gaussian:dim=1,mi=0.5", 100, seed) for seed in range(3))
        store.extend(make_attempt("zero", "gaussian:dim=1,mi=0.5", 100, seed) for seed in range(3))
    assert "nothing to forget is named" in cli("forget").complaint
    assert cli("forget", "-e", "zero", "--dry-run").out == "3 attempts would be forgotten\n"
    assert len(list(read_attempts("mibench.sqlite"))) == 6
    assert cli("forget", "-e", "zero", "--suite", "other").out == "0 attempts forgotten\n"
    assert cli("forget", "-e", "zero").out == "3 attempts forgotten\n"
    assert read_frame("mibench.sqlite")["estimator"].tolist() == ["ksg:k=3"] * 3
    with sqlite3.connect("mibench.sqlite") as connection:
        ((what, count),) = connection.execute("SELECT what, attempts FROM forgotten").fetchall()
    assert (json.loads(what), count) == ({"estimators": ["zero"]}, 3)
    assert "does not exist" in cli("forget", "-e", "zero", "--store", "none.sqlite").complaint


def test_a_newer_store_is_never_called_damaged(cli, make_attempt):
    with Store("mibench.sqlite") as store:
        store.append(make_attempt("zero", "gaussian:dim=1,mi=0.5", 100, 0))
    with sqlite3.connect("mibench.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    for words in (["export", "-o", "out.jsonl"], ["status", "--skip-bad"], ["export", "-o", "out.csv", "--skip-bad"]):
        assert "was written by a newer mibench" in cli(*words).complaint


def test_a_run_whose_store_is_deleted_ends_with_exit_code_1_and_loses_nothing(cli, monkeypatch):
    append = Store.append
    written = []

    def append_and_delete(store, attempt, run=None):
        written.append(attempt)
        if len(written) == 3:
            store.path.unlink()
        append(store, attempt, run)

    monkeypatch.setattr(execute.Store, "append", append_and_delete)
    words = ["-e", "zero", "-t", "gaussian:dim=1,mi=1", "--samples", 20, "--seeds", 5, "--workers", 1]
    done = cli("run", "quick", *words)
    assert done.code == 1
    assert "was deleted or replaced while it was being written; all that it held is saved in " in done.err
    (saved,) = Path.cwd().glob("mibench-rescued-*.sqlite")
    assert len(list(read_attempts(saved))) == 3


@pytest.mark.parametrize("name", ["../x", "a/b", "-o", "a\nb"])
def test_a_suite_cannot_be_named_like_a_path(name):
    grid = {"tasks": ["gaussian:dim=1,mi=1"], "estimators": ["zero"], "samples": [20], "seeds": 1}
    with pytest.raises(SuiteError, match=r"name is .*; allowed: a plain name"):
        parse_suite({"name": name, **grid})
