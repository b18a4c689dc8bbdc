"""Errors that a person can put right, each printed as one line naming the thing, its value and what is allowed."""

import difflib
from collections.abc import Iterable

#: A message names no more of what is known than so many.
_MOST_KNOWN = 100


class MibenchError(Exception):
    """Base of every error mibench raises on purpose; the command line prints its message and exits with 2."""


class SpecError(MibenchError, ValueError):
    """A spec string that cannot be read, or a parameter that is unknown, of the wrong type or out of range."""


class UnknownNameError(MibenchError, LookupError):
    """A name that is not registered; the message offers the nearest ones."""


class RegistrationError(MibenchError, TypeError):
    """A class that does not keep the contract, or a name that is taken."""


class PluginError(MibenchError, ImportError):
    """A plugin that cannot be imported, or does not register the names it announces."""


class AssetError(MibenchError, OSError):
    """A frozen file that is missing, or whose content is not the one that is named."""


class MissingExtraError(MibenchError, ImportError):
    """An optional dependency that is not installed; the message says what to install."""


class InputError(MibenchError, ValueError):
    """Data an estimator cannot take: wrong shape, lengths that differ, values that are not finite, too few rows."""


class ProgramError(MibenchError, RuntimeError):
    """A program run as an estimator that failed, or did not print its estimate as agreed."""


class CommandError(MibenchError, PermissionError):
    """A command in results, which is run only where the person allows it."""


class SuiteError(MibenchError, ValueError):
    """A suite file that is broken or incomplete."""


class StoreError(MibenchError, OSError):
    """A store that cannot be opened, read or written."""


class LostStoreError(StoreError):
    """A store that was deleted or replaced while it was being written; the command line exits with 1."""


class MeasurementError(MibenchError, RuntimeError):
    """Nothing could be measured, or what was measured cannot be compared; the gate exits with 3."""


class EngineError(MibenchError, RuntimeError):
    """Workers that cannot be started, or a cluster that cannot be reached."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x' or 'y'?"``, or where nothing is near the list of *known*, of 100 at most."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if near:
        return "; did you mean " + " or ".join(repr(name) for name in near) + "?"
    more = f", … ({len(known):,} in all)" if len(known) > _MOST_KNOWN else ""
    return "; known: " + (", ".join(known[:_MOST_KNOWN]) or "none") + more


def shown(value: object, most: int = 60) -> str:
    """Return the repr of *value*, cut to *most* characters, as a message can hold it."""
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__} without a repr"
    return text if len(text) <= most else f"{text[: most - 1]}…"
