"""A seccomp filter: which system calls a process may make. x86-64. See seccomp(2) and bpf(4).

Refused calls fail with EPERM, so that honest code that tries one sees an ordinary error. Sockets are allowed
only in the Unix family: asyncio, DataLoader workers and %%bash use them.

A filter cannot see which file a call is about, and sandboxes share the files of the system. So what is kept with a file
and seen by all who open it is kept for no file, those of the sandbox among them. What honest code does to its own files
seems to work: a lock is granted to everybody at once, which only two processes of one sandbox could notice.
"""

import ctypes
import errno
import platform
import struct

from autograder.sandbox.linux import system_call

_SECCOMP, _SET_MODE_FILTER = 317, 1
_ARCHITECTURE_X86_64 = 0xC000003E
_X32_BIT = 0x40000000

_LOAD, _EQUAL, _GREATER_EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24

_REFUSED = {
    # other processes
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "process_madvise": 440, "perf_event_open": 298,
    # mounts and namespaces
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "name_to_handle_at": 303, "open_by_handle_at": 304,
    # what others do with a file that is shared, and where in the machine's memory it lies
    "inotify_init": 253, "inotify_init1": 294, "inotify_add_watch": 254, "fanotify_init": 300, "fanotify_mark": 301,
    "mincore": 27, "cachestat": 451, "fadvise64": 221, "move_pages": 279, "migrate_pages": 256,
    # objects with a name or number that all processes of a machine see, where they have no namespace of their own
    "shmget": 29, "shmat": 30, "shmctl": 31, "shmdt": 67, "semget": 64, "semop": 65, "semctl": 66, "semtimedop": 220,
    "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71, "mq_open": 240, "mq_unlink": 241,
    # what others can ask of a process without being allowed to touch it
    "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "sched_setattr": 314, "ioprio_set": 251,
    # the kernel itself
    "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "add_key": 248, "request_key": 249, "keyctl": 250, "init_module": 175, "delete_module": 176, "finit_module": 313,
    "kexec_load": 246, "kexec_file_load": 320, "syslog": 103, "personality": 135, "modify_ldt": 154, "iopl": 172,
    "ioperm": 173, "vhangup": 153,
    # the machine
    "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "sethostname": 170, "setdomainname": 171, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159,
    "clock_adjtime": 305, "lookup_dcookie": 212,
    # the processor that a sandbox is given
    "sched_setaffinity": 203,
    # memory that no limit of a process counts
    "memfd_create": 319, "memfd_secret": 447,
}  # fmt: skip
_UNKNOWN = {
    # newer ways to wait for memory, which may be a file's, and a way to read what lies in memory already
    "futex_waitv": 449, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456, "preadv2": 327,
}  # fmt: skip
"""Calls that the kernel is said not to have: whoever makes one has another way."""
_MARKS = {
    "chmod": 90, "fchmod": 91, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "fchown": 93, "lchown": 94,
    "fchownat": 260, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
}  # fmt: skip
"""Modes, owners and times of files. Where a sandbox has no mounts of its own, it could change those of the machine."""
_ATTRIBUTES = {
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "setxattrat": 463, "removexattr": 197, "lremovexattr": 198,
    "fremovexattr": 199, "removexattrat": 466, "file_setattr": 469,
}  # fmt: skip
_FLOCK = 73
_FCNTL, _LOCK_COMMANDS = 72, {"F_SETLK": 6, "F_SETLKW": 7, "F_OFD_SETLK": 37, "F_OFD_SETLKW": 38}
_HARMLESS_COMMANDS = {
    "F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "F_GETLK": 5, "F_SETOWN": 8, "F_GETOWN": 9,
    "F_OFD_GETLK": 36, "F_DUPFD_CLOEXEC": 1030, "F_SETPIPE_SZ": 1031, "F_GETPIPE_SZ": 1032, "F_GET_SEALS": 1034,
}  # fmt: skip
"""All others leave something with the file: leases, watches on folders, hints."""
_FUTEX, _SHARED_WAITS = 202, {"WAIT": 0, "WAIT_BITSET": 9, "WAIT_REQUEUE_PI": 11}
_BY_THE_CLOCK = 256
"""Threads of one process wait privately. Else one can wait on a page of a file that all sandboxes read, and be woken
there; so who waits otherwise is told at once to look again, which costs time and nothing else."""
_IOCTL, _ATTRIBUTE_COMMANDS = 16, {"FS_IOC_SETFLAGS": 0x40086602, "FS_IOC_FSSETXATTR": 0x401C5820}
_SOCKET, _UNIX_FAMILY = 41, 1
_CLONE, _ANY_NAMESPACE = 56, 0x7E020000
_CLONE3 = 435
_PRCTL, _SET_PARENT_DEATH_SIGNAL = 157, 1


