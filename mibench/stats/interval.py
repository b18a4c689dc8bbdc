"""Means over seeds, sample sizes, tasks and families with equal weights at each level, and how sure they are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import special

#: Confidence of every interval; tests are at 1 − CONFIDENCE.
CONFIDENCE = 0.95
#: Degrees of freedom below which nothing is said about suites like this one.
LEAST_DF = 8
_ZERO = 1e-12


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval, and the two-sided p-value of its being 0.

    All but ``mean`` are NaN where a stratum holds a single seed, so that nothing is known of its spread.
    """

    mean: float
    stderr: float
    df: float
    low: float
    high: float
    p: float

    @classmethod
    def unknown(cls, mean: float = np.nan) -> "Interval":
        """An interval of which nothing but perhaps the mean is known."""
        return cls(mean, np.nan, np.nan, np.nan, np.nan, np.nan)

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Layout:
    """Where each cell stands: its stratum (one task and n), the stratum's task, the task's family; codes from 0."""

    stratum: np.ndarray
    task_of_stratum: np.ndarray
    family_of_task: np.ndarray

    @classmethod
    def of(cls, cells: pd.DataFrame) -> "Layout":
        """Build the layout of *cells*, rows with ``family``, ``task`` and ``n``."""
        strata = cells.groupby(["family", "task", "n"])
        table = strata.size().reset_index()
        tasks = table.groupby(["family", "task"])
        families = tasks.size().reset_index().groupby("family")
        return cls(strata.ngroup().to_numpy(), tasks.ngroup().to_numpy(), families.ngroup().to_numpy())

    @cached_property
    def seeds(self) -> np.ndarray:
        """The number of cells of each stratum."""
        return np.bincount(self.stratum)

    @cached_property
    def weights(self) -> np.ndarray:
        """The weight of each stratum: 1 / (families × tasks of its family × sample sizes of its task)."""
        strata_of_task = np.bincount(self.task_of_stratum)
        tasks_of_family = np.bincount(self.family_of_task)
        task = self.task_of_stratum
        return 1.0 / (len(tasks_of_family) * tasks_of_family[self.family_of_task[task]] * strata_of_task[task])

    def stratum_means(self, values: np.ndarray) -> np.ndarray:
        """Average *values* of cells over the seeds of each stratum."""
        return np.bincount(self.stratum, values) / self.seeds


def this_suite(values: np.ndarray, layout: Layout) -> Interval:
    """Mean of *values* on these very tasks: seeds are random, tasks are fixed.

    A stratified mean Σ w_s·x̄_s with variance Σ w_s²·v_s/m_s, v_s the variance over the m_s seeds of stratum s, and
    Satterthwaite's degrees of freedom (Σ a_s)² / Σ a_s²/(m_s − 1) with a_s = w_s²·v_s/m_s.

    Reference: F. E. Satterthwaite, Biometrics Bulletin 2(6), 110–114, 1946. DOI 10.2307/3002019
    """
    means = layout.stratum_means(values)
    mean = float(layout.weights @ means)
    seeds = layout.seeds
    if seeds.min() < 2:
        return Interval.unknown(mean)
    variances = np.bincount(layout.stratum, (values - means[layout.stratum]) ** 2) / (seeds - 1)
    parts = layout.weights**2 * variances / seeds
    total = parts.sum()
    df = total**2 / (parts**2 / (seeds - 1)).sum() if np.sqrt(total) > _ZERO else float((seeds - 1).sum())
    return _student(mean, float(np.sqrt(total)), float(df))


def suites_like_it(values: np.ndarray, layout: Layout) -> Interval | None:
    """Mean of *values* on other tasks of the same families: tasks are random as well; None for too few tasks.

    The mean over families of the mean over tasks, with the variance of task means pooled within families,
    s² = Σ_f Σ_t (x̄_ft − x̄_f)² / df and df = Σ_f (K_f − 1): variance of the mean s²/F² · Σ_f 1/K_f. Only where every
    family has at least two tasks and df ≥ 8.
    """
    tasks_of_family = np.bincount(layout.family_of_task)
    df = int((tasks_of_family - 1).sum())
    if tasks_of_family.min() < 2 or df < LEAST_DF:
        return None
    task_means = np.bincount(layout.task_of_stratum, layout.stratum_means(values)) / np.bincount(layout.task_of_stratum)
    family_means = np.bincount(layout.family_of_task, task_means) / tasks_of_family
    pooled = ((task_means - family_means[layout.family_of_task]) ** 2).sum() / df
    stderr = np.sqrt(pooled * (1.0 / tasks_of_family).sum()) / len(tasks_of_family)
    return _student(float(family_means.mean()), float(stderr), float(df))


def _student(mean: float, stderr: float, df: float) -> Interval:
    if stderr <= _ZERO:
        return Interval(mean, 0.0, df, mean, mean, 1.0 if abs(mean) <= _ZERO else 0.0)
    reach = float(special.stdtrit(df, (1 + CONFIDENCE) / 2)) * stderr
    return Interval(mean, stderr, df, mean - reach, mean + reach, float(2 * special.stdtr(df, -abs(mean) / stderr)))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number; NaN, a comparison that could not be tested, counts and stays NaN.

    Reference: S. Holm, Scandinavian Journal of Statistics 6(2), 65–70, 1979. JSTOR 4615733
    """
    filled = np.where(np.isnan(p_values), 1.0, p_values)
    order = np.argsort(filled, kind="stable")
    factors = np.arange(len(filled), 0, -1)
    adjusted = np.empty(len(filled))
    adjusted[order] = np.minimum(np.maximum.accumulate(filled[order] * factors), 1.0)
    return np.where(np.isnan(p_values), np.nan, adjusted)
