"""The committed boards show the numbers that the committed results give."""

import json
import math
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from mibench.board.build import build_board
from mibench.board.numbers import rank_range, with_error
from mibench.board.selection import select
from mibench.store import read_environments, read_frame

FOLDER = Path(__file__).parents[2] / "leaderboard"
SUITES = sorted(path.name for path in (FOLDER / "results").iterdir() if path.is_dir())


@cache
def made(suite):
    """The board that the committed results give."""
    results = FOLDER / "results" / suite
    return build_board(select(read_frame(results), suite), read_environments(results))


@cache
def committed(suite):
    return json.loads((FOLDER / f"{suite}.json").read_text(encoding="utf-8"))


def cut(value):
    """A number as the JSON holds it."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def differing(found, expected, path=""):
    """Where two JSON values differ, numbers by more than 1e-9 after both are cut to six digits."""
    if isinstance(expected, float) or isinstance(found, float):
        if found is None or expected is None:
            return [path] if found != expected else []
        steps = 10 ** (math.floor(math.log10(abs(expected) or 1)) - 5) * 1.5
        return [] if abs(found - expected) <= max(1e-9, steps * (cut(found) != cut(expected))) else [path]
    return [] if found == expected else [path]


def test_seven_suites_are_published_and_ci_is_the_baseline():
    suites = ["catalogue", "disentanglement", "information-plane", "neural", "quick", "standard", "zoo"]
    assert suites == SUITES
    assert (FOLDER / "baseline" / "ci.jsonl").is_file()


@pytest.mark.parametrize("suite", SUITES)
def test_each_estimator_has_one_file_of_results(suite):
    specs = {item["spec"] for item in committed(suite)["estimators"]}
    assert len(list((FOLDER / "results" / suite).glob("*.jsonl.gz"))) == len(specs)


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_the_committed_numbers_are_those_of_the_committed_results(suite):
    board, content = made(suite), committed(suite)
    assert [item.spec for item in board.estimators] == [item["spec"] for item in content["estimators"]]
    wrong = []
    for item, shown in zip(board.estimators, content["estimators"], strict=True):
        total, standing = shown["overall"], shown["standing"]
        pairs = {
            "score": (standing["score"]["mean"], item.standing.score.mean),
            "low": (standing["score"]["low"], item.standing.score.low),
            "high": (standing["score"]["high"], item.standing.score.high),
            "best": (standing["best"], item.standing.best),
            "worst": (standing["worst"], item.standing.worst),
            "cpu": (shown["costs"][0]["cpu_median"], item.costs[0].cpu_median),
            **{
                f"{name} {part}": (total[name][part], getattr(getattr(item.overall, name), part))
                for name in ("bias", "sd", "rmse", "mae")
                for part in ("value", "stderr")
            },
        }
        for name, (found, expected) in pairs.items():
            if isinstance(expected, float):
                expected = cut(expected)
            wrong += differing(found, expected, f"{item.label}: {name}")
    assert wrong == [], f"mibench leaderboard {suite} --store leaderboard/results/{suite} -o leaderboard makes it again"


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_every_committed_result_is_that_of_the_committed_attempts(suite):
    board, table = made(suite), committed(suite)["results"]
    rows = {tuple(row[table["columns"].index(name)] for name in ("estimator", "task", "n")): row
            for row in table["rows"]}  # fmt: skip
    shown = [item for item in board.results if item.supported]
    assert len(rows) == len(shown)
    wrong = []
    for item in shown:
        row = dict(zip(table["columns"], rows[item.estimator, item.task, item.n], strict=True))
        for name, value in (
            ("score", item.summary.score), ("bias", item.summary.bias.value), ("sd", item.summary.sd.value),
            ("rmse", item.summary.rmse.value), ("estimate_nats", item.estimate.value), ("truth_nats", item.truth),
            ("cpu_s_median", item.cpu_median),
        ):  # fmt: skip
            wrong += differing(row[name], cut(value), f"{item.estimator} on {item.task}: {name}")
    assert wrong == []


@pytest.mark.parametrize("suite", SUITES)
def test_the_committed_markdown_shows_the_committed_numbers(suite):
    text = (FOLDER / f"{suite}.md").read_text(encoding="utf-8")
    table = re.search(r"^\| Rank \|.*\n\| -.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    heads = [head.strip() for head in table[0].splitlines()[0].strip("|").split("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    lines = {re.sub(r"^\[?`([^`]+)`.*$", r"\1", row[1]): dict(zip(heads, row, strict=True)) for row in rows}
    for item in committed(suite)["estimators"]:
        line, standing, total = lines[item["label"]], item["standing"], item["overall"]
        assert line["Rank"].removesuffix(" ?") == rank_range(standing["best"], standing["worst"])
        score = standing["score"]
        half = (score["high"] - score["low"]) / 2 if score["high"] is not None else math.nan
        for head, value, error in (
            ("Score", score["mean"], half), ("RMSE (nats)", total["rmse"]["value"], total["rmse"]["stderr"])
        ):  # fmt: skip
            if value is not None and not line[head].startswith("–"):
                shown = with_error(value, math.nan if error is None else error)
                assert _number(line[head]) == pytest.approx(_number(shown), abs=1.01 * 10 ** -_places(shown))


def _number(text):
    return float(re.search(r"-?[\d.]+(?:e-?\d+)?", text)[0])


def _places(text):
    found = re.search(r"\.(\d+)", text)
    return len(found[1]) if found else 0


@pytest.mark.parametrize("suite", SUITES)
def test_every_committed_link_leads_somewhere(suite):
    for path in [FOLDER / "README.md", FOLDER / f"{suite}.md", *(FOLDER / suite).rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / unquote(link)).exists(), (path.name, link)
