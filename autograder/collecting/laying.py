"""Lays what learners handed in into submitted/, once a person has agreed to what should be asked.

Nobody's place is taken unasked by what came from elsewhere. When something was handed in is kept beside it, as nbgrader
keeps it. What is replaced is kept.
"""

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import utime
from pathlib import Path

from autograder.collecting.origins import Held, identity, write_held
from autograder.collecting.platforms import MOODLE, Owner, Student
from autograder.records.unfinished import in_one_step
from autograder.submissions.archives import Entry, Unreadable
from autograder.submissions.course_assignments import files_asked
from autograder.submissions.hand_in import (
    KINDS,
    MAX_BESIDE,
    MAX_DEPTH,
    MAX_NOTEBOOK,
    NAMED,
    TIMESTAMP,
    NotGradable,
    read_timestamp,
    shown,
)
from autograder.submissions.numbered import settle_files, unnumbered
from autograder.submissions.submission import code_of

SUBMITTED, REPLACED = Path("submitted"), Path("replaced")
LATE_BY = timedelta(seconds=1)
"""How late something is, at least, that a platform calls late."""

File = tuple[Entry, Owner]
Files = Mapping[str, tuple[bytes, float]]
"""Content and time of the last change, by the path from the folder of a hand-in."""


@dataclass(frozen=True)
class Times:
    """When things were handed in and when they were due, in UTC, as far as it is known.

    `at` holds for all, `worksheet` by Moodle's number of a learner, `due` by assignment.
    """

    at: datetime | None = None
    worksheet: Mapping[str, datetime] = field(default_factory=dict)
    due: Mapping[str, datetime] = field(default_factory=dict)


@dataclass
class Collected:
    """What one run did: lines about what was taken, and notes on it, and what was left out."""

    taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _left_out: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """Whose it is, and why -> what."""

    def leave_out(self, what: object, why: str, whose: str = "") -> None:
        """Note what is not taken, and why, in words that follow it."""
        self._left_out[whose, why].append(str(what))

    @property
    def left_out(self) -> list[str]:
        """What was left out, in sentences: a few names for each reason, and how many more."""
        lines = []
        for (_, why), names in self._left_out.items():
            several = list(dict.fromkeys(names))
            if len(several) > NAMED:
                lines.append(f"{', '.join(several[:NAMED])} and {len(several) - NAMED} more: each {why}")
            else:
                lines += [f"{name} {why}" for name in several]
        return lines

    @property
    def number_left_out(self) -> int:
        """How many were left out."""
        return sum(len(set(names)) for names in self._left_out.values())


@dataclass(frozen=True)
class HandedIn:
    """One notebook of a learner's, and all files among which are those beside it. `identity` is the notebook's."""

    student: str
    assignment: str
    entry: Entry
    owner: Owner
    identity: str
    files: Sequence[File]

    @property
    def folder(self) -> Path:
        """Where it is to lie."""
        return SUBMITTED / self.student / self.assignment

    @property
    def age(self) -> tuple[int, float, bool, float, int]:
        """What orders hand-ins: the platform's number and time; the learner's own only in what is alike in these."""
        outer, entry = self.entry.outer, self.entry
        number = next((number for _, number in unnumbered(entry.path.name)), 0)
        return self.owner.upload, outer.changed_at, entry.within is None, entry.changed_at, number


