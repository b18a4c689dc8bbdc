"""Maps of a base task: invertible, each the formula it states, and the information left as it is."""

import math

import numpy as np
import pytest
from scipy import linalg, stats

from mibench import get_estimator, get_task
from mibench.errors import InputError, SpecError

GAUSSIAN = "base=(gaussian:dim=3,mi=2)"
UNIFORM = "base=(normal-cdf:base=(gaussian:rho=0.75))"
STUDENT = "base=(total-correlation:dim=3,kind=student,nu=1)"
MARGINALS = ("normal", "exponential", "laplace", "lognormal", "pareto", "cauchy", "bimodal")
MAPS = [
    f"half-cube:{GAUSSIAN}",
    f"half-cube:{STUDENT}",
    f"normal-cdf:{GAUSSIAN}",
    f"asinh:{GAUSSIAN}",
    f"asinh:{STUDENT}",
    f"wiggly:{GAUSSIAN}",
    "wiggly:base=(total-correlation:dim=3,kind=ar1),only=3",
    f"rotation:{GAUSSIAN}",
    "rotation:base=(binary-gaussian:dim=4),seed=1",
    f"spiral:{GAUSSIAN}",
    "spiral:base=(gaussian:dim=2,mi=2),speed=4",
    f"swiss-roll:{UNIFORM}",
    f"swiss-roll:{UNIFORM},only=1",
    *(f"marginals:{UNIFORM},to={to}" for to in MARGINALS),
    f"marginals:{UNIFORM},to=pareto,shape=0.5",
    f"spiral:base=(rotation:base=(half-cube:base=(normal-cdf:{GAUSSIAN})))",
]
every_map = pytest.mark.parametrize("spec", MAPS)


def draw(task, n=2000, seed=7):
    return task.draw(n, np.random.default_rng(seed))


@every_map
def test_the_truth_the_family_and_the_kinds_are_the_bases(spec):
    task = get_task(spec)
    base = task.base
    assert (task.truth, task.family, task.dim) == (base.truth, base.family, base.dim)
    assert [block.kind for block in task.blocks] == [block.kind for block in base.blocks]


@every_map
def test_a_sample_is_the_bases_mapped_block_by_block_and_goes_back(spec):
    task = get_task(spec)
    for number, (image, block) in enumerate(zip(draw(task), draw(task.base), strict=True)):
        if task.maps(number):
            assert np.array_equal(image, task.forward(block, number))
            assert np.allclose(task.inverse(image, number), block, rtol=1e-9, atol=1e-9)
        else:
            assert np.array_equal(image, block)


@every_map
def test_the_log_density_ratio_is_the_bases_at_the_point_that_is_mapped(spec):
    task = get_task(spec)
    expected = task.base.pointwise(*draw(task.base))
    assert np.allclose(task.pointwise(*draw(task)), expected, rtol=1e-9, atol=1e-9)


@every_map
def test_pairs_that_were_not_drawn_together_are_taken_back_too(spec):
    task = get_task(spec)
    x, *rest = draw(task.base)
    u, *images = draw(task)
    expected = task.base.pointwise(x[::-1], *rest)
    assert np.allclose(task.pointwise(u[::-1], *images), expected, rtol=1e-8, atol=1e-8)


def mapped(spec, block, number=0):
    return get_task(spec).forward(np.asarray(block, dtype=float), number)


X = np.linspace(-4, 4, 41).reshape(-1, 1)


@pytest.mark.parametrize(
    ("spec", "number", "formula"),
    [
        ("half-cube:base=(gaussian:mi=1)", 0, lambda x: np.sign(x) * np.abs(x) ** 1.5),
        ("normal-cdf:base=(gaussian:mi=1)", 0, stats.norm.cdf),
        ("asinh:base=(gaussian:mi=1)", 1, np.arcsinh),
        ("wiggly:base=(gaussian:mi=1)", 0,
         lambda x: x + 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1) + 0.03 * np.sin(3.3 * x - 2.5)),
        ("wiggly:base=(gaussian:mi=1)", 1,
         lambda x: x - 0.4 * np.sin(0.4 * x) + 0.17 * np.sin(1.3 * x + 3.5) + 0.02 * np.sin(4.3 * x - 2.5)),
    ],
)  # fmt: skip
def test_increasing_maps_are_their_formulas(spec, number, formula):
    image = mapped(spec, X, number)
    assert np.allclose(image, formula(X), rtol=1e-14, atol=1e-15)
    assert (np.diff(image[:, 0]) > 0).all()


def test_asinh_is_exact_at_any_size():
    x = np.array([[-1e300, -1e10, -1e-300, 0.0, 1e-8, 3.0, 1e160, 1e300]]).T
    assert np.allclose(mapped("asinh:base=(gaussian:mi=1)", x), np.arcsinh(x), rtol=1e-15, atol=0)


def test_a_spiral_is_the_exponential_of_its_generator():
    task = get_task("spiral:base=(gaussian:dim=3,mi=1),speed=1.5")
    rows = np.random.default_rng(0).standard_normal((20, 3))
    for number, (i, j) in enumerate([(0, 1), (1, 2)]):
        generator = np.zeros((3, 3))
        generator[i, j], generator[j, i] = -1, 1
        expected = [linalg.expm(generator * (0.5 * row @ row)) @ row for row in rows]
        assert np.allclose(task.forward(rows, number), expected, atol=1e-13)


