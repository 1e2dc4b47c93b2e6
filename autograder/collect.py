"""collect: what learners handed in on a platform, into submitted/<student>/<assignment>/.

It reads what Moodle and Canvas give, nbgrader's own layout, and plain folders, one for each learner. Whose a file is,
the outermost name tells that the platform gave, and nothing that a learner named within; which assignment a notebook
is, its cells tell, whatever the file is called. Nothing is lost: what is not taken is told with its reason, and a
hand-in that is replaced is kept.
"""

import itertools
import json
import re
import shutil
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from os import utime
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from autograder.archives import INNER, Entry, Unreadable, opened
from autograder.course_files import RESULTS
from autograder.hand_in import KINDS, MAX_BESIDE, MAX_DEPTH, MAX_NOTEBOOK, TIMESTAMP, NotGradable, check_student, shown
from autograder.result import write_data
from autograder.submission import ids_in, parse

MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?")
"""The folder of one learner. The number is another for each assignment."""
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
"""The name of one file. The first number is the learner's."""
MAX_NOTEBOOKS, MAX_NOTEBOOK_BYTES = 100, 5 * MAX_NOTEBOOK
"""Of one learner, all versions and assignments counted: each is read to see which it is."""
SUBMITTED, REPLACED = Path("submitted"), Path("replaced")
PASSED_OVER = ("__MACOSX", "__pycache__", ".ipynb_checkpoints")
"""Folders that programs leave behind."""


@dataclass(frozen=True)
class Student:
    """A learner as the gradebook knows one: the id, the name and the number that the platform gives, where known."""

    id: str
    name: str = ""
    number: str = ""


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as its path tells it, and the path that the learner gave it."""

    name: str
    number: str
    place: PurePosixPath
    late: bool = False
    moodle_folder: str = ""


@dataclass
class Collected:
    """What one run did: lines about what was taken, and about what was not, in sentences."""

    taken: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class HandedIn:
    """One notebook of a learner's."""

    assignment: str
    entry: Entry
    owner: Owner
    notebook: bytes


def collect(
    path: Path,
    sources: Mapping[str, Iterable[str]],
    students: Sequence[Student] = (),
    left: Mapping[str, str] = MappingProxyType({}),
) -> Collected:
    """Lay what a folder or an archive holds into submitted/, below the current folder.

    `sources` are the grade ids of each assignment, `students` those of the gradebook and those who have left, and
    `left` says of these, in sentences, that nothing of theirs is taken. Raises ArchiveError.
    """
    collected = Collected()
    with opened(path) as entries:
        owned = _by_owner(entries, sources.keys(), students, collected)
        for student, files in _by_student(owned, students, collected).items():
            if student in left:
                collected.left_out.append(left[student])
                continue
            for hand_in in _latest(_hand_ins(student, files, sources, collected), collected):
                _lay(student, hand_in, _beside(hand_in.owner, files, collected), collected)
    return collected


def _by_owner(
    entries: Iterable[Entry], assignments: Set[str], students: Sequence[Student], collected: Collected
) -> dict[tuple[str, str], list[tuple[Entry, Owner]]]:
    """The files of each learner, by the name and the number that their paths give."""
    entries = [
        entry
        for entry in entries
        if set(PASSED_OVER).isdisjoint(entry.path.parts) and not entry.path.name.startswith(".")
    ]
    known = _known(students)
    around = _around({entry.outer.path for entry in entries}, assignments, known)
    owned: dict[tuple[str, str], list[tuple[Entry, Owner]]] = defaultdict(list)
    left_out: dict[str, None] = {}
    for entry in entries:
        if entry.refused:
            left_out[f"{entry.path} {entry.refused}."] = None
        elif doubt := _doubt(entry.outer.path, around, assignments, known):
            left_out[f"{entry.outer.path} {doubt}."] = None
        else:
            owner = _owner(PurePosixPath(*entry.path.parts[around:]), assignments)
            owned[owner.name, owner.number].append((entry, owner))
    collected.left_out += left_out
    return owned


