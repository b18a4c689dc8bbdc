"""Checks of tasks: samples of the declared form, from streams of their own, that agree with a truth that is one."""

import math
from functools import cache

import numpy as np

from mibench.registry import get_task
from mibench.task import INDEPENDENCE, MAX_TRUTH_STDERR, Block, Task

from .samples import SEEDS, margin, require, value
from .verdict import check

#: Rows of the samples that are looked at.
ROWS = 1000
#: Rows of each sample that a consistent estimate is made of: a table of 50 × 50 values has 2,500 cells to count.
AGREEMENT_ROWS = 20_000


@check(failing="Its samples are not what its blocks declare, so that estimators are unsupported, or fail, for nothing.")
def check_sample_shapes(task: Task) -> None:
    """Samples have the declared shapes and hold finite numbers."""
    declared = task.blocks
    for n in (1, 2, 50):
        for number, (block, array) in enumerate(zip(declared, task.sample(n), strict=True), start=1):
            assert array.shape == (n, block.dim), f"block {number} has shape {array.shape}, not {(n, block.dim)}"
            assert np.all(np.isfinite(array)), f"block {number} holds values that are not finite"
    assert task.blocks == declared, "its blocks change by sampling"
    assert len(declared) >= 2, f"it has {len(declared)} block(s); allowed: two or more"


@check(failing="Estimators compared on it do not see the same data, or see the same data under every seed.")
def check_sample_seeds(task: Task) -> None:
    """The same seed gives the same sample; another seed changes every column."""
    first, again, other = _columns(task, 0), _columns(get_task(task.spec), 0), _columns(task, 1)
    assert np.array_equal(first, again), "the same seed gives other samples"
    changed = np.any(first != other, axis=0)
    assert changed.all(), f"column(s) {_listed(~changed)} are the same under another seed"


@check(failing="A block is not of the kind it declares, so that estimators made for that kind are judged on another.")
def check_block_kinds(task: Task) -> None:
    """Every block is of its declared kind.

    Of 1000 rows, a continuous column has no two equal (by chance with probability below 1e-9), a discrete column at
    most half of them different, a mixed block both repeated and single values.
    """
    for number, (block, array) in enumerate(zip(task.blocks, task.sample(ROWS), strict=True), start=1):
        different = [len(np.unique(column)) for column in array.T]
        if block.kind == "continuous":
            assert min(different) == ROWS, f"block {number} is declared continuous but repeats values"
        elif block.kind == "discrete":
            assert max(different) <= ROWS // 2, f"block {number} is declared discrete but hardly repeats values"
        else:
            counts = np.concatenate([np.unique(column, return_counts=True)[1] for column in array.T])
            assert counts.max() > 1 == counts.min(), f"block {number} is declared mixed but is of one kind"


@check(failing="A block's columns repeat one another, so that its difficulty is not that of the dimension it declares.")
def check_declared_dimension(task: Task) -> None:
    """The columns of a block are linearly independent."""
    for number, (block, array) in enumerate(zip(task.blocks, task.sample(max(ROWS, 3 * _width(task))), strict=True), 1):
        spread = array - array.mean(axis=0)
        assert np.all(spread.std(axis=0) > 0), f"block {number} has a constant column"
        rank = np.linalg.matrix_rank(spread / spread.std(axis=0))
        assert rank == block.dim, f"block {number} declares {block.dim} columns but they span {rank} dimension(s)"


@check(failing="Every error on its board is wrong: its truth is no number, changes, or is too uncertain to judge by.")
def check_truth(task: Task) -> None:
    """The truth is a finite number of at least 0, always the same, and known well enough."""
    truth = task.truth
    assert math.isfinite(truth.nats), f"the truth is {truth.nats}; allowed: a finite number"
    assert truth.nats >= 0, f"the truth is {truth.nats}; allowed: at least 0"
    assert get_task(task.spec).truth == truth, "the truth of the same spec differs from one object to the next"
    limit = MAX_TRUTH_STDERR * task.scale
    assert truth.stderr <= limit, f"the truth's standard error is {truth.stderr}; allowed: up to {limit:.2g}"
    assert (truth.stderr > 0) == (truth.method == "Monte Carlo"), (
        f"the truth has method {truth.method!r} and standard error {truth.stderr}; "
        "allowed: more than 0 for Monte Carlo, 0 for all else"
    )
    assert truth.reference, "the truth has no reference"


@check(
    failing="Its scores are averaged with tasks of another sort: those without dependence are the family independence."
)
def check_family(task: Task) -> None:
    """A family is declared, and it is ``independence`` where the truth is 0."""
    assert task.family, "its family is empty"
    independent = task.truth.nats == 0
    assert independent or task.family != INDEPENDENCE, f"its truth is {task.truth.nats}, its family {task.family!r}"


