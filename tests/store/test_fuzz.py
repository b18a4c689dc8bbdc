"""Mutated JSONL files: commands end with an answer or one clear line, and sound rows survive with ``--skip-bad``."""

import hashlib
import json
import random
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from mibench.attempt import Attempt
from mibench.errors import MibenchError
from mibench.store import Skipped, read_attempts, read_environments, read_frame
from mibench.store.jsonl import write_jsonl
from mibench.store.merge import merge

#: What is put in the place of a value, besides the values of other fields.
ODD = [
    None,
    True,
    -1,
    0,
    1.5,
    1e308,
    -1e308,
    10**30,
    "nan",
    "inf",
    "",
    "x",
    "ü",
    "\x00",
    "../x",
    "\ud800",
    [],
    {},
    [[]],
]
ODD += [
    {"a": {"b": [1]}},
    [1, "a", None],
    "9" * 400,
    "2026-02-30",
    "ksg:k=[1,2]",
    "a" * 5_000,
    float("nan"),
    float("inf"),
]


@pytest.fixture(scope="module")
def sound():
    """Attempts of two estimators on two tasks, every kind of status among them."""
    statuses = ["ok", "ok", "ok", "error", "timeout", "oom", "crash", "nonfinite"]
    return [
        Attempt(
            key=hashlib.sha256(f"{estimator}{truth}{seed}".encode()).hexdigest(), estimator=estimator,
            task=f"gaussian:dim=1,mi={truth}", n=100, seed=seed, status=status, suite="trial", family="gaussian",
            nats=truth + seed / 50 if status == "ok" else None, truth_nats=truth, cpu_s=0.1, wall_s=0.1,
            message="" if status == "ok" else f"{status} happened", estimator_version="1", task_version="1",
            environment="e1", finished_at=f"2026-03-01T12:00:0{seed}Z", diagnostics={"k": seed},
            curve=((1.0, 0.1), (2.0, 0.2)) if seed == 0 else None,
        )
        for estimator in ("gaussian", "zero")
        for truth in (0.5, 1.0)
        for seed, status in enumerate(statuses)
    ]  # fmt: skip


def mutate_line(line, source):
    """Change one line: a value, a name, a byte, or its end."""
    kind = source.randrange(5)
    if kind <= 2:
        record = json.loads(line)
        name = source.choice(list(record))
        if kind == 0:
            record[name] = source.choice(ODD)
        elif kind == 1:
            record[name] = source.choice(list(record.values()))
        else:
            del record[name]
        return json.dumps(record).encode()
    content = bytearray(line)
    if kind == 3:
        content[source.randrange(len(content))] = source.randrange(256)
        return bytes(content)
    return bytes(content[: source.randrange(len(content))])


def check_mutants(sound, folder, count, seed):
    """Mutate one to three lines of a file and read it in every way."""
    source, path = random.Random(seed), folder / "results.jsonl"
    write_jsonl(path, sound, {"e1": {"cpu": "x", "packages": {"numpy": "2"}}})
    lines = path.read_bytes().splitlines()
    boards = 0
    for index in range(count):
        changed = {source.randrange(len(lines)) for _ in range(source.randint(1, 3))}
        mutants = [mutate_line(line, source) if at in changed else line for at, line in enumerate(lines)]
        path.write_bytes(b"\n".join(mutants) + b"\n")
        for use in (lambda: list(read_attempts(path)), lambda: read_frame(path), lambda: read_environments(path)):
            with suppress(MibenchError):
                use()
        survivors = {item.to_json().encode() for item in read_attempts(path, Skipped())}
        assert {line for at, line in enumerate(lines) if at not in changed and b'"key"' in line} <= survivors
        frame = read_frame(path, skipped=Skipped())
        assert len(frame) >= len(sound) - 3 - len(changed)
        if index % 100 == 0:
            target = folder / f"own-{index}.sqlite"
            assert merge([path], target, Skipped()).added == len(survivors)
            assert {item.to_json().encode() for item in read_attempts(target)} == survivors
            boards += check_commands(path)
    return boards


def check_commands(path):
    """Run the commands that read results, in this process; none may end in an error that is not meant for people."""
    from mibench.cli.main import app

    for words in (
        ["status", "--store", path],
        ["status", "--store", path, "--skip-bad"],
        ["export", "--store", path, "-o", path.parent / "out.csv", "--skip-bad"],
        ["leaderboard", "trial", "--store", path, "--format", "md"],
        ["leaderboard", "trial", "--store", path, "--format", "md", "--skip-bad"],
    ):
        error = CliRunner().invoke(app, [str(word) for word in words]).exception
        assert error is None or isinstance(error, MibenchError | SystemExit), (words, path.read_bytes(), error)
    return 1


def test_mutated_files_end_in_no_internal_error_and_lose_no_sound_row(sound, tmp_path):
    assert check_mutants(sound, tmp_path, 300, 1) == 3


@pytest.mark.slow
def test_ten_thousand_mutated_files_end_in_no_internal_error(sound, tmp_path):
    check_mutants(sound, tmp_path, 10_000, 2)
