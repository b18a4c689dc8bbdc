"""Checks of how estimates behave: the properties of mutual information, as far as an estimator declares them.

Statistical checks make SEEDS = 8 estimates from n = 1000 samples each and allow the mean a margin of 7.06 standard
errors, the one-sided 1e-4 quantile of Student's t with 7 degrees of freedom, beside what each says it tolerates. A
estimator at the edge of the tolerance, with normal errors, fails by bad luck in fewer than 1 of 10,000 choices of the
seeds; one within it, less often still. The seeds are fixed: the same estimator always gets the same verdict.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mibench.estimator import Estimator

from .calibration import ladder
from .samples import (
    SAMPLES,
    SEEDS,
    as_kind,
    gaussian_pair,
    margin,
    pair,
    require,
    require_columns,
    require_three_blocks,
    take_kinds,
    takes_columns,
    value,
)
from .verdict import check

#: How far, relative to 1 + |value|, a value may move that is claimed not to: rounding and the breaking of ties.
EXACT = 1e-6


@check(failing="A stronger dependence does not get a larger value, so that variables cannot be compared by it.")
def check_monotone(estimator: Estimator) -> None:
    """The mean grows with the dependence.

    The mean has to grow from ρ = 0 to 0.7 to 0.95, that is from I = 0 to 0.34 to 1.16 nats; the seeds are common to the
    three. An estimator that grows by 0.3 nat a step or more, with a standard deviation of up to 0.15 nat, fails with
    probability below 1e-4 (a difference of 0.3 is 4 standard errors of 0.15·√(2/8)).
    """
    means = [
        np.mean([value(estimator, *pair(estimator, rho, seed), seed=seed) for seed in range(SEEDS)])
        for rho in (0.0, 0.7, 0.95)
    ]
    assert means[0] < means[1] < means[2], "at ρ = 0, 0.7 and 0.95 the means are " + ", ".join(
        f"{m:.4f}" for m in means
    )


@check(failing="The order in which independent samples were written down changes the value.")
def check_permutation(estimator: Estimator) -> None:
    """The value is the same for the rows in another order."""
    require("permutation" in estimator.get_tags().invariances, "invariance under permutation of the samples")
    blocks = pair(estimator, 0.8)
    order = np.random.default_rng(0).permutation(SAMPLES)
    _assert_same(estimator, blocks, tuple(block[order] for block in blocks), "in another order")


@check(failing="The unit in which a variable is measured changes the value.")
def check_scaling(estimator: Estimator) -> None:
    """The value is the same for columns in other units."""
    require("scaling" in estimator.get_tags().invariances, "invariance under scaling of a column")
    x, y = pair(estimator, 0.8)
    _assert_same(estimator, (x, y), (1e-3 * x, 250.0 * y), "scaled by 0.001 and 250")


@check(failing="Taking the logarithm of a variable, or any increasing function of it, changes the value.")
def check_monotone_maps(estimator: Estimator) -> None:
    """The value is the same for increasing functions of the columns."""
    require("monotone" in estimator.get_tags().invariances, "invariance under monotone maps of a column")
    x, y = pair(estimator, 0.8)
    _assert_same(estimator, (x, y), (np.exp(x), y**3 + y), "mapped by exp(x) and y³ + y")


@check(failing="The information of x about y differs from that of y about x.")
def check_swap(estimator: Estimator) -> None:
    """The value is the same for the blocks swapped."""
    require("swap" in estimator.get_tags().invariances, "invariance under swapping the blocks")
    x, y = pair(estimator, 0.8)
    _assert_same(estimator, (x, y), (y, x), "swapped")


def _assert_same(estimator: Estimator, first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...], how: str) -> None:
    before, after = value(estimator, *first), value(estimator, *second)
    assert abs(after - before) <= EXACT * (1 + abs(before)), f"{before!r} becomes {after!r} with the samples {how}"


@check(failing="Throwing part of y away seems to create information about x.")
def check_data_processing(estimator: Estimator) -> None:
    """The mean does not grow by processing y.

    Y is folded, half of it is replaced by independent values, and where several columns are taken, one of two is left
    out. Tolerates a mean paired increase of 0.02 nat.
    """
    for what, process, dim in _processings(estimator):
        rise = np.array(
            [
                value(estimator, x, process(y, seed), seed=seed) - value(estimator, x, y, seed=seed)
                for seed in range(SEEDS)
                for x, y in [pair(estimator, 0.8, seed, dim=dim)]
            ]
        )
        allowed = 0.02 + margin(rise)
        assert rise.mean() <= allowed, f"{what} raises the mean by {rise.mean():.3f}; allowed: up to {allowed:.3f}"


_Processing: TypeAlias = Callable[[np.ndarray, int], np.ndarray]


def _processings(estimator: Estimator) -> list[tuple[str, _Processing, int]]:
    kind = take_kinds(estimator)[1]

    def fold(y: np.ndarray, seed: int) -> np.ndarray:
        return np.abs(y) if kind == "continuous" else np.minimum(y, 1.0)

    def replace_half(y: np.ndarray, seed: int) -> np.ndarray:
        noise = np.random.default_rng(seed)
        return np.where(noise.random(y.shape) < 0.5, y, as_kind(noise.standard_normal(y.shape), kind))

    found: list[tuple[str, _Processing, int]] = [("folding y", fold, 1), ("replacing half of y", replace_half, 1)]
    if takes_columns(estimator, 2):
        found.append(("leaving out one of two columns of y", lambda y, seed: y[:, :1], 2))
    return found


@check(failing="Two independent pairs of variables do not carry, together, the sum of what each carries.")
def check_additivity(estimator: Estimator) -> None:
    """Two independent pairs give the sum of what each gives.

    Î((X₁, X₂); (Y₁, Y₂)) beside Î(X₁; Y₁) + Î(X₂; Y₂), at ρ = 0.6, where the sum is 0.45 nat. Tolerates a mean
    difference of 0.1 nat.
    """
    require_columns(estimator)
    found = []
    for seed in range(SEEDS):
        x, y = pair(estimator, 0.6, seed, dim=2)
        parts = [value(estimator, x[:, [i]], y[:, [i]], seed=seed) for i in (0, 1)]
        found.append(value(estimator, x, y, seed=seed) - sum(parts))
    allowed = 0.1 + margin(np.array(found))
    off = float(np.mean(found))
    assert abs(off) <= allowed, f"together less their sum is {off:.3f} in the mean; allowed: ±{allowed:.3f}"


@check(failing="A third variable that depends on nothing changes the total correlation.")
def check_independent_block(estimator: Estimator) -> None:
    """A third block that depends on nothing leaves the mean as it is.

    Î(X; Y; Z) beside Î(X; Y), Z independent of both, at ρ = 0.6. Tolerates a mean difference of 0.1 nat.
    """
    most = estimator.get_tags().max_blocks
    require(most is None or most > 2, "more than two blocks at once")
    require_three_blocks(estimator)
    found = []
    for seed in range(SEEDS):
        x, y = pair(estimator, 0.6, seed)
        _, z = pair(estimator, 0.0, seed + SEEDS)
        found.append(value(estimator, x, y, z, seed=seed) - value(estimator, x, y, seed=seed))
    allowed = 0.1 + margin(np.array(found))
    off = float(np.mean(found))
    assert abs(off) <= allowed, f"the third block changes the mean by {off:.3f}; allowed: ±{allowed:.3f}"


@check(failing="What is called a lower bound lies above the truth, or an upper bound below it.")
def check_direction(estimator: Estimator) -> None:
    """A lower bound lies below the truth in the mean, an upper bound above it.

    At I = 0.2, 0.5, 1 and 1.8 nats, n = 1000. Tolerates a mean on the wrong side by 0.05 nat: the bounds hold in the
    population.
    """
    direction = estimator.get_tags().direction
    require(direction != "estimate", "to be a bound")
    for truth, values in ladder(estimator).items():
        found = np.array(values)
        excess = found - truth if direction == "lower bound" else truth - found
        allowed = 0.05 + margin(found)
        assert excess.mean() <= allowed, (
            f"tagged {direction}, but the mean {found.mean():.3f} is on the wrong side of the truth {truth:.3f}; "
            f"allowed: by up to {allowed:.3f}"
        )


@check(failing="It exceeds the largest value it says it can return, by which readers judge whether it has saturated.")
def check_ceiling(estimator: Estimator) -> None:
    """No value exceeds the ceiling."""
    ceiling = estimator.ceiling(SAMPLES)
    require(ceiling is not None, "a ceiling")
    x, noise = gaussian_pair(0.0, 0)
    found = value(estimator, *map(as_kind, (x, x + 1e-3 * noise), take_kinds(estimator)))
    assert found <= float(ceiling or 0.0) + EXACT, f"ceiling({SAMPLES}) is {ceiling}, but it returns {found}"