def _known(students: Sequence[Student]) -> Callable[[str], bool]:
    """Whether the gradebook knows a learner of some name."""
    ids = {student.id for student in students}
    names = {tuple(_words(student.name)) for student in students if student.name}
    return lambda name: name in ids or tuple(_words(name)) in names


def _around(paths: Iterable[PurePosixPath], assignments: Set[str], known: Callable[[str], bool]) -> int:
    """How many folders lie around all that was handed in. What lies in an inner zip is a learner's, and has no say."""
    # A list or a readme may lie beside the folders.
    parts = [path.parts for path in paths if len(path.parts) > 1 or path.suffix.lower() in (".ipynb", INNER)]
    names = [set(level) for level in zip(*parts, strict=False)]
    if names and any(CANVAS.fullmatch(name) for name in names[0]):
        return 0
    for depth, level in enumerate(names[:-1]):
        of_learners = any(known(name) or MOODLE.fullmatch(name) for name in level)
        if of_learners or (depth < len(names) - 2 and names[depth + 1] <= assignments):
            return depth
        if len(level) > 1:
            break
    return int(len(names) > 2 and len(names[0]) == 1 and names[1].isdisjoint(assignments))


def _doubt(path: PurePosixPath, around: int, assignments: Set[str], known: Callable[[str], bool]) -> str:
    """Why it is open whose something is that was handed in, in words that follow its name."""
    *folders, file = path.parts[around:] or [""]
    if not folders:
        return _doubt_of_file(file, assignments)
    first, *inner = folders
    if MOODLE.fullmatch(first) or CANVAS.fullmatch(first) or known(first) or (inner and inner[0] in assignments):
        return ""
    for name, below in itertools.pairwise([*inner, ""]):
        if MOODLE.fullmatch(name) or below in assignments:
            return f"may be of {first} or of {name}: lay it into a folder of one of these names"
    return ""


def _doubt_of_file(name: str, assignments: Set[str]) -> str:
    if CANVAS.fullmatch(name):
        return ""
    if name.lower().endswith(INNER):
        return "does not say whose it is: lay it into a folder of that name, or collect it by itself"
    return "" if _name_of(name, assignments) else "does not say whose it is: lay it into a folder of that name"


def _owner(path: PurePosixPath, assignments: Set[str]) -> Owner:
    """Whose a file is, by the first name of its path."""
    first, *rest = path.parts
    if rest and (found := MOODLE.fullmatch(first)):
        return Owner(found["name"], found["id"], PurePosixPath(*rest), moodle_folder=first)
    if found := CANVAS.fullmatch(first):
        return Owner(found["name"], found["id"], PurePosixPath(found["file"], *rest), bool(found["late"]))
    return Owner(first, "", PurePosixPath(*rest)) if rest else Owner(_name_of(first, assignments), "", path)


def _name_of(file: str, assignments: Set[str]) -> str:
    """The learner's name, where a file's is that and the assignment's."""
    stem = PurePosixPath(file).stem
    names = "|".join(map(re.escape, assignments)) or "$^"
    name = re.sub(rf"[\s_.-]*({names})[\s_.-]*", "", stem)
    return name if name != stem else ""


def _by_student(
    owned: Mapping[tuple[str, str], list[tuple[Entry, Owner]]], students: Sequence[Student], collected: Collected
) -> dict[str, list[tuple[Entry, Owner]]]:
    """The files of each learner by id, but not of two learners of one name: nothing tells them apart."""
    keys: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, number in owned:
        if (student := _student(name, number, students, collected)) is not None:
            keys[student].append((name, number))
    for student, several in keys.items():
        if len({number for _, number in several if number}) > 1:
            collected.left_out.append(
                f"{len(several)} learners are called {student}: rename their folders and collect again."
            )
            keys[student] = []
    return {student: [file for key in several for file in owned[key]] for student, several in keys.items() if several}


