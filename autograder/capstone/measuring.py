"""Measuring in a process of its own, so that no file that was handed in can stop a batch.

    python -m autograder.capstone.measuring     a job on stdin, what was found on stdout

A model is numbers: nothing of the learner's runs here. But numbers cost time and memory, so the process has a limit of
both, which the caps on what is handed in are far below.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from autograder.submissions.hand_in import NotGradable

PROCESSOR_SECONDS = 300
CLOCK_SECONDS = 3_000.0
"""Where other work keeps the processors busy."""
ADDRESS_SPACE = 6 << 30
"""Bytes, of which torch's libraries take most."""


@dataclass(frozen=True)
class Measured:
    """What was found: `steps` by name, as `steps.Findings` has them, and the figures for board and curves."""

    steps: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Any]
    seconds: float
    """Of processor time."""


def measure(files: Mapping[str, bytes], seed: bytes) -> Measured:
    """Measure a model that was handed in, on texts that follow from the seed. Raises NotGradable where it cannot be."""
    limits = {"seconds": PROCESSOR_SECONDS, "memory": ADDRESS_SPACE}
    job = {"seed": seed.hex(), "files": [[name, len(content)] for name, content in files.items()], **limits}
    sent = b"".join([json.dumps(job).encode(), b"\n", *files.values()])
    command = [sys.executable, "-P", "-m", "autograder.capstone.measuring"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        run = subprocess.run(command, input=sent, capture_output=True, env=environment, timeout=CLOCK_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise NotGradable(
            f"Measuring the model took over {CLOCK_SECONDS:.0f} s: grade again on a free machine."
        ) from late
    if run.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise NotGradable(
            f"Measuring the model was stopped after {PROCESSOR_SECONDS} s of processor time or for want of memory: "
            "hand in a smaller one."
        )
    if run.returncode != 0:
        cause = (run.stderr.decode(errors="replace").strip().splitlines() or [f"status {run.returncode}"])[-1]
        raise NotGradable(f"The model could not be measured ({cause[:200]}): report this defect of the course.")
    return Measured(**json.loads(run.stdout))


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Measure what stands on stdin."""
    job = json.loads(source.readline())
    _limit(resource.RLIMIT_CPU, job["seconds"])
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, job["memory"])
    import torch

    from autograder.capstone.steps import find

    torch.set_num_threads(1)
    files = {name: source.read(length) for name, length in job["files"]}
    steps, figures = find(files, bytes.fromhex(job["seed"]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = round(used.ru_utime + used.ru_stime, 2)
    target.write(json.dumps({"steps": steps, "figures": figures, "seconds": seconds}).encode())


def _limit(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
