"""The one way to write what must be whole: under another name first, which then takes its place.

A kill leaves the file before it, or none. What it leaves unfinished, the next command removes.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".unfinished"
WRITTEN_INTO = ("", "results/", "results/*/", "submitted/*/", "autograded/*/")
"""The folders of a course in which something may be left unfinished."""


@contextlib.contextmanager
def in_one_step(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """A name under which to write a file or a folder; when the block ends, what was written takes its place at `path`.

    It lies beside `path`, or in another `folder` on the same disk. Where the block fails, nothing is left of it. Raises
    OSError where `path` is a device or a pipe: root would put a file in its place, for all programs of the machine.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is neither a file nor a folder", str(path))
    unfinished = (folder or path.parent) / f".{path.name.lstrip('.')}.{os.getpid()}{SUFFIX}"
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        _remove(unfinished)
        raise


def write_in_one_step(path: Path, text: str) -> None:
    """Write a text. Raises OSError."""
    with in_one_step(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def remove_unfinished(course: Path) -> None:
    """Remove what killed processes left unfinished in a course folder."""
    for place in WRITTEN_INTO:
        for left in course.glob(f"{place}.*{SUFFIX}"):
            process = left.name.removesuffix(SUFFIX).rpartition(".")[2]
            if process.isdecimal() and not _runs(int(process)):
                _remove(left)


def _remove(path: Path) -> None:
    # Why something cannot be written, the writer says; that it cannot be removed either is no news.
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True
