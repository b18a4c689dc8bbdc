"""The Typer application that the command modules add themselves to."""

import inspect
from collections.abc import Callable
from typing import Any

import typer


class _App(typer.Typer):
    """An application whose help texts flow: the line breaks of a docstring's paragraph are none of the terminal's."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """Register a command with its docstring as help."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
            flowing = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
            return super(_App, self).command(name, help=flowing, **options)(function)

        return register


app = _App(
    name="mibench",
    help="Benchmark estimators of mutual information and total correlation against tasks of known truth.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
