"""What a process that runs learners' code may do, in three tiers.

    namespaces  its own users, files, processes, network and host name, on a small read-only root; then all of landlock
    landlock    another user where possible; Landlock says which files it sees, seccomp which system calls it makes
    process     another user where possible, and limits

A jail is used by the fork server alone: `prepare` once, `fork` for each sandbox, `enter` in the child, `end` when the
child is gone. Each raises OSError where the machine does not allow it, and `shortfall` asks beforehand.
"""

import contextlib
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import llm_course
from autograder.sandbox import landlock, seccomp
from autograder.sandbox.caps import Caps
from autograder.sandbox.linux import (
    Mount,
    Namespace,
    ProcessControl,
    change_root,
    descendants,
    drop_capabilities,
    fork_into,
    mount,
    process_control,
    restrict_mounts,
    unshare,
)
from autograder.sandbox.session import END_DEADLINE

REPOSITORY = Path(__file__).resolve().parents[2]
LLM_COURSE = Path(llm_course.__file__).resolve().parent
HIDDEN = (REPOSITORY, LLM_COURSE / "capstone")
"""The graders with the answers, and the capstone: no cell of it is graded, and its substitutes would answer exercises
of other chapters."""
ENVIRONMENT = [Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
SYSTEM = [Path(name) for name in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")]
SETTINGS = [Path("/etc", name) for name in ("alternatives", "ld.so.cache", "localtime", "fonts")]
DEVICES = [Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom")]

FIRST_SANDBOX_USER = 0x70000000
"""User ids from here on belong to nobody; a sandbox's is this plus its process id, so that no two sandboxes share
one."""
INNER_USER = 1000
"""The user id that a learner's code sees as its own, inside namespaces."""
FILES = 20_000
"""Files and folders that a sandbox can make."""
SHARED = [Path(name) for name in ("/dev/shm", "/tmp", "/var/tmp")]
"""Where every user may write."""


class Jail(ABC):
    """One tier."""

    tier: ClassVar[str]

    def __init__(self, session: Path) -> None:
        self._session = session

    @abstractmethod
    def prepare(self) -> None:
        """Make what all sandboxes share. Called once, in a process with one thread."""

    @abstractmethod
    def fork(self) -> int:
        """Fork the process of a sandbox; returns 0 in the child."""

    @abstractmethod
    def enter(self, caps: Caps) -> Path:
        """Lock this process in, for good; returns the folder that it may write to."""

    @abstractmethod
    def end(self, pid: int) -> None:
        """Remove what is left of the sandbox whose process was `pid` and is dead."""


class NamespaceJail(Jail):
    """Namespaces, a read-only root, then Landlock and seccomp."""

    tier = "namespaces"

    def prepare(self) -> None:
        seccomp.program(shares_mounts=False)
        landlock.version()
        user, group = os.geteuid(), os.getegid()
        try:
            unshare(Namespace.MOUNT)
            os.setgroups([])
        except PermissionError:
            unshare(Namespace.USER | Namespace.MOUNT)
            _map_user("self", user, user, group)
        _enter_small_root(self._session)

    def fork(self) -> int:
        reader, writer = os.pipe()
        every = Namespace.USER | Namespace.MOUNT | Namespace.PID | Namespace.NETWORK | Namespace.IPC | Namespace.UTS
        pid = fork_into(every | Namespace.CGROUP)
        if pid == 0:
            os.close(writer)
            if not os.read(reader, 1):
                os._exit(1)
            os.close(reader)
            return 0
        os.close(reader)
        try:
            outer = FIRST_SANDBOX_USER + pid if _may_be_anybody() else None
            _map_user(str(pid), INNER_USER, outer or os.geteuid(), outer or os.getegid())
            _offer_to_memory_killer(pid)
            os.write(writer, b"x")
        finally:
            os.close(writer)
        return pid

    def enter(self, caps: Caps) -> Path:
        os.setresgid(INNER_USER, INNER_USER, INNER_USER)
        os.setresuid(INNER_USER, INNER_USER, INNER_USER)
        options = f"size={caps.disk},nr_inodes={FILES},mode=700"
        mount("tmpfs", "/sandbox", "tmpfs", Mount.NO_SUID | Mount.NO_DEVICES, options)
        mount("proc", "/proc", "proc", Mount.NO_SUID | Mount.NO_DEVICES | Mount.NO_EXECUTE)
        socket.sethostname("sandbox")
        folder = Path("/sandbox")
        _make_folders(folder)
        _set_limits(caps, caps.processes)
        _give_up_rights()
        landlock.restrict(readable=[Path("/")], writable=[folder, *DEVICES])
        seccomp.restrict(shares_mounts=False)
        return folder

    def end(self, pid: int) -> None:
        """The namespaces took all with them."""


class FolderJail(Jail):
    """No namespaces: each sandbox has a folder on the disk of the machine, and is cleaned up after by hand."""

    def __init__(self, session: Path) -> None:
        super().__init__(session)
        self._folders: dict[int, Path] = {}

    def prepare(self) -> None:
        if os.geteuid() == 0 and not (_may_be_anybody() and _others_can_read(os.__file__)):
            raise OSError(
                f"learners' code would run as root, for no other user can read {os.__file__}; "
                "grade as an ordinary user, or keep the environment where every user can read it"
            )
        self._session.chmod(0o711)
        # What a sandbox leaves behind comes to the fork server, which ends it.
        process_control(ProcessControl.SET_CHILD_SUBREAPER)

    def fork(self) -> int:
        folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=self._session))
        pid = os.fork()
        self._folders[pid or os.getpid()] = folder
        if pid:
            _offer_to_memory_killer(pid)
        return pid

    def enter(self, caps: Caps) -> Path:
        folder = self._folders[os.getpid()]
        processes = caps.processes
        if os.geteuid() == 0:
            user = FIRST_SANDBOX_USER + os.getpid()
            os.chown(folder, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        else:
            processes += _count_threads_of(os.geteuid())
        _make_folders(folder)
        _set_limits(caps, processes)
        # The fork server must be quicker than a fork bomb that it hunts.
        os.nice(5)
        _give_up_rights()
        self._restrict(folder)
        return folder

    def end(self, pid: int) -> None:
        folder = self._folders.pop(pid)
        if os.geteuid() == 0:
            _end_user(FIRST_SANDBOX_USER + pid)
        _end_strays(keep=set(self._folders))
        shutil.rmtree(folder, ignore_errors=True)

    def _restrict(self, folder: Path) -> None:
        """Take further rights from the process."""


class LandlockJail(FolderJail):
    """Landlock and seccomp, and another user where the grader is root."""

    tier = "landlock"

    def prepare(self) -> None:
        seccomp.program(shares_mounts=True)
        if landlock.version() < landlock.SIGNAL_SCOPE_VERSION and os.geteuid() != 0:
            raise OSError("Landlock cannot keep signals in here (Linux 6.12 can), and only root can be another user")
        # Who may read a link may read what it leads to.
        self._shown = [path for path in _shown() if not _holds_hidden(path.resolve())]
        # Python looks for a module in the listing of its folder, also where the graders lie beside it.
        self._listed = [path for path in (*SYSTEM, *ENVIRONMENT) if REPOSITORY.is_relative_to(path)]
        super().prepare()

    def _restrict(self, folder: Path) -> None:
        # Of /proc no other process, whose command line may say more than learners should read.
        own = [Path("/proc", name) for name in ("self", "cpuinfo", "meminfo", "stat")]
        # Not /dev/shm, where semaphores and shared tensors live: other sandboxes would see what is there.
        landlock.restrict([*self._shown, *DEVICES, *own], writable=[folder, *DEVICES], listed=self._listed)
        seccomp.restrict(shares_mounts=True)


class ProcessJail(FolderJail):
    """A plain process with limits."""

    tier = "process"


JAILS: tuple[type[Jail], ...] = (NamespaceJail, LandlockJail, ProcessJail)
"""From the strongest to the weakest."""


def shortfall(jail: Jail) -> str:
    """Why this machine does not allow a jail, or an empty string. Tries it in a process of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _try(jail, writer)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as answers:
        reasons = answers.read()
    os.waitpid(pid, 0)
    return reasons


def _try(jail: Jail, writer: int) -> None:
    """Do what the fork server does for one sandbox, write what goes wrong, and end the process."""
    try:
        jail.prepare()
        pid = jail.fork()
        if pid == 0:
            jail.enter(Caps())
            os._exit(0)
        os.waitpid(pid, 0)
        jail.end(pid)
    except BaseException as error:
        os.write(writer, str(error).encode())
    finally:
        os._exit(0)


def _enter_small_root(mount_point: Path) -> None:
    """Make a read-only root of what learners' code needs, mounted over an empty folder."""
    mount("none", "/", None, Mount.PRIVATE | Mount.RECURSIVE)
    mount("tmpfs", mount_point, "tmpfs", Mount.NO_SUID, "size=16m,mode=755")
    for folder in _shown():
        _show(folder, mount_point)
    for name in ("sandbox", "proc", "dev", "etc"):
        (mount_point / name).mkdir(exist_ok=True)
    for device in DEVICES:
        (mount_point / device.relative_to("/")).touch()
    for link, target in {"tmp": "sandbox/tmp", "dev/shm": "../sandbox/shm", "dev/fd": "../proc/self/fd"}.items():
        # There is a /tmp already where the course lies in it; sandboxes then have TMPDIR alone.
        if not (mount_point / link).exists():
            (mount_point / link).symlink_to(target)
    (mount_point / "etc/passwd").write_text(f"learner:x:{INNER_USER}:{INNER_USER}::/sandbox/home:/bin/sh\n")
    (mount_point / "etc/group").write_text(f"learner:x:{INNER_USER}:\n")
    # What is read only gets no new times either, be it of reading, or set on a device that everybody may write to.
    restrict_mounts(mount_point, Mount.READ_ONLY | Mount.NO_SUID | Mount.NO_DEVICES)
    for device in DEVICES:
        mount(device, mount_point / device.relative_to("/"), None, Mount.BIND)
        restrict_mounts(mount_point / device.relative_to("/"), Mount.READ_ONLY | Mount.NO_SUID)
    mount("/proc", mount_point / "proc", None, Mount.BIND | Mount.RECURSIVE)
    change_root(mount_point)


def _shown() -> list[Path]:
    """What a sandbox sees of the machine's disk: system, environment and `llm_course`, without what is hidden."""
    return [path for folder in (*SYSTEM, *SETTINGS, *ENVIRONMENT, LLM_COURSE) for path in _around_hidden(folder)]


def _around_hidden(path: Path) -> Iterator[Path]:
    """A path, or in place of a folder that holds something hidden all that lies beside that."""
    if path.is_symlink() or not _holds_hidden(path):
        yield path
    elif path not in HIDDEN:
        for entry in sorted(path.iterdir()):
            yield from _around_hidden(entry)


def _holds_hidden(path: Path) -> bool:
    return any(hidden.is_relative_to(path) for hidden in HIDDEN)


def _show(path: Path, root: Path) -> None:
    target = root / path.relative_to("/")
    if not path.exists() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    if path.is_dir():
        target.mkdir()
    else:
        target.touch()
    mount(path, target, None, Mount.BIND | Mount.RECURSIVE)


def _map_user(process: str, inner: int, user: int, group: int) -> None:
    """Say who a process in a new user namespace is, inside and outside."""
    folder = Path("/proc", process)
    (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text(f"{inner} {user} 1")
    (folder / "gid_map").write_text(f"{inner} {group} 1")


def _may_be_anybody() -> bool:
    """Whether this process is root and every user id is known to the kernel here."""
    return os.geteuid() == 0 and Path("/proc/self/uid_map").read_text().split() == ["0", "0", str((1 << 32) - 1)]


def _others_can_read(path: str) -> bool:
    """Whether a user that nobody is can read a file."""
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(FIRST_SANDBOX_USER, FIRST_SANDBOX_USER, FIRST_SANDBOX_USER)
        os.setresuid(FIRST_SANDBOX_USER, FIRST_SANDBOX_USER, FIRST_SANDBOX_USER)
        os._exit(0 if os.access(path, os.R_OK) else 1)
    return os.waitpid(pid, 0)[1] == 0


def _make_folders(folder: Path) -> None:
    for name in ("home", "tmp", "shm"):
        (folder / name).mkdir()


def _set_limits(caps: Caps, processes: int) -> None:
    limits = {
        resource.RLIMIT_DATA: caps.memory,
        resource.RLIMIT_AS: caps.address_space,
        resource.RLIMIT_FSIZE: caps.disk,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_NOFILE: caps.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _give_up_rights() -> None:
    drop_capabilities()
    process_control(ProcessControl.SET_NO_NEW_PRIVILEGES)
    # Changing users hid /proc/self from the process itself, and forgot whose death it follows.
    process_control(ProcessControl.SET_DUMPABLE)
    process_control(ProcessControl.SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _offer_to_memory_killer(pid: int) -> None:
    """Where the machine's memory ends, a sandbox dies first."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def _end_user(user: int) -> None:
    """Kill all processes of a sandbox's own user, at one stroke, and remove what it left where every user may write."""
    pid = os.fork()
    if pid == 0:
        os.setresuid(user, user, user)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)
    for path in (path for folder in SHARED if folder.is_dir() for path in folder.iterdir()):
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if status.st_uid == user and stat.S_ISDIR(status.st_mode):
                shutil.rmtree(path)
            elif status.st_uid == user:
                path.unlink()


def _end_strays(keep: set[int]) -> None:
    """Kill the descendants of this process, but those to keep and theirs."""
    end = time.monotonic() + END_DEADLINE
    while strays := descendants(os.getpid(), keep):
        # Stopped first, all of them: a fork bomb fills the place of each process that is killed.
        while _signal_all(strays, signal.SIGSTOP) and (more := descendants(os.getpid(), keep)) != strays:
            strays = more
        _signal_all(strays, signal.SIGKILL)
        for pid in strays:
            # The others' parents are dying; then they are this process's children, in the next round.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if time.monotonic() > end:
            raise OSError(f"{len(strays)} processes that a sandbox left cannot be killed")


def _signal_all(processes: set[int], number: int) -> bool:
    """Send a signal; returns whether any process was there to get it."""
    sent = False
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            sent = True
    return sent


def _count_threads_of(user: int) -> int:
    """The number of threads of a user's processes, which is what RLIMIT_NPROC counts."""
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == user:
                count += len(list((path / "task").iterdir()))
    return count
