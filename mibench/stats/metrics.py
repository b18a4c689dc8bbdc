"""Raw, uncapped metrics of each estimator × task × n, and their averages over tasks and families.

With e_i = Î_i − I the errors of the m cells that are ok (a failure has no value; it is counted, never hidden):

=========  =================================  ===========================================================
bias       ē                                  SE = SD/√m
SD         s = √(Σ(e_i − ē)²/(m − 1))         SE = √V / 2s, V the unbiased estimate of the variance of s²
RMSE       √(Σe_i²/m)                         SE = SD(e²)/√m / 2·RMSE
MAE        Σ|e_i|/m                           SE = SD(|e|)/√m
median     of e_i                             distribution-free interval from order statistics
=========  =================================  ===========================================================

Averages give equal weights to sample sizes, then tasks, then families. Bias is averaged as it is, with its sign, and
by its absolute value (which m seeds alone hold above 0 by about SD/√m); SD and RMSE through their squares.
"""

import numpy as np
import pandas as pd
from scipy import stats

from .interval import CONFIDENCE

GROUP = ["estimator", "family", "task", "n"]
#: An estimate is good to this share of the truth in ``sample size needed``.
CLOSE = 0.10

_MOMENTS = ["bias", "abs_bias", "variance", "mse", "mae"]


def group_metrics(scored: pd.DataFrame) -> pd.DataFrame:
    """Return one row per estimator × task × n with every metric; see the module's docstring for the formulas.

    Args:
        scored: attempts with the columns of :func:`mibench.stats.score.score`.
    """
    error = scored["error"]
    stderr = scored["stderr"].astype(float).where(scored["ok"])
    work = scored[[*GROUP, "ok", "imputed", "truth", "score", "truth_stderr", "error"]].assign(
        square=error**2,
        size=error.abs(),
        unsupported=scored["status"] == "unsupported",
        with_stderr=stderr.notna(),
        covered=stderr.notna() & (error.abs() <= 2 * stderr),
        repeated=scored["attempts"] > 1,
    )
    groups = work.groupby(GROUP)
    table = groups.agg(
        cells=("ok", "size"), ok=("ok", "sum"), failures=("imputed", "sum"), unsupported=("unsupported", "sum"),
        truth=("truth", "first"), truth_stderr=("truth_stderr", "first"), score=("score", "mean"),
        bias=("error", "mean"), variance=("error", "var"), mse=("square", "mean"), mae=("size", "mean"),
        spread_square=("square", "std"), spread_size=("size", "std"),
        with_stderr=("with_stderr", "sum"), covered=("covered", "sum"), repeated=("repeated", "sum"),
    )  # fmt: skip
    number = groups.ngroup().to_numpy()
    table = table.join(_order_statistics(error.to_numpy(), number, table.index))
    m = table["ok"].where(table["ok"] > 0)
    deviation = (error - table["bias"].to_numpy()[number]) ** 4
    fourth = deviation.groupby(number).sum(min_count=1) / m.to_numpy()
    table["bias_se"] = np.sqrt(table["variance"] / m)
    table["abs_bias"], table["abs_bias_se"] = table["bias"].abs(), table["bias_se"]
    table["variance_se"] = _variance_stderr(table["variance"].to_numpy(), fourth.to_numpy(), m.to_numpy())
    table["mse_se"] = table.pop("spread_square") / np.sqrt(m)
    table["mae_se"] = table.pop("spread_size") / np.sqrt(m)
    return _with_roots(table)


