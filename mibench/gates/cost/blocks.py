"""Statistics of interleaved timings: a distribution-free bound of the median ratio, and the noise floor.

A block holds two timings of the base and two of the head. Its log ratio is that of the two minima. Under no change each
block's ratio is as likely to be above 0 as below, so the second-smallest of 10 exceeds 0 with probability
11/1024 = 1.1 %: it is a lower bound of the median ratio at 98.9 %, whatever the noise.
"""

from dataclasses import dataclass

import numpy as np

from ..verdict import COST_TOLERANCE, Verdict

#: Blocks in each of the two stages.
BLOCKS = 10
#: Timings of each side in a block.
TIMINGS = 2


@dataclass(frozen=True)
class Stage:
    """The timings of one cell in one stage, in seconds: arrays of shape ``(BLOCKS, TIMINGS)``, in the order taken."""

    base: np.ndarray
    head: np.ndarray

    def ratio(self) -> float:
        """Return the median over blocks of the ratio of minima, head over base."""
        return float(np.exp(np.median(self._log_ratios())))

    def bound(self) -> float:
        """Return the lower bound of that ratio: the second-smallest of the blocks'."""
        return float(np.exp(np.sort(self._log_ratios())[1]))

    def upper_bound(self) -> float:
        """Return the upper bound of that ratio: the second-largest of the blocks'."""
        return float(np.exp(np.sort(self._log_ratios())[-2]))

    def noise(self) -> float:
        """Return the noise floor: the median ratio (from 1 up) that one version has to itself within a block.

        The base's two timings in a block are an A/A run, and so are the head's: 20 of them.
        """
        spans = [np.abs(np.log(side[:, 1] / side[:, 0])) for side in (self.base, self.head)]
        return float(np.exp(np.median(np.concatenate(spans))))

    def _log_ratios(self) -> np.ndarray:
        return np.log(self.head.min(axis=1) / self.base.min(axis=1))


@dataclass(frozen=True)
class CostComparison:
    """The cost of one cell.

    Attributes:
        name: the cell.
        base_s, head_s: the smallest timing of each side.
        ratio, bound, noise: of the first stage, as in :class:`Stage`.
        confirmed_bound: the bound of the second stage, None where there was none.
        threshold: the ratio both bounds must exceed: 1 + tolerance, or the noise floor where that is larger.
        detectable: the slow-down whose bound would have exceeded it, given how far the bound lies below the ratio.
    """

    name: str
    base_s: float
    head_s: float
    ratio: float
    bound: float
    noise: float
    confirmed_bound: float | None
    threshold: float
    detectable: float
    verdict: Verdict


def flagged(stage: Stage, tolerance: float = COST_TOLERANCE) -> bool:
    """Return whether the first stage asks for a second: a bound of the ratio is beyond the threshold, either way."""
    threshold = _threshold(stage.noise(), tolerance)
    return stage.bound() > threshold or stage.upper_bound() < 1 / threshold


def compare(name: str, first: Stage, second: Stage | None, tolerance: float = COST_TOLERANCE) -> CostComparison:
    """Judge a cell: a regression where the bounds of both stages exceed the threshold, and likewise an improvement.

    Otherwise a pass, unless the noise floor is above the tolerance: then a slow-down of that size could not have been
    seen, and it is inconclusive.
    """
    stages = [first] if second is None else [first, second]
    noise = max(stage.noise() for stage in stages)
    threshold = _threshold(noise, tolerance)
    bounds = [stage.bound() for stage in stages]
    if len(bounds) == 2 and min(bounds) > threshold:
        verdict = Verdict.REGRESSION
    elif len(stages) == 2 and max(stage.upper_bound() for stage in stages) < 1 / threshold:
        verdict = Verdict.IMPROVED
    else:
        verdict = Verdict.INCONCLUSIVE if noise > 1 + tolerance else Verdict.PASS
    return CostComparison(
        name=name,
        base_s=min(float(stage.base.min()) for stage in stages),
        head_s=min(float(stage.head.min()) for stage in stages),
        ratio=first.ratio(),
        bound=bounds[0],
        noise=noise,
        confirmed_bound=bounds[1] if second is not None else None,
        threshold=threshold,
        detectable=threshold * max(stage.ratio() / stage.bound() for stage in stages),
        verdict=verdict,
    )


def _threshold(noise: float, tolerance: float) -> float:
    return max(1 + tolerance, noise)
