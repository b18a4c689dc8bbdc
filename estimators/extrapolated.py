"""Estimates on parts of the sample, extrapolated to an infinite one."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import InputError

from ._wrapper import Wrapper
from .neighbors.ksg import KSG

#: The level of the test of curvature.
LEVEL = 0.01


@register_estimator("extrapolated")
@dataclass(frozen=True)
class Extrapolated(Wrapper):
    """Î = a of the line a + b·γ through the means Î_γ of another estimator on γ = 1, 2, … disjoint parts, in nats.

    The n rows of the blocks, of shape ``(n, d)``, are dealt at random into γ parts of n/γ rows; Î_γ is the mean of the
    base's γ values. An estimator whose bias is c/n to first order has E Î_γ = I + (c/n)·γ, so that the intercept of
    the least-squares line over γ = 1, …, ``parts`` is free of it: the value at infinite n. Takes what the base takes.

    Bias: what is not linear in 1/n. The fit tells: where a quadratic term is significant (F test at level 0.01) a
    warning says that the value is unreliable. All Î_γ have about the same variance, that of one value on n rows, since
    all use all rows. The standard error adds to it, estimated as the mean of s_γ²/γ with s_γ² the variance over γ
    parts, the intercept's by the scatter about the line. Cost: Σ_γ γ·C(n/γ) for a base of cost C(n): O(parts) times one
    that is linear in n, O(log parts) times one that is quadratic.

    Args:
        base: the estimator on each part.
        parts: the largest γ, at least 4; the smallest part has n/parts rows.

    References:
        C. M. Holmes and I. Nemenman, Estimation of mutual information for real-valued data with error bars and
        controlled bias, Phys. Rev. E 100, 022404, 2019. DOI 10.1103/PhysRevE.100.022404
        E. Abdelaleem, K. M. Martini and I. Nemenman, Accurate estimation of mutual information in high dimensional
        data, 2025. arXiv:2506.00330

    Example:
        The plug-in estimate of independent data is about 169/2n too large, with 14 bins a column:

        >>> from mibench import estimate, get_task
        >>> x, y = get_task("gaussian:rho=0").sample(5000)
        >>> found = estimate(x, y, estimator="extrapolated:base=(binning:bins=14),parts=4").nats
        >>> abs(found) < 0.3 * estimate(x, y, estimator="binning:bins=14").nats
        True
    """

    base: Estimator = KSG()  # noqa: RUF009  (it is frozen)
    parts: int = 10

    def __post_init__(self) -> None:
        if self.parts < 4:
            raise ValueError(f"parts is {self.parts}; allowed: 4 or more")

    def get_tags(self) -> Tags:
        """Return the base's; the parts are drawn at random."""
        tags = self.base.get_tags()
        return dataclasses.replace(tags, deterministic=False, invariances=tags.invariances - {"permutation"})

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Estimate on all parts, and extrapolate.

        Raises:
            InputError: fewer than two rows to the smallest part, or a part in which a column is constant.
        """
        n = len(blocks[0])
        if n < 2 * self.parts:
            raise InputError(f"extrapolated: n is {n} with parts={self.parts}; allowed: {2 * self.parts} or more")
        values: list[np.ndarray] = []
        warnings: set[str] = set()
        for count in range(1, self.parts + 1):
            found = [self._part(blocks, rows, rng) for rows in np.array_split(rng.permutation(n), count)]
            values.append(np.array([each.nats for each in found]))
            warnings.update(str(each.diagnostics["warning"]) for each in found if each.diagnostics.get("warning"))
        line = extrapolate(values)
        diagnostics: dict[str, object] = {
            "means": [float(each.mean()) for each in values],
            "slope": line.slope,
            "curvature_p": line.curvature_p,
        }
        if line.curvature_p < LEVEL:
            warnings.add(f"unreliable: the values are not linear in 1/n (p = {line.curvature_p:.1g})")
        if warnings:
            diagnostics["warning"] = "; ".join(sorted(warnings))
        return Estimate(line.intercept, stderr=line.stderr, diagnostics=diagnostics)

    def _part(self, blocks: tuple[np.ndarray, ...], rows: np.ndarray, rng: np.random.Generator) -> Estimate:
        part = tuple(block[rows] for block in blocks)
        if any(np.ptp(block, axis=0).min() == 0 for block in part):
            raise InputError(
                f"extrapolated: a column is constant in a part of {len(rows)} rows; allowed: fewer parts, or columns "
                "that vary in each"
            )
        return self.base.estimate(*part, rng=rng)


@dataclass(frozen=True)
class Line:
    """A straight line fitted to the means over γ parts: value at γ = 0, its standard error, slope, p of curvature."""

    intercept: float
    stderr: float
    slope: float
    curvature_p: float


def extrapolate(values: Sequence[np.ndarray]) -> Line:
    """Return the least-squares line through the means of *values*, the γ-th of shape ``(γ,)``, at γ = 1, 2, ….

    The intercept's variance is that of one value on all rows, Σ_γ (γ − 1)·s_γ²/γ over Σ_γ (γ − 1), which all means have
    in common, and what the scatter of the means about the line says of their own: τ²·(1/G + γ̄²/Σ(γ − γ̄)²) for G means.
    """
    from scipy.special import fdtrc

    counts, means = np.arange(1.0, len(values) + 1), np.array([each.mean() for each in values])
    slope, intercept = np.polyfit(counts, means, 1)
    straight = float(np.square(means - np.polyval([slope, intercept], counts)).sum())
    curved = float(np.square(means - np.polyval(np.polyfit(counts, means, 2), counts)).sum())
    freedom = len(values) - 3
    gain = (straight - curved) * freedom / curved if curved > 0 else 0.0
    within = sum(float(each.var(ddof=1)) * (len(each) - 1) / len(each) for each in values[1:])
    common = within / sum(len(each) - 1 for each in values[1:])
    centre = counts.mean()
    own = straight / (len(values) - 2) * (1 / len(values) + centre**2 / float(np.square(counts - centre).sum()))
    return Line(float(intercept), float(np.sqrt(common + own)), float(slope), float(fdtrc(1, freedom, max(gain, 0.0))))
