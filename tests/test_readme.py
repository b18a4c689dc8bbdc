"""What the README says is true: its links, its code, its commands, and the board it shows."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mibench
from mibench.board.assemble import boards_in
from mibench.board.document import opening

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COLUMNS = (
    "Rank", "Estimator", "Score", "Bias (nats)", "Mean abs. bias (nats)", "RMSE (nats)", "Failures", "CPU (s)",
)  # fmt: skip
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_shown_exists(page):
    help_text = subprocess.run([sys.executable, "-m", "mibench", "--help"], capture_output=True, text=True).stdout
    shown = set(re.findall(r"^    mibench ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for name in shown if not re.search(rf"\b{name}\b", help_text)} == set()


def test_the_targets_named_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in PAGES:
        for target in re.findall(r"(?:^    |`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"


def test_the_estimator_shown_can_be_used_as_it_stands():
    source = next(code for code in PYTHON if "@register_estimator" in code)
    Path("correlation.py").write_text(source, encoding="utf-8")
    assert mibench.load_plugin("correlation.py") == ["correlation"]
    x, y = mibench.get_task("gaussian:mi=1").sample(2000)
    assert mibench.estimate(x, y, estimator="correlation").nats == pytest.approx(1, abs=0.1)


def test_the_estimator_shown_is_ranked_on_what_it_takes_and_has_no_score_elsewhere():
    """It takes two blocks of one column: its board ends in a rank among its like, not in a score over easy tasks."""
    source = next(code for code in PYTHON if "@register_estimator" in code)
    Path("correlation.py").write_text(source, encoding="utf-8")
    mibench.run("quick", estimators=["correlation", "ksg"], seeds=2, plugins=["correlation.py"], store="mine.sqlite")
    ((board, _),) = boards_in(Path("mine.sqlite"), "quick")
    own = next(item for item in board.estimators if item.spec == "correlation")
    assert own.standing.unranked == "supports 7 of 14 tasks"
    assert math.isnan(own.standing.score.mean)
    scope = next(item for item in board.scopes if item.key == "supported:correlation")
    assert {item.estimator.partition(":")[0] for item in scope.standings if item.best} == {"correlation", "ksg"}
    assert board.completeness.present < board.completeness.asked
    assert "Incomplete" in " ".join(opening(board))


def test_the_calls_shown_run():
    code = next(code for code in PYTHON if "mibench.estimate(" in code)
    shorter = code.replace('mibench.run("quick",', 'mibench.run("quick", seeds=1,')
    assert shorter != code
    scope = {}
    exec(compile(shorter, "README.md", "exec"), scope)
    assert set(scope["frame"]["status"]) == {"ok"}


def excerpt(board):
    """The columns shown of a Markdown board's first table, its links undone."""
    text = "".join(board.partition("\n| Rank |")[1:]).partition("\n\n")[0].strip()
    rows = [line.strip("|").split("|") for line in re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text).splitlines()]
    kept = [index for index, head in enumerate(rows[0]) if head.strip().partition(" at n")[0] in COLUMNS]
    return "".join("|" + "|".join(row[index] for index in kept) + "|\n" for row in rows)


def test_the_board_shown_is_the_published_one():
    name, shown = re.search(r"<!-- board: (\S+) -->\n(.*?)<!-- end -->", TEXT, re.DOTALL).groups()
    assert shown == excerpt((ROOT / "leaderboard" / f"{name}.md").read_text(encoding="utf-8"))
