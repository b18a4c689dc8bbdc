"""The constant 0: the reference line of every board."""

from dataclasses import dataclass

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator


@register_estimator("zero")
@dataclass(frozen=True)
class Zero(Estimator):
    """Î = 0 nats, whatever the data.

    An estimator whose error is not smaller has learnt nothing about the dependence. It is shown on every board and
    never ranked.

    Takes any number of blocks of shape ``(n, d)``. Bias: −I. Cost: O(1).

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> estimate(np.arange(4.0), np.arange(4.0), estimator="zero").nats
        0.0
    """

    tags = Tags(invariances=frozenset({"permutation", "scaling", "monotone", "swap"}))
    expected_failures = {
        "check_docstring": "a constant has no source to cite",
        "check_monotone": "a constant does not grow with the dependence: it is what not looking costs",
        "check_raw_values": "a constant repeats itself",
        "check_calibration": "a constant is right for no dependence alone",
        "check_total_correlation": "a constant is right for no dependence alone",
        "check_uncorrelated_dependence": "a constant sees no dependence",
    }

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Return 0."""
        return Estimate(0.0)
