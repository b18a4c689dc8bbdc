"""The engine for clusters: jobs to the workers of a running dask.distributed scheduler."""

import importlib.util
import queue
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mibench import environment
from mibench.attempt import Attempt
from mibench.errors import EngineError, MissingExtraError
from mibench.protocol import Outcome, OutcomeError, safe_text
from mibench.runner.config import WorkerConfig
from mibench.runner.job import Job, Pack, single_jobs

from . import remote

_CONNECT_S = 15
_WORKERS_S = 60
#: How often the cluster is asked which workers live, in seconds.
_LOOK_S = 1.0
#: Cells submitted for each thread of the cluster: enough to keep it busy, few enough for any scheduler.
_IN_FLIGHT = 3
#: A cell under which this many workers have died is not run again.
_MAX_DEATHS = 2


class Cluster:
    """Runs jobs on the workers of a dask.distributed scheduler, a bounded number of them in pending.

    A cell whose worker dies is run again elsewhere once, then recorded as ``crash``.

    Raises:
        MissingExtraError: dask.distributed is not installed.
        EngineError: the scheduler cannot be reached, has no workers, or they run another mibench.
    """

    def __init__(self, config: WorkerConfig, address: str) -> None:
        if importlib.util.find_spec("distributed") is None:
            raise MissingExtraError("--scheduler needs dask.distributed: pip install 'mibench[distributed]'")
        from distributed import Client

        self.environments: dict[str, dict[str, Any]] = {}
        self._address, self._config = address, remote.pack(config)
        self._topic = f"mibench-{uuid.uuid4().hex}"
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._pending: dict[str, _Pending] = {}
        self._stopping = False
        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise EngineError(f"scheduler {address!r} cannot be reached: {error}") from error
        try:
            self._check_workers()
            self._client.subscribe_topic(self._topic, self._on_event)
        except BaseException:
            self._client.close()
            raise

    def _check_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError:
            raise EngineError(f"scheduler {self._address!r} has no workers after {_WORKERS_S} s") from None
        try:
            versions = self._client.run(remote.version)
        except ImportError as error:
            raise EngineError(f"the workers of {self._address!r} cannot import mibench: {error}") from error
        other = {worker: version for worker, version in versions.items() if version != remote.version()}
        if other:
            worker, version = next(iter(other.items()))
            raise EngineError(f"worker {worker} has mibench {version}; allowed: {remote.version()}, as here")

    def _on_event(self, event: Any) -> None:
        self._events.put(event[1])

    def run(self, jobs: Iterable[Job | Pack]) -> Iterator[Attempt]:
        """Yield the attempt of every job as it ends."""
        source = single_jobs(jobs)
        next_look, capacity = 0.0, 0
        while True:
            if time.monotonic() >= next_look:
                threads = self._client.nthreads()
                capacity = _IN_FLIGHT * max(1, sum(threads.values()))
                yield from self._fail_lost(set(threads))
                next_look = time.monotonic() + _LOOK_S
            while not self._stopping and len(self._pending) < capacity and (job := next(source, None)) is not None:
                self._submit(job)
            if not self._pending:
                return
            with suppress(queue.Empty):
                yield from self._take(self._events.get(timeout=_LOOK_S))

    def _submit(self, job: Job) -> None:
        future = self._client.submit(
            remote.run_cell, replace(job, truth_nats=0.0, truth_stderr=0.0).to_record(), self._config, self._topic,
            key=f"{self._topic}-{job.key}", retries=0, pure=False,
        )  # fmt: skip
        self._pending[job.key] = _Pending(job, future)
        self._await(self._pending[job.key])

    def _await(self, pending: "_Pending") -> None:
        pending.future.add_done_callback(lambda _: self._events.put({"key": pending.job.key}))

    def _take(self, event: Any) -> Iterator[Attempt]:
        """Follow an event: a cell has started, has a report, or its future has come to an end; pass over any other."""
        key = event.get("key") if isinstance(event, dict) else None
        pending = self._pending.get(key) if isinstance(key, str) else None
        if pending is None:
            return
        if "started" in event:
            pending.workers.append(str(event["started"]))
        elif "report" in event:
            yield self._finish(pending, event["report"])
        else:
            yield from self._on_done(pending)

    def _finish(self, pending: "_Pending", report: Any) -> Attempt:
        """Return the attempt of a job; a report that cannot be read costs this cell."""
        del self._pending[pending.job.key]
        pending.future.release()
        try:
            outcome, output, description = remote.read_report(report)
        except OutcomeError as error:
            message = safe_text(f"the report of its worker is broken: {error}"[:400])
            return pending.job.to_attempt(Outcome(status="crash", message=message), "")
        digest = environment.digest(description)
        self.environments[digest] = description
        return pending.job.to_attempt(outcome, digest, output)

    def _on_done(self, pending: "_Pending") -> Iterator[Attempt]:
        status = pending.future.status
        if status == "error":
            yield self._failed(pending)
        elif status == "finished":
            result = pending.future.result()
            yield self._finish(pending, result.get("report") if isinstance(result, dict) else None)
        elif status != "cancelled":
            self._await(pending)  # its worker died with the result: the scheduler has it computed again
        elif not self._stopping:
            raise EngineError(f"scheduler {self._address!r} was lost; the same command resumes")

    def _fail_lost(self, alive: set[str]) -> Iterator[Attempt]:
        """Record the cells under which too many workers have died; the scheduler itself reruns the others."""
        for pending in list(self._pending.values()):
            if pending.deaths(alive) >= _MAX_DEATHS:
                yield self._crash(pending)

    def _crash(self, pending: "_Pending") -> Attempt:
        del self._pending[pending.job.key]
        self._client.cancel([pending.future], force=True)
        names = " and ".join(pending.workers) or "the cluster"
        outcome = Outcome(status="crash", message=f"the workers that ran it died: {names}")
        return pending.job.to_attempt(outcome, "")

    def _failed(self, pending: "_Pending") -> Attempt:
        from distributed import KilledWorker

        error = pending.future.exception()
        if isinstance(error, KilledWorker):
            return self._crash(pending)
        raise EngineError(f"a worker of {self._address!r} failed: {type(error).__name__}: {error}")

    def stop(self) -> None:
        """Start nothing more, not even what the cluster has queued."""
        self._stopping = True
        waiting = [pending for pending in self._pending.values() if not pending.workers]
        self._client.cancel([pending.future for pending in waiting])
        for pending in waiting:
            del self._pending[pending.job.key]

    def close(self) -> None:
        """Cancel what still runs, end the pools in the workers and leave the cluster."""
        with suppress(Exception):  # a cluster that is gone needs no goodbye
            self._client.cancel([pending.future for pending in self._pending.values()], force=True)
            self._client.unsubscribe_topic(self._topic)
            self._client.run(remote.abort, self._topic, on_error="ignore")
        self._client.close()


class _Pending:
    """A job at the cluster: its future and the workers that have started it."""

    def __init__(self, job: Job, future: Any) -> None:
        self.job, self.future = job, future
        self.workers: list[str] = []

    def deaths(self, alive: set[str]) -> int:
        """The number of workers that died under it: all but the last to start it, and that one too if it is gone."""
        return len(self.workers) - (bool(self.workers) and self.workers[-1] in alive)