class Laying:
    """Lays what was looked at into submitted/, and keeps where each hand-in came from."""

    def __init__(
        self,
        students: Sequence[Student],
        held: Mapping[str, Mapping[str, Held]],
        times: Times,
        collected: Collected,
    ) -> None:
        self._students = students
        self._held = {assignment: dict(known) for assignment, known in held.items()}
        self._times, self._collected = times, collected

    def questions(self, hand_ins: Sequence[HandedIn]) -> list[str]:
        """What a person should agree to first, in sentences."""
        unknown = self._not_on_the_roster({hand_in.student for hand_in in hand_ins})
        questions = [f"Not on the roster: {', '.join(map(shown, sorted(unknown)))}."] if unknown else []
        for hand_in in hand_ins:
            if held := self._held_elsewhere(hand_in):
                path, origin = shown(str(hand_in.entry.path)), shown(str(hand_in.owner.origin))
                place = f"{shown(hand_in.student)}: {hand_in.assignment} {held}"
                questions.append(f"{place}, and {path} of {origin} would take its place.")
        return questions

    def _not_on_the_roster(self, students: set[str]) -> set[str]:
        """Those whom neither the gradebook nor an earlier run knows; nobody where there is no roster.

        Grading puts everybody into the gradebook, so who came by an earlier run and has no name there is on no roster.
        """
        made = {student for known in self._held.values() for student, held in known.items() if held.is_new}
        if not any(student.name or student.id not in made for student in self._students):
            return set()
        known = {student.id for student in self._students} | {name for name in made if (SUBMITTED / name).exists()}
        return students - known

    def _held_elsewhere(self, hand_in: HandedIn) -> str:
        """How a place is held by something that came from elsewhere, in words that follow its name."""
        folder = hand_in.folder
        if not folder.is_symlink() and not (folder.is_dir() and any(folder.iterdir())):
            return ""
        held = self._held.get(hand_in.assignment, {}).get(hand_in.student)
        here = _identity_of(folder / f"{hand_in.assignment}.ipynb")
        if held and held.origin == hand_in.owner.origin and held.notebook == here:
            return ""
        with contextlib.suppress(Unreadable):
            if _same_files(folder, self._files(hand_in, Collected())):
                return ""
        if held is None or not held.notebook:
            return "was laid by hand or fetched by the exchange"
        return f"was collected from {held.origin}" if held.notebook == here else "was changed since it was collected"

    def lay(self, hand_ins: Iterable[HandedIn]) -> None:
        """Lay each, whatever becomes of the others. Raises OSError where it cannot be kept what came from where."""
        changed = set()
        try:
            for hand_in in hand_ins:
                try:
                    self._lay(hand_in)
                    changed.add(hand_in.assignment)
                except Unreadable as reason:
                    self._collected.leave_out(hand_in.entry.path, f"{reason}.")
                except OSError as error:
                    why = f"cannot be laid into {hand_in.folder}: {error.strerror}."
                    self._collected.leave_out(hand_in.entry.path, why)
        finally:
            for assignment in sorted(changed):
                write_held(assignment, self._held[assignment])

    def _lay(self, hand_in: HandedIn) -> None:
        files = self._files(hand_in, self._collected)
        is_same, before = _same_files(hand_in.folder, files), _time_in(hand_in.folder)
        at, message = self._handed_in_at(hand_in, before, is_same)
        if at:
            files = _timed(files, at)
        elif before and not is_same and TIMESTAMP not in files:
            # It came no earlier than what was there, and perhaps later.
            files = _timed(files, before, is_known=False)
            message = f" Its {TIMESTAMP} is that of the hand-in before: correct it if this one came later."
        line = f"{hand_in.student}: {hand_in.assignment}"
        if is_same:
            is_news = _write_time(hand_in.folder, files)
            self._collected.taken.append(f"{line}, as before.{message if is_news else ''}")
        else:
            with in_one_step(hand_in.folder) as unfinished:
                _write(unfinished, files)
                kept = _put_aside(hand_in)
            self._collected.taken.append(f"{line} from {hand_in.entry.path}{kept}.{message}")
        self._keep(hand_in, is_same)

    def _keep(self, hand_in: HandedIn, is_same: bool) -> None:
        """Note where a hand-in came from; one that is the same as what another laid takes over nothing."""
        known = self._held.setdefault(hand_in.assignment, {})
        before, owner = known.get(hand_in.student), hand_in.owner
        if is_same and before and before.origin != owner.origin:
            return
        enrolled = {student.id for student in self._students}
        known[hand_in.student] = Held(
            owner.origin.source,
            owner.origin.name,
            owner.origin.number,
            notebook=(before.notebook if before else "") if is_same else hand_in.identity,
            laid_at=before.laid_at if before and is_same else _iso(datetime.now(UTC)),
            late=owner.late,
            is_new=hand_in.student not in enrolled or (before is not None and before.is_new),
            folder=owner.folder,
        )

    def _handed_in_at(self, hand_in: HandedIn, before: datetime | None, is_same: bool) -> tuple[datetime | None, str]:
        """When something was handed in, as far as the platform or the instructor says so, and what is to be told.

        `before` is what the hand-in that is there says, and `is_same` that this is the very same.
        """
        owner, due = hand_in.owner, self._times.due.get(hand_in.assignment)
        listed = self._times.worksheet.get(owner.origin.number) if owner.origin.source == MOODLE else None
        at = self._times.at or listed
        held = self._held.get(hand_in.assignment, {}).get(hand_in.student)
        known = _iso(before) if before else held.laid_at if held else ""
        if self._times.at and is_same and known and _iso(self._times.at) > known:
            at = None  # this says of others when they came: what is here already came before that
        if owner.late:
            return self._late(hand_in.assignment, at, before)
        if at is None and due and held and held.late:
            return due, " The platform calls it late no more."
        if at is None and self._times.worksheet and owner.origin.source == MOODLE:
            return None, " The worksheet does not say when it was handed in."
        return at, f" Handed in at {at:%Y-%m-%d %H:%M} UTC." if at else ""

    def _late(self, assignment: str, at: datetime | None, before: datetime | None) -> tuple[datetime | None, str]:
        """When something was handed in that the platform calls late: if it is not known, just after it was due."""
        due = self._times.due.get(assignment)
        if due is None:
            return at, f" The platform calls it late, but {assignment} has no due date here to count from."
        if at and at > due:
            return at, f" Handed in at {at:%Y-%m-%d %H:%M} UTC."
        if before and before > due:
            return None, ""
        how_late = f"{TIMESTAMP} says {LATE_BY.seconds} second after it was due"
        return due + LATE_BY, f" The platform calls it late, and not by how much: {how_late}."

    def _files(self, hand_in: HandedIn, collected: Collected) -> Files:
        """The notebook and the files beside it, under the names that are meant. Raises Unreadable."""
        notebook = hand_in.entry.content(MAX_NOTEBOOK)
        beside, uploads = _beside(hand_in, collected)
        name = f"{hand_in.assignment}.ipynb"
        contents = {path: content for path, (content, _) in beside.items() if path != TIMESTAMP}
        asked = files_asked(hand_in.assignment)
        settled = settle_files(contents, lambda: code_of(notebook, name), asked, uploads.__getitem__)
        collected.notes += [f"{hand_in.student}: {note}" for note in settled.notes]
        # Nobody says by the name of another file when something was handed in.
        used = {meant: path for path, meant in settled.names.items() if meant != TIMESTAMP}
        used |= {TIMESTAMP: TIMESTAMP} if TIMESTAMP in beside else {}
        beside = {meant: beside[path] for meant, path in used.items()}
        return {name: (notebook, hand_in.entry.changed_at), **beside}


