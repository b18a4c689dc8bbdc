import dataclasses
import gzip

import pytest

from mibench.board.build import build_board
from mibench.board.selection import Selection
from mibench.board.write import FORMATS, check_formats, render, write_all, write_board, write_index, write_results
from mibench.errors import MibenchError, StoreError
from mibench.store import read_attempts, read_environments, read_frame
from mibench.store.interchange import write_jsonl


@pytest.fixture(scope="module")
def store(attempts, environments, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "results.jsonl"
    write_jsonl(path, attempts, environments)
    return path


def build(path):
    return build_board(Selection("trial", read_frame(path)), read_environments(path))


@pytest.fixture(scope="module")
def folder(store, tmp_path_factory):
    path = tmp_path_factory.mktemp("boards")
    write_all(build(store), path, ["md", "csv", "json"], store, frozenset(read_frame(store)["key"]))
    write_index(path)
    return path


def test_what_is_written(folder):
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    figures = ["bias-sd", "dimension", "heatmap", "pareto", "ranks", "samples", "truth"]
    assert {name for name in names if "/" not in name} == {
        "README.md",
        "index.html",
        "trial.md",
        "trial.csv",
        "trial.json",
    }
    assert {name for name in names if name.startswith("trial/figures/")} == {
        f"trial/figures/{name}.svg" for name in figures
    }
    assert {name for name in names if name.startswith("trial/families/")} == {
        "trial/families/gaussian.md",
        "trial/families/independence.md",
    }
    assert len([name for name in names if name.startswith("trial/tasks/")]) == 4
    assert len([name for name in names if name.startswith("trial/estimators/")]) == 4
    results = sorted(name for name in names if name.startswith("results/"))
    assert len(results) == 4
    assert "results/trial/zero.jsonl.gz" in results


def test_a_board_made_again_from_the_results_beside_it_is_the_same(folder, tmp_path):
    write_board(build(folder / "results" / "trial"), tmp_path, ["md", "csv", "json"], "results/trial")
    for path in tmp_path.rglob("*.*"):
        if path.is_file():
            assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path.name


def test_adding_an_estimator_adds_one_file_of_results(board_frame, attempts, environments, tmp_path):
    old = [attempt for attempt in attempts if not attempt.estimator.startswith("made-up")]
    for name, some in (("old", old), ("all", attempts)):
        write_jsonl(tmp_path / f"{name}.jsonl", some, environments)
        write_results(tmp_path / name, tmp_path / f"{name}.jsonl", {attempt.key for attempt in some})
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}
    after = {path.name: path.read_bytes() for path in (tmp_path / "all").iterdir()}
    assert after.keys() - before.keys() == {"made-up-level=3.jsonl.gz"}
    assert all(after[name] == content for name, content in before.items())


def test_figures_named_on_the_page_are_there(folder):
    import re

    links = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (folder / "trial.md").read_text(encoding="utf-8"))
    assert len(links) == 7
    assert all((folder / link).is_file() for link in links)


def test_the_index_names_all_boards_of_the_folder(folder, store, tmp_path):
    for suite in ("one", "two"):
        write_board(build_board(Selection(suite, read_frame(store)), read_environments(store)), tmp_path, ["json"])
        write_index(tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text.index("[one](one.md)") < text.index("[two](two.md)")
    assert "[one.json](one.json)" in text


@pytest.mark.parametrize("content", [b'{"a": 1}', b"[1]", b'{"index": 3}', b'{"index": {}}', b"{", b"\xff\xfe"])
def test_the_index_passes_over_json_that_is_no_board(store, tmp_path, content):
    (tmp_path / "foreign.json").write_bytes(content)
    write_board(build(store), tmp_path, ["json"])
    write_index(tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "[trial](trial.md)" in text
    assert "foreign" not in text


def test_a_board_that_cannot_be_written_leaves_the_old_one(board, tmp_path, monkeypatch):
    write_board(board, tmp_path, ["csv"])
    before = (tmp_path / "trial.csv").read_bytes()
    monkeypatch.setitem(FORMATS, "csv", lambda board: "half of it \ud800")
    with pytest.raises(UnicodeEncodeError):
        write_board(board, tmp_path, ["csv"])
    assert (tmp_path / "trial.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["trial.csv"]


def test_long_texts_are_cut_in_the_results_beside_a_board(attempts, environments, tmp_path):
    told = dataclasses.replace(attempts[0], message="m" * 64_000, output="o" * 100)
    write_jsonl(tmp_path / "told.jsonl", [told], environments)
    (path,) = write_results(tmp_path / "out", tmp_path / "told.jsonl", {told.key})
    (written,) = read_attempts(path)
    assert written.message == "m" * 2000 + " …"
    assert written.output == told.output
    assert dataclasses.replace(written, message=told.message) == told


def test_tracebacks_are_published_without_the_folders_of_whoever_ran_them(attempts, environments, tmp_path):
    lines = [
        'File "/home/me/secret/estimators/density/gaussian.py", line 3, in estimate',
        'File "/home/me/.venv/lib/python3.11/site-packages/numpy/linalg.py", line 9, in svd',
        'File "/usr/lib/python3.11/json.py", line 1',
    ]
    told = dataclasses.replace(attempts[0], traceback="\n".join(lines))
    write_jsonl(tmp_path / "told.jsonl", [told], environments)
    (path,) = write_results(tmp_path / "out", tmp_path / "told.jsonl", {told.key})
    (found,) = read_attempts(path)
    assert found.traceback.splitlines() == [
        'File "estimators/density/gaussian.py", line 3, in estimate',
        'File "python3.11/site-packages/numpy/linalg.py", line 9, in svd',
        'File "python3.11/json.py", line 1',
    ]


def test_gzipped_results_cut_short_are_an_error(store, tmp_path):
    path = tmp_path / "results.jsonl.gz"
    path.write_bytes(gzip.compress(store.read_bytes())[:-100])
    with pytest.raises(StoreError, match=r"results\.jsonl\.gz' cannot be read"):
        read_frame(path)


def test_an_unknown_format_is_refused(board):
    with pytest.raises(MibenchError, match=r"format is 'pdf'; allowed: md, html, tex, csv, json"):
        check_formats(["md", "pdf"])
    with pytest.raises(MibenchError, match="format is 'docx'"):
        render(board, "docx")


def test_the_attempts_of_a_huge_board_stay_in_their_store(store, tmp_path, monkeypatch):
    monkeypatch.setattr("mibench.board.write._MOST_COPIED", 10)
    written = write_all(build(store), tmp_path, ["csv", "json"], store, frozenset(read_frame(store)["key"]))
    assert sorted(path.name for path in written) == ["trial.csv", "trial.json"]


def test_a_folder_of_results_is_a_store_and_an_empty_one_is_none(store, tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(StoreError, match="a folder without results"):
        read_frame(tmp_path / "results")
    write_results(tmp_path / "results", store, frozenset(read_frame(store)["key"]))
    whole, again = read_frame(store), read_frame(tmp_path / "results")
    assert sorted(whole["key"]) == sorted(again["key"])
    assert read_environments(tmp_path / "results") == read_environments(store)
