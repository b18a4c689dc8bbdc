"""Estimating on a person's own data."""

import importlib.util
from typing import Any

import numpy as np

from .errors import InputError, MissingExtraError
from .estimator import Estimate, Estimator, check_blocks, too_wide
from .registry import get_estimator
from .streams import stream


def missing_requirements(estimator: Estimator | type[Estimator]) -> str | None:
    """Say what to install where a module the method needs is missing, or return None; imports nothing."""
    tags = estimator.tags
    absent = [module for module in tags.requires if importlib.util.find_spec(module) is None]
    if not absent:
        return None
    return f"{estimator.name} needs {', '.join(absent)}: pip install '{tags.install or absent[0]}'"


def estimate(*blocks: Any, estimator: str | Estimator = "ksg", seed: int = 0) -> Estimate:
    """Estimate the mutual information of two blocks, or the total correlation of more, in nats.

    Args:
        blocks: arrays of shape ``(n,)`` or ``(n, d)``, the same n in each.
        estimator: a spec string such as ``"ksg:k=3"``, or an estimator. One that takes two blocks only is lifted to
            more by the chain rule; the diagnostics then say so.
        seed: the seed of the method's own random stream.

    Raises:
        InputError: data no method can take (see :func:`mibench.estimator.check_blocks`).
        MissingExtraError: the method needs a package that is not installed; the message says which.

    Example:
        >>> import numpy as np
        >>> from mibench import estimate
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=2000)
        >>> y = 0.8 * x + 0.6 * rng.normal(size=2000)
        >>> round(estimate(x, y, estimator="gaussian").nats, 1)
        0.5
    """
    method = get_estimator(estimator) if isinstance(estimator, str) else estimator
    missing = missing_requirements(method)
    if missing:
        raise MissingExtraError(missing)
    arrays = check_blocks(*blocks)
    refused = too_wide(method, [array.shape[1] for array in arrays])
    if refused:
        raise InputError(refused)
    limit = method.tags.max_blocks
    if limit is not None and len(arrays) > limit:
        method = get_estimator(f"chain-rule:base=({method.spec})")
    rng: np.random.Generator = stream("estimate", method.spec, seed)
    return method.estimate(*arrays, rng=rng)
