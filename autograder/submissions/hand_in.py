"""What a student handed in: hostile files, read within limits, and nothing followed or opened but plain files.

    submitted/ada/05_attention/05_attention.ipynb   the notebook
                               timestamp.txt        when it was handed in; nbgrader's exchange writes it
                               helper.py, data/...  what the notebook imports and reads

Where the notebook or the time cannot be read, NotGradable says why. What lies beside them is used as far as it can be;
the rest is left out, and told to the instructor.
"""

import contextlib
import fnmatch
import itertools
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from nbgrader import utils

from autograder.records import pictures
from autograder.records.pictures import PictureError, read_picture
from autograder.records.refusal import Refusal
from autograder.submissions.numbered import is_made_of, settle

MAX_NOTEBOOK = 20 << 20
"""Bytes."""
KINDS = (".py", ".csv", ".txt", ".json", ".jsonl", ".npz", ".safetensors", ".png", ".jpg", ".jpeg")
"""Files beside the notebook that are used: code and data that a notebook may need, nothing that a browser runs."""
MAX_BESIDE = 16 << 20
"""Bytes of all files beside the notebook together; a file with holes counts as if it had none."""
MAX_ENTRIES = 500
"""Files and folders that are looked at."""
TOO_MANY = (
    f"There are more than {MAX_ENTRIES} files and folders beside the notebook: none of them is used. "
    "Hand in those that it needs."
)
MAX_DEPTH = 4
"""Folders in folders."""
PAGES = (".html", ".ipynb")
"""Suffixes of what is written into the same folder later: no folder may stand in its place."""
PASSED_OVER = ("*.ipynb", ".*", "*.pyc", "__pycache__", "__MACOSX")
"""Names of what is left out without a word: other notebooks, and what programs leave behind."""
MAX_NAME, MAX_NAME_BYTES = 128, 200
"""A student's: nbgrader's gradebook has columns of so many characters, and a result's file needs a name too."""
NO_LINE = ("Cc", "Zl", "Zp")
"""Categories of characters with which nbgrader's commands, for all students, and what people read go wrong."""

TIMESTAMP = "timestamp.txt"
MAX_TIMESTAMP = 100
"""Bytes."""
ZONE = re.compile(r"[+-]?\d{1,5}|[A-Za-z]+(?:/[A-Za-z][A-Za-z0-9_+-]*){0,2}")
"""The third word of a time that nbgrader writes. It would open what a path names as the description of a zone."""
CLOCK_ERROR = timedelta(minutes=1)
"""How far the clocks of honest machines differ."""
NAMED = 3
"""Files that a sentence names."""


class NotGradable(Refusal):
    """The submission cannot be graded; the message says why, and what to do, in one sentence."""


@dataclass(frozen=True)
class HandIn:
    """A hand-in as bytes.

    `submitted_at` is in UTC, and None where nothing says when. `files` are those beside the notebook, timestamp.txt
    among them, by their path from its folder. `flags` are for the instructor: what was left out, and a time that
    cannot be right.
    """

    notebook: bytes
    submitted_at: datetime | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def submitted_folders(root: Path, student: str, assignment: str) -> list[Path]:
    """The folders handed in for an assignment by students of a name or pattern, also those that cannot be opened."""
    folders = [path / assignment for path in _of_students(root, student)]
    return [folder for folder in folders if _may_be_folder(folder)]


def misplaced(root: Path, student: str, assignment: str) -> list[str]:
    """Notebooks of an assignment that lie beside the folder where they belong, in sentences."""
    found = []
    for folder in _of_students(root, student):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, MAX_ENTRIES)]
            found += [folder / name for name in sorted(names) if is_made_of(name, f"{assignment}.ipynb")]
    return [f"{shown(str(path))} is not graded: lay it into {shown(str(path.parent / assignment))}/." for path in found]


def read_hand_in(path: Path, passed_over: Collection[str] = ()) -> HandIn:
    """Read a notebook and what lies beside it, but names like those in `passed_over`. Raises NotGradable."""
    check_student(path.parent.parent.name)
    with _open_folder(path.parent) as folder:
        name, message = _chosen_notebook(folder, path.name)
        return _hand_in(folder, name, message, passed_over)


def read_notebook(path: Path) -> HandIn:
    """Read a notebook of that very name, wherever it lies, and what lies beside it. Raises NotGradable."""
    with _open_folder(path.parent) as folder:
        return _hand_in(folder, path.name)


def read_beside(folder: Path, passed_over: Collection[str]) -> Mapping[str, bytes]:
    """Read what lies beside a notebook, but names like those in `passed_over`. Raises NotGradable."""
    with _open_folder(folder) as descriptor:
        return _Walk(passed_over).beside(descriptor)[0]


def check_folder(folder: Path) -> None:
    """Raise NotGradable where a submitted folder cannot be opened."""
    with _open_folder(folder):
        pass


def read_timestamp(folder: Path) -> datetime | None:
    """When a submission was handed in, by its timestamp.txt; None where nothing says so. Raises NotGradable."""
    with _open_folder(folder) as descriptor:
        return _read_timestamp(descriptor)