def test_a_swiss_roll_lies_on_its_curve():
    u = np.linspace(0, 1, 11).reshape(-1, 1)
    t = 1.5 * np.pi * (1 + 2 * u)
    expected = np.hstack([t * np.cos(t) / 21, t * np.sin(t) / 21])
    assert np.allclose(mapped(f"swiss-roll:{UNIFORM},only=1", u), expected, atol=1e-15)


def test_rotations_are_orthogonal_one_for_each_block_and_seed():
    task, other = (get_task(f"rotation:{GAUSSIAN},seed={seed}") for seed in (0, 1))
    first, second = (task.forward(np.eye(3), number) for number in (0, 1))
    for matrix in (first, second):
        assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
    assert np.abs(first - second).max() > 0.1
    assert np.abs(first - other.forward(np.eye(3), 0)).max() > 0.1


class Bimodal:
    def cdf(self, x):
        return 0.3 * stats.norm.cdf(x) + 0.7 * stats.norm.cdf(x, 5)


@pytest.mark.parametrize(
    ("to", "distribution"),
    [
        ("normal", stats.norm),
        ("exponential", stats.expon),
        ("laplace", stats.laplace),
        ("lognormal", stats.lognorm(1)),
        ("lognormal,shape=2", stats.lognorm(2)),
        ("pareto", stats.pareto(2)),
        ("pareto,shape=0.5", stats.pareto(0.5)),
        ("cauchy", stats.cauchy),
        ("bimodal", Bimodal()),
    ],
)
def test_marginals_are_the_distributions_they_are_named_after(to, distribution):
    u = np.r_[1e-9, 1e-3, np.linspace(0.01, 0.99, 50), 0.999, 1 - 1e-9].reshape(-1, 1)
    quantiles = mapped(f"marginals:{UNIFORM},to={to}", u)
    assert np.allclose(distribution.cdf(quantiles), u, rtol=1e-12, atol=1e-15)
    assert (np.diff(quantiles[:, 0]) > 0).all()


def test_the_two_blocks_of_bimodal_have_different_modes():
    quantiles = mapped(f"marginals:{UNIFORM},to=bimodal", [[0.25], [0.75]], 1)
    assert np.allclose(0.5 * stats.norm.cdf(quantiles, -1) + 0.5 * stats.norm.cdf(quantiles, 3), [[0.25], [0.75]])


@pytest.mark.parametrize(
    ("spec", "tags"),
    [
        (f"asinh:{STUDENT}", {"continuous", "many-block"}),
        (f"asinh:{STUDENT},only=1", {"continuous", "many-block", "heavy-tailed"}),
        (f"half-cube:{STUDENT}", {"continuous", "many-block", "heavy-tailed"}),
        (f"marginals:{UNIFORM},to=cauchy", {"continuous", "heavy-tailed"}),
        (f"marginals:{UNIFORM},to=laplace", {"continuous"}),
        (f"swiss-roll:{UNIFORM},only=1", {"continuous", "manifold"}),
        ("rotation:base=(binary-gaussian:dim=12)", {"mixed", "high-dimensional"}),
    ],
)
def test_tags_go_with_the_tails_and_the_shape(spec, tags):
    assert get_task(spec).tags == tags


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        (f"normal-cdf:{STUDENT}", "whose tails reach where Φ rounds to 1; allowed: light tails"),
        ("spiral:base=(gaussian:mi=1)", "block 1 of gaussian:mi=1.0 has one column; allowed: 2 or more"),
        (f"swiss-roll:{GAUSSIAN}", "block 1 of gaussian:dim=3,mi=2.0 has several columns; allowed: one"),
        (f"marginals:{UNIFORM},to=cauchy,shape=2", "shape is 2.0; allowed with to=cauchy: none"),
        (f"marginals:{UNIFORM},to=pareto,shape=0", "shape is 0.0; allowed: more than 0, finite"),
        (f"wiggly:{UNIFORM},only=3", "only is 3; allowed: from 1 to 2, or none"),
    ],
)
def test_a_base_that_a_map_cannot_take_is_refused(spec, match):
    with pytest.raises(SpecError, match=match):
        get_task(spec)


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        ("swiss-roll:base=(gaussian:mi=1)", r"block 1 of gaussian:mi=1.0 holds -.*; allowed: -0.5 or more"),
        ("marginals:base=(gaussian:mi=1),to=pareto", r"block 1 of gaussian:mi=1.0 reaches from -.*between 0 and 1"),
        ("normal-cdf:base=(half-cube:base=(half-cube:base=(half-cube:base=(gaussian:mi=1))))", "Φ rounds to 0 or 1"),
    ],
)
def test_a_sample_on_which_a_map_is_not_injective_is_refused(spec, match):
    with pytest.raises(InputError, match=match):
        get_task(spec).sample(2000)


def test_an_estimator_that_sees_ranks_only_does_not_notice_an_increasing_map():
    ranks = get_estimator("binning:bins=8")
    base = get_task("gaussian:rho=0.75")
    expected = ranks.estimate(*draw(base), rng=None).nats
    for spec in ("half-cube:base=({})", "wiggly:base=({})", "marginals:base=(normal-cdf:base=({})),to=lognormal"):
        found = ranks.estimate(*draw(get_task(spec.format(base.spec))), rng=None).nats
        assert math.isclose(found, expected, rel_tol=1e-12)
