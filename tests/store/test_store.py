import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mibench.attempt import DEFAULTS, Attempt
from mibench.errors import StoreError
from mibench.store import (
    Skipped,
    Store,
    database,
    opening,
    read_attempts,
    read_environments,
    read_frame,
    read_runs,
    schema,
)
from mibench.store.interchange import write_jsonl
from mibench.store.merge import merge


def same(attempts):
    """Attempts as text, which compares NaN with NaN."""
    return sorted(attempt.to_json() for attempt in attempts)


@pytest.fixture
def varied(make_attempt):
    """Attempts that together use every field, and values that JSON or SQL could spoil."""
    ordinary = make_attempt("ksg:k=3", "gaussian:dim=1,mi=0.5", 100, 0)
    full = Attempt(
        key="ab" * 32, estimator='odd:name="a,b"', task="gaussian:dim=1,mi=0.5", n=7, seed=2**40, status="error",
        suite="s", family="gaussian", nats=-0.1 + 0.2, stderr=5e-324, truth_nats=1e308, truth_stderr=1e-3, cpu_s=0.0,
        wall_s=1.5, setup_s=2.5, sample_s=3.5, peak_mb=4.5, message="π ≠ 3\n", traceback="line\x00 'quoted'",
        output="\ud7ff" * 3, signal=11, exit_code=0, lifted=True, diagnostics={"a": [1, {"b": None}], "c": "x"},
        curve=((0.0, 0.1), (1.0, 0.2)), estimator_version="1+x", estimator_origin="o", task_version="2",
        timeout_s=60.0, memory_mb=2000.0, environment="e", finished_at="2026-03-01T12:00:00.000001Z",
    )  # fmt: skip
    strange = [
        make_attempt("ksg:k=3", "gaussian:dim=1,mi=0.5", 100, seed, status="nonfinite", nats=value)
        for seed, value in enumerate((float("nan"), float("inf"), -float("inf")), start=1)
    ]
    return [ordinary, full, *strange]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.sqlite"


def fill(path, attempts):
    with Store(path) as store:
        store.extend(attempts)
    return path


def test_every_field_survives_sqlite_and_jsonl(varied, path):
    assert {field.name for field in dataclasses.fields(Attempt)} == set(schema.COLUMNS)
    fill(path, varied)
    assert same(read_attempts(path)) == same(varied)
    write_jsonl(path.with_suffix(".jsonl"), varied, {})
    assert same(read_attempts(path.with_suffix(".jsonl"))) == same(varied)


