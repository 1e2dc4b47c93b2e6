"""Landlock: which folders a process and its children may read and write. See landlock(7).

A rule set only ever takes rights away, and no process can leave it.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox.linux import system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICE_CONTROL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL

SIGNAL_SCOPE_VERSION = 6
"""From this version on, a process can be kept from sending signals out of its rule set. Linux 6.12."""


def version() -> int:
    """The kernel's Landlock version. Raises OSError where there is none."""
    return system_call("landlock", _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_FLAG))


def restrict(readable: Iterable[Path], writable: Iterable[Path], listed: Iterable[Path] = ()) -> None:
    """Allow this process to read and execute below `readable`, to do anything below `writable`, and no more.

    Below `listed` it may see which files there are.

    Paths that do not exist are passed over. Needs no_new_privs. Where the kernel knows how, TCP and signals and
    abstract sockets that lead out of the rule set are forbidden too.
    """
    known = version()
    files, network, scopes = _handled(known)
    rules = struct.pack("QQQ", files, network, scopes)[: _rule_set_size(known)]
    descriptor = system_call("landlock_create_ruleset", _CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    try:
        for path in readable:
            _allow(descriptor, path, _READ)
        for path in writable:
            _allow(descriptor, path, files)
        for path in listed:
            _allow(descriptor, path, _READ_FOLDER)
        system_call("landlock_restrict_self", _RESTRICT_SELF, descriptor, 0)
    finally:
        os.close(descriptor)


def _handled(known: int) -> tuple[int, int, int]:
    files = (1 << 13) - 1
    for since, right in ((2, 1 << 13), (3, _TRUNCATE), (5, _DEVICE_CONTROL)):
        files |= right if known >= since else 0
    return files, 0b11 if known >= 4 else 0, 0b11 if known >= SIGNAL_SCOPE_VERSION else 0


def _rule_set_size(known: int) -> int:
    if known >= SIGNAL_SCOPE_VERSION:
        return 24
    return 16 if known >= 4 else 8


def _allow(rule_set: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        system_call(f"landlock_add_rule {path}", _ADD_RULE, rule_set, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)
