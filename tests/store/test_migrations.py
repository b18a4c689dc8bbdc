"""Stores of older versions: read as they are, grown when they are written."""

import hashlib
import json
import sqlite3

import pandas as pd
import pytest

from mibench import environment
from mibench.attempt import Attempt
from mibench.errors import StoreError
from mibench.store import Store, migrations, read_attempts, read_environments, read_frame, read_runs
from mibench.store.merge import merge

#: The schema of version 1 as that version made it. Never edited.
VERSION_1 = """
CREATE TABLE environments (hash TEXT PRIMARY KEY, description TEXT NOT NULL);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, suite TEXT NOT NULL, definition TEXT NOT NULL, command TEXT NOT NULL,
    mibench TEXT NOT NULL, environment TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, ended TEXT
);
CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, run INTEGER REFERENCES runs, key BLOB NOT NULL,
    estimator INTEGER NOT NULL REFERENCES labels, task INTEGER NOT NULL REFERENCES labels,
    status INTEGER NOT NULL REFERENCES labels, suite INTEGER NOT NULL REFERENCES labels,
    family INTEGER NOT NULL REFERENCES labels, estimator_version INTEGER NOT NULL REFERENCES labels,
    estimator_origin INTEGER NOT NULL REFERENCES labels, task_version INTEGER NOT NULL REFERENCES labels,
    environment INTEGER NOT NULL REFERENCES labels,
    nats REAL, stderr REAL, truth_nats REAL, truth_stderr REAL, cpu_s REAL, wall_s REAL, setup_s REAL, sample_s REAL,
    peak_mb REAL, timeout_s REAL, memory_mb REAL, n INTEGER, seed INTEGER, signal INTEGER, exit_code INTEGER,
    lifted INTEGER, message TEXT, traceback TEXT, output TEXT, finished_at TEXT, diagnostics TEXT, curve TEXT
);
CREATE VIEW results AS SELECT attempts.id, run, lower(hex(key)) AS key,
    (SELECT text FROM labels WHERE labels.id = attempts.estimator) AS estimator, nats FROM attempts;
PRAGMA application_id = 1835623013;
PRAGMA user_version = 1;
"""
LABELS = (
    "estimator", "task", "status", "suite", "family", "estimator_version", "estimator_origin", "task_version",
    "environment",
)  # fmt: skip
E1 = environment.digest({"cpu": "x"})
TASK = "gaussian:dim=1,mi=0.5"


def attempt(seed, **fields):
    values = {
        "key": hashlib.sha256(b"%d" % seed).hexdigest(), "estimator": "ksg:k=3", "task": TASK, "n": 100, "seed": seed,
        "status": "ok", "suite": "quick", "family": "gaussian", "nats": 0.5 + seed, "truth_nats": 0.5, "cpu_s": 0.25,
        "estimator_version": "1", "task_version": "1", "environment": E1, "timeout_s": 60.0, "memory_mb": 2000.0,
        "finished_at": f"2026-03-01T12:00:0{seed}Z", "diagnostics": {"k": 3}, "curve": ((1.0, 0.25),),
    }  # fmt: skip
    return Attempt(**{**values, **fields})


@pytest.fixture
def old():
    return [attempt(0), attempt(1, status="error", nats=None, message="no"), attempt(2, nats=float("inf"))]


@pytest.fixture
def path(tmp_path, old):
    """A store as version 1 wrote it, row by row in plain SQL."""
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    connection.execute("INSERT INTO environments VALUES (?, ?)", (E1, json.dumps({"cpu": "x"})))
    connection.execute(
        "INSERT INTO runs VALUES (1, 'quick', '{\"seeds\": 3}', 'mibench run quick', '0.1', 'e1', '2026', NULL, NULL)"
    )
    numbers = {}
    for item in old:
        values = {**vars(item), "run": 1, "key": bytes.fromhex(item.key)}
        del values["protocol"], values["device"], values["ordered_at"]  # of later versions
        for name in LABELS:
            if values[name] not in numbers:
                numbers[values[name]] = len(numbers) + 1
                connection.execute("INSERT INTO labels VALUES (?, ?)", (numbers[values[name]], values[name]))
            values[name] = numbers[values[name]]
        values["nats"] = "inf" if values["nats"] == float("inf") else values["nats"]
        values |= {name: json.dumps(values[name]) for name in ("diagnostics", "curve")}
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO attempts ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
    connection.commit()
    connection.close()
    return path


def texts(attempts):
    return sorted(item.to_json() for item in attempts)


def test_a_store_of_version_1_is_read_without_being_written(path, old, tmp_path):
    path.chmod(0o444)
    content = path.read_bytes()
    assert texts(read_attempts(path)) == texts(old)
    frame = read_frame(path)
    assert frame["protocol"].tolist() == frame["device"].tolist() == ["", "", ""]
    assert frame["nats"].tolist()[2] == float("inf")
    assert read_environments(path) == {E1: {"cpu": "x"}}
    assert len(read_runs(path)) == 1
    assert merge([path], tmp_path / "new.jsonl").added == 3
    assert path.read_bytes() == content
    assert {file.name for file in tmp_path.iterdir()} == {"old.sqlite", "new.jsonl"}


def test_a_store_of_version_1_grows_when_written_and_keeps_what_it_held(path, old):
    new = attempt(7, protocol="stream:batch=64", device="cuda:0")
    with Store(path) as store:
        assert store.reusable(60, 2000) == {bytes.fromhex(item.key) for item in old}
        store.append(new)
    assert texts(read_attempts(path)) == texts([*old, new])
    frame = read_frame(path).set_index("seed")
    assert frame["protocol"].to_dict() == {0: "", 1: "", 2: "", 7: "stream:batch=64"}
    assert frame.loc[7, "device"] == "cuda:0"
    assert read_environments(path) == {E1: {"cpu": "x"}}
    assert json.loads(read_runs(path)["definition"][0]) == {"seeds": 3}


def schema_of(path):
    connection = sqlite3.connect(path)
    columns = {
        name: connection.execute(f"PRAGMA table_info({name})").fetchall()
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    }
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")]
    connection.close()
    return columns, pragmas


def test_a_grown_store_has_the_schema_of_a_new_one(path, tmp_path):
    Store(path).close()
    Store(tmp_path / "new.sqlite").close()
    assert schema_of(path) == schema_of(tmp_path / "new.sqlite")
    assert schema_of(path)[1] == [(migrations.VERSION,), (1835623013,)]


def test_the_view_shows_text_for_every_field(path):
    with Store(path) as store:
        store.append(attempt(7, protocol="stream:batch=64"))
    with sqlite3.connect(path) as connection:
        frame = pd.read_sql("SELECT * FROM results", connection)
    assert set(vars(attempt(0))) <= set(frame.columns)
    assert frame["protocol"].tolist() == ["", "", "", "stream:batch=64"]
    assert frame["key"][0] == attempt(0).key


def test_a_step_that_fails_leaves_the_store_as_it_was(path, old, monkeypatch):
    def fail(connection):
        connection.execute("ALTER TABLE attempts ADD COLUMN half REAL")
        connection.execute("SELECT * FROM nowhere")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS[:1], fail))
    monkeypatch.setattr(migrations, "VERSION", 2)
    before = schema_of(path)
    with pytest.raises(StoreError, match="no such table: nowhere"):
        Store(path)
    assert schema_of(path) == before
    assert texts(read_attempts(path)) == texts(old)
