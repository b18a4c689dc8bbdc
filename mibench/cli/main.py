"""The entry point ``mibench``: runs the application and turns errors into one line."""

import os
import sys
import warnings
from typing import Annotated

import click
import typer

from mibench.errors import MibenchError

from . import catalog  # noqa: F401  (its commands register themselves)
from .app import app


def _print_version(wanted: bool) -> None:
    if wanted:
        from mibench import __version__

        typer.echo(f"mibench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    ctx.obj = {"debug": debug}


def main() -> None:
    """Run the command line; a mistake of the user is one line on standard error and exit code 2."""
    warnings.showwarning = _show_warning
    debug = "--debug" in sys.argv
    try:
        code = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("stopped")
        code = 130
    except MibenchError as error:
        if debug:
            raise
        _complain(f"error: {error}")
        code = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if debug:
            raise
        _complain(f"internal error: {type(error).__name__}: {error} (mibench --debug … shows where)")
        code = 1
    sys.exit(code or 0)


def _complain(message: str) -> None:
    print(f"mibench: {' '.join(message.split())}", file=sys.stderr)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"mibench: warning: {message}", file=sys.stderr)
