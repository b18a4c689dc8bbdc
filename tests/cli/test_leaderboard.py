import json

import pytest

from mibench.store.interchange import write_jsonl

ENVIRONMENTS = {"e1": {"cpu": "Some CPU", "python": "3.11", "packages": {"mibench": "0.1.0"}}}
TASKS = ("gaussian:dim=1,mi=0.5", "gaussian:dim=5,rho=0.0")


@pytest.fixture
def store(make_attempt, tmp_path):
    """Two estimators and zero on two tasks, three seeds, labelled ``trial``."""
    nats = {"gaussian:correction=none": 0.01, "ksg:algorithm=1,k=5,standardize=true,ties=jitter": 0.1}
    attempts = [
        make_attempt(estimator, task, 500, seed, nats=truth + error + 0.001 * seed, truth_nats=truth, cpu_s=0.1)
        for task, truth in zip(TASKS, (0.5, 0.0), strict=True)
        for estimator, error in nats.items()
        for seed in range(3)
    ]
    attempts += [make_attempt("zero", task, 500, seed, nats=0.0) for task in TASKS for seed in range(3)]
    path = tmp_path / "results.jsonl"
    write_jsonl(path, attempts, ENVIRONMENTS)
    return path


def test_the_board_on_the_terminal(cli, store):
    result = cli("leaderboard", "trial", "--store", store)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("Leaderboard: trial.")
    names = [line.split()[1] for line in lines if line.split() and line.split()[0] in ("1", "2", "–")]
    assert names[2:] == ["zero", "best", "best", "oracle"]
    assert "lower is better" in result.out


def test_writing_to_a_folder(cli, store, tmp_path):
    result = cli("leaderboard", "--store", store, "-o", tmp_path / "boards", "--format", "md,csv")
    assert result.code == 0
    written = [line.rpartition("/")[2] for line in result.out.split()]
    assert {"zero.jsonl.gz", "trial.md", "trial.csv", "README.md"} <= set(written)
    figures = list((tmp_path / "boards" / "trial" / "figures").iterdir())
    assert f"{tmp_path / 'boards' / 'trial' / 'figures'}/ ({len(figures)} files)" in result.out.splitlines()
    assert (tmp_path / "boards" / "trial" / "figures" / "truth.svg").is_file()


@pytest.mark.parametrize(
    ("form", "start"), [("md", "# Leaderboard: trial"), ("csv", "estimator,task,"), ("tex", "% Lead")]
)
def test_one_format_on_standard_output(cli, store, form, start):
    assert cli("leaderboard", "trial", "--store", store, "--format", form).out.startswith(start)


def test_json_on_standard_output(cli, store):
    content = json.loads(cli("leaderboard", "trial", "--store", store, "--format", "json").out)
    assert content["suite"] == "trial"
    assert content["provenance"]["last"] == "2026-03-03"


@pytest.mark.parametrize("also", [(), ("--format", "json")])
def test_json_as_other_commands_call_it(cli, store, also):
    same = cli("leaderboard", "trial", "--store", store, "--format", "json").out
    assert cli("leaderboard", "trial", "--store", store, "--json", *also).out == same
    complaint = cli("leaderboard", "trial", "--store", store, "--json", "--format", "md").complaint
    assert "allowed without -o: one format" in complaint


def test_json_alone_in_a_folder(cli, store, tmp_path):
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "notes.json").write_text("{}")
    assert cli("leaderboard", "--store", store, "-o", tmp_path / "boards", "--json").code == 0
    names = sorted(path.name for path in (tmp_path / "boards").iterdir())
    assert names == ["README.md", "index.html", "notes.json", "results", "trial.json"]


def test_the_cells_of_a_bundled_suite_count_whatever_they_were_run_for(cli, make_attempt, tmp_path):
    from mibench import load_suite

    suite = load_suite("quick")
    task, n = suite.build_tasks()[0].spec, suite.samples[0]
    attempts = [make_attempt("zero", task, n, seed, nats=0.0, suite="other") for seed in range(2)]
    attempts += [make_attempt("zero", "gaussian:dim=7,mi=7.0", n, 0, nats=0.0, suite="quick")]
    path = tmp_path / "results.jsonl"
    write_jsonl(path, attempts, ENVIRONMENTS)
    made = json.loads(cli("leaderboard", "quick", "--store", path, "--format", "json").out)["provenance"]
    assert made["cells"] == 2
    assert made["left_out"] == ["1 cell run under the suite's name on other tasks or sample sizes"]


def test_a_suite_s_own_file(cli, store, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\ntasks = ["gaussian:mi=0.5"]\nestimators = ["gaussian", "ksg", "zero"]\n'
        "samples = [500]\nseeds = 5\n"
    )
    made = json.loads(cli("leaderboard", file, "--store", store, "--format", "json").out)
    assert made["suite"] == "mine"
    assert made["provenance"]["cells"] == 9
    assert made["provenance"]["run"] == f"mibench run {file} --seeds 3"


def test_a_suite_nobody_knows(cli, store):
    complaint = cli("leaderboard", "trail", "--store", store).complaint
    assert complaint.startswith("unknown suite 'trail'; did you mean 'trial'")


def test_a_bundled_suite_without_results(cli, store):
    assert cli("leaderboard", "runtime", "--store", store).complaint.startswith("suite 'runtime' has no results")


def test_a_store_that_is_missing(cli, tmp_path):
    complaint = cli("leaderboard", "--store", tmp_path / "none.sqlite").complaint
    assert "none.sqlite' does not exist" in complaint


def test_a_format_there_is_not(cli, store):
    complaint = cli("leaderboard", "--store", store, "--format", "pdf").complaint
    assert complaint == "format is 'pdf'; allowed: md, html, tex, csv, json"
    assert "allowed without -o: one format" in cli("leaderboard", "--store", store, "--format", "md,csv").complaint


def test_the_terminal_says_what_of_the_suite_is_missing(cli, make_attempt, tmp_path):
    task = "gaussian:dim=1,mi=1.0"
    path = tmp_path / "part.jsonl"
    write_jsonl(path, [make_attempt("zero", task, 1000, seed, nats=0.0, suite="quick") for seed in range(2)], {})
    out = " ".join(cli("leaderboard", "quick", "--store", path).out.split())
    assert "Incomplete: 2 of 980 cells of the suite" in out
    assert "no results on the tasks (13)" in out
    assert "on 1 task of 1 family" in out
