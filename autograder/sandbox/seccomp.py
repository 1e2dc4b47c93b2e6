"""A seccomp filter: which system calls a process may make. x86-64. See seccomp(2) and bpf(4).

Refused calls fail with EPERM, so that honest code that tries one sees an ordinary error. Sockets are allowed
only in the Unix family: asyncio, DataLoader workers and %%bash use them.
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
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_REFUSED = {
    # other processes
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "process_madvise": 440, "perf_event_open": 298,
    # mounts and namespaces
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "fanotify_init": 300,
    # the kernel itself
    "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "add_key": 248, "request_key": 249, "keyctl": 250, "init_module": 175, "delete_module": 176, "finit_module": 313,
    "kexec_load": 246, "kexec_file_load": 320, "syslog": 103, "personality": 135, "modify_ldt": 154, "iopl": 172,
    "ioperm": 173, "vhangup": 153,
    # the machine
    "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "sethostname": 170, "setdomainname": 171, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159,
    "clock_adjtime": 305, "lookup_dcookie": 212,
    # the processor that a room is given
    "sched_setaffinity": 203,
    # memory that no limit of a process counts
    "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "shmat": 30, "msgget": 68, "semget": 64,
}  # fmt: skip
_SOCKET, _UNIX_FAMILY = 41, 1
_CLONE, _ANY_NAMESPACE = 56, 0x7E020000
_CLONE3 = 435
_PRCTL, _SET_PARENT_DEATH_SIGNAL = 157, 1


def check_machine() -> None:
    """Raise OSError where this filter's numbers do not fit the processor."""
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, f"the system call filter is written for x86_64, not for {platform.machine()}")


def restrict() -> None:
    """Filter the system calls of this process and of all it starts. Needs no_new_privs."""
    program = _program()
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    system_call("seccomp", _SECCOMP, _SET_MODE_FILTER, 0, header)


def _program() -> bytes:
    refuse = _step(_RETURN, _FAIL | errno.EPERM)
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        *_unless(_EQUAL, _ARCHITECTURE_X86_64, _step(_RETURN, _KILL_PROCESS)),
        _step(_LOAD, _NUMBER),
        *_when(_GREATER_EQUAL, _X32_BIT, _step(_RETURN, _KILL_PROCESS)),
    ]
    for number in _REFUSED.values():
        steps += _when(_EQUAL, number, refuse)
    # The C library falls back to clone, whose flags a filter can see.
    steps += _when(_EQUAL, _CLONE3, _step(_RETURN, _FAIL | errno.ENOSYS))
    steps += _when(_EQUAL, _SOCKET, _step(_LOAD, _FIRST_ARGUMENT), *_unless(_EQUAL, _UNIX_FAMILY, refuse), _allow())
    steps += _when(_EQUAL, _CLONE, _step(_LOAD, _FIRST_ARGUMENT), *_when(_ANY_BIT, _ANY_NAMESPACE, refuse), _allow())
    # A room dies with the fork server: nobody inside may take that back. It seems to work, for torch asks for it.
    pretend = _when(_EQUAL, _SET_PARENT_DEATH_SIGNAL, _step(_RETURN, _FAIL | 0))
    steps += _when(_EQUAL, _PRCTL, _step(_LOAD, _FIRST_ARGUMENT), *pretend, _allow())
    return b"".join([*steps, _allow()])


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, operand)


def _allow() -> bytes:
    return _step(_RETURN, _ALLOW)


def _when(test: int, operand: int, *steps: bytes) -> list[bytes]:
    """Do `steps` if the loaded word passes the test."""
    return [_step(test, operand, if_false=len(steps)), *steps]


def _unless(test: int, operand: int, *steps: bytes) -> list[bytes]:
    """Do `steps` if the loaded word does not pass the test."""
    return [_step(test, operand, if_true=len(steps)), *steps]