def _beside(hand_in: HandedIn, collected: Collected) -> tuple[dict[str, tuple[bytes, float]], dict[str, int]]:
    """The files beside a notebook, and the platform's number of each, by their path from its folder."""
    found: dict[str, tuple[bytes, float]] = {}
    uploads: dict[str, int] = {}
    left, folder = MAX_BESIDE, hand_in.owner.place.parent
    for entry, owner in sorted(hand_in.files, key=lambda file: file[1].upload):
        if entry.path.suffix.lower() == ".ipynb" or not owner.place.is_relative_to(folder):
            continue
        name = str(owner.place.relative_to(folder))
        if refused := _refused(entry, name, owner, left):
            collected.leave_out(shown(str(entry.path)), refused, hand_in.student)
            continue
        # What turns out to be damaged has taken its time, too.
        room, left = left, left - entry.size
        try:
            found[name], uploads[name] = (entry.content(room), entry.changed_at), owner.upload
        except Unreadable as reason:
            collected.leave_out(shown(str(entry.path)), f"{reason}.", hand_in.student)
    return found, uploads


def _refused(entry: Entry, name: str, owner: Owner, left: int) -> str:
    """Why a file beside a notebook is not even read, in words that follow its name."""
    if entry.path.suffix.lower() not in KINDS:
        return "is of a kind that is not used."
    if name.count("/") > MAX_DEPTH:
        # Python makes and removes folders by recursion: thousands of them would end it.
        return f"lies more than {MAX_DEPTH} folders deep."
    if name == TIMESTAMP and (owner.origin.has_display_name or entry.within):
        # Only nbgrader's exchange says when something was handed in; on a platform or in a zip it is the learner's.
        return "is not believed."
    if entry.size > left:
        return f"does not fit into the {MAX_BESIDE >> 20} MiB that are taken beside a notebook."
    return ""