@check(failing="Its samples do not carry the information its truth says, so that a right estimate is scored as wrong.")
def check_agreement(task: Task) -> None:
    """A consistent estimate from the samples agrees with the truth.

    Where two columns and a truth of up to 1.5 nats allow it, 8 samples of 20,000 rows are estimated: discrete blocks by
    counting with the Miller–Madow correction, others by KSG on normal scores, which leave the information as it is and
    take heavy tails away; both are consistent, but KSG converges too slowly to tell in more columns. The mean may
    differ from the truth by 0.01 nat (counting) or 0.03 nat + 10 % (KSG), and by 7.06 standard errors, the one-sided
    1e-4 quantile of Student's t with 7 degrees of freedom: below 2 in 10,000 false alarms where the bias is within the
    former.
    """
    kinds = {block.kind for block in task.blocks}
    require("mixed" not in kinds, "a consistent estimate: there is none for mixed blocks")
    require(_width(task) == 2, "a consistent estimate: more than two columns")
    require(task.truth.nats <= 1.5, "a consistent estimate: more than 1.5 nats")
    counted = kinds == {"discrete"}
    found = []
    for seed in range(SEEDS):
        blocks = task.sample(AGREEMENT_ROWS, seed)
        found.append(
            _counted(blocks) if counted else value(_ksg(), *map(_normal_scores, task.blocks, blocks), seed=seed)
        )
    truth, mean = task.truth.nats, float(np.mean(found))
    allowed = (0.01 if counted else 0.03 + 0.1 * truth) + margin(np.array(found))
    method = "counting" if counted else "KSG"
    assert abs(mean - truth) <= allowed, (
        f"{method} gives {mean:.3f} in the mean, the truth is {truth:.3f} ± {allowed:.3f}"
    )


@check(failing="Its samples do not carry the information its truth says, so that a right estimate is scored as wrong.")
def check_pointwise(task: Task) -> None:
    """The mean of ``pointwise`` over 20,000 rows is the truth, and its shape is ``(n,)``.

    Allows the standard error of the truth and 5 standard errors of the mean, beside 1e-9 nat: with normal errors a
    false alarm in 1.7 million tasks.
    """
    blocks = task.sample(20 * ROWS)
    ratios = task.pointwise(*blocks)
    require(ratios is not None, "a density")
    assert ratios is not None
    assert ratios.shape == (20 * ROWS,), f"pointwise returns shape {ratios.shape}; allowed: {(20 * ROWS,)}"
    assert np.all(np.isfinite(ratios)), "pointwise is not finite on its own samples"
    truth, mean = task.truth, float(ratios.mean())
    allowed = 5 * math.hypot(float(ratios.std(ddof=1)) / math.sqrt(len(ratios)), truth.stderr) + 1e-9
    assert abs(mean - truth.nats) <= allowed, (
        f"the mean of the log density ratio is {mean:.5f}, the truth {truth.nats:.5f}; allowed: ±{allowed:.5f}"
    )


@check(failing="Its samples depend on one another or on those of another seed, so that every error bar is too small.")
def check_substreams(task: Task) -> None:
    """Rows, seeds and sample sizes are independent of one another.

    Rank correlations, column by column, of 1000 rows with the next row, and with the same row under the next seed and
    at the next n. The largest of all of them is allowed what it exceeds by chance with probability 1e-6.
    """
    from scipy.stats import norm

    ranks = _ranks(_columns(task, 0))
    others = {
        "the next row": (ranks[:-1], ranks[1:]),
        "the same row of the next seed": (ranks, _ranks(_columns(task, 1))),
        "the same row of a longer sample": (ranks, _ranks(_columns(task, 0, ROWS + 1)[:ROWS])),
    }
    limit = norm.isf(1e-6 / (2 * len(others) * ranks.shape[1])) / math.sqrt(ROWS - 2)
    for what, (left, right) in others.items():
        found = np.abs(np.mean(left * right, axis=0))
        assert found.max() <= limit, f"a column's correlation with {what} is {found.max():.3f}; allowed: ±{limit:.3f}"


def _width(task: Task) -> int:
    return sum(block.dim for block in task.blocks)


def _columns(task: Task, seed: int, n: int = ROWS) -> np.ndarray:
    return np.hstack(task.sample(n, seed))


def _ranks(columns: np.ndarray) -> np.ndarray:
    """Standardised ranks, column by column; ties share their mean rank."""
    from scipy.stats import rankdata

    ranks: np.ndarray = rankdata(columns, axis=0)
    return (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)


def _normal_scores(block: Block, values: np.ndarray) -> np.ndarray:
    """Return the Gaussian quantiles of the ranks of a continuous block's columns; other blocks as they are."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    if block.kind != "continuous":
        return values
    scores: np.ndarray = ndtri((rankdata(values, axis=0) - 0.5) / len(values))
    return scores


def _listed(flags: np.ndarray) -> str:
    return ", ".join(map(str, np.flatnonzero(flags)))


def _counted(blocks: tuple[np.ndarray, ...]) -> float:
    """Σ H(block) − H(all) from counts, each entropy with the Miller–Madow correction (cells − 1) / 2n."""

    def entropy(rows: np.ndarray) -> float:
        counts = np.unique(rows, axis=0, return_counts=True)[1]
        shares = counts / len(rows)
        return float(-np.sum(shares * np.log(shares)) + (len(counts) - 1) / (2 * len(rows)))

    return sum(entropy(block) for block in blocks) - entropy(np.hstack(blocks))


@cache
def _ksg():  # type: ignore[no-untyped-def]
    from mibench.registry import get_estimator

    return get_estimator("ksg")
