"""The local engine: isolated worker processes, each running one cell at a time under its limits."""

import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mibench import environment
from mibench.attempt import FAILURES, Attempt
from mibench.errors import EngineError
from mibench.protocol import Outcome, safe_text
from mibench.runner.config import WorkerConfig
from mibench.runner.job import Job

from .channel import MessageError
from .launcher import ForkServerClient
from .worker_handle import WorkerHandle

#: How often deadlines and the memory of running cells are looked at, in seconds.
POLL_S = 0.05


class LocalPool:
    """Runs jobs in worker processes that are forked from a server of their own.

    A cell that hangs, eats memory or dies costs its own limit and its own worker. A failure in a worker that has run
    other cells is repeated once in a fresh one, so that no cell pays for what another has left behind; but a time-out
    is not once its estimator has been seen to time out in a fresh worker, which would double its cost.
    """

    def __init__(self, config: WorkerConfig, workers: int) -> None:
        self._config, self._wanted = config, workers
        self._workers: dict[int, WorkerHandle] = {}
        self._forked = 0
        self._again: deque[Job] = deque()
        self._slow: set[str] = set()
        self._suspects: set[str] = set()
        self._stopping = self._aborted = False
        self._next_look = 0.0
        description = environment.capture(self._config.gpu)
        self._environment = environment.digest(description)
        self.environments = {self._environment: description}
        self._selector = selectors.DefaultSelector()
        self._server = self._start()

    def _start(self) -> ForkServerClient:
        server = ForkServerClient(self._config)
        self._selector.register(server, selectors.EVENT_READ)
        return server

    def run(self, jobs: Iterable[Job]) -> Iterator[Attempt]:
        """Yield the attempt of every job as it ends."""
        source = iter(jobs)
        while True:
            while not self._stopping and len(self.running) < (1 if self._suspects else self._wanted):
                if self._again:
                    self._worker(fresh=True).assign(self._again.popleft())
                elif job := next(source, None):
                    self._worker(fresh=False).assign(job)
                else:
                    break
            if not self.running:
                return
            yield from self._step()

    @property
    def running(self) -> list[Job]:
        """The jobs that are being run."""
        return [worker.job for worker in self._workers.values() if worker.job]

    def stop(self) -> None:
        """Start nothing more."""
        self._stopping = True

    def abort(self) -> None:
        """End every worker from another thread; :meth:`run` then raises :class:`~mibench.errors.EngineError`."""
        self._aborted = True
        self._server.abort()

    def close(self) -> None:
        """End every worker, whatever it does."""
        for worker in list(self._workers.values()):
            self._drop(worker)
        self._server.close()
        self._selector.close()

    def _worker(self, fresh: bool) -> WorkerHandle:
        """Return an idle worker, forked for the purpose where there is none, or where it must have run nothing."""
        idle = [worker for worker in self._workers.values() if worker.job is None]
        for worker in idle:
            if not (fresh and worker.cells):
                return worker
        for worker in idle:
            self._drop(worker)
        self._forked += 1
        worker = WorkerHandle(self._forked, self._server)
        self._workers[worker.number] = worker
        self._selector.register(worker, selectors.EVENT_READ, worker)
        return worker

    def _drop(self, worker: WorkerHandle) -> None:
        self._server.kill(worker.number)
        del self._workers[worker.number]
        self._disconnect(worker)
        worker.close()

    def _disconnect(self, worker: WorkerHandle) -> None:
        if worker.connected:
            self._selector.unregister(worker)
            worker.connected = False

    def _step(self) -> Iterator[Attempt]:
        """Wait for something to happen and yield the attempts that ended by it."""
        for key, _ in self._selector.select(POLL_S):
            if key.data is None:
                yield from self._follow_server()
            elif key.data.number in self._workers:
                yield from self._listen(key.data)
        if time.monotonic() >= self._next_look:
            for worker in list(self._workers.values()):
                yield from self._look_at(worker)
            self._next_look = time.monotonic() + POLL_S

    def _follow_server(self) -> Iterator[Attempt]:
        try:
            for report in self._server.reports():
                worker = self._workers.get(report["worker"])
                if worker is not None and "pid" in report:
                    worker.pid = report["pid"]
                elif worker is not None:
                    yield from self._bury(worker, report["status"])
        except (EOFError, OSError):
            if self._aborted:
                raise EngineError("the run was aborted") from None
            yield from self._restart()

    def _restart(self) -> Iterator[Attempt]:
        """Start another server; the cells that ran when it died are repeated once, each alone, to find the culprit."""
        self._selector.unregister(self._server)
        self._server.close()
        self._server = self._start()
        for worker in list(self._workers.values()):
            job = worker.job
            self._drop(worker)
            if job is None:
                continue
            if job.key in self._suspects:
                self._suspects.discard(job.key)
                outcome = Outcome(status="crash", message="the fork server of its worker was killed")
                yield job.to_attempt(outcome, self._environment)
            else:
                self._suspects.add(job.key)
                self._again.appendleft(job)

    def _listen(self, worker: WorkerHandle) -> Iterator[Attempt]:
        try:
            while (message := worker.channel.poll()) is not None:
                if "ready" in message:
                    worker.ready(message["ready"])
                else:
                    healthy = worker.release(message["resident"]) and message["clean"]
                    yield from self._finish(worker, Outcome.from_message(message["outcome"]), healthy)
                    if not worker.connected:
                        return
        except EOFError:
            self._disconnect(worker)  # its end's report follows, or its deadline
        except (MessageError, KeyError, TypeError, AttributeError, ValueError) as error:
            message = safe_text(f"the worker's messages are broken: {error}"[:200])
            yield from self._finish(worker, Outcome(status="crash", message=message))

    def _look_at(self, worker: WorkerHandle) -> Iterator[Attempt]:
        worker.drop_flood()
        late, heavy = worker.overdue(), worker.overweight()
        if heavy:
            yield from self._finish(worker, Outcome(status="oom", message=heavy, **worker.spent()))
        elif late:
            yield from self._finish(worker, Outcome(status="timeout", message=late, **worker.spent()))

    def _bury(self, worker: WorkerHandle, status: int) -> Iterator[Attempt]:
        """Record the end of a worker; what it has sent before counts."""
        if worker.connected:
            yield from self._listen(worker)
        if worker.number not in self._workers:
            return
        if worker.job is None:
            self._drop(worker)
        else:
            yield from self._finish(worker, replace(_ending(status), **worker.spent()))

    def _finish(self, worker: WorkerHandle, outcome: Outcome, healthy: bool = False) -> Iterator[Attempt]:
        job = worker.job
        if job is None:
            self._drop(worker)
            return
        fresh, output = worker.cells == 0, worker.take_output()
        self._suspects.discard(job.key)
        worker.job, worker.cells = None, worker.cells + 1
        failed = outcome.status in FAILURES
        if failed or not healthy:
            self._drop(worker)
        if outcome.status == "crash" and outcome.signal == signal.SIGABRT and "bad_alloc" in output:
            outcome = replace(outcome, status="oom")
        if failed and not fresh and not (outcome.status == "timeout" and job.estimator in self._slow):
            self._again.append(job)
            return
        if outcome.status == "timeout" and fresh:
            self._slow.add(job.estimator)
        yield job.to_attempt(outcome, self._environment, output)


def _ending(status: int) -> Outcome:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return Outcome(status="crash", message=f"the process ended with exit code {code}", exit_code=code)
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return Outcome(status="crash", message=f"the process was killed by {name}", signal=-code)
