"""Damaged and hostile SQLite files: changes are found, nothing in them is run, reading always ends."""

import math
import random
import sqlite3

import pytest

from mibench.errors import LostStoreError, StoreError
from mibench.store import Skipped, Store, opening, read_attempts, read_environments, read_frame
from mibench.store.forget import Choice, forget


@pytest.fixture
def attempts(make_attempt):
    return [
        make_attempt(estimator, "gaussian:dim=1,mi=0.5", 100, seed, message=f"message {seed}", diagnostics={"k": seed})
        for estimator in ("ksg:k=3", "ksg:k=5")
        for seed in range(20)
    ]


@pytest.fixture
def path(tmp_path, attempts):
    path = tmp_path / "results.sqlite"
    with Store(path) as store:
        store.add_environment({"cpu": "x"})
        store.extend(attempts)
    return path


def texts(found):
    return {item.to_json() for item in found}


def test_one_flipped_byte_in_a_label_costs_its_attempts_only(path, attempts):
    content = path.read_bytes()
    place = content.index(b"ksg:k=5")
    path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
    with pytest.raises(StoreError, match=r"attempt 21: estimator is .* allowed: a spec"):
        read_frame(path)
    skipped = Skipped()
    assert texts(read_attempts(path, skipped)) == texts(attempts[:20])
    assert skipped.count == 20
    assert "and 10 more" in skipped.lines()[-1]
    assert len(read_frame(path, skipped=Skipped())) == 20
    with Store(path) as store:  # it can be written, and what is damaged be run again
        store.extend(attempts[20:])
    assert texts(read_attempts(path, Skipped())) == texts(attempts)


def test_a_changed_label_that_is_still_a_spec_is_found_by_the_checksums(path, attempts):
    path.write_bytes(path.read_bytes().replace(b"ksg:k=5", b"ksg:k=7"))
    with pytest.raises(StoreError, match=r"attempt 21: its content does not match its checksum"):
        read_frame(path, ["status"])
    assert texts(read_attempts(path, Skipped())) == texts(attempts[:20])


#: A value that no row of ``attempts`` has, by column, and the sum that covers the column.
CHANGES = {
    **dict.fromkeys(("suite", "family", "estimator_version", "estimator_origin", "protocol", "device"), ("2", 0)),
    **dict.fromkeys(("key",), ("randomblob(32)", 0)),
    **dict.fromkeys(("finished_at", "ordered_at"), ("'2026-03-02T00:00:00Z'", 0)),
    **dict.fromkeys(("nats", "stderr", "truth_nats", "cpu_s", "peak_mb", "timeout_s", "memory_mb"), ("0.625", 1)),
    **dict.fromkeys(("n", "seed", "signal", "exit_code"), ("77", 1)),
    "lifted": ("1 - lifted", 1),
    "message": ("'another'", 2),
    "curve": ("'[[1,0.5]]'", 2),
    **dict.fromkeys(("traceback", "output"), ("'another'", 3)),
    "diagnostics": ("'{\"k\":99}'", 3),
}
#: A column of each sum.
READ = {0: "status", 1: "wall_s", 2: "message", 3: "output"}


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_of_any_column_is_found_by_reading_any_and_in_part_by_reading_what_shares_its_sum(path, column):
    value, part = CHANGES[column]
    with sqlite3.connect(path) as connection:
        assert connection.execute(f"UPDATE attempts SET {column} = {value} WHERE id = 7").rowcount == 1
    found = "attempt 7: (its content does not match its checksum|protocol is 'gaussian)"  # a spec is no protocol
    for read in ("status", "nats", "message"):
        with pytest.raises(StoreError, match=found):
            read_frame(path, [read])
    with pytest.raises(StoreError, match=found):
        list(read_attempts(path))
    with pytest.raises(StoreError, match=found):
        read_frame(path, [column, READ[part]], whole=False)
    if part != 0:  # which holds the key, and is checked always
        assert len(read_frame(path, ["status"], whole=False)) == 40


