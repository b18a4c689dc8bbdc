"""Protocols: the ways a cell is executed. Each has ``run(estimator, task, seed) -> Outcome``, the one place of that."""

from typing import TypeAlias

from mibench.errors import SpecError
from mibench.grammar import Spec
from mibench.spec import build

from .fixed import FixedSample
from .outcome import INNER, STATUSES, Outcome, OutcomeError, safe_text
from .stream import Draws, Stream

__all__ = [
    "FIXED", "INNER", "STATUSES", "Draws", "FixedSample", "Outcome", "OutcomeError", "Protocol", "Stream",
    "parse_protocol", "protocol_spec", "safe_text",
]  # fmt: skip

Protocol: TypeAlias = FixedSample | Stream

#: The protocol of a sample of fixed size, as suites may write it; records and keys leave it out.
FIXED = "fixed"


def protocol_spec(text: str) -> str:
    """Return the canonical spec of a protocol: "" for ``fixed``.

    Raises:
        SpecError: no such protocol, or a parameter that it does not have or allow.
    """
    return "" if text in ("", FIXED) else _stream(text).spec


def parse_protocol(text: str, n: int) -> Protocol:
    """Return the protocol that a spec describes, for cells of sample size *n*; "" is a fixed sample."""
    return FixedSample(n) if text in ("", FIXED) else _stream(text)


def _stream(text: str) -> Stream:
    spec = Spec.parse(text)
    if spec.name != Stream.name:
        raise SpecError(
            f"protocol is {text!r}; allowed: {FIXED}, or {Stream.name}:batch=64,mi=2/4/6,steps=4000 and the like"
        )
    return build(Stream, spec)