def _variance_stderr(variance: np.ndarray, fourth: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Root of the unbiased estimate (2m·k₂² + (m − 1)·k₄)/(m(m + 1)) of Var(s²), with k₄ = 0 for m < 4.

    Args:
        variance: the second k-statistic k₂ = s².
        fourth: the fourth central moment of the sample.
        m: sample sizes.
    """
    second = variance * (m - 1) / m
    with np.errstate(divide="ignore", invalid="ignore"):
        k4 = m**2 * ((m + 1) * fourth - 3 * (m - 1) * second**2) / ((m - 1) * (m - 2) * (m - 3))
    k4 = np.where(m >= 4, k4, 0.0)
    return np.asarray(np.sqrt(np.maximum((2 * m * variance**2 + (m - 1) * k4) / (m * (m + 1)), 0.0)))


def _order_statistics(errors: np.ndarray, number: np.ndarray, index: pd.Index) -> pd.DataFrame:
    """Median error of each group and the order statistics around it that hold it with at least 95 %."""
    known = np.isfinite(errors)
    values, codes = errors[known], number[known]
    values = values[np.lexsort((values, codes))]
    m = np.bincount(codes, minlength=len(index))
    start = np.cumsum(m) - m
    below = np.asarray(stats.binom.ppf((1 - CONFIDENCE) / 2, np.maximum(m, 1), 0.5), dtype=int) - 1
    bounded = (below >= 0) & (m > 0)

    def pick(offset: np.ndarray, valid: np.ndarray) -> np.ndarray:
        at = np.where(valid, start + offset, 0)
        return np.where(valid, values[at] if len(values) else np.nan, np.nan)

    return pd.DataFrame(
        {
            "median": (pick((m - 1) // 2, m > 0) + pick(m // 2, m > 0)) / 2,
            "median_low": pick(below, bounded),
            "median_high": pick(m - 1 - below, bounded),
        },
        index=index,
    )


def average(metrics: pd.DataFrame, levels: list[str]) -> pd.DataFrame:
    """Average group metrics up to *levels*, a prefix of estimator, family, task; equal weights at each step.

    A group without a single value has no bias, SD or RMSE and is passed over there, which the counts ``ok`` of
    ``cells`` show; its score counts all the same.
    """
    table = metrics
    for keys in (GROUP[:3], GROUP[:2], GROUP[:1]):
        table = _step(table, keys)
        if keys == levels:
            return _with_roots(table)
    raise ValueError(f"levels is {levels}; allowed: a prefix of {GROUP[:3]}")


def _step(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    groups = table.groupby(level=keys)
    counts = ["cells", "ok", "failures", "unsupported", "with_stderr", "covered", "repeated"]
    means = groups[["score", *_MOMENTS]].mean()
    for name in _MOMENTS:
        squares = (table[f"{name}_se"] ** 2).groupby(level=keys)
        means[f"{name}_se"] = np.sqrt(squares.sum(min_count=1)) / table[name].groupby(level=keys).count()
    return groups[counts].sum().join(means)


def _with_roots(table: pd.DataFrame) -> pd.DataFrame:
    """Add SD and RMSE, the roots of the averaged squares, with standard errors by the delta method."""
    roots = {}
    for square, root in (("variance", "sd"), ("mse", "rmse")):
        value = np.sqrt(table[square])
        roots[root] = value
        roots[f"{root}_se"] = (table[f"{square}_se"] / (2 * value)).where(value > 0, 0.0).where(value.notna())
    return table.assign(**roots)


def relative(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return bias and RMSE as shares of the truth, NaN where the truth is 0."""
    truth = metrics["truth"].where(metrics["truth"] > 0)
    return pd.DataFrame({"relative_bias": metrics["bias"] / truth, "relative_rmse": metrics["rmse"] / truth})


def samples_needed(metrics: pd.DataFrame) -> pd.Series:
    """Return the first n from which onward the relative RMSE is at most 10 % and no cell fails, per estimator and task.

    NaN where that is never so; tasks of truth 0, where nothing is relative, are left out.
    """
    table = metrics[metrics["truth"] > 0].reset_index().sort_values("n", ascending=False)
    good = (table["rmse"] <= CLOSE * table["truth"]) & (table["failures"] == 0) & (table["ok"] > 0)
    keys = [table["estimator"], table["task"]]
    onward = good.groupby(keys).cummin().astype(bool)
    return table["n"].where(onward).groupby(keys).min().rename("samples_needed")


def failure_counts(scored: pd.DataFrame) -> pd.DataFrame:
    """Count the cells of each status, one row per estimator; a value not finite is ``nonfinite``."""
    status = scored["status"].where(scored["ok"] | (scored["status"] != "ok"), "nonfinite")
    return pd.crosstab(scored["estimator"], status)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share.

    Reference: E. B. Wilson, Journal of the American Statistical Association 22, 209–212, 1927. DOI 10.2307/2276774
    """
    if trials == 0:
        return np.nan, np.nan
    interval = stats.binomtest(successes, trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)
