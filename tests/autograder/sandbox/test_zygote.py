"""The fork server: one for many sandboxes, restarted when it dies, gone when its grader is."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from autograder.sandbox import seccomp
from autograder.sandbox.caps import Caps
from autograder.sandbox.sandbox import SandboxLost, open_sandbox
from autograder.sandbox.session import PREFIX, TOKEN_VARIABLE, open_session, sweep, sweep_after
from autograder.sandbox.zygote_client import SandboxError, ZygoteClient, shared_zygote
from tests.autograder.sandbox.sandboxes import PATIENCE, ask, leftovers, living_processes, sandbox_processes, zygote_of


def test_sandboxes_may_be_open_at_once_and_from_threads(server: ZygoteClient) -> None:
    answers: dict[int, object] = {}

    def use_a_sandbox(number: int) -> None:
        with open_sandbox(server=server) as sandbox:
            sandbox.run_cell(f"x = {number}", 60)
            answers[number] = ask(sandbox, "return x", 60)

    threads = [threading.Thread(target=use_a_sandbox, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number for number in range(6)}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"not JSON",
        b"[]",
        b"{}",
        b'{"op": "open"}',
        b'{"op": "open", "caps": {"more": 1}}',
        b'{"op": "end", "pid": 1}',
        b'{"op": "end", "pid": []}',
        b'{"op": "end", "pid": "1"}',
        b"\xff" * 60_000,
        json.dumps({"op": "open", "caps": vars(Caps())}).encode(),
    ],
    ids=repr,
)
def test_the_fork_server_survives_malformed_requests(server: ZygoteClient, message: bytes) -> None:
    before = zygote_of(server)
    if message:
        server._control.send(message)
        assert "error" in json.loads(server._control.recv(1 << 16))
    with open_sandbox(server=server) as sandbox:
        assert sandbox.run_cell("1", 30).ok
    assert zygote_of(server) == before


def test_a_sandbox_whose_judge_hung_up_ends_by_itself(server: ZygoteClient) -> None:
    process = server.open_process(Caps())
    process.connection.shutdown(socket.SHUT_RDWR)
    time.sleep(0.2)
    server.end_process(process)
    with open_sandbox(server=server) as sandbox:
        assert sandbox.run_cell("1", 30).ok


def test_a_killed_fork_server_takes_its_sandboxes_along_and_is_replaced(server: ZygoteClient) -> None:
    before = zygote_of(server)
    with open_sandbox(server=server) as sandbox:
        os.kill(before, signal.SIGKILL)
        with pytest.raises(SandboxLost, match="ended"):
            sandbox.run_cell("import time; time.sleep(20)", 30)
    with open_sandbox(server=server) as sandbox:
        assert sandbox.run_cell("1", 30).ok
    assert zygote_of(server) != before


GRADER = """
from autograder.sandbox.sandbox import open_sandbox
with open_sandbox() as idle, open_sandbox() as busy:
    print(idle._server._process.pid, idle._process.pid, busy._process.pid, idle._server._token, flush=True)
    busy.run_cell("while True: pass", 600)
"""


def test_nothing_is_left_when_the_grader_is_killed() -> None:
    grader = subprocess.Popen([sys.executable, "-c", GRADER], stdout=subprocess.PIPE, text=True)
    *pids, token = grader.stdout.readline().split()
    zygote, *processes = map(int, pids)
    assert sandbox_processes(zygote, token) == sorted(processes)
    grader.kill()
    grader.communicate()
    end = time.monotonic() + PATIENCE
    while (left := living_processes({zygote, *processes}) + leftovers(zygote, token)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


def test_a_forked_grader_has_a_fork_server_of_its_own() -> None:
    ours = shared_zygote()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, b"other" if shared_zygote() is not ours else b"same")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 10) == b"other"
    os.close(reader)
    os.close(writer)


def test_a_shared_fork_server_ends_the_sandboxes_of_whoever_hangs_up(server: ZygoteClient) -> None:
    shared = server.share()
    with open_sandbox(server=server) as ours:
        process = shared.open_process(Caps())
        shared.close()
        assert select.select([process.pidfd], [], [], PATIENCE)[0]
        assert ours.run_cell("1", 30).ok
        assert zygote_of(server)


def test_who_shares_a_fork_server_that_died_starts_another(server: ZygoteClient) -> None:
    shared = server.share()
    os.kill(zygote_of(server), signal.SIGKILL)
    with open_sandbox(server=shared) as sandbox:
        assert sandbox.run_cell("1", 30).ok
    shared.close()


def test_the_sweeper_removes_what_a_killed_fork_server_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / (PREFIX + "dead")
    (left / "sandbox-x").mkdir(parents=True)
    os.utime(left, (0, 0))
    stray = subprocess.Popen(["sleep", "600"], env={TOKEN_VARIABLE: "dead"})
    # The kernel shows a new program's environment a moment after it has started.
    while not Path(f"/proc/{stray.pid}/environ").read_bytes():
        time.sleep(0.001)
    monkeypatch.setenv(TOKEN_VARIABLE, "alive")
    with open_session() as session:
        os.utime(session, (0, 0))
        sweep()
        assert session.exists()
    assert not left.exists()
    assert stray.wait(PATIENCE) == -signal.SIGKILL
    assert not session.exists()


def test_a_process_that_goes_from_program_to_program_is_swept_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While a process begins another program, it has no environment for a moment."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    again = "/bin/sh", "-c", 'exec /bin/sh -c "$0" "$0"', 'exec /bin/sh -c "$0" "$0"'
    for number in range(50):
        token = f"restless-{number}"
        (tmp_path / (PREFIX + token)).mkdir()
        with subprocess.Popen(again, env={TOKEN_VARIABLE: token}) as stray:
            try:
                sweep_after(token)
                assert stray.wait(PATIENCE) == -signal.SIGKILL
            finally:
                stray.kill()


def test_the_sweeper_leaves_the_folders_of_others_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    precious = tmp_path / "precious"
    precious.mkdir()
    link = tmp_path / (PREFIX + "link")
    link.symlink_to(precious)
    os.utime(link, (0, 0), follow_symlinks=False)
    sweep()
    assert precious.exists()


def test_a_tier_that_is_not_to_be_had_is_one_sentence() -> None:
    weak = ZygoteClient(("process",))
    weak._process, weak._tier = _Running(), "process"
    weak.shortfalls = ["namespaces: clone: Operation not permitted"]
    with (
        pytest.raises(SandboxError, match=r"demands the sandbox tier 'namespaces'.*allows 'process'.*not permitted"),
        open_sandbox(minimum_tier="namespaces", server=weak),
    ):
        pass


def test_an_unknown_tier_is_one_sentence(server: ZygoteClient) -> None:
    with pytest.raises(SandboxError, match="no sandbox tier 'strong'"), open_sandbox("strong", server=server):
        pass


def test_a_machine_of_another_kind_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(OSError, match="x86_64 and aarch64, not for riscv64"):
        seccomp.program.__wrapped__(shares_mounts=True)


def test_a_machine_without_libseccomp_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", Mock(side_effect=OSError("no such file")))
    with pytest.raises(OSError, match="libseccomp, which filters system calls, is not installed"):
        seccomp._library.__wrapped__()


def test_another_system_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SandboxError, match="need Linux"), open_sandbox(server=ZygoteClient()):
        pass


class _Running:
    """Stands for a process that runs."""

    pid = 0

    def poll(self) -> None:
        """It has not ended."""
