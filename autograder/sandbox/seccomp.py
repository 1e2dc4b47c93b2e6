"""A seccomp filter: which system calls a process may make. See seccomp(2); libseccomp knows their numbers.

Refused calls fail with EPERM, so that honest code that tries one sees an ordinary error. Sockets are allowed
only in the Unix family: asyncio, DataLoader workers and %%bash use them.

A filter cannot see which file a call is about, and sandboxes share the files of the system. So what is kept with a file
and seen by all who open it is kept for no file, those of the sandbox among them. What honest code does to its own files
seems to work: a lock is granted to everybody at once, which only two processes of one sandbox could notice.
"""

import ctypes
import errno
import functools
import os
import struct
import tempfile

from autograder.sandbox.linux import ProcessControl, numbers_of_processor, process_control

_REFUSED = (
    # other processes
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise perf_event_open",
    # mounts and namespaces
    "mount umount2 pivot_root chroot unshare setns open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr",
    "name_to_handle_at open_by_handle_at",
    # what others do with a file that is shared, and where in the machine's memory it lies
    "inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark",
    "mincore cachestat fadvise64 move_pages migrate_pages",
    # objects with a name or number that all processes of a machine see, where they have no namespace of their own
    "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink",
    # what others can ask of a process without being allowed to touch it
    "setpriority sched_setparam sched_setscheduler sched_setattr ioprio_set",
    # the kernel itself
    "bpf userfaultfd io_uring_setup io_uring_enter io_uring_register add_key request_key keyctl",
    "init_module delete_module finit_module kexec_load kexec_file_load syslog personality modify_ldt iopl ioperm",
    "vhangup",
    # the machine
    "reboot swapon swapoff acct quotactl quotactl_fd sethostname setdomainname settimeofday clock_settime adjtimex",
    "clock_adjtime lookup_dcookie",
    # the processor that a sandbox is given
    "sched_setaffinity",
    # memory that no limit of a process counts
    "memfd_create memfd_secret",
)
_UNKNOWN = (
    # newer ways to wait for memory, which may be a file's, and a way to read what lies in memory already
    "futex_waitv futex_wake futex_wait futex_requeue preadv2",
    # The C library falls back to clone, whose flags a filter can see.
    "clone3",
)
"""Calls that the kernel is said not to have: whoever makes one has another way."""
_MARKS = ("chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat",)
"""Modes, owners and times of files. Where a sandbox has no mounts of its own, it could change those of the machine."""
_ATTRIBUTES = (
    "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr",
)
_NUMBERS_OF_NEW_CALLS = {
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
    "futex_waitv": 449, "cachestat": 451, "fchmodat2": 452, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456,
    "setxattrat": 463, "removexattrat": 466, "file_setattr": 469,
}  # fmt: skip
"""Those that an older libseccomp may not know by name. Since 424, all processors count alike."""

_LOCK_COMMANDS = (6, 7, 37, 38)
"""F_SETLK, F_SETLKW, F_OFD_SETLK and F_OFD_SETLKW of fcntl."""
_COMMANDS_THAT_LEAVE_SOMETHING = (10, 11, 15, 16, 17, *range(1024, 1030), 1033)
_LAST_HARMLESS_COMMAND = 1034
"""What of fcntl's commands stays with the file or its owner: signals, leases, watches on folders, seals, hints."""
_SHARED_WAITS = (0, 9, 11)
_BY_THE_CLOCK = 256
"""Threads of one process wait privately (WAIT, WAIT_BITSET and WAIT_REQUEUE_PI of futex). Else one can wait on a page
of a file that all sandboxes read, and be woken there; so who waits otherwise is told at once to look again, which costs
time and nothing else."""
_ATTRIBUTE_COMMANDS = (0x40086602, 0x401C5820)
"""FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR of ioctl."""
_UNIX_FAMILY = 1
_NAMESPACE_FLAGS = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)

_ALLOW, _KILL_PROCESS, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NOT_EQUAL, _GREATER, _MASKED_EQUAL = 1, 6, 7
_ON_OTHER_PROCESSORS = 2
_WORD = 0xFFFFFFFF
_PRETEND = 0
_BY_PROGRAM = 2


class _Condition(ctypes.Structure):
    """What an argument of a call must be for a rule to hold: libseccomp's scmp_arg_cmp."""

    _fields_ = (
        ("argument", ctypes.c_uint), ("comparison", ctypes.c_int), ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )  # fmt: skip


