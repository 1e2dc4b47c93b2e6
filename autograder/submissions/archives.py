"""What lies in a folder, a zip or a tar, file by file, without unpacking anything onto the disk.

Names are read as hostile: no path leads out, no link is followed, and no file is read beyond the bytes asked for.
"""

import contextlib
import functools
import io
import math
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autograder.records.refusal import Refusal

MAX_FILES = 100_000
"""Files that are looked at in one archive, those in archives within it not counted."""
MAX_INNER, MAX_INNER_FILES = 64 << 20, 500
"""Bytes of an archive within an archive, and files in it: it is one learner's, and is not to end the collecting."""
MAX_INNERS, MAX_INNERS_BYTES = 20, 2 * MAX_INNER
"""Archives of one learner that are looked into, and their bytes in all, readable or not."""
MAX_LISTED = MAX_INNER_FILES << 10
"""Bytes of its list of files. zipfile reads the list by its length, whatever number of files a zip says it holds."""
INNER = ".zip"
"""The kind that is looked into within another. To list a packed tar, all of it has to be unpacked."""
UNKNOWN, MAX_TIME = 0.0, datetime(9000, 1, 1).timestamp()
"""A time of which nothing is known, and one that is none, in seconds since 1970."""
BROKEN = (OSError, EOFError, RuntimeError, ValueError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
"""What the libraries raise for archives that are damaged, encrypted, or packed in ways that they do not know."""


class ArchiveError(Refusal):
    """An archive cannot be read; the message says why, in one sentence."""


class Unreadable(Exception):
    """One file cannot be read; the message says why, in words that follow its name."""


@dataclass(frozen=True)
class Entry:
    """One file: its path, its bytes, the time of its last change, and a way to at most so many bytes of its content.

    `refused` says why it may not be read, in words that follow its name, `within` in which inner zip it lies.
    """

    path: PurePosixPath
    size: int
    changed_at: float
    read: Callable[[int], bytes]
    refused: str = ""
    within: "Entry | None" = None

    @property
    def outer(self) -> "Entry":
        """What was handed in: the inner zip, or the file itself."""
        return self.within or self

    def content(self, limit: int) -> bytes:
        """The content. Raises Unreadable where it is longer than `limit` bytes, whatever the archive says of it."""
        try:
            content = b"" if self.size > limit else self.read(limit + 1)
        except BROKEN as error:
            raise Unreadable("is damaged") from error
        if max(self.size, len(content)) > limit:
            raise Unreadable(f"is longer than the {limit >> 20} MiB that are taken")
        return content


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Iterator[Entry]]:
    """The files of a folder, a zip or a tar. Raises ArchiveError."""
    if path.is_dir():
        yield _counted(_entries_of_folder(path), path)
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path} cannot be opened: {error.strerror}.") from error
    with file, contextlib.ExitStack() as stack:
        try:
            if zipfile.is_zipfile(file):
                entries = _entries_of_zip(stack.enter_context(zipfile.ZipFile(file)))
            else:
                file.seek(0)
                tape = stack.enter_context(tarfile.open(fileobj=file))
                entries = [_entry_of_tar(tape, member) for member in tape.getmembers() if not member.isdir()]
        except BROKEN as error:
            raise ArchiveError(f"{path} is no folder, zip or tar that can be read: fetch it once more.") from error
        yield _counted(entries, path)


def _counted(entries: Iterable[Entry], path: Path) -> Iterator[Entry]:
    for number, entry in enumerate(entries):
        if number == MAX_FILES:
            raise ArchiveError(f"{path} holds more than {MAX_FILES} files: collect it in parts.")
        yield entry


