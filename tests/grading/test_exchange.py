"""nbgrader's exchange, as on JupyterHub: what learners hand in there is graded, and they find their pages there."""

import getpass
import shutil
from pathlib import Path

import pytest

from tests.banks.sources import ONE, asserts, handed_in, write_source
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
NAME, BROKEN = "ps1", "eve+ps1+2026-10-12 09:00:00.000000 UTC+x"


def test_a_page_goes_back_to_who_handed_in_also_for_what_cannot_be_graded(empty: Course, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    course, learner, me = empty, Course(tmp_path / "learner"), getpass.getuser()
    learner.folder.mkdir()
    for each in (course, learner):
        if each is learner:
            each.configure("c = get_config()\nc.CourseDirectory.course_id = 'course'\n")
        each.configure(f"c.Exchange.root = {str(exchange)!r}\nc.Exchange.cache = {str(tmp_path / 'cache')!r}\n")
    exchange.mkdir()
    exchange.chmod(0o777)
    write_source(course.folder, NAME, [ONE, asserts("one", 4, "assert one == 1")])
    course.done("release", NAME)
    course.nbgrader("release_assignment", NAME)
    learner.nbgrader("fetch_assignment", NAME)
    notebook = handed_in(course.folder, NAME, me, {"one-answer": "one = 1"})
    notebook.replace(learner.folder / NAME / f"{NAME}.ipynb")
    shutil.rmtree(course.folder / "submitted")
    learner.nbgrader("submit", NAME)
    broken = exchange / "course" / "inbound" / BROKEN
    broken.mkdir()
    for name, text in {f"{NAME}.ipynb": "{", "timestamp.txt": BROKEN[8:39], "submission_secret.txt": "x" * 64}.items():
        (broken / name).write_text(text)

    course.nbgrader("collect", NAME)
    said = course.llm_course("grade", NAME, "--workers", "1").stdout
    assert f"{me}: 4 of 4 points" in said and "eve: not graded." in said
    assert "eve is not graded: the page says why." in course.done("feedback", NAME).stdout
    course.done_by_nbgrader("release_feedback", NAME)
    assert len([*(exchange / "course" / "feedback").glob("*.html")]) == 2
    learner.nbgrader("fetch_feedback", NAME)
    (page,) = learner.folder.glob(f"{NAME}/feedback/*/{NAME}.html")
    assert page.read_text(encoding="utf-8") == course.feedback_page(me, NAME)
