"""The learners' feedback pages, by the parts of nbgrader's own converter.

nbgrader's loop over submissions ends at the first name that its pattern does not match, and says of one that failed
only that it did. Here each page is made alone.
"""

import logging
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import jinja2
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.records.result import NOT_GRADED
from autograder.reporting.scores import current_results
from autograder.students.departed import departed
from autograder.students.roster import people_in

REFUSAL = Path(__file__).with_name("not_graded.html.jinja")
"""What a learner reads whose submission could not be graded."""
FOR_THE_EXCHANGE = ("timestamp.txt", "submission_secret.txt")
"""What `nbgrader release_feedback` reads beside a page: of which hand-in it is."""
MAX_FOR_THE_EXCHANGE = 1_000
"""Bytes of each."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeedbackPage:
    """A student's page; where there is none, why, in a sentence."""

    student: str
    path: Path | None
    reason: str = ""
    is_graded: bool = True


def make_pages(course: CourseDirectory, config: Config, assignment: str) -> tuple[list[FeedbackPage], list[str]]:
    """Make the pages of all submissions, and say who has none for having left, in sentences. Raises ResultError.

    The page of a submission that could not be graded says why.
    """
    notebooks = sorted(Path(course.autograded_directory).glob(f"*/{assignment}/{assignment}.ipynb"))
    graded = {notebook.parts[-3]: notebook for notebook in notebooks}
    with Gradebook(course.db_url, course.course_id) as gradebook:
        left = departed(graded, people_in(gradebook))
        results = current_results(gradebook, assignment)
    refused = {student: result.reason for student, result in results.items() if result.status == NOT_GRADED}
    converter = GenerateFeedback(coursedir=course, config=config)
    converter.exporter = converter.exporter_class(parent=converter, config=converter.config)
    for preprocessor in converter.preprocessors:
        converter.exporter.register_preprocessor(preprocessor)
    pages = [
        _attempt(student, assignment, partial(_make_page, converter, notebook))
        for student, notebook in graded.items()
        if student not in refused.keys() | left.keys()
    ]
    refusals = [
        _attempt(student, assignment, partial(_make_refusal, course, reason)) for student, reason in refused.items()
    ]
    return pages + [replace(page, is_graded=False) for page in refusals], list(left.values())


def _attempt(student: str, assignment: str, make: Callable[[str, str], Path]) -> FeedbackPage:
    try:
        return FeedbackPage(student, make(student, assignment))
    except MissingEntry:
        reason = f"The gradebook does not know of it: run `llm-course grade {assignment}` first."
    except OSError as error:
        reason = f"{error.filename} cannot be read or written: {error.strerror}."
    except Exception as error:
        # A defect of ours must not cost the others their pages.
        LOG.exception("the feedback page of %r", student)
        reason = f"The page could not be made ({type(error).__name__}): report this defect of the course."
    return FeedbackPage(student, None, reason)


def _make_refusal(course: CourseDirectory, reason: str, student: str, assignment: str) -> Path:
    template = jinja2.Template(REFUSAL.read_text(encoding="utf-8"), autoescape=True)
    page = Path(course.feedback_directory, student, assignment, f"{assignment}.html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(template.render(assignment=assignment, reason=reason), encoding="utf-8")
    _lay_for_the_exchange(Path(course.submitted_directory, student, assignment), page.parent)
    return page


def pack(pages: Iterable[FeedbackPage], archive: Path, places: Mapping[str, str]) -> None:
    """One zip of all pages, for a platform to hand back. Raises OSError.

    Each has the path that `places` names for its student, or else is in a folder of the student's id.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for page in pages:
            if page.path is not None:
                bundle.write(page.path, places.get(page.student, f"{page.student}/{page.path.name}"))


def _make_page(converter: GenerateFeedback, notebook: Path, student: str, assignment: str) -> Path:
    course: CourseDirectory = converter.coursedir
    names = {"student": student, "assignment": assignment, "notebook": assignment, "db_url": course.db_url}
    text, _ = converter.exporter.from_filename(str(notebook), resources={"nbgrader": names})
    folder = Path(course.feedback_directory, student, assignment)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    page = folder / f"{assignment}.html"
    page.write_text(text, encoding="utf-8")
    _lay_for_the_exchange(notebook.parent, folder)
    converter.set_permissions(assignment, student)
    return page


def _lay_for_the_exchange(source: Path, folder: Path) -> None:
    for name in FOR_THE_EXCHANGE:
        path = source / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_FOR_THE_EXCHANGE:
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(path.read_bytes())
