"""Starving: taking the processor from others, so that an honest answer beside it runs out of time."""

from tests.banks.hostile.answers import in_calls, in_cell

BUSY = 50
"""Loops that run at once; a sandbox may have 64 processes."""


def _loops(before: str = "pass", body: str = "pass") -> str:
    return f"""
import os, time
for _ in range({BUSY}):
    if os.fork() == 0:
        {before}
        while True: {body}
"""


STARVING: dict[str, str] = {
    "loops in a cell": in_cell(_loops() + "time.sleep(1000)"),
    "loops in a call": in_calls(_loops() + "time.sleep(1000)"),
    "loops that outlive their cell": in_cell(_loops()),
    "loops in sessions of their own": in_cell(_loops("os.setsid()") + "time.sleep(1000)"),
    "loops on every processor": in_cell(
        _loops("""
        try: os.sched_setaffinity(0, range(os.cpu_count()))
        except OSError: pass""")
        + "time.sleep(1000)"
    ),
    "loops of high priority": in_cell(
        _loops("""
        try: os.nice(-20)
        except OSError: pass""")
        + "time.sleep(1000)"
    ),
    "loops of threads": in_cell("""
import threading, torch
def loop():
    while True: torch.ones(300, 300) @ torch.ones(300, 300)
for _ in range(40): threading.Thread(target=loop, daemon=True).start()
loop()
"""),
    "loops of programs": in_cell("""
import subprocess, time
for _ in range(40): subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"])
time.sleep(1000)
"""),
    "system calls without end": in_cell(_loops(body="os.stat('.')") + "time.sleep(1000)"),
    "naps without end": in_cell("import time\nwhile True: time.sleep(1e-5)"),
    "the idlest of all": in_cell("""
import os
try: os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
except OSError: pass
while True: pass
"""),
    "memory is swept": in_cell(_loops("block = bytearray(8 << 20)", "block[:] = bytes(8 << 20)") + "time.sleep(1000)"),
}
"""Attack -> source of a cell that takes the place of every answer."""

NEEDS_TIME = """
import time
def _work():
    end = time.process_time() + SECONDS
    while time.process_time() < end: pass
"""
"""Work before each call of an honest answer that is slow."""


def slow(answer: str, seconds: float) -> str:
    """A right answer, a function `causal_mask`, whose every call needs so many seconds of a processor."""
    work = NEEDS_TIME.replace("SECONDS", str(seconds))
    wrapped = "_quick = causal_mask\ndef causal_mask(*arguments, **keywords):\n    _work()\n"
    return f"{work}\n{answer}\n{wrapped}    return _quick(*arguments, **keywords)"
