"""Numbers that platforms and browsers add to a file's name, and the names that they were added to.

Canvas and Safari make `base-1.safetensors` of a file that was there before, other browsers and Moodle
`base (1).safetensors` or `base(1).safetensors`. But `table-1.csv` may also be a learner's own name. So a number is
taken away only where the name without it is wanted, by the assignment or by the code, and the name with it is not.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

NUMBERED = re.compile(r"(?P<stem>.*[^\s-])(?:-(?P<dash>[1-9]\d?)| ?\((?P<brackets>[1-9]\d?)\))")
MAX_NUMBERS = 3
"""In one name: a platform's, a browser's, and one more."""
IMPORT = re.compile(r"^[ \t]*(?:from|import)\b([^\n#]*)", re.MULTILINE)
MAX_CODE = 1 << 20
"""Characters that are searched for names."""
NOTED = 3
"""Files of one hand-in of which it is told, each in a sentence."""


@dataclass(frozen=True)
class Settled:
    """Path as handed in -> path under which it is used, and what is to be told of others, in sentences."""

    names: dict[str, str]
    notes: tuple[str, ...]


def without_number(name: str) -> tuple[str, int] | None:
    """A file's name without the number at the end of its stem, and the number; None where there is none."""
    path = PurePosixPath(name)
    found = NUMBERED.fullmatch(path.stem)
    return (f"{found['stem']}{path.suffix}", int(found["dash"] or found["brackets"])) if found else None


def unnumbered(name: str) -> Iterator[tuple[str, int]]:
    """The names that a name may have been made of, each with the number that was added last."""
    number = 0
    for _ in range(MAX_NUMBERS):
        if not (found := without_number(name)):
            return
        name, last = found
        number = number or last
        yield name, number


def is_made_of(name: str, original: str) -> bool:
    """Whether a file's name is another one, or that with a number added."""
    return name == original or any(candidate == original for candidate, _ in unnumbered(name))


def wanted_by(code: Iterable[str], asked: Collection[str] = ()) -> Callable[[str], bool]:
    """Whether a file of some name is asked for by the assignment, imported, or named in code."""
    text = "\n".join(code)[:MAX_CODE]
    imported = {word for line in IMPORT.findall(text) for word in re.findall(r"\w+", line)}

    def is_wanted(name: str) -> bool:
        if name in asked or (name.endswith(".py") and name.removesuffix(".py") in imported):
            return True
        return name in text and re.search(rf"(?<![\w.(-]){re.escape(name)}(?!\w)", text) is not None

    return is_wanted


def settle_files(
    files: Mapping[str, bytes],
    code: Callable[[], Iterable[str]],
    asked: Collection[str],
    upload: Callable[[str], int] = lambda path: 0,
) -> Settled:
    """Under which path each file beside a notebook is used. `code` is the notebook's, `asked` what belongs to it."""
    if not any(without_number(PurePosixPath(path).name) for path in files):
        return Settled({path: path for path in files}, ())
    modules = [content.decode(errors="replace") for path, content in files.items() if path.endswith(".py")]
    return settle(files, wanted_by([*code(), *modules], asked), upload)


def settle(
    paths: Iterable[str], is_wanted: Callable[[str], bool], upload: Callable[[str], int] = lambda path: 0
) -> Settled:
    """Under which path each file is used. Of several for one path the last counts, if it is known which that is.

    `upload` is the platform's own number of an upload, 0 where it gives none.
    """
    rivals: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for path in paths:
        meant, number = _meant(path, is_wanted)
        rivals[meant].append((upload(path), number, path))
    names: dict[str, str] = {}
    notes: list[str] = []
    for meant, several in rivals.items():
        listed = [path for _, _, path in sorted(several)]
        if len(several) > 1 and not _last_is_known(several):
            names |= {path: path for path in listed}
            notes.append(f"{_joined(listed)} keep their names: nothing says which is the last {meant}.")
            continue
        *others, last = listed
        names[last] = meant
        instead = f", and not {_joined(others)}" if others else ""
        if last != meant:
            notes.append(f"{last} is used as {meant}{instead}.")
        elif others:
            notes.append(f"{meant} is used{instead}.")
    if len(notes) > NOTED:
        notes[NOTED:] = [f"So it is with {len(notes) - NOTED} more files."]
    return Settled(names, tuple(notes))


def _last_is_known(several: Collection[tuple[int, int, str]]) -> bool:
    """Whether the platform numbered the uploads, or all have a number in their names."""
    uploads, numbers = {upload for upload, _, _ in several}, {number for _, number, _ in several}
    return len(uploads) == len(several) or (0 not in numbers and len(numbers) == len(several))


def _meant(path: str, is_wanted: Callable[[str], bool]) -> tuple[str, int]:
    """The path that a file was meant to have, and the number that was added to it."""
    name = PurePosixPath(path).name
    if not is_wanted(name):
        for candidate, number in unnumbered(name):
            if is_wanted(candidate):
                return str(PurePosixPath(path).with_name(candidate)), number
    return path, 0


def _joined(paths: Iterable[str]) -> str:
    return " and ".join(sorted(paths))