def with_inner(entries: Iterable[Entry]) -> Iterator[Entry]:
    """One learner's entries, and for a zip among them those within it, under its name. Zips in these stay closed."""
    number_left, bytes_left = MAX_INNERS, MAX_INNERS_BYTES
    for entry in entries:
        if entry.refused or entry.path.suffix.lower() != INNER:
            yield entry
            continue
        # What turns out to be damaged has taken its time, too.
        number_left, bytes_left = number_left - 1, bytes_left - min(entry.size, MAX_INNER)
        try:
            if min(number_left, bytes_left) < 0:
                raise Unreadable(f"is not looked into, after {MAX_INNERS} zips or {MAX_INNERS_BYTES >> 20} MiB of them")
            found = _within(entry)
        except Unreadable as reason:
            yield replace(entry, refused=str(reason))
            continue
        for number, one in enumerate(found):
            # Read anew when it is asked for: together they would take more memory than there is.
            read = functools.partial(_read_inner, entry, number)
            yield Entry(entry.path / one.path, one.size, one.changed_at, read, one.refused, entry)


@functools.lru_cache(maxsize=1)
def _within(archive: Entry) -> list[Entry]:
    """The entries of an inner zip, kept until another is asked for. Raises Unreadable before it reads a long list."""
    file = io.BytesIO(archive.content(MAX_INNER))
    try:
        if _length_of_list(file) > MAX_LISTED:
            raise Unreadable(f"holds more than {MAX_INNER_FILES} files, or very long names")
        found = _entries_of_zip(zipfile.ZipFile(file))
    except BROKEN as error:
        raise Unreadable("is an archive that cannot be read") from error
    if len(found) > MAX_INNER_FILES:
        raise Unreadable(f"holds more than {MAX_INNER_FILES} files")
    return found


def _length_of_list(file: BinaryIO) -> int:
    """Bytes of a zip's list of files, from the record at its end as zipfile itself reads it: no zip says it another."""
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if record is None:
        raise zipfile.BadZipFile("no record at its end")
    return int(record[zipfile._ECD_SIZE])  # type: ignore[attr-defined]


def _read_inner(archive: Entry, number: int, limit: int) -> bytes:
    return _within(archive)[number].read(limit)


def _entries_of_folder(folder: Path) -> Iterator[Entry]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            status = path.lstat()
            refused = "" if stat.S_ISREG(status.st_mode) else "is no plain file"
            inside = PurePosixPath(path.relative_to(folder).as_posix())
            yield Entry(inside, status.st_size, status.st_mtime, functools.partial(_read_file, path), refused)


def _read_file(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _entries_of_zip(archive: zipfile.ZipFile) -> list[Entry]:
    return [_entry_of_zip(archive, info) for info in archive.infolist() if not info.is_dir()]


def _entry_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    path, refused = _inside(info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        refused = "is a link"
    return Entry(path, info.file_size, _time_of(info), functools.partial(_read_zip, archive, info), refused)


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(info) as file:
        return file.read(limit)


def _time_of(info: zipfile.ZipInfo) -> float:
    try:
        return datetime(*info.date_time).timestamp()
    except (ValueError, OverflowError):
        return UNKNOWN


def _entry_of_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    path, refused = _inside(member.name)
    refused = refused if member.isreg() else "is no plain file"
    # A tar may name a time that is no number, or that no disk and no calendar has.
    changed_at = float(member.mtime) if math.isfinite(member.mtime) and 0 <= member.mtime < MAX_TIME else UNKNOWN
    return Entry(path, member.size, changed_at, functools.partial(_read_tar, archive, member), refused)


def _read_tar(archive: tarfile.TarFile, member: tarfile.TarInfo, limit: int) -> bytes:
    file = archive.extractfile(member)
    return file.read(limit) if file else b""


def _inside(name: str) -> tuple[PurePosixPath, str]:
    """A name in an archive as a path, and why it is refused if it leads out."""
    path = PurePosixPath(name.replace("\\", "/"))
    parts = [part for part in path.parts if part not in ("/", "//", "..")]
    leads_out = len(parts) < len(path.parts) or not parts or parts[0][1:2] == ":"
    return PurePosixPath(*parts or ["?"]), "leads out of the archive" if leads_out else ""