def test_sums_of_rows_one_by_one_many_at_a_time_and_by_columns_are_the_same(make_attempt, tmp_path):
    path = tmp_path / "r.sqlite"
    odd = [
        make_attempt("ksg:k=3", "gaussian:dim=1,mi=0.5", 100, seed, **fields)
        for seed, fields in enumerate([
            {}, {"nats": math.nan}, {"nats": -math.inf, "stderr": -0.0}, {"message": "é" * 3_000, "output": "o"},
            {"signal": 9, "exit_code": 0, "curve": ((1.0, 0.5),)}, {"finished_at": ""},
            {"protocol": "stream:batch=64", "device": "cuda:0", "traceback": "t"}, {"message": "é" * 2_000},
        ])
    ]  # fmt: skip
    with Store(path) as store:
        for attempt in odd:
            store.append(attempt)  # one by one
    assert len(read_frame(path)) == len(odd)  # by columns
    with sqlite3.connect(path) as connection:
        apart = connection.execute("SELECT seed, checksum FROM attempts ORDER BY seed").fetchall()
    written = list(read_attempts(path))
    path.unlink()
    with Store(path) as store:
        store.extend(written)  # many at a time
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT seed, checksum FROM attempts ORDER BY seed").fetchall() == apart
    assert {len(checksum) for _, checksum in apart} == {16}


def test_a_changed_environment_is_found(path):
    path.write_bytes(path.read_bytes().replace(b'{"cpu": "x"}', b'{"cpu": "y"}'))
    with pytest.raises(StoreError, match="its description does not match its hash"):
        read_environments(path)
    assert read_environments(path, Skipped()) == {}


def mutated(content, source):
    """Return a file with one to three bytes changed, or cut short."""
    content = bytearray(content)
    if source.random() < 0.1:
        return bytes(content[: source.randrange(len(content))])
    for _ in range(source.randint(1, 3)):
        place = source.randrange(len(content))
        content[place] = source.choice([content[place] ^ 1 << source.randrange(8), source.randrange(256), 0, 255])
    return bytes(content)


def check_mutants(path, attempts, count, seed):
    """Read mutants of a store in all ways: what is given without a complaint is what was written."""
    source, sound, originals = random.Random(seed), path.read_bytes(), texts(attempts)
    silent = 0
    for _ in range(count):
        path.write_bytes(mutated(sound, source))
        try:
            found = texts(read_attempts(path))
            frame = read_frame(path)
            assert found == originals
            assert set(zip(frame["estimator"], frame["seed"], frame["nats"], strict=True)) == {
                (item.estimator, item.seed, item.nats) for item in attempts
            }
            silent += 1
        except StoreError:
            pass
        try:
            assert texts(read_attempts(path, Skipped())) <= originals
            read_frame(path, skipped=Skipped())
        except StoreError:
            pass
        for rest in path.parent.glob(f"{path.name}-*"):
            rest.unlink()
    return silent


def test_what_a_mutated_store_gives_without_a_complaint_is_what_was_written(path, attempts):
    assert check_mutants(path, attempts, 250, 1) < 250


@pytest.mark.slow
def test_what_many_mutated_stores_give_without_a_complaint_is_what_was_written(path, attempts):
    check_mutants(path, attempts, 5_000, 2)