def _student(name: str, number: str, students: Sequence[Student], collected: Collected) -> str | None:
    """The id of a learner: the gradebook's, or the name itself where it knows no such learner."""
    found = {student.id for student in students if student.id == name or (number and student.number == number)}
    found = found or {student.id for student in students if student.name and _words(student.name) == _words(name)}
    if len(found) > 1:
        collected.left_out.append(f"{name} may be {' or '.join(sorted(found))}: rename the folder to one of these.")
        return None
    student = found.pop() if found else name.strip()
    try:
        check_student(student)
    except NotGradable as reason:
        collected.left_out.append(f"{name}: {reason}")
        return None
    return student


def _words(name: str) -> list[str]:
    """The words of a name, whichever comes first and however they are written."""
    return sorted(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold()))


def _hand_ins(
    student: str, files: Sequence[tuple[Entry, Owner]], sources: Mapping[str, Iterable[str]], collected: Collected
) -> Iterator[HandedIn]:
    notebooks = [(entry, owner) for entry, owner in files if entry.path.suffix.lower() == ".ipynb"]
    if len(notebooks) > MAX_NOTEBOOKS or sum(entry.size for entry, _ in notebooks) > MAX_NOTEBOOK_BYTES:
        collected.left_out.append(
            f"{student} handed in {len(notebooks)} notebooks, more than {MAX_NOTEBOOKS} or than "
            f"{MAX_NOTEBOOK_BYTES >> 20} MiB: lay those that count into a folder of that name, and collect it."
        )
        return
    for entry, owner in notebooks:
        try:
            content = entry.content(MAX_NOTEBOOK)
            assignment = _assignment_of(content, entry.path, sources)
        except Unreadable as reason:
            collected.left_out.append(f"{entry.path} {reason}.")
            continue
        except NotGradable as reason:
            collected.left_out.append(f"{entry.path} is not taken. {reason}")
            continue
        yield HandedIn(assignment, entry, owner, content)
    if not notebooks:
        collected.left_out.append(f"{student} handed in no notebook, but {files[0][0].path.name}.")


def _assignment_of(content: bytes, path: PurePosixPath, sources: Mapping[str, Iterable[str]]) -> str:
    """The assignment whose cells a notebook has, or whose name its file has. Raises NotGradable."""
    named = [name for name in sources if name in path.name]
    try:
        ids = ids_in(parse(content, path.name))
    except NotGradable:
        if len(named) != 1:
            raise
        # It was handed in: grading says, to the learner too, that it cannot be read.
        return named[0]
    shared = {name: len(ids & set(source)) for name, source in sources.items()}
    best = max(shared.values(), default=0)
    found = [name for name in sources if shared[name] == best] if best else named
    if len(found) != 1:
        raise NotGradable("Neither its cells nor its name say which assignment it is: name it after its assignment.")
    return found[0]


def _beside(owner: Owner, files: Sequence[tuple[Entry, Owner]], collected: Collected) -> dict[str, tuple[bytes, float]]:
    """The files beside a notebook, by their path from its folder, each with the time of its last change."""
    found: dict[str, tuple[bytes, float]] = {}
    left = MAX_BESIDE
    for entry, other in files:
        if entry.path.suffix.lower() == ".ipynb" or not other.place.is_relative_to(owner.place.parent):
            continue
        name = str(other.place.relative_to(owner.place.parent))
        if entry.path.suffix.lower() not in KINDS:
            collected.left_out.append(f"{entry.path} is of a kind that is not used.")
        elif name.count("/") > MAX_DEPTH:
            # Python makes and removes folders by recursion: thousands of them would end it.
            collected.left_out.append(f"{shown(str(entry.path))} lies more than {MAX_DEPTH} folders deep.")
        elif name == TIMESTAMP and (owner.number or entry.within):
            # Only nbgrader's exchange says when something was handed in; on a platform or in a zip it is the learner's.
            collected.left_out.append(f"{entry.path} is not believed.")
        else:
            try:
                found[name] = entry.content(left), entry.changed_at
                left -= len(found[name][0])
            except Unreadable as reason:
                collected.left_out.append(f"{entry.path} {reason} beside a notebook.")
    return found


