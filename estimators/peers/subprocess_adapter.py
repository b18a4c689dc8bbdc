"""Any program in its own environment: the way in for R, Julia, and packages that need other dependencies."""

import ctypes
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mibench import Estimate, Estimator, Tags, register_estimator
from mibench.errors import MissingExtraError, ProgramError
from mibench.estimator import ALL_KINDS

from ._peers import library_seed


@register_estimator("subprocess")
@dataclass(frozen=True)
class Subprocess(Estimator):
    """Î = the ``nats`` that a program prints: an estimator in any language, in its own environment.

    The program is run as ``COMMAND SEED BLOCK1.npy BLOCK2.npy …``. Each file holds one block: a C-ordered float64 array
    of shape ``(n, d)`` in NumPy's format 1.0. The last line it prints to standard output is a JSON object with the
    estimate in nats, and if it likes its standard error and whatever helps to judge the value::

        {"nats": 0.6931, "stderr": 0.01, "diagnostics": {"k": 3}}

    It succeeds with exit code 0. The command is split as a shell would split it, but no shell runs; relative paths
    are relative to the working directory. The SHA-256 of every file it names is part of a cell's key, so an edited
    script is never shown with yesterday's results. Starting the program is part of the estimate's cost.

    Bias: the program's own. Cost: the program's own, and O(n·d) to write the blocks.

    Args:
        command: the program and its first arguments, such as ``"Rscript ksg.R"``.
        max_blocks: the most blocks it takes, 0 for any number; more are joined by the chain rule.
        max_dim: the most columns of a block it takes, 0 for any number.
        kinds: the kind of block it takes, or all.
        deterministic: whether it ignores the seed.

    References:
        NumPy Enhancement Proposal 1: a simple file format for NumPy arrays,
        https://numpy.org/neps/nep-0001-npy-format.html

    Example:
        >>> import shlex, sys
        >>> import numpy as np
        >>> from mibench import estimate
        >>> from mibench.estimators.peers.subprocess_adapter import Subprocess
        >>> program = "import json, sys; print(json.dumps({'nats': len(sys.argv) - 2}))"
        >>> method = Subprocess(command=f"{sys.executable} -c {shlex.quote(program)}")
        >>> estimate(np.arange(4.0), np.arange(4.0), estimator=method).nats
        2.0
    """

    command: str
    max_blocks: int = 2
    max_dim: int = 0
    kinds: Literal["all", "continuous", "discrete", "mixed"] = "all"
    deterministic: bool = False

    runs_commands = True

    def __post_init__(self) -> None:
        for name, least in (("max_blocks", 2), ("max_dim", 1)):
            value = getattr(self, name)
            if value != 0 and value < least:
                raise ValueError(f"{name} is {value}; allowed: {least} or more, or 0 for any number")
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise ValueError(f"command is {self.command!r}, which cannot be split into words: {error}") from error
        if not words:
            raise ValueError(f"command is {self.command!r}; allowed: a program and its arguments")

    def get_tags(self) -> Tags:
        """Return the tags, as declared by the parameters."""
        return Tags(
            max_blocks=self.max_blocks or None,
            max_dim=self.max_dim or None,
            kinds=ALL_KINDS if self.kinds == "all" else frozenset({self.kinds}),
            deterministic=self.deterministic,
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 of the files the command names; programs found on the search path go by their name."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        files = [Path(word) for word in shlex.split(self.command) if Path(word).is_file()]
        if not files:
            return ""
        return f"+sha256:{hashlib.sha256(b''.join(path.read_bytes() for path in files)).hexdigest()[:16]}"

    def prepare(self) -> None:
        """Look the program up.

        Raises:
            MissingExtraError: there is no such program.
        """
        program = shlex.split(self.command)[0]
        if shutil.which(program) is None:
            raise MissingExtraError(f"{self.name}: program {program!r} is not found; install it or give its path")

    def estimate(self, *blocks: np.ndarray, rng: np.random.Generator) -> Estimate:
        """Write the blocks, run the program, read its last line.

        Raises:
            MissingExtraError: there is no such program.
            ProgramError: it failed, or its last line is no such JSON object.
        """
        self.prepare()
        with tempfile.TemporaryDirectory(prefix="mibench-") as folder:
            paths = [str(Path(folder, f"block{number}.npy")) for number, _ in enumerate(blocks, start=1)]
            for path, block in zip(paths, blocks, strict=True):
                np.save(path, np.ascontiguousarray(block, dtype="<f8"))
            return self._read(self._run([*shlex.split(self.command), str(library_seed(rng)), *paths]))

    def _run(self, arguments: list[str]) -> str:
        """Return what the program prints; it never outlives this process, nor this call."""
        try:
            done = subprocess.run(
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                preexec_fn=partial(_die_with_parent, os.getpid()) if _LIBC else None,
            )
        except OSError as error:
            raise ProgramError(f"{self.name}: {arguments[0]!r} cannot be run: {error.strerror or error}") from error
        if done.returncode:
            how = f"was killed by {signal.Signals(-done.returncode).name}" if done.returncode < 0 else "failed"
            code = f" with exit code {done.returncode}" if done.returncode > 0 else ""
            raise ProgramError(f"{self.name}: {self.command!r} {how}{code}: {_last_line(done.stderr) or 'no message'}")
        return done.stdout

    def _read(self, output: str) -> Estimate:
        line = _last_line(output)
        try:
            found = json.loads(line)
        except ValueError as error:
            raise ProgramError(
                f"{self.name}: the last line of {self.command!r} is {line[:200]!r}; {_WANTED}"
            ) from error
        nats, stderr = (_number(found, name) for name in ("nats", "stderr"))
        diagnostics = found.get("diagnostics", {}) if isinstance(found, dict) else {}
        if nats is None or not isinstance(diagnostics, Mapping):
            raise ProgramError(f"{self.name}: the last line of {self.command!r} is {line[:200]!r}; {_WANTED}")
        return Estimate(nats, stderr=stderr, diagnostics=diagnostics)


_WANTED = 'allowed: a JSON object such as {"nats": 0.5, "stderr": null, "diagnostics": {}}'
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent(parent: int) -> None:
    """Have the kernel kill the program when the process that started it dies, however it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # type: ignore[union-attr]
    if os.getppid() != parent:
        os._exit(1)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _number(found: Any, name: str) -> float | None:
    value = found.get(name) if isinstance(found, dict) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
