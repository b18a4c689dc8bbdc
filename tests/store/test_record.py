"""Malformed results: each is one clear line, and costs its own entry only."""

import dataclasses
import gzip
import hashlib
import json
import math
import sqlite3

import pytest

from mibench.attempt import COLUMNS, Attempt
from mibench.errors import StoreError
from mibench.jsonable import MAX_DEPTH
from mibench.store import Skipped, Store, jsonl, read_attempts, read_environments, read_frame, record
from mibench.store.jsonl import write_jsonl
from mibench.store.merge import merge


def attempt(seed=0, **fields):
    values = {
        "key": hashlib.sha256(b"%d" % seed).hexdigest(), "estimator": "ksg:k=3", "task": "gaussian:dim=1,mi=0.5",
        "n": 100, "seed": seed, "status": "ok", "suite": "trial", "family": "gaussian", "nats": 0.5, "truth_nats": 0.5,
        "cpu_s": 0.25, "estimator_version": "1", "task_version": "1", "environment": "e1",
        "finished_at": f"2026-03-01T12:00:0{seed}Z",
    }  # fmt: skip
    return Attempt(**{**values, **fields})


def nested(depth):
    return [nested(depth - 1)] if depth else []


SPEC = "a spec such as"
MALFORMED = {
    "key": ["k", "AB" * 32, "ab" * 31, "g" * 64, "0" * 65, 12, None, ["ab" * 32], "", "é" * 64],
    "estimator": [
        None,
        7,
        {},
        [],
        "",
        "ksg:",
        "ksg:k=[1,2]",
        "ksg:k=(",
        "a\x1b[2J",
        "../x",
        "=cmd",
        "x" * 9000,
        "a:b=(" * 100 + "a" + ")" * 100,
        "ksg:k=\u202e3",
        "ksg:k=\x00",
        "\ud83d",
    ],
    "task": [None, 1.5, True, "gaussian:dim=1,dim=2", "gaussian:dim=[1,[2]]", "[" * 3000],
    "n": [None, "many", "100", 1.5, True, 0, -1, 10**16, 10**400, [], {}, math.nan],
    "seed": [None, "0", -1, 2**63, 0.0, False],
    "status": [None, "fine", "OK", 0, ["ok"], {}],
    "suite": [None, 5, "../../etc/passwd", "/tmp/x", "a\nb", ".", "x" * 101, "-o", "a\\b", "\ud83d", ["trial"]],
    "family": [None, "a/b", 1, "\x7f", {}],
    "nats": ["many", "NaN", "1e5", "0x1", True, [0.5], {}, "", "Infinity", 10**400, "nan "],
    "stderr": ["none", [], False],
    "truth_nats": ["inf", "nan", -1.0, "0.5", math.inf, math.nan],
    "truth_stderr": [None, -0.1, "0", math.inf],
    "cpu_s": [-1, "fast", math.inf, 1e300, True, {}],
    "peak_mb": [-0.5, [], "inf"],
    "message": [None, 1, ["no"], "m" * 100_001, "\ud83d", {}],
    "traceback": [None, "t" * 20_001, 0],
    "output": [None, "o" * 100_001, b"x".hex().__len__()],
    "signal": ["11", 1.5, -9, 300, True],
    "exit_code": ["0", -1, 256, []],
    "lifted": [None, 1, "true", 0, []],
    "diagnostics": [None, [], "x", 3, nested(3), {"a": nested(MAX_DEPTH + 2)}, {"a": [0] * 100_001}, {"a": "\ud83d"}],
    "curve": ["x", {}, [1, 2], [[1]], [[1, 2, 3]], [[None, 1]], [["a", 1]], [[math.nan, 1]], 5, [[1, "many"]]],
    "estimator_version": [None, 1, "v\n\x00", "v" * 1001],
    "environment": [None, 5, {}, "e\x1b"],
    "protocol": [None, "stream:", 3, "stream:batch=[1,2]"],
    "device": [None, 0, "cuda\x07"],
    "timeout_s": ["60", -1, math.inf],
    "finished_at": [
        None,
        9999,
        "9999-01-01T00:00:00Z",
        "yesterday",
        "2026-13-01",
        "2026-02-30T00:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T12:00:00+05:00",
        "0001-01-01",
        "2026-03-01T12:00:00Z\n",
    ],
    "ordered_at": [None, "9999-01-01T00:00:00Z", 1],
}
CASES = [(name, value) for name, values in MALFORMED.items() for value in values]