def _latest(hand_ins: Iterable[HandedIn], collected: Collected) -> list[HandedIn]:
    """The latest of each assignment."""
    found = []
    by_assignment: dict[str, list[HandedIn]] = defaultdict(list)
    for hand_in in hand_ins:
        by_assignment[hand_in.assignment].append(hand_in)
    for several in by_assignment.values():
        *others, latest = sorted(several, key=lambda hand_in: _age(hand_in.entry))
        for other in others:
            if other.notebook != latest.notebook:
                collected.left_out.append(f"{other.entry.path} is older than {latest.entry.path}, which is taken.")
        found.append(latest)
    return found


def _age(entry: Entry) -> tuple[float, bool, float]:
    """What orders hand-ins: the platform's time; the learner's own only in what came at the same time, zipped."""
    return entry.outer.changed_at, entry.within is None, entry.changed_at


def _lay(student: str, hand_in: HandedIn, beside: Mapping[str, tuple[bytes, float]], collected: Collected) -> None:
    """Write a hand-in, and keep what stood in its place."""
    folder = SUBMITTED / student / hand_in.assignment
    files = {f"{hand_in.assignment}.ipynb": (hand_in.notebook, hand_in.entry.changed_at), **beside}
    line = f"{student}: {hand_in.assignment}"
    if hand_in.owner.moodle_folder:
        known = moodle_folders(hand_in.assignment)
        write_data(_moodle_file(hand_in.assignment), {**known, student: hand_in.owner.moodle_folder})
    if _holds(folder, files):
        collected.taken.append(f"{line}, as before.")
        return
    unfinished = folder.with_name(f".{hand_in.assignment}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _write(unfinished, files)
    except (OSError, OverflowError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        # A tar may name a time that no disk knows.
        reason = error.strerror if isinstance(error, OSError) else "its time is none"
        collected.left_out.append(f"{hand_in.entry.path} cannot be laid into {folder}: {reason}.")
        return
    kept = ""
    if folder.exists():
        aside = REPLACED / f"{student}.{hand_in.assignment}.{datetime.now():%Y-%m-%d-%H%M%S-%f}"
        aside.parent.mkdir(exist_ok=True)
        folder.rename(aside)
        kept = f", in the place of what is kept in {aside}"
        if (aside / TIMESTAMP).exists() and TIMESTAMP not in files:
            kept += f" with its {TIMESTAMP}"
    unfinished.rename(folder)
    late = " The platform calls it late." if hand_in.owner.late else ""
    collected.taken.append(f"{line} from {hand_in.entry.path}{kept}.{late}")


def moodle_folders(assignment: str) -> dict[str, str]:
    """Student -> folder in the archive that Moodle gave of an assignment: what is handed back stands in the same."""
    try:
        found = json.loads(_moodle_file(assignment).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {student: folder for student, folder in found.items() if MOODLE.fullmatch(str(folder))}


def _moodle_file(assignment: str) -> Path:
    return RESULTS / f"{assignment}.moodle.json"


def _write(folder: Path, files: Mapping[str, tuple[bytes, float]]) -> None:
    for name, (content, changed_at) in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        utime(folder / name, (changed_at, changed_at))


def _holds(folder: Path, files: Mapping[str, tuple[bytes, float]]) -> bool:
    """Whether a folder holds just these files, and perhaps when they were handed in, which somebody wrote there."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return found - ({TIMESTAMP} - set(files)) == set(files) and all(
        (folder / name).read_bytes() == content for name, (content, _) in files.items()
    )
