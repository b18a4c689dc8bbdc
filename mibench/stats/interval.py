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
        """Return an interval of which nothing but perhaps the mean is known."""
        return cls(mean, np.nan, np.nan, np.nan, np.nan, np.nan)

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Layout:
    """Codes of each cell: its stratum (one task and n), the stratum's task, the task's family; codes from 0."""

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

    @cached_property
    def tasks_of_family(self) -> np.ndarray:
        """The number of tasks of each family."""
        return np.bincount(self.family_of_task)

    @cached_property
    def cell_weights(self) -> np.ndarray:
        """The weight of each cell: its stratum's, shared by the seeds."""
        return (self.weights / self.seeds)[self.stratum]

    @property
    def has_enough_tasks(self) -> bool:
        """True if there are enough for an interval over other tasks: two a family, eight degrees of freedom in all."""
        return self.tasks_of_family.min() >= 2 and int((self.tasks_of_family - 1).sum()) >= LEAST_DF

    def stratum_sums(self, values: np.ndarray) -> np.ndarray:
        """Sum *values*, shape ``(cells, columns)``, over the seeds of each stratum."""
        return _sums(self.stratum, values)

    def stratum_means(self, values: np.ndarray) -> np.ndarray:
        """Average *values*, shape ``(cells, columns)``, over the seeds of each stratum."""
        return self.stratum_sums(values) / self.seeds[:, None]

    def task_means(self, values: np.ndarray) -> np.ndarray:
        """Average *values*, shape ``(cells, columns)``, over the seeds, then the sample sizes of each task."""
        return _sums(self.task_of_stratum, self.stratum_means(values)) / np.bincount(self.task_of_stratum)[:, None]


def fixed_tasks_interval(values: np.ndarray, layout: Layout) -> Interval:
    """Return the mean of *values* on these very tasks; see :func:`fixed_tasks_intervals`."""
    return fixed_tasks_intervals(values[:, None], layout)[0]


def fixed_tasks_intervals(values: np.ndarray, layout: Layout) -> list[Interval]:
    """Return the mean of each column of *values* on these very tasks: seeds are random, tasks are fixed.

    A stratified mean Σ w_s·x̄_s with variance Σ w_s²·v_s/m_s, v_s the variance over the m_s seeds of stratum s, and
    Satterthwaite's degrees of freedom (Σ a_s)² / Σ a_s²/(m_s − 1) with a_s = w_s²·v_s/m_s. Time O(cells · columns).

    Args:
        values: shape ``(cells, columns)``.
        layout: where the cells stand.

    Reference: F. E. Satterthwaite, Biometrics Bulletin 2(6), 110–114, 1946. DOI 10.2307/3002019
    """
    means = layout.stratum_means(values)
    mean = _total(layout.weights[:, None] * means)
    seeds = layout.seeds
    if seeds.min() < 2:
        return [Interval.unknown(float(value)) for value in mean]
    variances = layout.stratum_sums((values - means[layout.stratum]) ** 2) / (seeds - 1)[:, None]
    parts = layout.weights[:, None] ** 2 * variances / seeds[:, None]
    total = _total(parts)
    spread = np.sqrt(total) > _ZERO
    divisor = np.where(spread, _total(parts**2 / (seeds - 1)[:, None]), 1.0)
    df = np.where(spread, total**2 / divisor, float((seeds - 1).sum()))
    return _student(mean, np.sqrt(total), df)


def random_tasks_interval(values: np.ndarray, layout: Layout) -> Interval | None:
    """Return the mean of *values* over a population of tasks; see :func:`random_tasks_intervals`."""
    found = random_tasks_intervals(values[:, None], layout)
    return None if found is None else found[0]


def random_tasks_intervals(values: np.ndarray, layout: Layout) -> list[Interval] | None:
    """Return t intervals of the mean over a population of tasks, or None with too few tasks.

    Tasks are random within families. The mean over families of the mean over tasks, with the variance of task means
    pooled within families, s² = Σ_f Σ_t (x̄_ft − x̄_f)² / df and df = Σ_f (K_f − 1): variance of the mean
    s²/F² · Σ_f 1/K_f. Only where every family has at least two tasks and df ≥ 8.

    Args:
        values: shape ``(cells, columns)``.
        layout: where the cells stand.
    """
    if not layout.has_enough_tasks:
        return None
    tasks_of_family = layout.tasks_of_family
    df = int((tasks_of_family - 1).sum())
    task_means = layout.task_means(values)
    family_means = _sums(layout.family_of_task, task_means) / tasks_of_family[:, None]
    pooled = _total((task_means - family_means[layout.family_of_task]) ** 2) / df
    stderr = np.sqrt(pooled * (1.0 / tasks_of_family).sum()) / len(tasks_of_family)
    return _student(_total(family_means) / len(family_means), stderr, np.full(len(stderr), float(df)))


def _sums(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum the rows of *values* of each code; every code from 0 on occurs."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))


def _total(values: np.ndarray) -> np.ndarray:
    """Sum each column the same way, to the last digit, whatever other columns there are."""
    return np.asarray(np.ascontiguousarray(values.T).sum(axis=1))


def _student(mean: np.ndarray, stderr: np.ndarray, df: np.ndarray) -> list[Interval]:
    sure = stderr <= _ZERO
    reach = np.where(sure, 0.0, special.stdtrit(df, (1 + CONFIDENCE) / 2) * stderr)
    tails = 2 * special.stdtr(df, -np.abs(mean) / np.where(sure, 1.0, stderr))
    p = np.where(sure, np.where(np.abs(mean) <= _ZERO, 1.0, 0.0), tails)
    columns = (mean, np.where(sure, 0.0, stderr), df, mean - reach, mean + reach, p)
    return [Interval(*row) for row in np.stack(columns, axis=1).tolist()]


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
