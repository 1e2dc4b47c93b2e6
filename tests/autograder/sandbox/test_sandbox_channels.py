"""Sandboxes that are open at once tell each other nothing, and leave no mark on the machine.

Not looked at: how busy the machine is, what of a file lies in memory (which time tells), and, without namespaces,
which numbers of processes are in use.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.jail import DEVICES
from autograder.sandbox.sandbox import Sandbox, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from tests.autograder.sandbox.sandboxes import ask

walled = pytest.mark.promised_by("namespaces", "landlock")

SHARED_PAGE = """
import ctypes, os, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
page = libc.mmap(None, 4096, 1, 1, os.open(os.__file__, os.O_RDONLY), 0)
value = ctypes.c_uint32.from_address(page).value
def wait():
    while True: libc.syscall(202, ctypes.c_void_p(page), {wait}, value, None, None, -1); time.sleep(0.01)
def woken():
    for _ in range(50):
        if count := libc.syscall(202, ctypes.c_void_p(page), 1, 5, None, None, 0): return count
        time.sleep(0.02)
    return 0
act = lambda: threading.Thread(target=wait, daemon=True).start()
look = woken
"""
LOCK = """
import fcntl, os, struct
READ, WRITE, NONE = 0, 1, 2
shared, null = open(os.__file__), open("/dev/null", "r+")
def of(kind): return struct.pack("hhqqixxxx", kind, 0, 0, 1, 0)
def set_lock(file, command, kind):
    try: return bool(fcntl.fcntl(file, command, of(kind)))
    except BlockingIOError: return False
