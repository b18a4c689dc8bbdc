"""``mibench list`` and ``mibench info``: what there is, shown without loading torch, numba or scikit-learn."""

from enum import StrEnum
from typing import Annotated

import typer


class Kind(StrEnum):
    """What can be listed."""

    ESTIMATORS = "estimators"
    TASKS = "tasks"
    SUITES = "suites"


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
