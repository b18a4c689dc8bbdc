"""Checks of the contract that estimators and tasks share, and of what every estimator owes its callers."""

import pickle
import random
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from mibench.errors import InputError, MibenchError
from mibench.estimator import Estimator, Kind
from mibench.registry import get_estimator, get_task
from mibench.spec import Specified, parameters
from mibench.task import Task

from .samples import as_kind, gaussian_pair, pair, require, require_three_blocks, take_kinds, takes_columns, value
from .verdict import check

_EVERY = {"its unit, nats": "nats", "an equation": "=", "the shapes, ``(n, d)``": r"``\([nN]\b", "an example": ">>>"}
_EVERY |= {"a reference with its DOI or address": r"DOI|arXiv|ISBN|https?://"}
_ESTIMATOR = {"its bias": "[Bb]ias|lower bound|upper bound", "its cost, as O(…)": r"O\("}


@check(
    failing="A reader cannot tell from its help what is computed, in which unit, at what cost, or where it comes from."
)
def check_docstring(subject: Specified) -> None:
    """The docstring gives the unit, an equation, shapes, an example, a source, and each parameter."""
    text = type(subject).__doc__ or ""
    wanted = _EVERY | (_ESTIMATOR if isinstance(subject, Estimator) else {})
    missing = [what for what, pattern in wanted.items() if not re.search(pattern, text)]
    missing += [
        f"the parameter {key}" for key in parameters(type(subject)) if not re.search(rf"^\s+{key}\b", text, re.M)
    ]
    assert not missing, f"the docstring lacks {', '.join(missing)}"


@check(failing="A result's name does not lead back to what made it, so that it cannot be run again or compared.")
def check_spec_round_trip(subject: Specified) -> None:
    """The spec string and the label build an equal object."""
    build = get_task if isinstance(subject, Task) else get_estimator
    for text in (subject.spec, subject.label):
        again = build(text)
        assert type(again) is type(subject), f"{text!r} builds a {type(again).__name__}"
        assert again == subject, f"{text!r} builds {again!r}, not {subject!r}"
        assert again.spec == subject.spec, f"{text!r} has the spec {again.spec!r}"


@check(failing="It cannot be sent to a worker, so that it cannot be run in parallel or under limits.")
def check_picklable(subject: Specified) -> None:
    """A pickled copy is equal and gives equal results."""
    _use(subject)
    again = pickle.loads(pickle.dumps(subject))
    assert again == subject, f"a pickled copy is {again!r}, not {subject!r}"
    assert _use(again) == _use(subject), "a pickled copy gives another result"


@check(failing="A result depends on, or changes, the global random state of NumPy, Python or torch.")
def check_global_random_state(subject: Specified) -> None:
    """The global random state of NumPy, Python and torch is neither read nor changed."""
    _use(subject)
    saved = _random_states()
    try:
        found = []
        for seed in (1, 2):
            _seed_globals(seed)
            before = _random_states()
            found.append(_use(subject))
            for name, state in _random_states().items():
                assert np.array_equal(state[1], before[name][1]), f"it changes the global random state of {name}"
        assert found[0] == found[1], "it reads global random state: another global seed gives another result"
    finally:
        _restore(saved)


@check(failing="A declared failure has no reason, or names no check, so that the boards would show nonsense.")
def check_expected_failures(subject: Specified) -> None:
    """Every declared failure names a check and gives a reason."""
    from . import ESTIMATOR_CHECKS, TASK_CHECKS

    known = {each.__name__ for each in (TASK_CHECKS if isinstance(subject, Task) else ESTIMATOR_CHECKS)}
    unknown = sorted(subject.expected_failures.keys() - known)
    assert not unknown, f"expected_failures names {', '.join(unknown)}; allowed: {', '.join(sorted(known))}"
    bare = sorted(name for name, reason in subject.expected_failures.items() if not str(reason).strip())
    assert not bare, f"expected_failures gives no reason for {', '.join(bare)}"


@check(failing="Data as a user holds them, 1-d or with several columns, are refused or change the value.")
def check_shapes(estimator: Estimator) -> None:
    """1-d arrays give what ``(n, 1)`` arrays give; wider blocks are estimated, or refused beyond ``max_dim``."""
    x, y = pair(estimator, 0.8)
    flat, columns = value(estimator, x[:, 0], y[:, 0]), value(estimator, x, y)
    assert flat == columns, f"1-d arrays give {flat}, the same as (n, 1) arrays {columns}"
    wide = tuple(map(as_kind, gaussian_pair(0.8, 0, dim=3), take_kinds(estimator)))
    if takes_columns(estimator, 3):
        found = value(estimator, wide[0][:, :2], wide[1])
        assert np.isfinite(found), f"blocks of 2 and 3 columns give {found}"
    else:
        _assert_refused(estimator, wide)


def _assert_refused(estimator: Estimator, blocks: tuple[np.ndarray, ...]) -> None:
    try:
        found = value(estimator, *blocks)
    except InputError:
        return
    raise AssertionError(f"blocks wider than max_dim={estimator.get_tags().max_dim} are not refused but give {found}")


@check(failing="A result cannot be reproduced from its data and seed.")
def check_same_seed(estimator: Estimator) -> None:
    """The same data and seed give the same value; any seed does where it is tagged deterministic."""
    x, y = pair(estimator, 0.8)
    found = [value(estimator, x, y, seed=seed) for seed in (3, 4, 3)]
    assert found[0] == found[2], f"seed 3 gives {found[0]!r}, then {found[2]!r}"
    if estimator.get_tags().deterministic:
        assert found[0] == found[1], f"tagged deterministic, but seed 3 gives {found[0]!r} and seed 4 {found[1]!r}"