def check_student(name: str) -> None:
    """Raise NotGradable where a gradebook and a disk cannot both keep something under a student's name."""
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise NotGradable("The folder's name is no text in UTF-8: rename the folder and grade again.") from error
    if name in ("", ".", ".."):
        raise NotGradable("The folder's name is none: rename the folder and grade again.")
    if any(unicodedata.category(character) in NO_LINE for character in name):
        raise NotGradable("The folder's name holds what breaks a line: rename the folder and grade again.")
    if len(name) > MAX_NAME or length > MAX_NAME_BYTES:
        raise NotGradable(
            f"The folder's name has {len(name)} characters, and the gradebook takes {MAX_NAME}, of {MAX_NAME_BYTES} "
            "bytes: rename the folder and grade again."
        )


def lay_beside(folder: Path, files: Mapping[str, bytes], above: Collection[str] = ()) -> None:
    """Write files into a folder, but none that is in the way of a path in `above`. Raises OSError."""
    for name, content in out_of_the_way(files, above).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def out_of_the_way(files: Mapping[str, bytes], above: Collection[str]) -> dict[str, bytes]:
    """The files that may lie in one folder with those in `above`: none of the same path, none in a folder's place."""
    folders_above = {str(folder) for name in above for folder in PurePosixPath(name).parents}
    return {
        name: content
        for name, content in files.items()
        if name not in folders_above and {name, *map(str, PurePosixPath(name).parents)}.isdisjoint(above)
    }


def shown(name: str) -> str:
    """A name that somebody else chose, for a terminal: nothing in it moves the cursor or begins a line."""
    text = printable(name)
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def printable(text: str) -> str:
    """A text with names in it that somebody else chose, as one line that moves no cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _of_students(root: Path, student: str) -> list[Path]:
    """What lies in a folder under a student's name, or one of a pattern."""
    try:
        names = sorted(path.name for path in root.iterdir())
    except OSError:
        return []
    return [root / name for name in names if name == student or fnmatch.fnmatchcase(name, student)]


def _may_be_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # Whoever reads it says why it cannot be read.
        return True