def _iso(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


def _timed(files: Files, at: datetime, is_known: bool = True) -> Files:
    """The files with the time at which they were handed in. If that `is_known`, nobody has changed them since."""
    moment = at.replace(tzinfo=UTC).timestamp()
    if is_known:
        files = {name: (content, min(changed_at, moment)) for name, (content, changed_at) in files.items()}
    return {**files, TIMESTAMP: (f"{at:%Y-%m-%d %H:%M:%S.%f} UTC".encode(), moment)}


def _time_in(folder: Path) -> datetime | None:
    """When what lies in a folder was handed in, if that can be read."""
    with contextlib.suppress(NotGradable):
        return read_timestamp(folder) if folder.is_dir() else None
    return None


def _write_time(folder: Path, files: Files) -> bool:
    """Write when something that is there already was handed in. Returns whether that is news."""
    path = folder / TIMESTAMP
    if TIMESTAMP not in files or (_is_plain(path) and path.read_bytes() == files[TIMESTAMP][0]):
        return False
    with in_one_step(path, folder.parent) as unfinished:
        unfinished.write_bytes(files[TIMESTAMP][0])
    for name, (_, changed_at) in files.items():
        utime(folder / name, (changed_at, changed_at))
    return True


def _put_aside(hand_in: HandedIn) -> str:
    """Keep what stands in the place of a hand-in. Returns where, in words that follow the line about it."""
    if not hand_in.folder.exists():
        return ""
    aside = REPLACED / f"{hand_in.student}.{hand_in.assignment}.{datetime.now():%Y-%m-%d-%H%M%S-%f}"
    aside.parent.mkdir(exist_ok=True)
    hand_in.folder.rename(aside)
    return f", in the place of what is kept in {aside}"


def put_aside(assignment: str) -> Iterator[tuple[str, Path]]:
    """The student and the folder of each hand-in that was put aside for a later one; of a student, the oldest first."""
    name = re.compile(rf"(.+)\.{re.escape(assignment)}\.\d{{4}}(-\d\d){{2}}-\d{{6}}-\d{{6}}")
    for folder in sorted(REPLACED.glob("*")):
        if found := name.fullmatch(folder.name):
            yield found[1], folder


def _write(folder: Path, files: Files) -> None:
    for name, (content, changed_at) in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        utime(folder / name, (changed_at, changed_at))


def _same_files(folder: Path, files: Files) -> bool:
    """Whether a folder holds just these files, whatever is said of when they were handed in."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    return found.keys() - {TIMESTAMP} == files.keys() - {TIMESTAMP} and all(
        name == TIMESTAMP or (_is_plain(path) and path.read_bytes() == files[name][0]) for name, path in found.items()
    )


def _identity_of(path: Path) -> str:
    """What identifies a notebook that was laid; nothing where it cannot be read."""
    with contextlib.suppress(OSError):
        if _is_plain(path) and path.stat().st_size <= MAX_NOTEBOOK:
            return identity(path.read_bytes())
    return ""


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
