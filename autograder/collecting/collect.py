"""collect: what learners handed in on a platform, into submitted/<student>/<assignment>/.

It reads what Moodle and Canvas give, nbgrader's own layout, and plain folders, one for each learner. Whose a file is,
the outermost name tells that the platform gave, and nothing that a learner named within; which assignment a notebook
is, its cells tell, whatever the file is called. First all of it is looked at, and what a person should decide is
asked; then it is laid. Nothing is lost: what is not taken is told with its reason, and a hand-in that is replaced is
kept.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import nbformat
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory

from autograder.collecting.laying import Collected, File, HandedIn, Laying, Times
from autograder.collecting.origins import Held, all_held, identity
from autograder.collecting.platforms import (
    CANVAS_FILE,
    MOODLE_FOLDER,
    Origin,
    Owner,
    Student,
    Unclear,
    name_in_file,
    owner_of,
    read_worksheet,
    student_of,
    words,
)
from autograder.records.refusal import Refusal
from autograder.students.departed import departed, dropped_people
from autograder.students.roster import people_in
from autograder.submissions.archives import INNER, Entry, Unreadable, opened, with_inner
from autograder.submissions.hand_in import MAX_NOTEBOOK, TIMESTAMP, NotGradable, check_student
from autograder.submissions.submission import ids_in, parse

MAX_NOTEBOOKS, MAX_NOTEBOOK_BYTES = 100, 5 * MAX_NOTEBOOK
"""Of one learner, all versions and assignments counted: each is read to see which it is."""
PASSED_OVER = ("__MACOSX", "__pycache__", ".ipynb_checkpoints", ".git")
"""Folders that programs leave behind."""


class Declined(Refusal):
    """Somebody was asked and did not agree: nothing was collected."""


def _decline(questions: Sequence[str]) -> bool:
    return False


def collect_in(
    course: CourseDirectory,
    path: Path,
    agree: Callable[[Sequence[str]], bool],
    at: datetime | None = None,
    worksheet: Path | None = None,
    prefix: str = "",
) -> Collected:
    """Collect into a course, the current folder, what belongs to its assignments and students.

    All of it was handed in `at` some time, at the latest, or each as Moodle's `worksheet` says. Each learner's folder
    begins with the `prefix`. Raises what `collect` raises, and RosterError where the worksheet cannot be read.
    """
    sources = {
        notebook.stem: ids_in(nbformat.read(notebook, as_version=4))
        for notebook in sorted(Path(course.source_directory).glob("*/*.ipynb"))
        if notebook.stem == notebook.parent.name
    }
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = people_in(gradebook)
        due = {assignment.name: assignment.duedate for assignment in gradebook.assignments if assignment.duedate}
    dropped = [person for person in dropped_people() if person.id not in known]
    students = [Student(person.id, person.name, person.lms_user_id) for person in (*known.values(), *dropped)]
    left = departed((person.id for person in dropped), known)
    handed_in_at = at.astimezone(UTC).replace(tzinfo=None) if at else None
    times = Times(handed_in_at, read_worksheet(worksheet) if worksheet else {}, due)
    return collect(path, sources, students, agree, times, left, prefix)


def collect(
    path: Path,
    sources: Mapping[str, Iterable[str]],
    students: Sequence[Student] = (),
    agree: Callable[[Sequence[str]], bool] = _decline,
    times: Times | None = None,
    left: Mapping[str, str] = MappingProxyType({}),
    prefix: str = "",
) -> Collected:
    """Lay what a folder or an archive holds into submitted/, below the current folder.

    `sources` are the grade ids of each assignment, `students` those of the gradebook and those who have left, and
    `left` says of these, in sentences, that nothing of theirs is taken. The `prefix` is no part of a learner's name.
    `agree` is asked, with sentences, before somebody's place is taken or somebody unknown is added. Raises
    ArchiveError; Declined where that says no; and OSError.
    """
    collected, held = Collected(), all_held()
    with opened(path) as entries:
        entries = (replace(entry, path=_without(prefix, entry.path)) for entry in entries)
        files = _by_student(
            _by_origin(entries, path.resolve().name, sources.keys(), students, collected), students, held, collected
        )
        hand_ins = [
            hand_in
            for student, owned in files.items()
            if student not in left
            for hand_in in _latest(_hand_ins(student, owned, sources, collected), collected)
        ]
        for student in files.keys() & left.keys():
            collected.notes.append(left[student])
        times = times or Times()
        laying = Laying(students, held, times, collected)
        questions = laying.questions(hand_ins)
        if questions and not agree(questions):
            raise Declined("Nothing was collected: look at what is listed above, and agree to it with --yes.")
        laying.lay(hand_ins)
        collected.notes += _from_another_box(hand_ins, times.due.keys())
    return collected


def _without(prefix: str, path: PurePosixPath) -> PurePosixPath:
    """A path whose first name does not begin with the prefix, such as that of a class's repositories."""
    first, *rest = path.parts or ("",)
    return PurePosixPath(first.removeprefix(prefix) or first, *rest)


