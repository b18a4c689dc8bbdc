"""Published values beside ours of the same task and sample size."""

import math
from collections.abc import Iterable, Mapping

from mibench.published import PublishedValue

from .definitions import describe_estimator, describe_task
from .model import Measure, PublishedRow, Result


def published_rows(values: Iterable[PublishedValue], results: Iterable[Result]) -> tuple[PublishedRow, ...]:
    """Return each published mean of a sample with our mean estimate, and the difference in standard errors.

    Other numbers, and those of a stream's levels, are for :mod:`mibench.reproduction`.

    Args:
        values: what papers print.
        results: ours.
    """
    ours: Mapping[tuple[str, str, int], Result] = {(item.estimator, item.task, item.n): item for item in results}
    return tuple(_row(value, ours) for value in values if value.metric == "mean" and math.isnan(value.level))


def _row(value: PublishedValue, ours: Mapping[tuple[str, str, int], Result]) -> PublishedRow:
    estimator = _canonical(describe_estimator(value.estimator).thing, value.estimator) if value.estimator else ""
    task = _canonical(describe_task(value.task).thing, value.task)
    found = ours.get((estimator, task, value.n))
    mean = found.estimate if found else Measure(math.nan)
    theirs = 0.0 if math.isnan(value.stderr) else value.stderr
    spread = math.hypot(mean.stderr, theirs)
    return PublishedRow(
        theirs=value,
        estimator=estimator,
        task=task,
        ours=mean,
        cells=found.summary.ok if found else 0,
        in_stderr=(mean.value - value.nats) / spread if spread > 0 else math.nan,
    )


def _canonical(thing: object, text: str) -> str:
    return str(getattr(thing, "spec", text))
