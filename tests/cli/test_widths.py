"""Commands at several widths of the terminal: no line wider than it, every number that is shown whole."""

import itertools
import json
import re

import pytest
from rich.cells import cell_len

import mibench
from mibench.board.tables import leaderboard_table
from mibench.store.interchange import write_jsonl

WIDTHS = [60, 80, 120, 200]
ENVIRONMENTS = {"e1": {"cpu": "Some CPU", "python": "3.11", "packages": {"mibench": "0.1.0"}}}
TASKS = (
    "gaussian:dim=1,mi=0.5",
    "gaussian:dim=5,rho=0.0",
    "dimension-scaling:dim=10,mi=1.0,mode=embedded",
)
ESTIMATORS = {
    "gaussian:correction=none": 0.0123,
    "ksg:algorithm=1,k=5,standardize=true,ties=jitter": 0.1,
    "binning:bins=cochran,correction=miller-madow,strategy=equal-width": 0.3333,
    "zero": 0.0,
}


@pytest.fixture
def results(make_attempt, tmp_path):
    """Four estimators on three tasks, three seeds, some of them failed."""
    attempts = []
    for task, truth in zip(TASKS, (0.5, 0.0, 1.0), strict=True):
        for estimator, error in ESTIMATORS.items():
            for seed in range(3):
                record = {"nats": truth + error * (1 + 0.1 * seed), "truth_nats": truth, "cpu_s": 0.1 + error}
                if seed == 2 and error > 0.3:
                    record.update(status="error", nats=None, message="ValueError: no")
                attempts.append(make_attempt(estimator, task, 500, seed, **record))
    path = tmp_path / "results.jsonl"
    write_jsonl(path, attempts, ENVIRONMENTS)
    return path


@pytest.fixture(params=WIDTHS)
def terminal(request, cli, monkeypatch):
    """Run a command in a terminal of some width; return its lines, none of them wider."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(request.param))

    def run(*arguments):
        lines = re.sub(r"\x1b\[[0-9;]*m", "", cli(*arguments).out).splitlines()
        assert lines
        assert max(map(cell_len, lines)) <= request.param, max(lines, key=cell_len)
        return lines

    return run


def test_the_leaderboard(terminal, results):
    table = leaderboard_table(mibench.leaderboard("trial", results))
    lines = terminal("leaderboard", "trial", "--store", results)
    hidden = " ".join(lines).partition("wider terminal: ")[2]
    titles = [column.title for column in table.columns]
    assert not {"Rank", "Estimator", "Score", "Failures"} & set(re.split(r", |\)", hidden))
    for index, title in enumerate(titles):
        if table.columns[index].kind == "number" and title not in hidden:
            assert all(any(row[index].text in line for line in lines) for row in table.rows), title
    wide = terminal("leaderboard", "trial", "--store", results, "--wide")
    assert "wider terminal" not in " ".join(wide)
    assert all(
        any(row[index].text in line for line in wide)
        for row in table.rows
        for index, column in enumerate(table.columns)
        if column.kind == "number"
    )


def test_counts_are_those_of_the_json(terminal, results, cli, monkeypatch):
    counts = json.loads(cli("status", "--store", results, "--json").out)
    lines = terminal("status", "--store", results)
    shown = sum(int(number) for line in lines for number in re.findall(r"(?<![\w.=])\d+$|(?<=\s)\d+(?=\s|$)", line))
    assert shown >= sum(item["cells"] for item in counts)


@pytest.mark.parametrize(
    "command",
    [
        ("list", "estimators"), ("list", "tasks"), ("list", "suites"), ("list", "suites", "--wide"),
        ("info", "ksg"), ("info", "mine"), ("info", "gaussian:dim=2,mi=1"), ("info", "quick"),
        ("run", "quick", "--dry-run"), ("check", "zero"),
    ],
)  # fmt: skip
def test_what_needs_no_results(terminal, command):
    terminal(*command)


@pytest.mark.parametrize("also", [(), ("--cells",), ("--wide",)])
def test_a_comparison(terminal, results, also):
    lines = terminal("compare", "ksg", "gaussian", "--store", results, *also)
    (found,) = mibench.compare("ksg", "gaussian", results)
    assert any(f"{found.differences[0].score.mean:.3f}"[:6] in line for line in lines)


def test_the_gate(terminal, results, tmp_path):
    terminal("gate", "--baseline", tmp_path / "b.jsonl", "--head", results, "--accept")
    terminal("gate", "--baseline", tmp_path / "b.jsonl", "--head", results, "--wide")
    terminal("gate", "--baseline", tmp_path / "b.jsonl", "--head", results)


def test_an_estimate_and_a_run(terminal, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a,b\n" + "".join(f"{i * 37 % 101},{i * 53 % 97}\n" for i in range(60)))
    terminal("estimate", data, "--x", "a", "--y", "b", "-e", "gaussian", "-e", "binning:strategy=equal-width")
    common = ("quick", "-e", "gaussian", "-e", "zero", "-t", "gaussian:mi=1", "--samples", 50, "--seeds", 1)
    terminal("run", *common, "--store", tmp_path / "s.sqlite", "--workers", 1)


def test_a_plane(terminal, tmp_path):
    lines = terminal(
        "plane", "quantised", "-e", "zero", "-n", 50, "--layer", 5, "--epoch", 0, "--epoch", 30, "-o", tmp_path
    )
    assert any(" ┤" in line and "[5" in line for line in lines)
    assert any("8.310" in line for line in lines)


@pytest.mark.parametrize(
    "command",
    ["run", "gate", "plane", "check", "leaderboard", "estimate", "curve", "compare", "export", "bound", "disentangle"],
)
def test_help_flows(terminal, command):
    """A line of prose ends early only where the next word would not have fitted, or its paragraph ends."""
    lines = terminal(command, "--help")
    usage, prose = next(i for i, line in enumerate(lines) if "Usage" in line), []
    for line in lines[usage + 1 :]:
        if line.startswith("╭"):
            break
        prose.append(line.strip())
    width = max(map(len, lines))
    for line, following in itertools.pairwise(prose):
        if line and following:
            assert len(line) + 1 + len(following.split()[0]) > width - 4, (line, following)


def test_the_cost_is_shown_before_further_measures_of_accuracy(cli, results, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    table = cli("leaderboard", "trial", "--store", results).out.partition("more columns")[0]
    assert {"Rank", "Estimator", "Score", "Failures", "CPU"} <= set(table.split())
