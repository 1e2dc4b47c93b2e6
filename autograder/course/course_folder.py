"""The course folder that is the current one: its configuration, its gradebook, its assignments and submissions."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.exercises.spec import Assignment
from autograder.judging.own_tests import fault_of_marks
from autograder.nbgrader_bridge.converters import read_source_files, source_files
from autograder.records.refusal import Refusal
from autograder.students.departed import departed
from autograder.students.roster import people_in
from autograder.submissions.course_assignments import find_assignment, read_released
from autograder.submissions.hand_in import misplaced, submitted_folders

CONFIG_FILE = Path("nbgrader_config.py")


class CourseError(Refusal):
    """A step cannot be done; the message says why, and what to do, in one sentence."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """What is written inside is written to `path`; where the disk refuses, a CourseError says so."""
    try:
        yield
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from error


def released_assignment(course: CourseDirectory, name: str) -> Assignment:
    """An assignment as it was released. Raises NotGradable."""
    return read_released(course.db_url, course.course_id, Path(course.root), name)


def submitted_in(course: CourseDirectory, name: str, student: str) -> list[Path]:
    """The folders of those who handed in an assignment and are in the course. Raises CourseError if there are none."""
    excluded = set(course.student_id_exclude.split(","))
    found = submitted_folders(Path("submitted"), student, name)
    left = who_departed(course, [path.parent.name for path in found])
    folders = [path for path in found if path.parent.name not in excluded | left.keys()]
    if not folders:
        none = f"There are no submissions in submitted/{student}/{name}/: lay them there and grade again."
        raise CourseError(" ".join([none, *misplaced(Path("submitted"), student, name)[:1], *left.values()]))
    return folders


def who_departed(course: CourseDirectory, students: Iterable[str]) -> dict[str, str]:
    """Those who have left the course, each with a sentence."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        return departed(students, people_in(gradebook))


def laid_beside(course: CourseDirectory, config: Config, name: str) -> dict[str, bytes]:
    """What the course lays beside each notebook of an assignment. Raises NotGradable."""
    return read_source_files(source_files(Autograde(coursedir=course, config=config), name))


def assignment_called(name: str) -> Assignment:
    """An assignment of the course or of the instructor. Raises CourseError and NotGradable."""
    require_course()
    return find_assignment(name, Path())


def nbgrader_api() -> NbGraderAPI:
    """nbgrader's own view of the course."""
    course, config = course_directory()
    return NbGraderAPI(course, config=config)


def course_directory(folder: Path = Path()) -> tuple[CourseDirectory, Config]:
    """The course in a folder, with its configuration. Raises CourseError."""
    require_course(folder)
    config = load_config(folder)
    if fault := fault_of_marks(config):
        raise CourseError(fault)
    config.CourseDirectory.root = str(folder.resolve())
    return CourseDirectory(config=config), config


def require_course(folder: Path = Path()) -> None:
    """Raise CourseError where a folder is no course."""
    if not (folder / CONFIG_FILE).exists():
        raise CourseError("This is no course folder: change into one, or make one with `llm-course init DIR`.")


def load_config(folder: Path) -> Config:
    """What nbgrader_config.py says. Raises CourseError where it does not run."""
    file = folder / CONFIG_FILE
    try:
        return PyFileConfigLoader(file.name, path=str(folder)).load_config()
    except Exception as error:
        # It is the instructor's program, and may fail in any way.
        if isinstance(error, ImportError) and (error.name or "").startswith("autograder"):
            raise CourseError(
                f"{file} imports what this version of the course does not have ({error.name}): "
                "`configure` is imported by `from autograder.course.configuration import configure`."
            ) from error
        reason = (str(error).splitlines() or [""])[0]
        raise CourseError(f"{file} fails with {type(error).__name__} ({reason}): mend it.") from error