def _from_another_box(hand_ins: Sequence[HandedIn], due: Set[str]) -> Iterator[str]:
    """What was handed in on a platform where most handed in another assignment, in sentences.

    Whether it is late the platform says of that one: so a deadline that has passed could be got around.
    """
    numbers = Counter(hand_in.assignment for hand_in in hand_ins if hand_in.owner.origin.has_display_name)
    for hand_in in hand_ins:
        name, (most, number) = hand_in.assignment, next(iter(numbers.most_common(1)), ("", 0))
        if name in due and 0 < 2 * numbers[name] < number and hand_in.owner.origin.has_display_name:
            yield (
                f"{hand_in.student}: {name} came among hand-ins of {most}, and whether it is late is not known: see on "
                f"the platform when it came, and write that into {hand_in.folder / TIMESTAMP}."
            )


def _by_origin(
    entries: Iterable[Entry], source: str, assignments: Set[str], students: Sequence[Student], collected: Collected
) -> dict[Origin, list[File]]:
    """The files of each learner, by what their paths say of whose they are."""
    entries = [entry for entry in entries if not _is_passed_over(entry)]
    known = _known(students)
    around = _around({entry.path for entry in entries}, assignments, known)
    outer: dict[Origin, list[Entry]] = defaultdict(list)
    for entry in entries:
        if refused := entry.refused or _doubt(entry.path, around, assignments, known):
            collected.leave_out(entry.path, f"{refused}.", whose=str(entry.path.parts[around : around + 1]))
        else:
            outer[_owner(entry, around, source, assignments).origin].append(entry)
    owned: dict[Origin, list[File]] = {}
    for origin, of_one in outer.items():
        for entry in with_inner(of_one):
            if entry.refused:
                collected.leave_out(entry.path, f"{entry.refused}.", whose=str(origin))
            elif not _is_passed_over(entry):
                owned.setdefault(origin, []).append((entry, _owner(entry, around, source, assignments)))
    return owned


def _is_passed_over(entry: Entry) -> bool:
    return not set(PASSED_OVER).isdisjoint(entry.path.parts) or entry.path.name.startswith(".")


def _owner(entry: Entry, around: int, source: str, assignments: Set[str]) -> Owner:
    return owner_of(PurePosixPath(*entry.path.parts[around:]), source, assignments)


def _known(students: Sequence[Student]) -> Callable[[str], bool]:
    """Whether the gradebook knows a learner of some name."""
    ids = {student.id for student in students}
    names = {tuple(words(student.name)) for student in students if student.name}
    return lambda name: name in ids or tuple(words(name)) in names


def _around(paths: Iterable[PurePosixPath], assignments: Set[str], known: Callable[[str], bool]) -> int:
    """How many folders lie around all that was handed in. What lies in an inner zip is a learner's, and has no say."""
    # A list or a readme may lie beside the folders.
    parts = [path.parts for path in paths if len(path.parts) > 1 or path.suffix.lower() in (".ipynb", INNER)]
    names = [set(level) for level in zip(*parts, strict=False)]
    if names and any(CANVAS_FILE.fullmatch(name) for name in names[0]):
        return 0
    for depth, level in enumerate(names[:-1]):
        of_learners = any(known(name) or MOODLE_FOLDER.fullmatch(name) for name in level)
        if of_learners or (depth < len(names) - 2 and names[depth + 1] <= assignments):
            return depth
        if len(level) > 1:
            break
    return int(len(names) > 2 and len(names[0]) == 1 and names[1].isdisjoint(assignments))