@contextlib.contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    """A descriptor of a folder that is reached without a link. Raises NotGradable."""
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise NotGradable(f"{shown(str(folder))} is reached by a link: hand in a folder of its own.")
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotGradable(
            f"{shown(str(folder))} cannot be opened ({error.strerror}): let yourself read it, and grade again."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _chosen_notebook(folder: int, name: str) -> tuple[str, tuple[str, ...]]:
    """The name of the notebook that counts, to which a platform may have added a number, and what is to be told."""
    with os.scandir(folder) as found:
        names = [entry.name for entry in itertools.islice(found, MAX_ENTRIES) if is_made_of(entry.name, name)]
    settled = settle(names, lambda candidate: candidate == name)
    chosen = next((path for path, meant in settled.names.items() if meant == name), name)
    if names and chosen not in names:
        raise NotGradable(f"{' '.join(settled.notes)} Leave the one that counts.")
    return chosen, settled.notes


def _hand_in(folder: int, name: str, message: tuple[str, ...] = (), passed_over: Collection[str] = ()) -> HandIn:
    notebook, changed_at = _read_notebook(folder, name)
    submitted_at = _read_timestamp(folder)
    files, left_out = _Walk(passed_over).beside(folder)
    return HandIn(notebook, submitted_at, files, message + left_out + _doubts(submitted_at, changed_at))


def _read_notebook(folder: int, name: str) -> tuple[bytes, datetime]:
    """A notebook's bytes, and when it was last changed."""
    try:
        content, status = _read(folder, name, MAX_NOTEBOOK)
    except FileNotFoundError as error:
        raise NotGradable(f"{name} is missing: hand in the notebook under its released name.") from error
    except _NoPlainFile as error:
        raise NotGradable(f"{name} is not a regular file: hand in the notebook itself.") from error
    except _TooLarge as error:
        raise NotGradable(
            f"{name} has {error.size >> 20} MiB, over the limit of {MAX_NOTEBOOK >> 20}: "
            "clear its outputs and hand it in again."
        ) from error
    except OSError as error:
        raise NotGradable(f"{name} cannot be read: {error.strerror}.") from error
    try:
        return content, datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
    except (OSError, OverflowError, ValueError) as error:  # some file systems hold times that no calendar has
        raise NotGradable(f"{name} was changed at a time that no calendar has: save it and hand it in anew.") from error


def _read_timestamp(folder: int) -> datetime | None:
    try:
        text = _read(folder, TIMESTAMP, MAX_TIMESTAMP)[0].decode("ascii").strip()
        return _time(text) if text else None
    except FileNotFoundError:
        return None
    except Exception as error:  # dateutil, to which nbgrader leaves it, raises this and that
        raise NotGradable(f"{TIMESTAMP} does not hold a time: correct it, or delete it, and grade again.") from error


def _time(text: str) -> datetime:
    """A time as nbgrader understands it, in UTC."""
    words = text.split(" ")
    if len(words) == 3 and not ZONE.fullmatch(words[2]):
        raise ValueError("no time zone")
    return utils.parse_utc(text)


def _doubts(submitted_at: datetime | None, changed_at: datetime) -> tuple[str, ...]:
    """What speaks against the time that a hand-in gives: whoever hands in a folder may write its timestamp.txt."""
    if submitted_at is None:
        return ()
    if submitted_at > datetime.now(UTC).replace(tzinfo=None) + CLOCK_ERROR:
        return (f"{TIMESTAMP} says {submitted_at:%Y-%m-%d %H:%M} UTC, which is still to come.",)
    if submitted_at < changed_at - CLOCK_ERROR:
        return (
            f"{TIMESTAMP} says {submitted_at:%Y-%m-%d %H:%M} UTC, but the notebook was last changed at "
            f"{changed_at:%Y-%m-%d %H:%M}: look where this time comes from.",
        )
    return ()


class _NoPlainFile(OSError):
    """It is a folder, a link, a pipe, a socket or a device."""


class _TooLarge(OSError):
    """It has more bytes than were asked for."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


def _read(folder: int, name: str, limit: int) -> tuple[bytes, os.stat_result]:
    """Bytes and status of a plain file in an open folder. Raises OSError, _NoPlainFile and _TooLarge among them."""
    if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
        raise _NoPlainFile
    # Should it be something else by now, opening it neither follows nor waits.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _NoPlainFile
        if status.st_size > limit:
            raise _TooLarge(status.st_size)
        return file.read(limit), status


class _TooMany(Exception):
    """There are more files and folders than are looked at."""


class _Walk:
    """One walk through a submitted folder."""

    def __init__(self, passed_over: Collection[str]) -> None:
        self._passed_over = (*PASSED_OVER, *passed_over)
        self._entries = 0
        self._bytes = 0
        self._files: dict[str, bytes] = {}
        self._left_out: dict[str, list[str]] = defaultdict(list)
        """Reason -> paths."""

    def beside(self, folder: int) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """The files that are used, by their path from the folder, and what is to be told of the rest."""
        try:
            self._look_into(folder, PurePosixPath(), depth=0)
        except _TooMany:
            return {}, (TOO_MANY,)
        return self._files, tuple(_message(reason, paths) for reason, paths in self._left_out.items())

    def _look_into(self, folder: int, place: PurePosixPath, depth: int) -> None:
        with os.scandir(folder) as found:
            entries = list(itertools.islice(found, MAX_ENTRIES + 1 - self._entries))
        self._entries += len(entries)
        if self._entries > MAX_ENTRIES:
            raise _TooMany
        for entry in sorted(entries, key=lambda entry: entry.name):
            if any(fnmatch.fnmatchcase(entry.name, pattern) for pattern in self._passed_over):
                continue
            try:
                self._look_at(folder, entry, place / entry.name, depth)
            except (OSError, PictureError) as error:
                self._left_out[_reason(error)].append(str(place / entry.name))

    def _look_at(self, folder: int, entry: os.DirEntry[str], path: PurePosixPath, depth: int) -> None:
        if not entry.name.isprintable():
            self._left_out["no plain name"].append(str(path))
        elif entry.is_dir(follow_symlinks=False):
            if entry.name.lower().endswith(PAGES):
                self._left_out["a folder named like a page is not used"].append(str(path))
                return
            if depth == MAX_DEPTH:
                self._left_out[f"folders are looked into {MAX_DEPTH} deep"].append(str(path))
                return
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            inner = os.open(entry.name, flags, dir_fd=folder)
            try:
                self._look_into(inner, path, depth + 1)
            finally:
                os.close(inner)
        elif entry.is_file(follow_symlinks=False) and path.suffix.lower() not in KINDS:
            self._left_out[f"only {', '.join(KINDS)} are used"].append(str(path))
        else:
            content, status = _read(folder, entry.name, MAX_BESIDE - self._bytes)
            if status.st_nlink > 1:
                # It may be a file of the course, such as its secret, under a second name.
                self._left_out["hard links, files with a second name elsewhere, are not used"].append(str(path))
                return
            if path.suffix.lower() in pictures.SUFFIXES:
                read_picture(content)
            self._bytes += len(content)
            self._files[str(path)] = content


def _reason(error: OSError | PictureError) -> str:
    if isinstance(error, PictureError):
        return f"a picture that no page shows: {str(error).removesuffix('.')}"
    if isinstance(error, _NoPlainFile):
        return "links, pipes and devices are not opened"
    if isinstance(error, _TooLarge):
        return f"beside a notebook {MAX_BESIDE >> 20} MiB are read in all"
    return f"it cannot be read ({error.strerror})"


def _message(reason: str, paths: Sequence[str]) -> str:
    named = ", ".join(shown(path) for path in paths[:NAMED])
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"Left out beside the notebook: {named}{more} ({reason})."