def test_a_closed_store_is_one_file(varied, path):
    fill(path, varied)
    read_frame(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_frame_is_the_same_from_sqlite_and_jsonl(varied, path):
    fill(path, varied)
    write_jsonl(path.with_suffix(".jsonl"), varied, {})
    frames = [read_frame(file).sort_values("key", ignore_index=True) for file in (path, path.with_suffix(".jsonl"))]
    pd.testing.assert_frame_equal(*frames)
    assert list(frames[0].columns) == [*DEFAULTS, "attempts"]
    row = frames[0].set_index("key").loc["ab" * 32]
    assert row["nats"] == -0.1 + 0.2
    assert row["signal"] == 11
    assert row["diagnostics"] == {"a": [1, {"b": None}], "c": "x"}
    assert row["curve"] == ((0.0, 0.1), (1.0, 0.2))


def test_an_empty_store_gives_an_empty_frame(path):
    fill(path, [])
    frame = read_frame(path)
    assert list(frame.columns) == [*DEFAULTS, "attempts"]
    assert frame.empty


def test_a_frame_of_some_columns_has_just_these(varied, path):
    fill(path, varied)
    assert list(read_frame(path, columns=["nats", "status"]).columns) == ["nats", "status", "attempts"]
    with pytest.raises(StoreError, match=r"nat.*no field of an attempt; allowed: key"):
        read_frame(path, columns=["nat"])


def two_attempts(make_attempt):
    cell = "ksg:k=3", "gaussian:dim=1,mi=0.5", 100, 0
    old = make_attempt(*cell, status="timeout", nats=None, timeout_s=10.0, finished_at="2026-03-01T00:00:00Z")
    new = make_attempt(*cell, nats=0.4, finished_at="2026-03-02T00:00:00Z")
    return old, new, make_attempt("ksg:k=3", "gaussian:dim=1,mi=0.5", 100, 1)


def test_of_attempts_that_are_brought_in_the_last_finished_counts_in_whatever_order_they_came(make_attempt, path):
    old, new, other = two_attempts(make_attempt)
    for file, attempts in ((path, [old, new, other]), (path.with_name("b.sqlite"), [new, other, old])):
        with Store(file) as store:
            store.extend(attempts)
        frame = read_frame(file).set_index("seed")
        assert frame.loc[0, "status"] == "ok"
        assert list(frame.loc[[0, 1], "attempts"]) == [2, 1]


def test_of_attempts_written_one_by_one_the_last_written_counts_whatever_the_clock_says(make_attempt, path):
    late, early, other = two_attempts(make_attempt)[1::-1] + two_attempts(make_attempt)[2:]
    with Store(path) as store:
        for attempt in (late, other, early):
            store.append(attempt)
    write_jsonl(path.with_suffix(".jsonl"), read_attempts(path), {})
    merge([path.with_suffix(".jsonl")], path.with_name("copy.sqlite"))
    for file in (path, path.with_suffix(".jsonl"), path.with_name("copy.sqlite")):
        frame = read_frame(file).set_index("seed")
        assert frame.loc[0, "status"] == "timeout"
        assert frame.loc[0, "finished_at"] == early.finished_at
    with Store(path) as store:
        assert bytes.fromhex(early.key) in store.reusable(10, 1)
        assert bytes.fromhex(early.key) not in store.reusable(11, 1)


def test_an_attempt_of_the_future_that_is_brought_in_does_not_outlast_the_next_run(make_attempt, path):
    bogus, new, _ = two_attempts(make_attempt)
    bogus = dataclasses.replace(bogus, finished_at="2099-12-31T00:00:00Z")
    write_jsonl(path.with_suffix(".jsonl"), [bogus], {})
    for file in (path, path.with_name("both.jsonl")):
        assert merge([path.with_suffix(".jsonl")], file).added == 1
        assert merge([path.with_suffix(".jsonl")], file).added == 0
    with Store(path) as store:
        store.append(dataclasses.replace(new, finished_at=database.now()))
    assert read_frame(path)["status"].tolist() == ["ok"]
    assert merge([path], path.with_name("both.jsonl")).added == 1
    assert read_frame(path.with_name("both.jsonl"))["status"].tolist() == ["ok"]


def test_an_older_file_that_is_brought_in_does_not_replace_newer_attempts(make_attempt, path):
    old, new, _ = two_attempts(make_attempt)
    fill(path, [new])
    write_jsonl(path.with_suffix(".jsonl"), [old], {})
    merge([path.with_suffix(".jsonl")], path)
    assert read_frame(path)["status"].tolist() == ["ok"]


def test_a_cell_is_reused_unless_its_limits_were_less_generous(make_attempt, path):
    statuses = ["ok", "error", "nonfinite", "crash", "unsupported", "timeout", "oom"]
    attempts = [
        make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed, status=status, timeout_s=10.0, memory_mb=500.0)
        for seed, status in enumerate(statuses)
    ]
    with Store(path) as store:
        store.extend(attempts)
        keys = dict(zip(statuses, (bytes.fromhex(attempt.key) for attempt in attempts), strict=True))
        assert store.reusable(10, 500) == set(keys.values())
        assert store.reusable(5, 100) == set(keys.values())
        assert set(keys.values()) - store.reusable(11, 500) == {keys["timeout"]}
        assert set(keys.values()) - store.reusable(10, 501) == {keys["oom"]}
        store.append(dataclasses.replace(attempts[0], status="timeout", finished_at="2027-01-01T00:00:00Z"))
        assert keys["ok"] not in store.reusable(11, 500)


def test_environments_and_runs_are_kept(path):
    with Store(path) as store:
        digest = store.add_environment({"cpu": "x", "cores": 2})
        assert store.add_environment({"cores": 2, "cpu": "x"}) == digest
        store.finish_run(store.start_run("quick", {"seeds": 3}, digest), "complete")
    assert read_environments(path) == {digest: {"cpu": "x", "cores": 2}}
    assert read_runs(path)["ended"].tolist() == ["complete"]


def test_a_second_writer_is_refused_and_the_first_goes_on(make_attempt, path):
    attempt = make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, 0)
    with Store(path) as store:
        with pytest.raises(StoreError, match=f"is being written by another run .process {os.getpid()} on"):
            Store(path)
        store.append(attempt)
        assert len(read_frame(path)) == 1
    Store(path).close()
    assert same(read_attempts(path)) == same([attempt])


_WRITER = """
import sys
sys.path.insert(0, {tests!r})
from mibench.attempt import Attempt
from mibench.store import Store
store = Store({path!r})
for seed in range(10**9):
    store.append(Attempt(key=f"{{seed:064x}}", estimator="e", task="t", n=1, seed=seed, status="ok", nats=1.0))
    print(seed, flush=True)
"""


def test_a_killed_writer_loses_nothing_it_had_appended(path):
    code = _WRITER.format(tests=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) >= 300:
                break
        process.send_signal(signal.SIGKILL)
        last = int(line)
    assert path.with_name(path.name + "-wal").exists()
    with Store(path):
        pass
    seeds = sorted(attempt.seed for attempt in read_attempts(path))
    assert len(seeds) > last
    assert seeds == list(range(len(seeds)))
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_left_log_is_read_where_the_folder_cannot_be_written(make_attempt, path, monkeypatch):
    attempt = make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, 0)
    store = Store(path)
    store.append(attempt)
    before = sorted(file.name for file in path.parent.iterdir())
    monkeypatch.setattr(opening.os, "access", lambda *_: False)
    assert same(read_attempts(path)) == same([attempt])
    assert sorted(file.name for file in path.parent.iterdir()) == before
    store.close()