def line(name, value):
    return json.dumps({**json.loads(attempt().to_json()), name: value})


def test_there_is_a_rule_for_every_field():
    assert list(record.RULES) == [name for name in record.RULES if name in COLUMNS]
    assert set(record.RULES) == set(COLUMNS)
    assert set(MALFORMED) <= set(COLUMNS)
    assert len(CASES) > 150


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
def test_a_malformed_field_is_one_clear_line_and_costs_its_own_entry(number, tmp_path):
    name, value = CASES[number]
    path = tmp_path / "results.jsonl"
    good = [attempt(1), attempt(2)]
    path.write_text(f"{good[0].to_json()}\n{line(name, value)}\n{good[1].to_json()}\n")
    for read in (lambda: list(read_attempts(path)), lambda: read_frame(path), lambda: merge([path], "own.sqlite")):
        with pytest.raises(StoreError) as caught:
            read()
        message = str(caught.value)
        assert "results.jsonl', line 2: " in message
        assert f"{name} is " in message or "it is no JSON" in message
        assert "allowed: " in message
        assert len(message) < 600
        assert message.isprintable()
    skipped = Skipped()
    assert list(read_attempts(path, skipped)) == good
    assert skipped.count == 1
    assert read_frame(path, skipped=Skipped())["seed"].tolist() == [1, 2]


@pytest.mark.parametrize("name", ["key", "estimator", "task", "n", "seed", "status"])
def test_a_missing_field_is_named(name, tmp_path):
    found = json.loads(attempt().to_json())
    del found[name]
    (tmp_path / "r.jsonl").write_text(json.dumps({"key": "", **found} if name != "key" else found) + "\n")
    with pytest.raises(StoreError, match=f"field {name} is missing; allowed: "):
        list(read_attempts(tmp_path / "r.jsonl"))


