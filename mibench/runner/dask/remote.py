"""The cluster engine's side inside a dask.distributed worker: the same isolation as locally, one pool a thread."""

import base64
import dataclasses
import hashlib
import json
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mibench.attempt import Attempt
from mibench.errors import EngineError
from mibench.protocol import STATUSES, Outcome, OutcomeError, safe_text
from mibench.runner.config import WorkerConfig
from mibench.runner.job import Job
from mibench.runner.local.pool import LocalPool
from mibench.sources import local_imports

_pools: dict[int, tuple[str, LocalPool]] = {}
_over: set[str] = set()
_lock = threading.Lock()


def version() -> str:
    """Return the version of mibench that this worker runs."""
    from mibench import __version__

    return __version__


def run_cell(record: dict[str, Any], config: str, topic: str) -> dict[str, Any]:
    """Run one job in an isolated process; tell the client that it has started, and its attempt, and return that too.

    The attempt goes to the client as an event, since a result stays in the worker until it is fetched, and is lost
    with it.

    Args:
        record: the job's fields.
        config: what :func:`pack` made of the run's configuration.
        topic: the events' topic of the run.
    """
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(topic, {"key": record["key"], "started": worker.address})
    pool = _pool(config, topic)
    attempt = next(iter(list(pool.run([Job.from_record(record)]))))
    result = {"key": record["key"], "report": report(attempt, pool.environments[attempt.environment])}
    worker.log_event(topic, result)
    return result


def report(attempt: Attempt, environment: dict[str, Any]) -> str:
    """Return as ASCII text what the client does not know of an attempt; :func:`read_report` undoes it."""
    outcome = Outcome(**{field.name: getattr(attempt, field.name) for field in dataclasses.fields(Outcome)})
    return json.dumps({"outcome": outcome.to_message(), "output": attempt.output, "environment": environment})


def read_report(text: Any) -> tuple[Outcome, str, dict[str, Any]]:
    """Return the outcome, the output and the environment of a :func:`report`.

    Raises:
        OutcomeError: it is none.
    """
    try:
        data = json.loads(text)
        outcome = Outcome.from_message(data["outcome"], STATUSES)
        output, environment = data["output"], data["environment"]
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise OutcomeError(f"{type(error).__name__}: {error}") from error
    if type(output) is not str or type(environment) is not dict:
        raise OutcomeError("output or environment is missing")
    return outcome, safe_text(output), environment


def abort(topic: str) -> None:
    """End every pool of this worker, whatever it runs; a cell of the run that starts later finds it over."""
    with _lock:
        _over.add(topic)
        pools = list(_pools.values())
        _pools.clear()
    for _, pool in pools:
        with suppress(ProcessLookupError):
            pool.abort()


def _pool(config: str, topic: str) -> LocalPool:
    thread, digest = threading.get_ident(), hashlib.sha256(config.encode()).hexdigest()
    with _lock:
        known, pool = _pools.get(thread, ("", None))
        if pool is not None and known == digest:
            return pool
        _pools.pop(thread, None)
    if pool is not None:
        pool.close()
    pool = LocalPool(unpack(config), workers=1)
    with _lock:
        if topic not in _over:
            _pools[thread] = digest, pool
            return pool
    pool.close()
    raise EngineError("the run is over")


def pack(config: WorkerConfig) -> str:
    """Return a configuration as text, with its plugin files and what they import, which the workers may not see."""
    files = {where: _sources(Path(path)) for where, path in config.plugins.items()}
    return json.dumps({**config.to_record(), "plugins": files})


def unpack(text: str) -> WorkerConfig:
    """Undo :func:`pack`; a plugin file that is not here, or not the same, is written to a temporary folder."""
    record = json.loads(text)
    plugins = {where: _here(Path(where), sources) for where, sources in record["plugins"].items()}
    lists = {name: tuple(record[name]) for name in ("modules", "heavy")}
    return WorkerConfig(**{**record, **lists, "plugins": plugins})


def _sources(file: Path) -> dict[str, str]:
    """Return a plugin file and the modules it imports from its folder, by their paths within that."""
    folder = file.parent
    paths = [path for path in local_imports(file) if path.is_relative_to(folder)]
    return {path.relative_to(folder).as_posix(): base64.b64encode(path.read_bytes()).decode() for path in paths}


def _here(path: Path, sources: Mapping[str, str]) -> str:
    contents = {name: base64.b64decode(content) for name, content in sources.items()}
    with suppress(OSError):
        if all((path.parent / name).read_bytes() == content for name, content in contents.items()):
            return str(path)
    folder = Path(tempfile.mkdtemp(prefix="mibench-plugin-"))
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return str(folder / path.name)