class _Filter:
    """The rules of a filter, as libseccomp turns them into a program: calls that no rule names are allowed."""

    def __init__(self) -> None:
        self._library = _library()
        self._context = self._library.seccomp_init(_ALLOW)
        self._checked("seccomp_attr_set", self._context, _ON_OTHER_PROCESSORS, ctypes.c_uint32(_KILL_PROCESS))

    def answer(self, error: int, *lines: str) -> None:
        """Do not make these calls, and return an error; 0 is success."""
        for name in " ".join(lines).split():
            self.answer_if(error, name)

    def answer_if(self, error: int, name: str, *conditions: _Condition) -> None:
        """Do not make the call where the conditions hold, and return an error; 0 is success."""
        number = self._number(name)
        array = (_Condition * len(conditions))(*conditions)
        action = ctypes.c_uint32(_FAIL | error)
        self._checked("seccomp_rule_add_array", self._context, action, number, len(conditions), array)

    def program(self) -> bytes:
        """The filter as the kernel takes it."""
        with tempfile.TemporaryFile() as file:
            self._checked("seccomp_export_bpf", self._context, file.fileno())
            self._library.seccomp_release(self._context)
            file.seek(0)
            return file.read()

    def _number(self, name: str) -> int:
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        # Calls that this processor does not have get another negative number, and no rule.
        return _NUMBERS_OF_NEW_CALLS[name] if number == -1 else number

    def _checked(self, function: str, *arguments: object) -> None:
        error = getattr(self._library, function)(*arguments)
        if error:
            raise OSError(-error, f"{function}: {os.strerror(-error)}")


def restrict(*, shares_mounts: bool) -> None:
    """Filter the system calls of this process and of all it starts. Needs no_new_privs.

    A process that shares its mounts with the machine changes modes, owners and times of no file.
    """
    code = ctypes.create_string_buffer(program(shares_mounts=shares_mounts))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(code)))
    process_control(ProcessControl.SET_SYSTEM_CALL_FILTER, _BY_PROGRAM, ctypes.addressof(header))


@functools.cache
def program(*, shares_mounts: bool) -> bytes:
    """The filter's program. Raises OSError for other processors, and where libseccomp is not installed.

    What arguments mean is written here for the processors that the sandboxes know: others have other calls, too.
    """
    numbers_of_processor()
    rules = _Filter()
    rules.answer(errno.EPERM, *_REFUSED)
    rules.answer(errno.ENOSYS, *_UNKNOWN)
    rules.answer(_PRETEND, "flock")
    if shares_mounts:
        rules.answer(_PRETEND, *_MARKS)
        rules.answer(errno.EPERM, *_ATTRIBUTES)
    rules.answer_if(errno.EPERM, "socket", _Condition(0, _NOT_EQUAL, _UNIX_FAMILY))
    for flag in _NAMESPACE_FLAGS:
        rules.answer_if(errno.EPERM, "clone", _Condition(0, _MASKED_EQUAL, flag, flag))
    # A sandbox dies with the fork server: nobody inside may take that back. It seems to work, for torch asks for it.
    rules.answer_if(_PRETEND, "prctl", _word(0, ProcessControl.SET_PARENT_DEATH_SIGNAL))
    for command in _LOCK_COMMANDS:
        rules.answer_if(_PRETEND, "fcntl", _word(1, command))
    for command in _COMMANDS_THAT_LEAVE_SOMETHING:
        rules.answer_if(errno.EPERM, "fcntl", _word(1, command))
    rules.answer_if(errno.EPERM, "fcntl", _Condition(1, _GREATER, _LAST_HARMLESS_COMMAND))
    for wait in _SHARED_WAITS:
        rules.answer_if(errno.EAGAIN, "futex", _word(1, wait))
        rules.answer_if(errno.EAGAIN, "futex", _word(1, wait | _BY_THE_CLOCK))
    for command in _ATTRIBUTE_COMMANDS:
        rules.answer_if(errno.EPERM, "ioctl", _word(1, command))
    return rules.program()


def _word(argument: int, value: int) -> _Condition:
    """An argument is a value. The kernel reads the lower half of a register, whatever stands in the upper."""
    return _Condition(argument, _MASKED_EQUAL, _WORD, value)


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as missing:
        raise OSError(errno.ENOSYS, "libseccomp, which filters system calls, is not installed") from missing
    library.seccomp_init.restype = ctypes.c_void_p
    pointer, word = ctypes.c_void_p, ctypes.c_uint32
    library.seccomp_init.argtypes = (word,)
    library.seccomp_release.argtypes = (pointer,)
    library.seccomp_attr_set.argtypes = (pointer, ctypes.c_int, word)
    library.seccomp_export_bpf.argtypes = (pointer, ctypes.c_int)
    library.seccomp_syscall_resolve_name.argtypes = (ctypes.c_char_p,)
    library.seccomp_rule_add_array.argtypes = (pointer, word, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Condition))
    return library
