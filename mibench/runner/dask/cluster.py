"""The engine for clusters: jobs to the workers of a running dask.distributed scheduler."""

import importlib.util
import json
import queue
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from mibench.attempt import Attempt
from mibench.errors import EngineError, MissingExtraError
from mibench.protocol import Outcome
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
    """Runs jobs on the workers of a dask.distributed scheduler, a bounded number of them in flight.

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
        self._news: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._flights: dict[str, _Flight] = {}
        self._stopping = False
        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise EngineError(f"scheduler {address!r} cannot be reached: {error}") from error
        try:
            self._check_workers()
            self._client.subscribe_topic(self._topic, self._hear)
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

    def _hear(self, event: Any) -> None:
        self._news.put(event[1])

    def run(self, jobs: Iterable[Job | Pack]) -> Iterator[Attempt]:
        """Yield the attempt of every job as it ends."""
        source = single_jobs(jobs)
        next_look, capacity = 0.0, 0
        while True:
            if time.monotonic() >= next_look:
                threads = self._client.nthreads()
                capacity = _IN_FLIGHT * max(1, sum(threads.values()))
                yield from self._give_up(set(threads))
                next_look = time.monotonic() + _LOOK_S
            while not self._stopping and len(self._flights) < capacity and (job := next(source, None)) is not None:
                self._submit(job)
            if not self._flights:
                return
            with suppress(queue.Empty):
                yield from self._take(self._news.get(timeout=_LOOK_S))

    def _submit(self, job: Job) -> None:
        future = self._client.submit(
            remote.run_cell, job.to_record(), self._config, self._topic,
            key=f"{self._topic}-{job.key}", retries=0, pure=False,
        )  # fmt: skip
        self._flights[job.key] = _Flight(job, future)
        self._await(self._flights[job.key])

    def _await(self, flight: "_Flight") -> None:
        flight.future.add_done_callback(lambda _: self._news.put({"key": flight.job.key}))

    def _take(self, news: dict[str, Any]) -> Iterator[Attempt]:
        """Follow one piece of news: a cell has started, has an attempt, or its future has come to an end."""
        flight = self._flights.get(news["key"])
        if flight is None:
            return
        if "started" in news:
            flight.workers.append(news["started"])
        elif "attempt" in news:
            yield self._land(flight, news)
        else:
            yield from self._ended(flight)

    def _land(self, flight: "_Flight", result: dict[str, Any]) -> Attempt:
        del self._flights[flight.job.key]
        flight.future.release()
        self.environments |= result["environments"]
        return Attempt.from_record(json.loads(result["attempt"]))

    def _ended(self, flight: "_Flight") -> Iterator[Attempt]:
        status = flight.future.status
        if status == "error":
            yield self._failed(flight)
        elif status == "finished":
            yield self._land(flight, flight.future.result())
        elif status != "cancelled":
            self._await(flight)  # its worker died with the result: the scheduler has it computed again
        elif not self._stopping:
            raise EngineError(f"scheduler {self._address!r} was lost; the same command resumes")

    def _give_up(self, alive: set[str]) -> Iterator[Attempt]:
        """Record the cells under which too many workers have died; the scheduler itself reruns the others."""
        for flight in list(self._flights.values()):
            if flight.deaths(alive) >= _MAX_DEATHS:
                yield self._crash(flight)

    def _crash(self, flight: "_Flight") -> Attempt:
        del self._flights[flight.job.key]
        self._client.cancel([flight.future], force=True)
        names = " and ".join(flight.workers) or "the cluster"
        outcome = Outcome(status="crash", message=f"the workers that ran it died: {names}")
        return flight.job.to_attempt(outcome, "")

    def _failed(self, flight: "_Flight") -> Attempt:
        from distributed import KilledWorker

        error = flight.future.exception()
        if isinstance(error, KilledWorker):
            return self._crash(flight)
        raise EngineError(f"a worker of {self._address!r} failed: {type(error).__name__}: {error}")

    def stop(self) -> None:
        """Start nothing more, not even what the cluster has queued."""
        self._stopping = True
        waiting = [flight for flight in self._flights.values() if not flight.workers]
        self._client.cancel([flight.future for flight in waiting])
        for flight in waiting:
            del self._flights[flight.job.key]

    def close(self) -> None:
        """Cancel what still runs, end the pools in the workers and leave the cluster."""
        with suppress(Exception):  # a cluster that is gone needs no goodbye
            self._client.cancel([flight.future for flight in self._flights.values()], force=True)
            self._client.unsubscribe_topic(self._topic)
            self._client.run(remote.abort, self._topic, on_error="ignore")
        self._client.close()


class _Flight:
    """A job at the cluster: its future and the workers that have started it."""

    def __init__(self, job: Job, future: Any) -> None:
        self.job, self.future = job, future
        self.workers: list[str] = []

    def deaths(self, alive: set[str]) -> int:
        """The number of workers that died under it: all but the last to start it, and that one too if it is gone."""
        return len(self.workers) - (bool(self.workers) and self.workers[-1] in alive)
