"""The local engine: isolated worker processes, each running one cell at a time under its limits."""

import os
import resource
import selectors
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mibench import environment
from mibench.attempt import FAILURES, Attempt
from mibench.errors import EngineError
from mibench.protocol import Outcome, OutcomeError, safe_text
from mibench.runner.config import WorkerConfig
from mibench.runner.job import Job, Pack

from . import linux
from .channel import MessageError
from .flight import Flight
from .launcher import ForkServerClient
from .worker_handle import WorkerHandle

#: How often deadlines and the memory of running cells are looked at, in seconds.
POLL_S = 0.05
#: A longer time without a look, while this process was stopped, say, does not count for any deadline.
_GAP_S = 0.5
#: How long the fork server may stand still before it is replaced.
_STOPPED_S = 2.0
#: Workers that are kept though they have nothing to do.
_IDLE = 8


class LocalPool:
    """Runs jobs in worker processes that are forked from a server of their own.

    A worker holds code of one home: all built-ins, or one third party's. Where a cell's estimator and task are of
    different homes, one worker draws the sample and another estimates on it.

    A cell that hangs, eats memory or dies costs its own limit and its own worker. A failure in a used worker is
    repeated once in a fresh one. Exception: after an estimator has timed out in a fresh worker, its later time-outs are
    recorded at once.

    Of a pack of jobs, only values count: a cell that came to none is run again alone, and so are all of them where the
    pack as a whole has failed. No more packs are run of an estimator of which one has failed so.
    """

    def __init__(self, config: WorkerConfig, workers: int) -> None:
        check_open_files(workers)
        self._config, self._wanted = config, workers
        self._workers: dict[int, WorkerHandle] = {}
        self._forked = 0
        self._again: deque[Job] = deque()
        self._apart: deque[Job] = deque()
        self._unpacked: set[str] = set()
        self._slow: set[tuple[str, str]] = set()
        self._suspects: set[str] = set()
        self._stopping = self._aborted = False
        self._looked, self._shared = time.monotonic(), linux.machine_shared_bytes()
        description = environment.capture(self._config.gpu)
        self._environment = environment.digest(description)
        self.environments = {self._environment: description}
        self._selector = selectors.DefaultSelector()
        self._server = self._start()

    def _start(self) -> ForkServerClient:
        server = ForkServerClient(self._config)
        self._selector.register(server, selectors.EVENT_READ)
        return server

    def run(self, jobs: Iterable[Job | Pack]) -> Iterator[Attempt]:
        """Yield the attempt of every job, alone or in packs, as it ends."""
        source = iter(jobs)
        self._looked = time.monotonic()
        while True:
            running = len(self.running)
            while not self._stopping and running < (1 if self._suspects else self._wanted):
                if self._again:
                    self._begin(Flight(self._again.popleft(), fresh=True))
                elif self._apart:
                    self._begin(Flight(self._apart.popleft()))
                elif flight := self._next_flight(source):
                    self._begin(flight)
                else:
                    break
                running += 1
            if not running:
                return
            yield from self._step()

    def _next_flight(self, source: Iterator[Job | Pack]) -> Flight | None:
        unit = next(source, None)
        if isinstance(unit, tuple) and unit[0].estimator in self._unpacked:
            self._apart.extend(unit[1:])
            unit = unit[0]
        return None if unit is None else Flight(unit)

    @property
    def running(self) -> list[Job]:
        """The jobs that are being run."""
        return [worker.flight.job for worker in self._workers.values() if worker.flight]

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping = True

    def abort(self) -> None:
        """End every worker from another thread; :meth:`run` then raises :class:`~mibench.errors.EngineError`."""
        self._aborted = True
        self._server.abort()

    def close(self) -> None:
        """End every worker, whatever it does."""
        if self._server.is_stopped():
            self._server.kill()
        for worker in list(self._workers.values()):
            self._drop(worker)
        self._server.close()
        self._selector.close()

    def _begin(self, flight: Flight) -> None:
        """Give a worker the present stage of a job."""
        self._worker(flight.home, flight.heavy, flight.fresh).assign(flight, self._shared)

    def _worker(self, home: tuple[str, ...], heavy: bool, fresh: bool) -> WorkerHandle:
        """Return an idle worker of a home, forked for the purpose where there is none, or where it must be fresh."""
        idle = [worker for worker in self._workers.values() if worker.flight is None]
        for worker in [item for item in idle if item.home == home and item.heavy >= heavy]:
            if not (fresh and worker.cells):
                return worker
            self._drop(worker)
            idle.remove(worker)
        for worker in idle[: max(0, len(idle) - _IDLE + 1)]:
            self._drop(worker)
        self._forked += 1
        worker = WorkerHandle(self._forked, home, heavy, self._server)
        self._workers[worker.number] = worker
        self._selector.register(worker, selectors.EVENT_READ, worker)
        return worker

    def _drop(self, worker: WorkerHandle) -> None:
        if worker.flight is not None:
            worker.flight.close()
        worker.remove_shared()
        self._server.end(worker.number)
        del self._workers[worker.number]
        self._disconnect(worker)
        worker.close()

    def _disconnect(self, worker: WorkerHandle) -> None:
        if worker.connected:
            self._selector.unregister(worker)
            worker.connected = False

    def _step(self) -> Iterator[Attempt]:
        """Wait for something to happen and yield the attempts that ended by it."""
        events = self._selector.select(POLL_S)
        if self._server.is_stopped():
            yield from self._wait_for_server()
            return
        for key, _ in events:
            if key.data is None:
                yield from self._on_server()
            elif key.data.number in self._workers:
                yield from self._listen(key.data)
        gap = time.monotonic() - self._looked
        if gap >= POLL_S:
            yield from self._enforce_limits(gap)

    def _enforce_limits(self, gap: float) -> Iterator[Attempt]:
        """Look at every worker's deadline and memory, *gap* seconds after the last look."""
        self._looked = time.monotonic()
        workers = list(self._workers.values())
        if gap > _GAP_S:
            for worker in workers:
                worker.extend(gap)
        self._shared = linux.machine_shared_bytes()
        for worker in workers:
            if worker.number not in self._workers:
                continue
            worker.drop_flood()
            late, heavy = worker.overdue(), worker.overweight(self._shared)
            if heavy:
                yield from self._finish(worker, Outcome(status="oom", message=heavy, **worker.spent()))
            elif late:
                yield from self._finish(worker, Outcome(status="timeout", message=late, **worker.spent()))

    def _wait_for_server(self) -> Iterator[Attempt]:
        """Let a fork server that was stopped go on for a while, then replace it; no result counts meanwhile."""
        since = time.monotonic()
        while self._server.is_stopped():
            if time.monotonic() - since > _STOPPED_S:
                self._server.kill()
                yield from self._restart("was stopped")
                return
            time.sleep(POLL_S)

    def _on_server(self) -> Iterator[Attempt]:
        try:
            for report in self._server.reports():
                worker = self._workers.get(report["worker"])
                if worker is not None and "pid" in report:
                    worker.forked(report["pid"])
                elif worker is not None:
                    yield from self._on_exit(worker, report["status"])
        except (EOFError, OSError):
            if self._aborted:
                raise EngineError("the run was aborted") from None
            yield from self._restart("was killed")

    def _restart(self, reason: str) -> Iterator[Attempt]:
        """Start another server; the cells that ran meanwhile are repeated once, each alone, to find the culprit."""
        self._selector.unregister(self._server)
        self._server.close()
        self._server = self._start()
        for worker in list(self._workers.values()):
            jobs = worker.flight.jobs if worker.flight else ()
            self._drop(worker)
            for job in jobs:
                if job.key in self._suspects:
                    self._suspects.discard(job.key)
                    outcome = Outcome(status="crash", message=f"the fork server of its worker {reason}")
                    yield job.to_attempt(outcome, self._environment)
                else:
                    self._suspects.add(job.key)
                    self._again.appendleft(job)

    def _listen(self, worker: WorkerHandle) -> Iterator[Attempt]:
        try:
            while (message := worker.channel.poll()) is not None:
                done = worker.take(message)
                if done is not None:
                    yield from self._finish(worker, *done.outcomes, healthy=done.clean)
                    return  # what else it may say is heard when it is looked at next
        except EOFError:
            self._disconnect(worker)  # its end's report follows, or its deadline
        except (MessageError, OutcomeError) as error:
            message = safe_text(f"the worker's messages are broken: {error}"[:400])
            yield from self._finish(worker, Outcome(status="crash", message=message))

    def _on_exit(self, worker: WorkerHandle, status: int) -> Iterator[Attempt]:
        """Record the end of a worker; what it has sent before counts."""
        if worker.connected:
            yield from self._listen(worker)
        if worker.number not in self._workers:
            return
        if worker.flight is None:
            self._drop(worker)
        else:
            yield from self._finish(worker, replace(_ending(status), **worker.spent()))

    def _finish(self, worker: WorkerHandle, *outcomes: Outcome, healthy: bool = False) -> Iterator[Attempt]:
        """Follow the end of a worker's work: the next stage, a repetition, or the attempts."""
        flight = worker.flight
        if flight is None:
            self._drop(worker)
            return
        outcome, *_ = outcomes
        fresh, job = worker.cells == 0, flight.job
        output, seconds = worker.take_output(), worker.elapsed_s
        worker.flight, worker.cells = None, worker.cells + 1
        worker.remove_shared()
        failed = any(outcome.status in FAILURES for outcome in outcomes)
        if failed or not healthy:
            self._drop(worker)
        else:
            self._workers[worker.number] = self._workers.pop(worker.number)  # the last used is dropped last
        if outcome.status == "crash" and outcome.signal == signal.SIGABRT and "bad_alloc" in output:
            outcome = replace(outcome, status="oom")
        flight.output += output
        subject = flight.subject
        if not failed and flight.advance(outcome, seconds):
            self._begin(flight)
            return
        flight.close()
        if len(flight.jobs) > 1:
            yield from self._unpack(flight, outcomes)
            return
        self._suspects.discard(job.key)
        if failed and not fresh and not (outcome.status == "timeout" and subject in self._slow):
            self._again.append(job)
            return
        if outcome.status == "timeout" and fresh:
            self._slow.add(subject)
        yield job.to_attempt(flight.whole(outcome), self._environment, flight.output)

    def _unpack(self, flight: Flight, outcomes: Sequence[Outcome]) -> Iterator[Attempt]:
        """Yield the attempts at the cells of a pack that came to a value; the others are run again, each alone."""
        if len(outcomes) < len(flight.jobs):
            self._unpacked.add(flight.job.estimator)
            self._apart.extend(flight.jobs)
            return
        for job, outcome in zip(flight.jobs, outcomes, strict=True):
            if outcome.status == "ok":
                yield job.to_attempt(flight.whole(outcome), self._environment)
            else:
                self._apart.append(job)


def check_open_files(workers: int) -> None:
    """Raise where the system lets this process open too few files for so many workers.

    Raises:
        EngineError: naming the limit and what is needed.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OPEN_FILES + _OPEN_FILES_EACH * (workers + _IDLE)
    if 0 <= limit < needed:
        raise EngineError(f"open files are limited to {limit} (ulimit -n); allowed: {needed} for {workers} workers")


#: Files a run opens, and those for each worker.
_OPEN_FILES, _OPEN_FILES_EACH = 40, 5


def _ending(status: int) -> Outcome:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return Outcome(status="crash", message=f"the process ended with exit code {code}", exit_code=code)
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return Outcome(status="crash", message=f"the process was killed by {name}", signal=-code)
