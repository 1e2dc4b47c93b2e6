"""Magnitudes on this machine: how long something takes, how much memory it needs, and what the machine is.

with Measured() as training:
    ...
print(f"{training.seconds:.1f} s, {training.megabytes:.0f} MB at the most; {machine()}")
"""

import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

PROCESS = Path("/proc/self")


class Measured:
    """Seconds that a block takes, and the most memory that the process holds while it runs.

    `seconds` are those of the processor: on one thread, what the block takes on a machine that does nothing else.
    `megabytes` (millions of bytes) is what stands in addition to the memory at the block's start. It is NaN where the
    system does not tell: Linux does.
    """

    seconds: float = float("nan")
    megabytes: float = float("nan")

    def __enter__(self) -> Self:
        _forget_peak()
        self._before = _resident("VmRSS")
        self._start = time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.process_time() - self._start
        self.megabytes = (_resident("VmHWM") - self._before) / 1e6


def machine() -> str:
    """One line for a table of measurements: processor, memory, torch with its threads, and the day."""
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9 if hasattr(os, "sysconf") else float("nan")
    today = datetime.now(UTC)
    threads = f"{torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB; torch {torch.__version__} on {threads}; "
        f"{today:%B} {today.day}, {today.year}"
    )


def _forget_peak() -> None:
    """Let the kernel count the peak from now on. Linux; see proc(5), clear_refs."""
    if PROCESS.is_dir():
        (PROCESS / "clear_refs").write_text("5")


def _resident(field: str) -> float:
    """Bytes of the process that lie in memory: now (VmRSS) or at their most (VmHWM)."""
    if not PROCESS.is_dir():
        return float("nan")
    lines = (PROCESS / "status").read_text().splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))


def _processor() -> str:
    """The processor's name, as Linux tells it; elsewhere what Python knows."""
    file = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in file.read_text().splitlines() if line.startswith("model name")]
        if file.is_file()
        else []
    )
    return names[0] if names else platform.processor() or platform.machine()
