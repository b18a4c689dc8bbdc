import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from mibench import Estimate, Estimator, get_estimator, get_task
from mibench.curve_view import save_chart, text_plot, text_summary
from mibench.curves import LearningCurve, Run, check_learner, learn, train
from mibench.errors import InputError, SpecError, UnknownNameError
from mibench.protocol import Stream, parse_protocol
from mibench.suite import list_suites, load_suite

TASK = get_task("gaussian:dim=1,mi=0.5")


@dataclass(frozen=True)
class Approach(Estimator):
    """Halves its distance to half a nat at every step, and sees the mean of its draws."""

    batch: int = 4
    name = "approach"

    def estimate(self, *blocks, rng):
        raise AssertionError

    def learning_curve(self, sampler, *, steps=None, rng):
        seen = [np.hstack(sampler(self.batch)).mean() for _ in range(steps or 6)]
        curve = [(step, 0.5 - 0.5**step) for step, _ in enumerate(seen, start=1)]
        return Estimate(curve[-1][1], curve=curve, diagnostics={"seen": seen, "own": rng.random()})


def drawn(seeds=2, steps=20):
    runs = [learn(TASK, Approach(), seed, Stream(steps=steps)) for seed in range(seeds)]
    return LearningCurve.of(TASK, Approach(), runs)


def spied(seed):
    found = {}

    class Spy(Approach):
        def learning_curve(self, sampler, *, steps=None, rng):
            result = super().learning_curve(sampler, steps=steps, rng=rng)
            found.update(result.diagnostics)
            return result

    learn(TASK, Spy(), seed)
    return found


def test_draws_are_fresh_within_a_run_and_differ_by_seed_alone():
    assert len(set(spied(0)["seen"])) == 6
    assert spied(0) == spied(0)
    assert not set(spied(0)["seen"]) & set(spied(1)["seen"])
    assert spied(0)["own"] != spied(1)["own"]


def test_first_reaching_is_the_first_step_at_or_above():
    run = Run(0, 0.5, ((1, 0.1), (2, 0.45), (3, 0.4), (4, 0.6)))
    assert run.first_reaching(0.45) == 2
    assert run.first_reaching(0.5) == 4
    assert run.first_reaching(0.7) is None


def test_a_method_without_steps_is_refused():
    with pytest.raises(InputError, match="zero learns no curve; allowed: an estimator that trains in steps"):
        check_learner(get_estimator("zero"), TASK)


def test_a_task_of_too_many_blocks_is_refused():
    pytest.importorskip("torch")
    task = get_task("total-correlation:kind=equicorrelated,dim=3")
    with pytest.raises(InputError, match="total-correlation has 3 blocks; allowed for infonce: 2"):
        check_learner(get_estimator("infonce"), task)


def test_text_plot_shows_the_truth_and_ends_at_it():
    rows = text_plot(drawn(), width=60, height=11).splitlines()
    truth = next(row for row in rows if "0.5000" in row)
    assert truth.count("•") > 8
    assert truth.endswith("•")
    assert "•" in rows[0] + rows[1] + rows[2] + rows[3] + rows[4] + rows[5]
    assert rows[-1].split() == ["1", "20"]
    assert max(map(len, rows)) <= 60


def test_text_plot_takes_curves_that_dip_break_or_are_short():
    odd = LearningCurve("t", "e", 0.5, "closed form", (Run(0, np.nan, ((1, -2.0), (2, np.nan), (3, 0.4))),))
    rows = text_plot(odd, width=40).splitlines()
    assert sum(row.count("•") for row in rows) == 2
    assert "-2" in rows[-3]
    assert text_plot(LearningCurve("t", "e", 0.0, "closed form", (Run(0, 0.0, ((1, 0.0),)),)))


def test_summary_has_a_line_a_seed():
    lines = list(text_summary(drawn(seeds=3)))
    assert len(lines) == 4
    assert lines[1].split() == ["0", "0.5000", "-0.0000", "step", "5"]  # 0.5 − 0.5⁴ is below 0.45, 0.5 − 0.5⁵ is not


def test_figures_hold_the_curve_and_the_truth_and_need_no_network(tmp_path):
    svg, html = save_chart(drawn(), tmp_path / "new" / "figure")
    assert [svg.name, html.name] == ["figure.svg", "figure.html"]
    assert svg.read_text().startswith("<svg")
    assert "true value 0.5000" in svg.read_text()
    page = html.read_text()
    assert "<script src" not in page
    assert '"true value 0.5000"' in page
    assert sorted(path.name for path in svg.parent.iterdir()) == ["figure.html", "figure.svg"]


