"""What learners' code must not use up: processes, memory, files, output."""

import json

import pytest

from autograder.sandbox.caps import MEBIBYTE, Caps
from autograder.sandbox.sandbox import Sandbox, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from tests.autograder.sandbox.sandboxes import ask, call

in_namespaces = pytest.mark.promised_by("namespaces")


def test_processes_are_counted(server: ZygoteClient) -> None:
    with open_sandbox(caps=Caps(processes=20), server=server) as sandbox:
        body = """
        import os, time
        started = 0
        try:
            while started < 200:
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
                started += 1
        except OSError:
            pass
        return started
        """
        assert 1 <= ask(sandbox, body) < 30


def test_memory_is_bounded(server: ZygoteClient) -> None:
    with open_sandbox(caps=Caps(memory=1024 * MEBIBYTE), server=server) as sandbox:
        body = """
        kept = []
        while len(kept) < 2000:
            kept.append(bytearray(b"x" * (1 << 20)))
        return len(kept)
        """
        assert call(sandbox, body).failure.type == "MemoryError"
        assert sandbox.run_cell("1", 30).ok


def test_shared_memory_is_bounded(server: ZygoteClient) -> None:
    with open_sandbox(caps=Caps(address_space=3072 * MEBIBYTE), server=server) as sandbox:
        body = """
        import mmap
        kept = []
        try:
            while len(kept) < 64:
                kept.append(mmap.mmap(-1, 64 << 20))
        except OSError:
            pass
        return len(kept)
        """
        assert ask(sandbox, body) < 48


def test_a_tensor_that_is_too_large_is_an_error_of_the_learners(sandbox: Sandbox) -> None:
    assert call(sandbox, "import torch\nreturn torch.ones(1 << 36).sum()").failure.type == "RuntimeError"


@in_namespaces
def test_all_files_together_are_bounded(server: ZygoteClient) -> None:
    with open_sandbox(caps=Caps(disk=8 * MEBIBYTE), server=server) as sandbox:
        body = """
        written = 0
        for number in range(100):
            folder = ("/tmp", "/dev/shm", ".")[number % 3]
            try:
                written += open(f"{folder}/{number}", "wb", buffering=0).write(bytes(1 << 20))
            except OSError:
                pass
        return written
        """
        assert ask(sandbox, body) <= 8 * MEBIBYTE


def test_one_file_is_bounded(server: ZygoteClient) -> None:
    with open_sandbox(caps=Caps(disk=8 * MEBIBYTE), server=server) as sandbox:
        body = """
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open("big", "wb", buffering=0) as file:
            try:
                while file.tell() < 64 << 20:
                    file.write(bytes(1 << 20))
            except OSError:
                pass
            return file.tell()
        """
        assert ask(sandbox, body) <= 8 * MEBIBYTE


@in_namespaces
def test_the_number_of_files_is_bounded(sandbox: Sandbox) -> None:
    body = """
    count = 0
    try:
        while count < 100_000:
            open(f"file{count}", "w").close()
            count += 1
    except OSError:
        pass
    return count
    """
    assert ask(sandbox, body, 60) < 30_000


def test_descriptors_are_bounded(sandbox: Sandbox) -> None:
    body = "import os\nkept = [os.dup(0) for _ in range(5000)]"
    assert call(sandbox, body).failure.type == "OSError"


@pytest.mark.parametrize(
    "source",
    [
        "while True: print('x' * 1000)",
        "for i in range(300_000): print(end='y')",
        "import sys\nfor i in range(100_000): print(end='y', file=(sys.stdout, sys.stderr)[i % 2])",
        "from IPython.display import display\nfor i in range(30_000): display(i)",
        "print('x' * 50_000_000)",
        "'x' * 50_000_000",
        "raise ValueError('x' * 50_000_000)",
        "!yes | head -c 20000000",
    ],
)
def test_output_is_cut(server: ZygoteClient, source: str) -> None:
    with open_sandbox(caps=Caps(output=100_000), server=server) as sandbox:
        outputs = sandbox.run_cell(source, 4).outputs
        assert len(json.dumps(outputs)) < 300_000
        assert sandbox.run_cell("1", 30).ok


def test_the_most_control_characters_fit_into_a_frame(sandbox: Sandbox) -> None:
    # As JSON, each of them takes six bytes.
    assert sandbox.run_cell(f"print('\\0' * {Caps.output - 1000})", deadline=60).ok
    assert sandbox.run_cell("1", deadline=60).ok


def test_many_writes_take_linear_time(sandbox: Sandbox) -> None:
    """Each of 300,000 writes once copied all that was written before it."""
    assert ask(sandbox, "import sys\nfor _ in range(300_000): sys.stdout.write('abc')\nreturn 'done'", 30) == "done"