@check(failing="A run, which estimates several samples at once, records other values than one estimate would give.")
def check_estimate_many(estimator: Estimator) -> None:
    """``estimate_many`` gives each sample what ``estimate`` gives it, in the same order.

    Four samples of ρ = 0, 0.5, 0.8 and 0.95, 0.14 nat and more apart, each with its own stream. Allows 0.02 nat: in
    a training, rounding that depends on how many are trained together is amplified.
    """
    many = getattr(estimator, "estimate_many", None)
    require(many is not None, "estimate_many")
    assert many is not None
    samples = [pair(estimator, rho, seed) for seed, rho in enumerate((0.0, 0.5, 0.8, 0.95))]

    def rngs() -> list[np.random.Generator]:
        return [np.random.default_rng(seed) for seed in range(len(samples))]

    together = many(samples, rngs())
    assert isinstance(together, list | tuple), f"estimate_many returns a {type(together).__name__}; allowed: a list"
    assert len(together) == len(samples), f"estimate_many returns {len(together)} values of {len(samples)} samples"
    for number, (sample, rng, found) in enumerate(zip(samples, rngs(), together, strict=True)):
        alone = estimator.estimate(*sample, rng=rng).nats
        nats = getattr(found, "nats", None)
        assert isinstance(nats, float), f"estimate_many returns {found!r}; allowed: an Estimate"
        assert abs(nats - alone) <= 0.02, f"sample {number} is {nats:.4f} together and {alone:.4f} alone"


@check(failing="It overwrites its caller's data, so that the next estimator sees other samples.")
def check_inputs_not_mutated(estimator: Estimator) -> None:
    """The blocks are unchanged by the estimate."""
    blocks = pair(estimator, 0.8)
    copies = [block.copy() for block in blocks]
    estimator.estimate(*blocks, rng=np.random.default_rng(0))
    for number, (block, copy) in enumerate(zip(blocks, copies, strict=True), start=1):
        assert np.array_equal(block, copy), f"block {number} is changed by the estimate"


@check(failing="It fails on a kind of block that its tags say it takes, instead of being listed as unsupported.")
def check_kinds(estimator: Estimator) -> None:
    """Every kind of block among its tags gives a finite value."""
    assert estimator.get_tags().kinds, "its tags allow no kind of block"
    one_of_each = estimator.get_tags().one_of_each_kind
    pairs = [take_kinds(estimator)] if one_of_each else [(kind, kind) for kind in sorted(estimator.get_tags().kinds)]
    for kinds in pairs:
        found = value(estimator, *map(as_kind, gaussian_pair(0.8, 0), kinds))
        assert np.isfinite(found), f"{' and '.join(dict.fromkeys(kinds))} blocks give {found}"


@check(failing="Three blocks, of which the total correlation is asked, are neither estimated nor refused in words.")
def check_many_blocks(estimator: Estimator) -> None:
    """Three blocks give a finite value."""
    x, y = pair(estimator, 0.6)
    z, _ = pair(estimator, 0.0, seed=1)
    require_three_blocks(estimator)
    found = value(estimator, x, y, z)
    assert np.isfinite(found), f"three blocks give {found}"


@check(failing="On hard data it returns NaN or infinity, or stops with an error that does not say what is wrong.")
def check_typed_failure(estimator: Estimator) -> None:
    """Hard data (ties, constants, tiny n, extreme scales) give a finite number or a ``MibenchError``."""
    for what, blocks in _hard_data(*take_kinds(estimator)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = value(estimator, *blocks)
        except MibenchError:
            continue
        except Exception as error:
            raise AssertionError(
                f"{what}: {type(error).__name__}: {error}; allowed: a finite number or a MibenchError"
            ) from error
        assert np.isfinite(found), f"{what}: the estimate is {found}; allowed: a finite number or a MibenchError"


def _hard_data(kind: Kind, other: Kind) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    x, y = gaussian_pair(0.8, 0, n=60)
    for n in (2, 3, 5):
        yield f"{n} samples", (as_kind(x, kind)[:n] + np.arange(n)[:, np.newaxis], as_kind(y, other)[:n])
    yield "a constant column", (as_kind(x, kind), np.ones_like(y))
    yield "y = x", (as_kind(x, kind), as_kind(x, kind))
    yield "two different values", ((x > 0).astype(float), (y > 0).astype(float))
    yield "every sample four times", (np.repeat(as_kind(x, kind), 4, axis=0), np.repeat(as_kind(y, other), 4, axis=0))
    if kind == "continuous":
        yield "heavy tails", (np.tan(np.arctan(x) * 1.99), y / (x - y) ** 2)
        yield "values of 1e100", (1e100 * x, 1e100 * y)
        yield "values of 1e-100", (1e-100 * x, 1e-100 * y)
        yield "a mean of 1e9", (x + 1e9, y)


def _use(subject: Any) -> Any:
    if isinstance(subject, Task):
        return [block.tobytes() for block in subject.sample(50)]
    return value(subject, *pair(subject, 0.8))


def _random_states() -> dict[str, Any]:
    """Return the state of each global generator, a tuple whose second item holds its words."""
    states: dict[str, Any] = {"numpy": np.random.get_state(), "random": random.getstate()}  # noqa: NPY002
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        states["torch"] = ("torch", torch.get_rng_state())
    return states


def _seed_globals(seed: int) -> None:
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def _restore(states: dict[str, Any]) -> None:
    np.random.set_state(states["numpy"])  # noqa: NPY002
    random.setstate(states["random"])
    torch: Any = sys.modules.get("torch")
    if torch is not None and "torch" in states:
        torch.set_rng_state(states["torch"][1])
