import sys

import pytest
import typer.rich_utils  # noqa: F401  (which reads the environment when it is imported)

from mibench.cli.main import main
from mibench.registry import ESTIMATORS, TASKS, forget


class Result:
    """What a command printed and its exit code."""

    def __init__(self, code, captured):
        self.code, self.out, self.err = code, captured.out, captured.err

    @property
    def complaint(self):
        """The only line on standard error; nothing on standard output, exit code 2."""
        assert self.code == 2, (self.out, self.err)
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("mibench: error: ")
        return lines[0].removeprefix("mibench: error: ")


@pytest.fixture
def cli(capsys):
    """Run ``mibench`` with the arguments given, in this process."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        return Result(stopped.value.code, capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def _forget_plugin_files():
    """Unload what ``--plugin`` loaded, so that no other test sees it."""
    yield
    for registry in (ESTIMATORS, TASKS):
        for cls, origin in list(registry.registered().values()):
            if origin.kind == "file":
                forget(cls.__module__)
                sys.modules.pop(cls.__module__, None)