def _doubt(path: PurePosixPath, around: int, assignments: Set[str], known: Callable[[str], bool]) -> str:
    """Why it is open whose something is that was handed in, in words that follow its name."""
    *folders, file = path.parts[around:] or [""]
    if not folders:
        is_archive = file.lower().endswith(INNER)
        if CANVAS_FILE.fullmatch(file) or (name_in_file(file, assignments) and not is_archive):
            return ""
        by_itself = ", or collect it by itself" if is_archive else ""
        return f"does not say whose it is: lay it into a folder of that name{by_itself}"
    first, *inner = folders
    if (
        MOODLE_FOLDER.fullmatch(first)
        or CANVAS_FILE.fullmatch(first)
        or known(first)
        or (inner and inner[0] in assignments)
    ):
        return ""
    for name, below in itertools.pairwise([*inner, ""]):
        if MOODLE_FOLDER.fullmatch(name) or below in assignments:
            return f"may be of {first} or of {name}: lay it into a folder of one of these names"
    return ""


def _by_student(
    owned: Mapping[Origin, list[File]],
    students: Sequence[Student],
    held: Mapping[str, Mapping[str, Held]],
    collected: Collected,
) -> dict[str, list[File]]:
    """The files of each learner by id, but not of two learners of one name: nothing tells them apart."""
    origins: dict[str, list[Origin]] = defaultdict(list)
    for origin in owned:
        try:
            student = student_of(origin, students, _own_names(origin, held))
            check_student(student)
        except Unclear as reason:
            collected.leave_out(origin.name, str(reason))
        except NotGradable as reason:
            collected.leave_out(f"{origin.name}:", str(reason))
        else:
            origins[student].append(origin)
    for student, several in origins.items():
        if len({origin.number for origin in several if origin.number}) > 1:
            why = f"learners are called {student}: rename their folders and collect again."
            collected.leave_out(len(several), why)
            several.clear()
    return {
        student: [file for one in several for file in owned[one]] for student, several in origins.items() if several
    }


def _own_names(origin: Origin, held: Mapping[str, Mapping[str, Held]]) -> set[str]:
    """Ids that an earlier run made of names of the same source."""
    return {
        student
        for of_one in held.values()
        for student, known in of_one.items()
        if known.source == origin.source and known.is_new and known.name.strip() == student
    }


def _hand_ins(
    student: str, files: Sequence[File], sources: Mapping[str, Iterable[str]], collected: Collected
) -> Iterator[HandedIn]:
    notebooks = [(entry, owner) for entry, owner in files if entry.path.suffix.lower() == ".ipynb"]
    if len(notebooks) > MAX_NOTEBOOKS or sum(entry.size for entry, _ in notebooks) > MAX_NOTEBOOK_BYTES:
        collected.leave_out(
            student,
            f"handed in {len(notebooks)} notebooks, more than {MAX_NOTEBOOKS} or than "
            f"{MAX_NOTEBOOK_BYTES >> 20} MiB: lay those that count into a folder of that name, and collect it.",
        )
        return
    for entry, owner in notebooks:
        try:
            content = entry.content(MAX_NOTEBOOK)
            assignment = _assignment_of(content, entry.path, sources)
        except Unreadable as reason:
            collected.leave_out(entry.path, f"{reason}.", student)
        except NotGradable as reason:
            collected.leave_out(entry.path, f"is not taken. {reason}", student)
        else:
            yield HandedIn(student, assignment, entry, owner, identity(content), files)
    if not notebooks:
        collected.leave_out(student, f"handed in no notebook, but {files[0][0].path.name}.")


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


def _latest(hand_ins: Iterable[HandedIn], collected: Collected) -> list[HandedIn]:
    """The latest of each assignment."""
    found = []
    by_assignment: dict[str, list[HandedIn]] = defaultdict(list)
    for hand_in in hand_ins:
        by_assignment[hand_in.assignment].append(hand_in)
    for several in by_assignment.values():
        *others, latest = sorted(several, key=lambda hand_in: hand_in.age)
        for other in others:
            if other.identity != latest.identity:
                doubt = "" if other.age < latest.age else "left out, though nothing says that it is "
                why = f"is {doubt}older than {latest.entry.path}, which is taken."
                collected.leave_out(other.entry.path, why, latest.student)
        found.append(latest)
    return found
