"""How fast rooms are: python benchmarks/sandboxes.py

Prints the start of the fork server, then the median of each part of a room's life, then rooms a second when one and
when two graders, each with a fork server of its own, open and close them.
"""

import multiprocessing
import statistics
import time

import torch

from autograder.sandbox.sandbox import open_room
from autograder.sandbox.zygote_client import ZygoteClient
from llm_course.checking.calls import Call

ROOMS = 30
CALLS = 200
FUNCTION = "def double(x): return x * 2"


def measure_one_room(server: ZygoteClient) -> dict[str, float]:
    """Milliseconds to the first reply, of a call and of closing."""
    argument = Call({"x": torch.ones(16, 16)})
    started = time.perf_counter()
    with open_room(server=server) as room:
        room.run_cell(FUNCTION, 60)
        room.call("double", argument, 60)
        first_reply = time.perf_counter()
        for _ in range(CALLS):
            room.call("double", argument, 60)
        called = time.perf_counter()
    closed = time.perf_counter()
    return {
        "open to first reply": 1000 * (first_reply - started),
        "one call": 1000 * (called - first_reply) / CALLS,
        "close": 1000 * (closed - called),
    }


def open_many_rooms(ready: "multiprocessing.synchronize.Barrier") -> None:
    """Open and close rooms from the moment that all graders are ready."""
    server = ZygoteClient()
    with open_room(server=server):
        ready.wait()
    for _ in range(ROOMS):
        with open_room(server=server) as room:
            room.run_cell(FUNCTION, 60)
    ready.wait()
    server.close()


def rooms_per_second(graders: int) -> float:
    """Rooms a second of several graders together."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(graders + 1)
    processes = [context.Process(target=open_many_rooms, args=(ready,)) for _ in range(graders)]
    for process in processes:
        process.start()
    ready.wait()
    started = time.perf_counter()
    ready.wait()
    elapsed = time.perf_counter() - started
    for process in processes:
        process.join()
    return graders * ROOMS / elapsed


def main() -> None:
    """Print all figures."""
    server = ZygoteClient()
    started = time.perf_counter()
    print(f"fork server, tier {server.tier}: {time.perf_counter() - started:.1f} s")
    measurements = [measure_one_room(server) for _ in range(ROOMS)]
    for name in measurements[0]:
        print(f"{name}: {statistics.median(measurement[name] for measurement in measurements):.2f} ms")
    server.close()
    for graders in (1, 2):
        print(f"{graders} grader(s): {rooms_per_second(graders):.0f} rooms a second")


if __name__ == "__main__":
    main()
