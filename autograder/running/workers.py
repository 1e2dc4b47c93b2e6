"""Many submissions at once: in processes on this machine, or on a Dask cluster.

Each way is a context manager that gives a function from tasks to outcomes. Tasks are read as workers become free, and
outcomes come in the order in which they are ready. Scores do not depend on the way.
"""

import contextlib
import functools
import importlib
import itertools
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from autograder.judging.fingerprint import graders_fingerprint
from autograder.judging.variants import VARIANTS
from autograder.notebooks.own_exercises import OwnExercisesError
from autograder.records.refusal import Refusal
from autograder.running.work import Job, Outcome, Task, prepare, refuse, work
from autograder.sandbox.linux import ProcessControl, process_control
from autograder.sandbox.zygote_client import SandboxError, ZygoteClient, shared_zygote
from autograder.submissions.hand_in import NotGradable

Grading = Callable[[Iterable[Task]], Iterator[Outcome]]
FORK = multiprocessing.get_context("fork")
WORKERS_PER_SERVER = 6
"""One fork server makes about 50 sandboxes a second."""
ATTEMPTS = 2
"""How many worker processes one submission may cost."""
TASKS_PER_THREAD = 2
"""Tasks on the way to each thread of a Dask cluster."""
CONNECT_DEADLINE = 20
"""Seconds in which a scheduler must answer and a worker must be there."""
LOST = "The process that graded it ended: is the machine's memory at its end? Grade it again."


class ClusterError(Refusal):
    """The cluster cannot be used; the message says why and what to do."""


@contextlib.contextmanager
def local_workers(job: Job, count: int, variants: Iterable[int] = range(VARIANTS)) -> Iterator[Grading]:
    """`count` processes on this machine; with one, the grading stays in this process.

    The processes are forked after what all submissions of these variants share is worked out. They and their sandboxes
    end with this one. Raises SandboxError.
    """
    shared_zygote().start()
    # A thread more, and a forked process may hang.
    torch.set_num_threads(1)
    prepare(job, variants)
    if count == 1:
        yield lambda tasks: (work(job, task) for task in tasks)
        return
    with contextlib.ExitStack() as stack:
        servers = [shared_zygote()]
        for _ in range((count - 1) // WORKERS_PER_SERVER):
            servers.append(ZygoteClient())
            stack.callback(servers[-1].close)
            servers[-1].start()
        workers = []
        for number, processor in zip(range(count), _processors(count), strict=True):
            workers.append(_Worker(job, servers[number % len(servers)], processor))
            stack.callback(workers[-1].end)
        yield functools.partial(_run_on, workers, job)


@contextlib.contextmanager
def dask_workers(job: Job, address: str) -> Iterator[Grading]:
    """The workers of a running Dask cluster, on which the course is installed. Raises ClusterError."""
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError("Dask is not installed: run `pip install distributed`.") from error
    try:
        client = distributed.Client(address, timeout=CONNECT_DEADLINE)
    except (OSError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {address}: is `dask scheduler` running there?") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_DEADLINE)
        except TimeoutError as error:
            raise ClusterError(
                f"The Dask cluster at {address} has no workers: start `dask worker {address}`."
            ) from error
        yield functools.partial(_run_on_dask, client, job)


def _processors(count: int) -> list[int | None]:
    """A processor for the sandboxes of each worker, where there are enough: what runs in one sandbox slows no other
    down."""
    allowed = sorted(os.sched_getaffinity(0))
    return [*allowed[:count]] if count <= len(allowed) else [None] * count


class _Worker:
    """A forked process that grades one task at a time."""

    def __init__(self, job: Job, server: ZygoteClient, processor: int | None) -> None:
        self.task: Task | None = None
        self._job, self._server, self._processor = job, server, processor
        self._start()

    def give(self, task: Task) -> None:
        self.task = task
        # That it died shows when its answer is taken.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(task)

    def take(self) -> tuple[Task, Outcome | None]:
        """The task and what became of it; None, and a new process, where the old one died. Raises SandboxError."""
        assert self.task is not None
        task, self.task = self.task, None
        try:
            answer: Outcome | SandboxError = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.end()
            self._start()
            return task, None
        if isinstance(answer, SandboxError):
            raise answer
        return task, answer

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()

    def _start(self) -> None:
        self.connection, theirs = FORK.Pipe()
        shared = self._server.share()
        shared.processor = self._processor
        self.process = FORK.Process(target=_serve, args=(theirs, self._job, shared, os.getpid()), daemon=True)
        # Ctrl-C is for the first process alone to answer; the others inherit what it does at the fork.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        theirs.close()
        shared.close()


def _serve(connection: Connection, job: Job, server: ZygoteClient, parent: int) -> None:
    process_control(ProcessControl.SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if server.processor is not None:
        # This process waits while a sandbox works, and the sandbox while this one does: from the same processor each
        # wakes the other soonest.
        os.sched_setaffinity(0, {server.processor})
    while os.getppid() == parent:
        task = connection.recv()
        try:
            connection.send(work(job, task, server))
        except SandboxError as error:
            connection.send(error)


def _run_on(workers: list[_Worker], job: Job, tasks: Iterable[Task]) -> Iterator[Outcome]:
    waiting = iter(tasks)
    deaths: Counter[str] = Counter()
    # The workers first: zip reads a task only for a worker that is there.
    for worker, task in zip(workers, waiting, strict=False):
        worker.give(task)
    while busy := [worker for worker in workers if worker.task is not None]:
        ready = wait([worker.connection for worker in busy])
        for worker in [worker for worker in busy if worker.connection in ready]:
            task, outcome = worker.take()
            deaths[task.student] += outcome is None
            if outcome is None and deaths[task.student] < ATTEMPTS:
                worker.give(task)
                continue
            yield outcome or refuse(job, task, LOST)
            for following in itertools.islice(waiting, 1):
                worker.give(following)


def _run_on_dask(client: Any, job: Job, tasks: Iterable[Task]) -> Iterator[Outcome]:
    distributed = importlib.import_module("distributed")
    waiting = iter(tasks)
    shared = client.scatter(job, broadcast=True)
    graders = graders_fingerprint(job.released)
    sent: dict[Any, Task] = {}

    def send(task: Task) -> Any:
        future = client.submit(_work_on_dask, shared, task, graders, pure=False)
        sent[future] = task
        return future

    threads = sum(client.nthreads().values())
    ready = distributed.as_completed([send(task) for task in itertools.islice(waiting, TASKS_PER_THREAD * threads)])
    for future in ready:
        task = sent.pop(future)
        try:
            yield future.result()
        except distributed.KilledWorker:
            yield refuse(job, task, LOST)
        except (ImportError, AttributeError, TypeError) as error:
            raise ClusterError(
                f"A Dask worker could not grade ({error}): install the same course everywhere."
            ) from error
        for following in itertools.islice(waiting, 1):
            ready.add(send(following))


def _work_on_dask(job: Job, task: Task, graders: str) -> Outcome:
    try:
        own = graders_fingerprint(job.released)
    except (NotGradable, OwnExercisesError) as error:
        raise ClusterError(
            f"A Dask worker cannot read {job.assignment} in {job.course} ({error}): share the course folder with it."
        ) from error
    if own != graders:
        raise ClusterError(
            "A Dask worker has another version of the course, Python or torch: install the same everywhere."
        )
    torch.set_num_threads(1)
    return work(job, task)
