"""The entry point ``mibench``: runs the application and turns errors into one line."""

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mibench.errors import LostStoreError, MibenchError
from mibench.text import plain_text

from . import (  # noqa: F401  (their commands register themselves)
    bound,
    catalog,
    check,
    compare,
    curve,
    dependence,
    disentangle,
    estimate,
    gate,
    leaderboard,
    new,
    plane,
    reproduce,
    run,
    store,
)
from .app import app

#: click's, which some releases of Typer bring along and others import.
_ClickException: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def _print_version(wanted: bool) -> None:
    if wanted:
        from mibench import __version__

        typer.echo(f"mibench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before the command; :func:`main` itself looks for ``--debug``."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a mistake of the user is one line on standard error and exit code 2."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    debug = "--debug" in words
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            code = app([word for word in words if word != "--debug"], prog_name="mibench", standalone_mode=False)
        except Exception as error:
            if debug:
                raise
            code = _report(error)
        except KeyboardInterrupt:
            code = _report(typer.Abort())
    sys.exit(code or 0)


def _report(error: Exception) -> int:
    """Print *error* as one line and return the exit code it stands for."""
    if isinstance(error, typer.Abort):
        _complain("stopped")
        return 130
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, _ClickException):
        _complain(f"error: {_usage_message(error)}")
        return 2
    if isinstance(error, MibenchError):
        _complain(f"error: {error}")
        return 1 if isinstance(error, LostStoreError) else 2
    if isinstance(error, OSError) and (error.filename is not None or error.errno in (errno.ENOSPC, errno.EIO)):
        _complain(f"error: {str(error.filename or 'standard output')!r}: {error.strerror}")
        return 2
    _complain(f"internal error: {type(error).__name__}: {error} (mibench --debug … shows where)")
    return 1


def _usage_message(error: Any) -> str:
    """Return Typer's words for a mistake, with the value where it leaves that out, and where to read on."""
    message = error.format_message().replace("Value error, ", "").rstrip(".")
    if hasattr(error.__cause__, "errors"):
        value = repr(error.__cause__.errors()[0]["input"])
        message = message if value in message else message.replace("Invalid value", f"Invalid value {value}", 1)
    context = getattr(error, "ctx", None)
    return f"{message} (see {context.command_path if context else 'mibench'} --help)"


def _complain(message: str) -> None:
    print(f"mibench: {plain_text(' '.join(message.split()))}", file=sys.stderr)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    _complain(f"warning: {message}")