def check_machine() -> None:
    """Raise OSError where this filter's numbers do not fit the processor."""
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, f"the system call filter is written for x86_64, not for {platform.machine()}")


def restrict(*, shares_mounts: bool) -> None:
    """Filter the system calls of this process and of all it starts. Needs no_new_privs.

    A process that shares its mounts with the machine changes modes, owners and times of no file.
    """
    program = _program(shares_mounts)
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    system_call("seccomp", _SECCOMP, _SET_MODE_FILTER, 0, header)


def _program(shares_mounts: bool) -> bytes:
    refuse, pretend = _fail(errno.EPERM), _fail(0)
    instructions = [
        _bpf(_LOAD, _ARCHITECTURE),
        *_unless(_EQUAL, _ARCHITECTURE_X86_64, _bpf(_RETURN, _KILL_PROCESS)),
        _bpf(_LOAD, _NUMBER),
        *_when(_GREATER_EQUAL, _X32_BIT, _bpf(_RETURN, _KILL_PROCESS)),
        *_answer(_REFUSED, refuse),
        *_answer(_UNKNOWN, _fail(errno.ENOSYS)),
        *_answer({"flock": _FLOCK}, pretend),
    ]
    if shares_mounts:
        instructions += [*_answer(_MARKS, pretend), *_answer(_ATTRIBUTES, refuse)]
    # The C library falls back to clone, whose flags a filter can see.
    instructions += _when(_EQUAL, _CLONE3, _fail(errno.ENOSYS))
    instructions += _when(
        _EQUAL, _SOCKET, _bpf(_LOAD, _FIRST_ARGUMENT), *_unless(_EQUAL, _UNIX_FAMILY, refuse), _allow()
    )
    instructions += _when(
        _EQUAL, _CLONE, _bpf(_LOAD, _FIRST_ARGUMENT), *_when(_ANY_BIT, _ANY_NAMESPACE, refuse), _allow()
    )
    # A sandbox dies with the fork server: nobody inside may take that back. It seems to work, for torch asks for it.
    instructions += _when(
        _EQUAL, _PRCTL, _bpf(_LOAD, _FIRST_ARGUMENT), *_when(_EQUAL, _SET_PARENT_DEATH_SIGNAL, pretend), _allow()
    )
    instructions += _when(
        _EQUAL,
        _FCNTL,
        _bpf(_LOAD, _SECOND_ARGUMENT),
        *_answer(_LOCK_COMMANDS, pretend),
        *_answer(_HARMLESS_COMMANDS, _allow()),
        refuse,
    )
    waits = _SHARED_WAITS | {f"{name} by the clock": wait | _BY_THE_CLOCK for name, wait in _SHARED_WAITS.items()}
    look_again = _answer(waits, _fail(errno.EAGAIN))
    instructions += _when(_EQUAL, _FUTEX, _bpf(_LOAD, _SECOND_ARGUMENT), *look_again, _allow())
    instructions += _when(
        _EQUAL, _IOCTL, _bpf(_LOAD, _SECOND_ARGUMENT), *_answer(_ATTRIBUTE_COMMANDS, refuse), _allow()
    )
    return b"".join([*instructions, _allow()])


def _answer(words: dict[str, int], answer: bytes) -> list[bytes]:
    """Give an answer where the loaded word is one of some, which have names."""
    return [one for word in words.values() for one in _when(_EQUAL, word, answer)]


def _fail(error: int) -> bytes:
    """Do not make the call, and return an error; 0 is success."""
    return _bpf(_RETURN, _FAIL | error)


def _bpf(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction."""
    return struct.pack("HBBI", code, if_true, if_false, operand)


def _allow() -> bytes:
    return _bpf(_RETURN, _ALLOW)


def _when(test: int, operand: int, *instructions: bytes) -> list[bytes]:
    """Do `instructions` if the loaded word passes the test."""
    return [_bpf(test, operand, if_false=len(instructions)), *instructions]


def _unless(test: int, operand: int, *instructions: bytes) -> list[bytes]:
    """Do `instructions` if the loaded word does not pass the test."""
    return [_bpf(test, operand, if_true=len(instructions)), *instructions]