@pytest.mark.parametrize(
    "text",
    [
        b"[1, 2]",
        b'"text"',
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b"null",
        b"12",
        b"[" * 100_000,
        b'{"a": 1}',
        b"{}",
        b'{"key": ' + b"9" * 5000 + b"}",
        b'{"environment": 1, "description": {}}',
        b'{"description": 5}',
        b'{"environment": "e", "description": ' + b'{"a":' * 200 + b"1" + b"}" * 201,
        b'{"environment": "e", "description": {"packages": [1]}}',
        b'{"environment": "e", "description": {"cpu": 1}}',
    ],
)
def test_a_line_that_is_no_attempt_is_one_clear_line(text, tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(text + b"\n" + attempt().to_json().encode() + b"\n")
    with pytest.raises(StoreError, match=r"r\.jsonl', line 1: ") as caught:
        list(read_attempts(path))
    assert len(str(caught.value)) < 600
    assert list(read_attempts(path, Skipped())) == [attempt()]
    assert read_environments(path, Skipped()) == {}


def test_numbers_that_are_not_finite_and_unknown_fields_pass(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(line("nats", "nan") + "\n" + line("nats", math.nan) + "\n" + line("colour", {"a": 1}) + "\n")
    assert [repr(item.nats) for item in read_attempts(path)] == ["nan", "nan", "0.5"]


def test_a_line_that_is_too_long_is_passed_over_without_being_held(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "MAX_LINE", 5_000)
    path = tmp_path / "r.jsonl"
    path.write_text("x" * 20_000 + "\n" + attempt().to_json() + "\n" + "y" * 5_001 + "\n")
    with pytest.raises(StoreError, match="line 1: it has more than 5000 bytes"):
        list(read_attempts(path))
    skipped = Skipped()
    assert list(read_attempts(path, skipped)) == [attempt()]
    assert skipped.count == 2


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "_UNPACKED", 1_000_000)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n" * 20_000_000))
    for skipped in (None, Skipped()):
        with pytest.raises(StoreError, match=r"unpacks to more than .* bytes.*gunzip"):
            list(read_attempts(path, skipped))


def test_a_torn_gzip_gives_what_stands_before_the_tear(tmp_path):
    path = tmp_path / "r.jsonl.gz"
    write_jsonl(path, [attempt(seed, message=hashlib.sha256(b"%d" % seed).hexdigest()) for seed in range(10)] * 30, {})
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(StoreError, match="cannot be read"):
        list(read_attempts(path))
    skipped = Skipped()
    assert list(read_attempts(path, skipped))
    assert "what follows line" in skipped.lines()[1]


SQL = {
    "n": ["'many'", "1.5", "NULL", "-1", "x'00'"],
    "seed": ["'zero'", "-5"],
    "key": ["'k'", "x'00'", "5"],
    "nats": ["'many'", "x'ff'"],
    "cpu_s": ["-1.0", "'fast'", "1e300"],
    "truth_stderr": ["NULL", "-1.0"],
    "estimator": ["999", "'ksg'", "x'00'", "1.5"],
    "lifted": ["7", "'yes'"],
    "exit_code": ["'no'", "1e10"],
    "message": ["x'ff'", "5"],
    "diagnostics": ["'{'", "'[1]'", "x'7b7d'", "5"],
    "curve": ["'[[1]]'", "'{}'"],
    "finished_at": ["'tomorrow'", "'9999-01-01'", "5", "x'ff'"],
    "checksum": ["NULL", "1", "'x'"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SQL.items() for value in values])
def test_a_malformed_row_is_one_clear_line_and_costs_its_own_entry(name, value, tmp_path):
    path = tmp_path / "r.sqlite"
    with Store(path) as store:
        store.extend([attempt(1), attempt(2), attempt(3)])
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE attempts SET {name} = {value} WHERE seed = 2")
    for read in (lambda: list(read_attempts(path)), lambda: read_frame(path), lambda: read_frame(path, ["status"])):
        with pytest.raises(StoreError, match=r"r\.sqlite', attempt 2: ") as caught:
            read()
        assert len(str(caught.value)) < 600
    skipped = Skipped()
    assert list(read_attempts(path, skipped)) == [attempt(1), attempt(3)]
    assert skipped.count == 1
    assert read_frame(path, skipped=Skipped())["seed"].tolist() == [1, 3]


def test_a_frame_and_attempts_agree_on_what_is_sound(tmp_path):
    path = tmp_path / "r.sqlite"
    full = attempt(
        1, signal=9, exit_code=3, lifted=True, curve=((1.0, 0.5),), diagnostics={"a": 1}, message="m", stderr=-0.0,
        nats=math.nan, protocol="stream:batch=64", device="cuda:0", timeout_s=60.0, traceback="t", output="o",
    )  # fmt: skip
    with Store(path) as store:
        store.extend([attempt(0), full])
    row = read_frame(path).iloc[1]
    for field in dataclasses.fields(Attempt):
        value = getattr(full, field.name)
        wanted = math.nan if value is None else value
        assert str(row[field.name]) == str(wanted) or row[field.name] == wanted


@pytest.mark.parametrize("protocol", ["stream:batch=-1", "stream:nosuch=1", "nosuch:a=1", "stream:mi=x"])
def test_a_protocol_that_cannot_be_is_refused_on_reading(protocol):
    fault = record.fault({**dataclasses.asdict(attempt()), "protocol": protocol})
    assert fault is not None
    assert fault.startswith("protocol is")
    assert record.fault({**dataclasses.asdict(attempt()), "protocol": "stream:batch=64,mi=2/4,steps=40"}) is None