def test_figures_are_the_same_every_time(tmp_path):
    first = [path.read_bytes() for path in save_chart(drawn(), tmp_path / "a")]
    again = [path.read_bytes() for path in save_chart(drawn(), tmp_path / "b")]
    assert first == again


def test_record_spells_values_that_are_not_finite_as_null():
    odd = LearningCurve("t", "e", 0.5, "closed form", (Run(0, np.nan, ((1, np.inf), (2, 0.1))),))
    run = odd.to_record()["runs"][0]
    assert run["nats"] is None
    assert run["curve"] == [[1, None], [2, 0.1]]


def test_every_stream_suite_can_be_built():
    streams = [suite for suite in map(load_suite, list_suites()) if suite.protocol]
    assert "article" in [suite.name for suite in streams]
    for suite in streams:
        for estimator in suite.build_estimators():
            for task in suite.build_tasks():
                check_learner(estimator, task, parse_protocol(suite.protocol, 0))


def test_an_unknown_suite_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="unknown task 'artcle'; did you mean 'article'"):
        train("artcle", None)


def test_a_suite_of_fixed_samples_is_no_learning_curve():
    with pytest.raises(SpecError, match="suite 'quick' has samples of fixed size; allowed: a suite of the stream"):
        train("quick", None)


def article(seed):
    suite = load_suite("article")
    (task,), (method,) = suite.build_tasks(), suite.build_estimators()
    return task.truth.nats, learn(task, method, seed)


def check_article(seed):
    truth, run = article(seed)
    values = [value for _, value in run.curve]
    assert len(values) == 500
    assert np.mean(values[-50:]) == pytest.approx(truth, abs=0.015)
    assert run.nats == pytest.approx(np.mean(values[-50:]), abs=1e-12)
    assert run.first_reaching(0.9 * truth) < 120


def test_article_suite_is_what_it_says_it_is():
    suite = load_suite("article")
    (task,), (method,) = suite.build_tasks(), suite.build_estimators()
    assert (suite.protocol, suite.seeds) == ("stream:batch=20000", 4)
    assert (method.hidden, method.layers, method.critic) == (10, 1, "joint")
    assert (method.max_steps, method.batch_size, method.learning_rate) == (500, 20_000, 0.01)
    assert (method.shuffles, method.ema_rate) == (1, 1)
    assert task.noise_var == 0.2
    assert task.truth.nats == pytest.approx(0.6587343810938796, abs=1e-9)


def test_article_suite_reaches_the_truth():
    pytest.importorskip("torch")
    check_article(seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_article_suite_reaches_the_truth_with_every_seed_shown(seed):
    pytest.importorskip("torch")
    check_article(seed)


def test_curves_are_computed_the_same_in_another_process():
    pytest.importorskip("torch")
    task, method = get_task("binary-gaussian"), get_estimator("mine:batch_size=100,max_steps=5")
    code = (
        "from mibench import get_estimator, get_task; from mibench.curves import learn;"
        f"print(repr(learn(get_task({task.spec!r}), get_estimator({method.spec!r}), 3).curve))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert repr(learn(task, method, 3).curve) == other.strip()


def test_a_schedule_is_drawn_as_a_staircase(tmp_path):
    protocol = Stream(mi="0.5/1.5", steps=4)
    runs = [Run(0, 1.4, tuple((float(step), 0.5 if step < 5 else 1.4) for step in range(1, 9)))]
    curve = LearningCurve.of(TASK, Approach(), runs, protocol=protocol)
    assert [curve.truth_at(step) for step in (1, 4, 5, 8)] == [0.5, 0.5, 1.5, 1.5]
    assert curve.to_record()["levels"] == [[1, 0.5], [5, 1.5]]
    rows = text_plot(curve, width=40).splitlines()
    steps = [row for row in rows if "0.5000 ┤" in row or "1.5000 ┤" in row]
    assert [row.lstrip()[:6] for row in steps] == ["1.5000", "0.5000"]
    assert steps[0].index("╌") > steps[1].index("•")
    assert list(text_summary(curve))[1].split() == ["0", "1.4000", "-0.1000", "step", "5"]
    svg, _ = save_chart(curve, tmp_path / "stairs")
    assert "true value" not in svg.read_text()


def test_seeds_are_told_apart_and_no_name_covers_a_curve():
    from mibench.curve_view import chart

    spec = chart(drawn()).to_dict()
    encoding = spec["layer"][0]["encoding"]
    looks = zip(encoding["color"]["scale"]["range"], map(str, encoding["strokeDash"]["scale"]["range"]), strict=True)
    assert len(set(looks)) == len(encoding["color"]["scale"]["domain"])
    name = spec["layer"][-1]
    assert name["mark"]["align"] == "left"  # beside the figure, where no curve runs
    assert name["encoding"]["x"] == {"value": "width"}