def test_a_full_disk_is_one_clear_error_and_what_was_there_stays(make_attempt, path):
    store = Store(path)
    store._connection.execute("PRAGMA max_page_count = 40")
    written = []

    def write_until_full():
        for seed in range(10_000):
            store.append(make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed))
            written.append(seed)

    with pytest.raises(StoreError, match=r"database or disk is full; free some space .* what was written stays"):
        write_until_full()
    store.close()
    assert written
    assert sorted(attempt.seed for attempt in read_attempts(path)) == written


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"results.sqlite' cannot be written"):
        Store(tmp_path / "file" / "results.sqlite")


def test_a_newer_schema_is_refused_and_untouched(varied, path):
    fill(path, varied)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    content = path.read_bytes()
    for use in (Store, read_frame):
        with pytest.raises(
            StoreError, match=r"was written by a newer mibench: it has schema version 99; allowed: up to \d+ .upgrade"
        ):
            use(path)
    assert path.read_bytes() == content


def test_other_files_are_refused(tmp_path):
    text = tmp_path / "text.sqlite"
    text.write_text("no database at all, but long enough to have a header of one hundred bytes " * 3)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (x)")
    for use in (Store, read_frame):
        with pytest.raises(StoreError, match=r"not a database; allowed"):
            use(text)
        with pytest.raises(StoreError, match=r"not a store of mibench"):
            use(foreign)
    with pytest.raises(StoreError, match=r"does not exist"):
        read_frame(tmp_path / "none.sqlite")
    with pytest.raises(StoreError, match=r"allowed for writing: an SQLite file"):
        Store(tmp_path / "a.jsonl")


def test_what_is_left_of_a_truncated_store_can_be_saved(make_attempt, path):
    attempts = [make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed) for seed in range(1000)]
    with Store(path) as store:
        digest = store.add_environment({"cpu": "x"})
        store.extend(attempts)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match=r"malformed; what is left of it can be saved: mibench export --skip-bad"):
        read_frame(path)
    skipped = Skipped()
    saved = list(read_attempts(path, skipped))
    assert 300 < len(saved) < 1000
    assert set(same(saved)) < set(same(attempts))
    assert "a part of the file cannot be read" in skipped.lines()[1]
    assert len(read_frame(path, skipped=Skipped())) == len(saved)
    assert digest in read_environments(path, Skipped())


def test_a_network_folder_gets_no_log_but_batches(make_attempt, path, monkeypatch):
    monkeypatch.setattr(database, "file_system", lambda _: "nfs4")
    monkeypatch.setattr(database, "BATCH_S", 3600.0)
    with Store(path) as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        for seed in range(5):
            store.append(make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed))
        assert len(read_frame(path)) < 5
    assert len(read_frame(path)) == 5


def test_the_file_system_of_a_folder_is_known():
    assert database.file_system(Path("/proc/self")) == "proc"


def test_a_torn_last_line_is_passed_over_and_a_torn_middle_is_not(varied, tmp_path):
    file = tmp_path / "results.jsonl"
    write_jsonl(file, varied, {"e": {"cpu": "x"}})
    whole = file.read_bytes()
    for cut in range(1, len(whole.splitlines()[-1]), 37):
        file.write_bytes(whole[:-cut])
        assert len(list(read_attempts(file))) >= len(varied) - 1
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], lines[2][:40] + b"\n", *lines[3:]]))
    with pytest.raises(StoreError, match=r"line 3: it is no JSON"):
        list(read_attempts(file))


def test_jsonl_is_sorted_and_concatenable(varied, tmp_path):
    forward, backward = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    write_jsonl(forward, varied, {"e": {"cpu": "x"}})
    write_jsonl(backward, reversed(varied), {"e": {"cpu": "x"}})
    assert forward.read_bytes() == backward.read_bytes()
    both = tmp_path / "both.jsonl"
    both.write_bytes(forward.read_bytes() + backward.read_bytes())
    assert set(read_frame(both)["attempts"]) == {2}
    assert read_environments(both) == {"e": {"cpu": "x"}}


def test_a_text_that_is_no_unicode_costs_its_character_only(make_attempt, path):
    attempt = make_attempt(
        "ksg", "gaussian:dim=1,mi=0.5", 100, 0, message="\ud83d", estimator_origin="\udc00", output="π"
    )
    with Store(path) as store:
        store.append(attempt)
        store.append(attempt)
    assert [item.message for item in read_attempts(path)] == ["\\ud83d"] * 2
    assert read_frame(path)["estimator_origin"].tolist() == ["\\udc00"]