HOSTILE = {
    "a view in the place of a table": "ALTER TABLE attempts RENAME TO kept; CREATE VIEW attempts AS SELECT * FROM kept",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON attempts BEGIN UPDATE attempts SET nats = 42; END",
    "a trigger on labels": "CREATE TRIGGER t AFTER INSERT ON labels BEGIN DELETE FROM attempts; END",
    "a further table": "CREATE TABLE loot (x)",
    "a further view": "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c",
    "an index on an expression": "CREATE INDEX i ON attempts (abs(nats))",
    "a computed column": "ALTER TABLE attempts ADD COLUMN z AS (zeroblob(1000000000))",
    "a column missing": "DROP VIEW results; ALTER TABLE attempts DROP COLUMN nats",
    "a table missing": "DROP TABLE environments",
    "a virtual table": "DROP TABLE forgotten; CREATE VIRTUAL TABLE forgotten USING fts5(at, what, attempts, command)",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_store_with_more_than_its_tables_is_refused_in_one_line(path, what, attempts):
    with sqlite3.connect(path) as connection:
        connection.executescript(HOSTILE[what])
    content = path.read_bytes()
    for use in (
        read_frame,
        Store,
        lambda file: list(read_attempts(file)),
        lambda file: read_frame(file, skipped=Skipped()),
    ):
        with pytest.raises(StoreError, match=r"store .*results\.sqlite'.*allowed: "):
            use(path)
    assert path.read_bytes() == content


def test_a_view_results_that_never_ends_is_never_asked(path, attempts):
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP VIEW results; CREATE VIEW results AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c)"
            " SELECT x FROM c"
        )
    assert texts(read_attempts(path)) == texts(attempts)


def test_reading_takes_a_bounded_number_of_steps(path, monkeypatch):
    monkeypatch.setattr(opening, "_STEPS", 10)
    monkeypatch.setattr(opening, "_STEPS_PER_BYTE", 0)
    monkeypatch.setattr(opening, "_STEPS_PER_LOOK", 100)
    with pytest.raises(StoreError, match="far longer than a store of its size can"):
        list(read_attempts(path))


@pytest.mark.parametrize("how", ["deleted", "replaced", "folder deleted"])
def test_a_store_that_is_lost_while_it_is_written_ends_the_run_and_is_saved(tmp_path, attempts, how, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "results.sqlite"
    store = Store(path)
    for attempt in attempts[:5]:
        store.append(attempt)
    if how == "deleted":
        path.unlink()
    elif how == "replaced":
        with Store(tmp_path / "other.sqlite"):
            pass
        (tmp_path / "other.sqlite").rename(path)
    else:
        for item in folder.iterdir():
            item.unlink()
        folder.rmdir()
    with pytest.raises(LostStoreError, match=r"was deleted or replaced while it was being written; all that it held"):
        store.append(attempts[5])
    store.close()
    (saved,) = tmp_path.rglob("results-rescued-*.sqlite")
    assert len(list(read_attempts(saved))) == 6


def test_a_store_that_is_lost_before_it_is_closed_is_an_error_too(path, attempts):
    store = Store(path)
    path.unlink()
    with pytest.raises(LostStoreError):
        store.close()


def test_forgetting_removes_what_is_named_and_nothing_else_and_keeps_a_record(path, attempts):
    chosen = Choice(estimators=["ksg:k=5"], suites=["trial"])
    assert forget(path, chosen, dry_run=True) == 20
    assert texts(read_attempts(path)) == texts(attempts)
    assert forget(path, chosen) == 20
    assert texts(read_attempts(path)) == texts(attempts[:20])
    assert forget(path, Choice(keys=[attempts[0].key, attempts[30].key])) == 1
    assert forget(path, Choice(tasks=["no-such-task"])) == 0
    assert texts(read_attempts(path)) == texts(attempts[1:20])
    with sqlite3.connect(path) as connection:
        records = connection.execute("SELECT what, attempts FROM forgotten ORDER BY id").fetchall()
    assert records[0] == ('{"estimators": ["ksg:k=5"], "suites": ["trial"]}', 20)
    assert [count for _, count in records] == [20, 1]


def test_forgetting_what_is_bad_makes_a_store_whole_again(path, attempts):
    path.write_bytes(path.read_bytes().replace(b"ksg:k=5", b"ksg:k=7"))
    assert forget(path, Choice(bad=True)) == 20
    assert texts(read_attempts(path)) == texts(attempts[:20])


@pytest.mark.parametrize("choice", [{}, {"bad": True, "keys": ["k"]}])
def test_forgetting_needs_something_named(choice):
    with pytest.raises(StoreError, match="nothing to forget is named; allowed: --key"):
        Choice(**choice)
