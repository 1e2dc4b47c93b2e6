"""Learners' code that does not end, that ends too early, and that tries to outlive its sandbox."""

import os
import signal

import pytest

from autograder.sandbox.sandbox import CallInterrupted, Sandbox, SandboxLost, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from tests.autograder.sandbox.sandboxes import TIER, ask, call, processes_of, zygote_of

walled = pytest.mark.promised_by("namespaces", "landlock")


# Not ending


STUBBORN = """
import time
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
IN_A_FINALIZER = """
class Again:
    def __del__(self):
        while True:
            pass
while True:
    Again()
"""
ENDLESS = {
    "swallows KeyboardInterrupt": STUBBORN,
    "ignores the signal": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "blocks the signal": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\nwhile True: pass",
    "loops in C": "import collections, itertools\ncollections.deque(itertools.repeat(0), maxlen=0)",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n" + STUBBORN,
    "loops in a finalizer": IN_A_FINALIZER,
    "waits for a stubborn child": "import os\nif os.fork() == 0:\n    while True: pass\n" + STUBBORN,
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_does_not_stop_is_killed(sandbox: Sandbox, body: str) -> None:
    with pytest.raises(SandboxLost, match="did not finish within"):
        call(sandbox, body, 0.5)
    with pytest.raises(SandboxLost):
        sandbox.run_cell("1", 30)


def test_a_value_that_never_ends_to_be_described_is_interrupted(sandbox: Sandbox) -> None:
    body = """
    class Endless(list):
        def __iter__(self):
            while True:
                pass
    return Endless()
    """
    with pytest.raises(CallInterrupted, match=r"within 0\.5 s"):
        call(sandbox, body, 0.5)
    assert ask(sandbox, "return 1") == 1


def test_an_answer_that_comes_only_after_the_interrupt_costs_the_sandbox(sandbox: Sandbox) -> None:
    body = """
    import time
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return "late"
    """
    with pytest.raises(SandboxLost, match="did not finish within"):
        call(sandbox, body, 0.5)


# Outliving


OUTLIVING = """
import os, signal, time
for depth in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 65):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            os.closerange(0, 256)
            time.sleep(600)
        os._exit(0)
return "left"
"""


@walled
def test_the_grader_cannot_be_killed(server: ZygoteClient, sandbox: Sandbox) -> None:
    body = f"""
    import os, signal
    for target in (os.getppid(), {os.getpid()}, {zygote_of(server)}, 1, 0, -1):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
            if target in (0, -1) or target == os.getpid():
                continue
            try:
                os.kill(target, number)
            except OSError:
                pass
    return "alive"
    """
    with_signal_to_all = "import contextlib, os\nwith contextlib.suppress(OSError): os.kill(-1, 9)\nreturn 'alive'"
    before = zygote_of(server)
    assert ask(sandbox, body) == "alive"
    assert ask(sandbox, with_signal_to_all) == "alive"
    assert zygote_of(server) == before
    with open_sandbox(server=server) as other:
        assert other.run_cell("1", 30).ok


@walled
def test_a_sandbox_cannot_escape_the_death_of_the_fork_server() -> None:
    server = ZygoteClient((TIER,))
    with open_sandbox(server=server) as sandbox:
        call(sandbox, "import ctypes\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n" + OUTLIVING)
        assert processes_of(server)
        os.kill(zygote_of(server), signal.SIGKILL)
        with pytest.raises(SandboxLost):
            sandbox.run_cell("while True: pass", 20)
    server.close()
    assert processes_of(server) == []