"""
CHANNELS = {
    "flock on a file": "import fcntl, os\nfile = open(os.__file__)\n"
    "def lock():\n"
    "    try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
    "    except BlockingIOError: return False\n"
    "    return True\n"
    "act = lock\n"
    "def look():\n    had = lock()\n    fcntl.flock(file, fcntl.LOCK_UN)\n    return had",
    "a lock to read of a file": LOCK + "act = lambda: fcntl.fcntl(shared, fcntl.F_SETLK, of(READ))\n"
    "look = lambda: struct.unpack('hhqqixxxx', fcntl.fcntl(shared, fcntl.F_GETLK, of(WRITE)))[0]",
    "a lock of a device": LOCK + "act = lambda: set_lock(null, fcntl.F_SETLK, WRITE)\n"
    "def look():\n    had = act()\n    set_lock(null, fcntl.F_SETLK, NONE)\n    return had",
    "a lock of an open device": LOCK + "act = lambda: set_lock(null, 37, WRITE)\n"
    "def look():\n    had = act()\n    set_lock(null, 37, NONE)\n    return had",
    "a watched file": "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
    "queue = libc.inotify_init1(os.O_NONBLOCK)\n"
    "libc.inotify_add_watch(queue, os.__file__.encode(), 0x20)\n"
    "act = lambda: open(os.__file__).close()\n"
    "def look():\n"
    "    try: return len(os.read(queue, 1000))\n"
    "    except OSError: return 0",
    "a page of a file that one waits on": SHARED_PAGE.format(wait=0),
    "a page of a file that one waits on by the clock": SHARED_PAGE.format(wait=9 | 256),
    "a wait that the lower half of a register asks for": SHARED_PAGE.format(wait="ctypes.c_ulong(1 << 32)"),
    "a name in /dev/shm": "import os\n"
    "def act():\n"
    "    try: open('/dev/shm/sandbox-leftover-channel', 'w')\n"
    "    except OSError: pass\n"
    "def look():\n"
    "    try: return 'sandbox-leftover-channel' in os.listdir('/dev/shm')\n"
    "    except OSError: return False",
    "an abstract socket": "import socket\nkept = []\n"
    "def act():\n"
    "    kept.append(socket.socket(socket.AF_UNIX))\n"
    "    kept[0].bind('\\0sandbox-leftover-channel'); kept[0].listen()\n"
    "def look():\n"
    "    try: socket.socket(socket.AF_UNIX).connect('\\0sandbox-leftover-channel')\n"
    "    except OSError: return False\n"
    "    return True",
    "the times of a device": "import os\n"
    "def act():\n"
    "    try: os.utime('/dev/zero')\n"
    "    except OSError: pass\n"
    "look = lambda: os.stat('/dev/zero').st_mtime",
}
"""Channel -> source of `act`, what one sandbox does, and `look`, what another makes of it."""


@pytest.fixture
def other(server: ZygoteClient) -> Iterator[Sandbox]:
    with open_sandbox(server=server) as sandbox:
        yield sandbox


@pytest.fixture
def devices() -> Iterator[dict[Path, os.stat_result]]:
    """The devices as they are; put right afterwards, where what is tested does not hold."""
    before = {device: device.stat() for device in DEVICES}
    yield before
    for device, status in before.items():
        if device.stat() != status and os.geteuid() == 0:
            os.utime(device, ns=(status.st_atime_ns, status.st_mtime_ns))


@walled
@pytest.mark.parametrize("channel", CHANNELS)
def test_one_sandbox_does_not_see_what_another_does(
    sandbox: Sandbox, other: Sandbox, devices: dict[Path, os.stat_result], channel: str
) -> None:
    for each in (sandbox, other):
        cell = each.run_cell(CHANNELS[channel], 30)
        assert cell.ok, cell.outputs
    before = ask(other, "return look()")
    ask(sandbox, "act()")
    assert ask(other, "return look()") == before


@walled
def test_devices_keep_times_modes_and_owners(sandbox: Sandbox, devices: dict[Path, os.stat_result]) -> None:
    body = f"""
    import os
    for device in {list(map(str, DEVICES))!r}:
        for change in (os.utime, lambda path: os.utime(path, (1, 1)), lambda path: os.chmod(path, 0o600),
                       lambda path: os.chown(path, os.getuid(), -1), lambda path: os.setxattr(path, "user.x", b"x")):
            try: change(device)
            except OSError: pass
    """
    ask(sandbox, body)
    for device, status in devices.items():
        now = device.stat()
        for part in ("st_mtime_ns", "st_mode", "st_uid", "st_gid", "st_ctime_ns"):
            assert getattr(now, part) == getattr(status, part), f"{part} of {device}"


@walled
def test_a_file_of_the_graders_own_keeps_times_mode_and_attributes(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "gradebook.db"
    file.write_text("grades")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    before = file.stat()
    body = f"""
    import os
    for change in (lambda path: os.chmod(path, 0), lambda path: os.utime(path, (1, 1)),
                   lambda path: os.setxattr(path, "user.x", b"x")):
        try: change({str(file)!r})
        except OSError: pass
    """
    ask(sandbox, body)
    now = file.stat()
    assert (now.st_mode, now.st_mtime_ns, now.st_ctime_ns) == (before.st_mode, before.st_mtime_ns, before.st_ctime_ns)


@pytest.mark.promised_by("namespaces")
def test_what_is_not_the_sandboxes_own_is_mounted_read_only(sandbox: Sandbox) -> None:
    # There, not even reading leaves a time.
    lines = [line.split() for line in ask(sandbox, "return open('/proc/self/mountinfo').read().splitlines()")]
    options = {fields[4]: fields[5].split(",") for fields in lines}
    assert len(options) > len(DEVICES)
    assert {place for place, of_mount in options.items() if "ro" not in of_mount} == {"/sandbox", "/proc"}


@pytest.mark.parametrize(
    "body",
    [
        "import fcntl\nwith open('own', 'w') as file: fcntl.lockf(file, fcntl.LOCK_EX)\nreturn True",
        "import multiprocessing\n"
        "lock, many, event = multiprocessing.RLock(), multiprocessing.BoundedSemaphore(2), multiprocessing.Event()\n"
        "with lock, lock: held = lock.acquire(timeout=1)\n"
        "many.acquire(); many.acquire()\n"
        "waited = [many.acquire(timeout=0.01), many.acquire(block=False), event.wait(timeout=0.01)]\n"
        "many.release(); many.release(); event.set()\n"
        "try: many.release()\n"
        "except ValueError: return held and waited == [False] * 3 and event.wait()",
        "import os, shutil, tempfile\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    with open(folder + '/a', 'w') as file: file.write('x')\n"
        "    shutil.copy2(folder + '/a', folder + '/b')\n"
        "    return sorted(os.listdir(folder)) == ['a', 'b']",
    ],
    ids=["fcntl", "semaphores", "copies"],
)
def test_what_honest_code_locks_in_its_own_folder_works(sandbox: Sandbox, body: str) -> None:
    assert ask(sandbox, body, 60) is True
