"""The Typer application that the command modules add themselves to."""

import typer

app = typer.Typer(
    name="mibench",
    help="Benchmark estimators of mutual information and total correlation against tasks of known truth.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
