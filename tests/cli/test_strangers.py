"""Results from strangers: what they hold is neither run nor built, and nothing written outside a board's folder."""

import json
import os
import shlex
import sqlite3
import sys
from dataclasses import replace

import pytest

from mibench.attempt import Attempt
from mibench.cell import make_cell
from mibench.errors import CommandError
from mibench.registry import get_estimator, get_task, recorded_estimator
from mibench.store import Store, read_frame
from mibench.store.jsonl import write_jsonl

TASK = "gaussian:dim=1,mi=0.5"


@pytest.fixture
def command(tmp_path):
    """The spec of a program that leaves a file behind, and that file."""
    mark = tmp_path / "mark"
    program = f"import json, pathlib; pathlib.Path({str(mark)!r}).touch(); print(json.dumps(dict(nats=0.25)))"
    return f"subprocess:command={json.dumps(f'{sys.executable} -c {shlex.quote(program)}')}", mark


def failed(estimator):
    made, task = get_estimator(estimator), get_task(TASK)
    cell = make_cell(made, task, 50, 0)
    return Attempt(
        key=cell.key, estimator=cell.estimator, task=cell.task, n=50, seed=0, status="error", suite="trial",
        family="gaussian", truth_nats=0.5, estimator_version=cell.estimator_version, task_version=cell.task_version,
        timeout_s=60.0, memory_mb=2000.0, finished_at="2026-03-01T12:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
def test_a_command_that_stands_in_results_is_shown_and_run_only_where_that_is_allowed(cli, command, tmp_path, nested):
    spec, mark = command
    spec = f"chain-rule:base=({spec})" if nested else spec
    write_jsonl(tmp_path / "theirs.jsonl", [failed(spec)], {})
    assert cli("import", tmp_path / "theirs.jsonl", "--store", "own.sqlite").code == 0
    done = cli("retry", "--store", "own.sqlite", "--workers", "1")
    assert not mark.exists()
    assert "0 run" in done.out
    assert "subprocess:command=" in done.err
    assert "(--allow-commands runs it)" in done.err
    cli("retry", "--store", "own.sqlite", "--workers", "1", "--allow-commands")
    assert mark.exists()
    assert read_frame("own.sqlite")["status"].tolist() == ["ok"]


def test_boards_status_and_gates_build_nothing_that_runs_commands(cli, command, tmp_path, monkeypatch):
    spec, mark = command
    theirs = tmp_path / "theirs.jsonl"
    write_jsonl(theirs, [replace(failed(spec), status="ok", nats=0.4), failed("zero")], {})

    def refuse(self):
        raise AssertionError("built")

    monkeypatch.setattr(type(get_estimator(spec)), "__post_init__", refuse)
    assert "mark" in cli("leaderboard", "trial", "--store", theirs, "--format", "md").out
    assert cli("leaderboard", "--store", theirs, "-o", "boards", "--format", "csv").code == 0
    assert cli("status", "--store", theirs).code == 0
    assert not mark.exists()
    with pytest.raises(CommandError, match="would run a command"):
        recorded_estimator(f"chain-rule:base=({spec})")


HOSTILE_NAMES = [
    "../outside/evil",
    "/tmp/evil",
    "..",
    ".",
    "a/b",
    "-o",
    "a\\b",
    "a\x00b",
    "a\nb",
    "a\x1b[2Jb",
    "x" * 300,
]


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "evil.md").write_text("precious")
    return folder


def hostile_store(path, name):
    """Write a store whose suite has *name*, past all checks."""
    attempt = failed("zero")
    if path.suffix == ".jsonl":
        record = {**json.loads(attempt.to_json()), "suite": name}
        path.write_text(json.dumps(record) + "\n")
        return
    with Store(path) as store:
        store.append(attempt)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE labels SET text = ? WHERE text = 'trial'", (name,))


def contents(folder):
    return {item: item.read_bytes() if item.is_file() else None for item in folder.rglob("*")}


@pytest.mark.parametrize("suffix", [".jsonl", ".sqlite"])
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_suite_named_like_a_path_writes_nothing(cli, outside, tmp_path, name, suffix):
    path = tmp_path / f"bad{suffix}"
    hostile_store(path, name)
    before = contents(tmp_path)
    done = cli("leaderboard", "--store", path, "-o", "boards")
    assert done.code == 2
    assert "suite is" in done.complaint
    assert "plain name" in done.complaint
    assert "internal error" not in done.err
    assert {item: text for item, text in contents(tmp_path).items() if "boards" not in item.parts} == before


def test_pipes_and_links_in_the_folder_of_boards_are_neither_opened_nor_followed(cli, outside, tmp_path):
    theirs, boards = tmp_path / "theirs.jsonl", tmp_path / "boards"
    write_jsonl(theirs, [replace(failed("zero"), status="ok", nats=0.0)], {})
    boards.mkdir()
    os.mkfifo(boards / "other.json")
    os.mkfifo(boards / "trial.md")
    (boards / "trial.html").symlink_to(outside / "evil.md")
    (boards / "trial").symlink_to(outside)
    done = cli("leaderboard", "trial", "--store", theirs, "-o", boards)
    assert "internal error" not in done.err
    assert (outside / "evil.md").read_text() == "precious"
    assert [item.name for item in outside.iterdir()] == ["evil.md"]
