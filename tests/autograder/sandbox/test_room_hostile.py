"""What learners' code must not be able to do. After each test, the fixture looks that nothing is left."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from rooms import TIER, ask, call, processes_of, text_of, zygote_of

from autograder.sandbox.caps import MEBIBYTE, MOST_OUTPUT, Caps
from autograder.sandbox.jail import REPOSITORY
from autograder.sandbox.room import CallInterrupted, Room, RoomLost, open_room
from autograder.sandbox.zygote_client import ZygoteClient

SECRETS = [
    REPOSITORY / "autograder/exercises/attention.py",
    REPOSITORY / "autograder/sandbox/jail.py",
    REPOSITORY / "solutions",
    REPOSITORY / "tests",
    REPOSITORY / "chapters",
    REPOSITORY / ".git",
    REPOSITORY / "pyproject.toml",
    Path("/etc/shadow"),
    Path("/etc/hostname"),
    Path("/root"),
    Path("/var"),
    Path("/sys/kernel"),
]
walled = pytest.mark.promised_by("namespaces", "landlock")
in_namespaces = pytest.mark.promised_by("namespaces")


# Reading


@walled
@pytest.mark.parametrize("path", SECRETS, ids=str)
def test_the_graders_files_cannot_be_read(room: Room, path: Path) -> None:
    body = f"""
    import os
    path = {str(path)!r}
    try:
        return os.listdir(path) if os.path.isdir(path) else open(path).read()
    except OSError as error:
        return "refused"
    """
    found = ask(room, body)
    # The way to the interpreter may lead through a folder, which then shows the next step and nothing else.
    assert found == "refused" or found == [".pyenv"]


@in_namespaces
def test_of_the_repository_only_the_course_package_and_the_environment_are_there(room: Room) -> None:
    assert set(ask(room, f"import os\nreturn os.listdir({str(REPOSITORY)!r})")) <= {"llm_course", ".venv"}


@walled
def test_a_file_of_another_learner_cannot_be_read(room: Room, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("grades")
    secret.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    for way in (str(secret), f"/proc/self/root{secret}", f"/proc/1/root{secret}", f"/../..{secret}"):
        assert call(room, f"return open({way!r}).read()").failure is not None


@pytest.mark.parametrize("name", ["autograder", "autograder.sandbox", "autograder.exercises", "solutions"])
def test_the_grader_cannot_be_imported(room: Room, name: str) -> None:
    assert call(room, f"import {name}").failure.type == "ModuleNotFoundError"


@walled
@pytest.mark.parametrize("name", ["autograder.exercises", "solutions.attention"])
def test_the_grader_cannot_be_imported_by_a_new_interpreter(room: Room, name: str) -> None:
    body = f"import subprocess, sys\nreturn subprocess.run([sys.executable, '-c', 'import {name}']).returncode"
    assert ask(room, body, 60) != 0


def test_no_module_object_or_frame_is_the_judges(room: Room) -> None:
    body = """
    import gc, sys, types
    gc.unfreeze()
    names = [module.__name__ for module in gc.get_objects() if isinstance(module, types.ModuleType)]
    names += list(sys.modules)
    frame = sys._getframe()
    while frame:
        names.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    return sorted({str(name) for name in names if str(name).startswith(("autograder", "solutions", "tests"))})
    """
    harmless = {"zygote_client", "wire", "room_process", "watch", "figures", "zygote", "session"}
    harmless |= {"jail", "caps", "linux", "landlock", "seccomp"}
    for name in ask(room, body):
        assert name.removeprefix("autograder").removeprefix(".sandbox").removeprefix(".") in harmless | {""}


def test_the_graders_environment_is_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_SECRET", "hmac-key-of-the-course")
    server = ZygoteClient((TIER,))
    body = """
    import os
    blocks = [open("/proc/self/environ").read(), repr(dict(os.environ)), open("/proc/self/cmdline").read()]
    return "".join(blocks)
    """
    with open_room(server=server) as room:
        assert "hmac-key" not in ask(room, body)
    server.close()


def test_no_descriptor_of_the_grader_is_inherited(room: Room) -> None:
    body = """
    import os
    return {name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
            if os.path.lexists(f"/proc/self/fd/{name}")}
    """
    found = ask(room, body)
    assert {found.pop(standard) for standard in "012"} == {"/dev/null"}
    assert [name for name in found.values() if name.startswith("socket:")] == list(found.values())[:1]
    assert len(found) <= 1


# Writing


@walled
@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/usr/bin/room-leftover", "/room-leftover", "/dev/room-leftover", "/proc/sys/kernel/core_pattern"],
)
def test_nothing_outside_the_room_can_be_written(room: Room, path: str) -> None:
    assert call(room, f"open({path!r}, 'a').write('x')").failure.type in ("PermissionError", "OSError")


@pytest.mark.parametrize("module", ["torch", "llm_course", "os"])
def test_the_environment_cannot_be_changed(room: Room, module: str) -> None:
    body = f"import os, {module}\nopen(os.path.join(os.path.dirname({module}.__file__), 'room-leftover'), 'w')"
    reply = call(room, body)
    assert reply.failure.type in ("PermissionError", "OSError")


@walled
def test_the_hosts_temporary_folders_are_not_the_rooms(room: Room) -> None:
    body = """
    for folder in ("/tmp", "/var/tmp", "/run"):
        try:
            open(folder + "/room-leftover", "w").write("x")
        except OSError:
            pass
    """
    ask(room, body)
    assert not [folder for folder in ("/tmp", "/var/tmp", "/run") if Path(folder, "room-leftover").exists()]


@walled
def test_two_rooms_see_nothing_of_each_other(server: ZygoteClient, room: Room) -> None:
    room.run_cell("open('mine', 'w').write('x')\nimport os\nfolder = os.getcwd()", 30)
    folder = ask(room, "import os\nreturn os.getcwd()")
    pid = room._process.pid
    with open_room(server=server) as other:
        body = f"""
        import os, signal
        found = []
        for name in ("mine", {folder!r} + "/mine"):
            try:
                found.append(open(name).read())
            except OSError:
                pass
        for target in ({pid}, -1):
            try:
                os.kill(target, signal.SIGKILL)
                found.append("killed " + str(target))
            except OSError:
                pass
        return found
        """
        found = ask(other, body)
    # In a namespace of its own, a room may signal all that it can see, which is itself.
    assert set(found) <= {"killed -1"}
    assert room.run_cell("1", 30).ok


# Rights


def test_no_rights_are_left(room: Room) -> None:
    status = dict(line.split(":\t", 1) for line in ask(room, "return open('/proc/self/status').read()").splitlines())
    assert all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Uid"].split() != ["0"] * 4


@walled
@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("ptrace", 101, "16, 1, 0, 0"),
        ("process_vm_readv", 310, "1, 0, 0, 0, 0, 0"),
        ("unshare user", 272, "0x10000000"),
        ("clone user", 56, "0x10000011, 0, 0, 0, 0"),
        ("mount", 165, "b'none', b'/room', b'tmpfs', 0, 0"),
        ("umount", 166, "b'/proc', 2"),
        ("chroot", 161, "b'/'"),
        ("setns", 308, "3, 0"),
        ("bpf", 321, "0, 0, 0"),
        ("keyctl", 250, "0, 0"),
        ("io_uring_setup", 425, "1, 0"),
        ("memfd_create", 319, "b'x', 0"),
        ("shmget", 29, "0, 4096, 0o1600"),
        ("userfaultfd", 323, "0"),
        ("perf_event_open", 298, "0, 0, 0, 0, 0"),
        ("reboot", 169, "0, 0, 0, 0"),
    ],
)
def test_dangerous_system_calls_are_refused(room: Room, name: str, number: int, arguments: str) -> None:
    body = f"""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return [libc.syscall({number}, {arguments}), ctypes.get_errno()]
    """
    assert ask(room, body) == [-1, 1]


@walled
def test_system_calls_of_other_machine_modes_end_the_room(room: Room) -> None:
    with pytest.raises(RoomLost):
        call(room, "import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)")


def test_another_user_cannot_be_had(room: Room) -> None:
    body = """
    import os
    gained = []
    for change in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.setgid(0)):
        try:
            change()
            gained.append(True)
        except OSError:
            pass
    return gained
    """
    assert ask(room, body) == []


# Network


@walled
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_there_is_no_network(room: Room, family: str) -> None:
    kind = "SOCK_RAW" if family in ("AF_NETLINK", "AF_PACKET") else "SOCK_STREAM"
    body = f"import socket\nsocket.socket(socket.{family}, socket.{kind})"
    assert call(room, body).failure.type == "PermissionError"


@walled
def test_an_abstract_socket_of_the_host_cannot_be_reached(room: Room) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0room-test")
        listener.listen()
        body = "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0room-test')"
        assert call(room, body).failure.type in ("ConnectionRefusedError", "PermissionError")


# Exhausting


def test_a_fork_bomb_ends(room: Room) -> None:
    # Either some process answers that it failed, most often of the interrupt, or the bomb keeps all from answering.
    try:
        reply = call(room, "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass", 1)
    except (RoomLost, CallInterrupted):
        return
    assert reply.failure is not None


def test_processes_are_counted(server: ZygoteClient) -> None:
    with open_room(caps=Caps(processes=20), server=server) as room:
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
        assert 1 <= ask(room, body) < 30


def test_memory_is_bounded(server: ZygoteClient) -> None:
    with open_room(caps=Caps(memory=1024 * MEBIBYTE), server=server) as room:
        body = """
        kept = []
        while len(kept) < 2000:
            kept.append(bytearray(b"x" * (1 << 20)))
        return len(kept)
        """
        assert call(room, body).failure.type == "MemoryError"
        assert room.run_cell("1", 30).ok


def test_shared_memory_is_bounded(server: ZygoteClient) -> None:
    with open_room(caps=Caps(address_space=3072 * MEBIBYTE), server=server) as room:
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
        assert ask(room, body) < 48


def test_a_tensor_that_is_too_large_is_an_error_of_the_learners(room: Room) -> None:
    assert call(room, "import torch\nreturn torch.ones(1 << 36).sum()").failure.type == "RuntimeError"


@in_namespaces
def test_all_files_together_are_bounded(server: ZygoteClient) -> None:
    with open_room(caps=Caps(disk=8 * MEBIBYTE), server=server) as room:
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
        assert ask(room, body) <= 8 * MEBIBYTE


def test_one_file_is_bounded(server: ZygoteClient) -> None:
    with open_room(caps=Caps(disk=8 * MEBIBYTE), server=server) as room:
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
        assert ask(room, body) <= 8 * MEBIBYTE


@in_namespaces
def test_the_number_of_files_is_bounded(room: Room) -> None:
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
    assert ask(room, body, 60) < 30_000


def test_descriptors_are_bounded(room: Room) -> None:
    body = "import os\nkept = [os.dup(0) for _ in range(5000)]"
    assert call(room, body).failure.type == "OSError"


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
    with open_room(caps=Caps(output=100_000), server=server) as room:
        outputs = room.run_cell(source, 4).outputs
        assert len(json.dumps(outputs)) < 300_000
        assert room.run_cell("1", 30).ok


def test_the_most_control_characters_fit_into_a_frame(server: ZygoteClient) -> None:
    # As JSON, each of them takes six bytes.
    with open_room(caps=Caps(output=MOST_OUTPUT), server=server) as room:
        reply = room.run_cell("print('\\0' * 10_000_000)", deadline=60)
        assert reply.ok
        assert room.run_cell("1", deadline=60).ok
    with pytest.raises(ValueError, match="the cap output is at most"):
        Caps(output=MOST_OUTPUT + 1)


def test_many_writes_take_linear_time(room: Room) -> None:
    """Each of 300,000 writes once copied all that was written before it."""
    assert ask(room, "import sys\nfor _ in range(300_000): sys.stdout.write('abc')\nreturn 'done'", 30) == "done"


@pytest.mark.parametrize(
    "value",
    ["list(range(3_000_000))", "'x' * 100_000_000", "__import__('torch').ones(64, 1 << 18)", "{'k' * 9_000_000: 1}"],
)
def test_a_reply_that_is_too_large_is_a_failure(room: Room, value: str) -> None:
    body = f"""
    value = {value}
    return [value, value, value, value, value] if hasattr(value, 'dtype') else value
    """
    reply = call(room, body)
    assert reply.failure is None or reply.failure.type == "ReplyTooLarge"
    assert room.run_cell("1", 30).ok


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
        make()
def make():
    Again()
while True:
    try:
        make()
    except BaseException:
        pass
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
def test_what_does_not_stop_is_killed(room: Room, body: str) -> None:
    start = time.monotonic()
    with pytest.raises(RoomLost, match="did not finish within"):
        call(room, body, 0.5)
    assert time.monotonic() - start < 20
    with pytest.raises(RoomLost):
        room.run_cell("1", 30)


def test_a_value_that_never_ends_to_be_described_is_interrupted(room: Room) -> None:
    body = """
    class Endless(list):
        def __iter__(self):
            while True:
                pass
    return Endless()
    """
    with pytest.raises(CallInterrupted, match=r"within 0\.5 s"):
        call(room, body, 0.5)
    assert ask(room, "return 1") == 1


def test_an_answer_that_comes_only_after_the_interrupt_costs_the_room(room: Room) -> None:
    body = """
    import time
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return "late"
    """
    with pytest.raises(RoomLost, match="did not finish within"):
        call(room, body, 0.5)


# Ending too early


@pytest.mark.parametrize(
    "body",
    [
        "import os\nos._exit(0)",
        "import os\nos.kill(os.getpid(), 9)\nimport time\ntime.sleep(60)",
        "import os\nos.abort()",
        "import ctypes\nctypes.string_at(0)",
        "import os\nos.close(3)",
        "import os\nos.closerange(0, 256)",
        "import ctypes\ndef f(): return ctypes.PYFUNCTYPE(None)(f)()\nimport sys\nsys.setrecursionlimit(10**8)\nf()",
    ],
)
def test_a_room_that_dies_is_lost(room: Room, body: str) -> None:
    if "os.kill" in body and room.tier == "namespaces":
        # The first process of a namespace does not die of its own signals; the deadline ends it.
        with pytest.raises(CallInterrupted):
            call(room, body, 0.5)
        return
    with pytest.raises(RoomLost):
        call(room, body, 20)


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


def test_detached_children_do_not_outlive_the_room(server: ZygoteClient) -> None:
    with open_room(server=server) as room:
        assert ask(room, OUTLIVING) == "left"
        assert len(processes_of(server)) >= 4
    assert processes_of(server) == []


def test_detached_children_do_not_outlive_a_room_that_dies(server: ZygoteClient, room: Room) -> None:
    with pytest.raises(RoomLost):
        call(room, OUTLIVING.replace('return "left"', "os._exit(0)"))
    assert processes_of(server) == []


@walled
def test_the_grader_cannot_be_killed(server: ZygoteClient, room: Room) -> None:
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
    assert ask(room, body) == "alive"
    assert ask(room, with_signal_to_all) == "alive"
    assert zygote_of(server) == before
    with open_room(server=server) as other:
        assert other.run_cell("1", 30).ok


@walled
def test_a_room_cannot_escape_the_death_of_the_fork_server() -> None:
    server = ZygoteClient((TIER,))
    with open_room(server=server) as room:
        call(room, "import ctypes\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n" + OUTLIVING)
        assert processes_of(server)
        os.kill(zygote_of(server), signal.SIGKILL)
        with pytest.raises(RoomLost):
            room.run_cell("while True: pass", 20)
    server.close()
    assert processes_of(server) == []


# Lying on the wire: bytes written to the worker's own connection


def forged(header: bytes, body: bytes = b"") -> str:
    return (
        "import os, struct\n"
        f"header, body = {header!r}, {body!r}\n"
        "os.write(3, struct.pack('<II', len(header), len(body)) + header + body)"
    )


FRAMES = {
    "not JSON": forged(b"]["),
    "not an object": forged(b"[1]"),
    "not UTF-8": forged(b"\xff\xfe\xfa"),
    "nested too deeply": forged(b"[" * 100_000 + b"]" * 100_000),
    "no fields": forged(b"{}"),
    "a huge claim": "import os\nos.write(3, b'\\xff' * 8)",
    "half a frame": "import os, struct, time\nos.write(3, struct.pack('<II', 1000, 0) + b'x')\nos._exit(0)",
    "a huge number": forged(b'{"reply": ' + b"9" * 100_000 + b"}"),
    "a lone surrogate": forged(b'{"ok": true, "outputs": [{"output_type": "stream", "text": "\\ud800"}], "reply": 1}'),
}


@pytest.mark.parametrize("body", FRAMES.values(), ids=FRAMES.keys())
def test_a_forged_frame_does_not_harm_the_judge(room: Room, body: str) -> None:
    try:
        reply = call(room, body, 5)
    except RoomLost:
        return
    assert reply.failure is not None


def test_half_a_frame_does_not_hold_up_the_judge(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.room.TRANSFER_DEADLINE", 0.5)
    body = "import os, struct, time\nos.write(3, struct.pack('<II', 1000, 0) + b'x')\ntime.sleep(60)"
    with pytest.raises(RoomLost):
        call(room, body, 5)


def test_a_forged_surrogate_in_an_output_is_made_valid(room: Room) -> None:
    room.run_cell(forged(b'{"ok": true, "outputs": [{"output_type": "stream", "text": "\\ud800!"}]}'), 5)
    assert text_of(room.run_cell("1", 5).outputs).encode("utf-8")


TENSORS = {
    "shape larger than bytes": ({"dtype": "float32", "shape": [1000]}, 4),
    "bytes larger than shape": ({"dtype": "float32", "shape": [1]}, 4000),
    "no dtype": ({"shape": [1]}, 4),
    "unknown dtype": ({"dtype": "object", "shape": [1]}, 4),
    "dtype of another size": ({"dtype": "float64", "shape": [2]}, 8),
    "dtype is a list": ({"dtype": ["float32"], "shape": [1]}, 4),
    "negative size": ({"dtype": "float32", "shape": [-1]}, 4),
    "size is true": ({"dtype": "float32", "shape": [True]}, 4),
    "size is a float": ({"dtype": "float32", "shape": [1.0]}, 4),
    "huge sizes with a zero": ({"dtype": "float32", "shape": [0, 1 << 39, 1 << 39]}, 0),
    "huge sizes": ({"dtype": "float32", "shape": [1 << 39, 1 << 39]}, 4),
    "too many dimensions": ({"dtype": "float32", "shape": [1] * 1000}, 4),
    "shape is text": ({"dtype": "float32", "shape": "11"}, 4),
    "too large once spread": ({"dtype": "float32", "shape": [0, 1 << 38], "contiguous": False}, 0),
}


def forged_reply(value: object, length: int = 0) -> str:
    fields = {"value": value, "failure": None, "changed": [], "gradients": {"dict": {}}, "largest": None}
    return forged(json.dumps({"reply": {"dict": fields}}).encode(), bytes(length))


@pytest.mark.parametrize(("tensor", "length"), TENSORS.values(), ids=TENSORS.keys())
def test_a_tensor_that_lies_is_a_failure(room: Room, tensor: dict[str, object], length: int) -> None:
    value = {"tensor": {"contiguous": True, "requires_grad": False, **tensor}}
    assert call(room, forged_reply(value, length), 5).failure.type == "Reply"


def test_a_forged_reply_that_is_well_formed_is_read(room: Room) -> None:
    """The forgeries above fail for what they say, not for how they are sent."""
    value = {"tensor": {"contiguous": True, "requires_grad": False, "dtype": "float32", "shape": [2]}}
    assert call(room, forged_reply(value, 8), 5).value.tolist() == [0, 0]


def test_a_flood_of_generators_is_a_failure(room: Room) -> None:
    """A frame of 8 MB once became 2 GB of generators in the judge."""
    assert call(room, forged_reply([{"generator": 1}] * 1000), 5).failure.type == "Reply"
