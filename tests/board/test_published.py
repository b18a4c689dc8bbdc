"""The committed boards are what the committed results give, to the byte."""

from pathlib import Path

import pytest

from mibench.board.build import build_board
from mibench.board.write import FORMATS, write_board, write_index
from mibench.store import read_environments, read_frame

FOLDER = Path(__file__).parents[2] / "leaderboard"
RESULTS = sorted([*FOLDER.glob("*.jsonl"), *FOLDER.glob("*.jsonl.gz")])


def suite_of(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("results", RESULTS, ids=suite_of)
def test_a_committed_board_is_made_from_the_results_beside_it(results, tmp_path):
    suite = suite_of(results)
    board = build_board(read_frame(results), read_environments(results), suite)
    written = write_board(board, tmp_path, list(FORMATS), results.name)
    differing = [path.name for path in written if _differs(path, FOLDER / path.relative_to(tmp_path))]
    assert differing == [], f"mibench leaderboard {suite} --store {results} -o leaderboard makes it again"


def test_the_suites_quick_and_standard_are_published_and_ci_is_the_baseline():
    assert {suite_of(path) for path in RESULTS} == {"quick", "standard"}
    assert (FOLDER / "baseline" / "ci.jsonl").is_file()


def test_the_committed_index_is_made_from_the_boards_beside_it(tmp_path):
    for path in FOLDER.iterdir():
        if path.is_file() and path.name not in ("README.md", "index.html"):
            (tmp_path / path.name).write_bytes(path.read_bytes() if path.suffix == ".json" else b"")
    for path in write_index(tmp_path):
        assert not _differs(path, FOLDER / path.name), f"{path.name}: mibench leaderboard makes it again"


def _differs(made: Path, committed: Path) -> bool:
    return not committed.is_file() or made.read_bytes() != committed.read_bytes()
