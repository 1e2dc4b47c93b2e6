"""How fast sandboxes are: python benchmarks/sandboxes.py

Prints the start of the fork server, then the median of each part of a sandbox's life, then sandboxes a second when one
and when two graders, each with a fork server of its own, open and close them.
"""

import multiprocessing
import statistics
import time

import torch

from autograder.sandbox.sandbox import open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from llm_course.checking.calls import Call

SANDBOXES = 30
CALLS = 200
PATIENCE = 600.0
"""Seconds in which graders are ready, and then done."""
FUNCTION = "def double(x): return x * 2"


def measure_one_sandbox(server: ZygoteClient) -> dict[str, float]:
    """Milliseconds to the first reply, of a call and of closing."""
    argument = Call({"x": torch.ones(16, 16)})
    started = time.perf_counter()
    with open_sandbox(server=server) as sandbox:
        sandbox.run_cell(FUNCTION, 60)
        sandbox.call("double", argument, 60)
        first_reply = time.perf_counter()
        for _ in range(CALLS):
            sandbox.call("double", argument, 60)
        called = time.perf_counter()
    closed = time.perf_counter()
    return {
        "open to first reply": 1000 * (first_reply - started),
        "one call": 1000 * (called - first_reply) / CALLS,
        "close": 1000 * (closed - called),
    }


def open_many_sandboxes(ready: "multiprocessing.synchronize.Barrier", count: int) -> None:
    """Open and close so many sandboxes from the moment that all graders are ready."""
    server = ZygoteClient()
    with open_sandbox(server=server):
        ready.wait()
    for _ in range(count):
        with open_sandbox(server=server) as sandbox:
            sandbox.run_cell(FUNCTION, 60)
    ready.wait()
    server.close()


def sandboxes_per_second(graders: int) -> float:
    """Sandboxes a second of several graders together."""
    context = multiprocessing.get_context("spawn")
    # A grader that fails breaks it, and nobody waits for ever.
    ready = context.Barrier(graders + 1, timeout=PATIENCE)
    processes = [context.Process(target=open_many_sandboxes, args=(ready, SANDBOXES)) for _ in range(graders)]
    for process in processes:
        process.start()
    ready.wait()
    started = time.perf_counter()
    ready.wait()
    elapsed = time.perf_counter() - started
    for process in processes:
        process.join()
    return graders * SANDBOXES / elapsed


def main() -> None:
    """Print all figures."""
    server = ZygoteClient()
    started = time.perf_counter()
    print(f"fork server, tier {server.tier}: {time.perf_counter() - started:.1f} s")
    measurements = [measure_one_sandbox(server) for _ in range(SANDBOXES)]
    for name in measurements[0]:
        print(f"{name}: {statistics.median(measurement[name] for measurement in measurements):.2f} ms")
    server.close()
    for graders in (1, 2):
        print(f"{graders} grader(s): {sandboxes_per_second(graders):.0f} sandboxes a second")


if __name__ == "__main__":
    main()
