"""Who left the course stays away from every total, and can be brought back with all that there was."""

import json
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.conftest import Course, copy_of
from tests.grading.test_students import LATE, NAME, small_course, submit

pytestmark = pytest.mark.grading
__all__ = ["small_course"]
TOLD = "bob was dropped and is left out: `llm-course drop --undo bob` brings bob back."


@pytest.fixture(scope="module")
def graded_course(small_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada and Bob were graded, Bob by hand too, with more time and a comment; Cleo handed in nothing. To be copied."""
    course = copy_of(small_course, tmp_path_factory.mktemp("graded"))
    course.done("roster", "students.csv")
    for student in ("ada", "bob"):
        submit(course, student, LATE, why="Because.")
    course.done("extend", NAME, "bob", "--days", "1", "--reason", "ill")
    course.done("grade", NAME, "--workers", "1")
    for student in ("ada", "bob"):
        course.grade_by_hand(NAME, student, "why", 3.0)
    with course.gradebook() as gradebook:
        gradebook.find_comment("why", NAME, NAME, "bob").manual_comment = "Well said."
        gradebook.db.commit()
    course.done("grade", NAME, "--workers", "1")
    course.done("feedback", NAME)
    return course.folder


@pytest.fixture
def graded(graded_course: Path, tmp_path: Path) -> Course:
    return copy_of(graded_course, tmp_path)


def files_of(course: Course) -> dict[str, bytes]:
    folders = ("submitted", "autograded", "feedback", "results", "extensions.csv")
    paths = (path for name in folders for path in [course.folder / name, *(course.folder / name).rglob("*")])
    return {str(path.relative_to(course.folder)): path.read_bytes() for path in paths if path.is_file()}


def test_who_is_dropped_is_in_no_folder_table_report_or_page(graded: Course) -> None:
    said = graded.done("drop", "bob").stdout
    assert said == "bob is no longer in the course. All that there was is kept in dropped/bob/.\n"
    kept = json.loads((graded.folder / "dropped" / "bob" / "gradebook.json").read_text(encoding="utf-8"))
    (notebook,) = kept["submissions"][NAME]["notebooks"].values()
    assert notebook["grades"]["why"]["manual_score"] == 3.0
    assert notebook["comments"]["why"]["manual_comment"] == "Well said."
    assert kept["extensions"][NAME] == {"days": 1.0, "reason": "ill", "until": ""}
    for place in (f"submitted/bob/{NAME}/{NAME}.ipynb", f"feedback/bob/{NAME}/{NAME}.html", f"results/{NAME}/bob.json"):
        assert (graded.folder / "dropped" / "bob" / place).is_file()

    again = graded.done("grade", NAME, "--workers", "1", "--again").stdout
    assert "bob" not in again and "Graded 1 of 1" in again
    assert "bob" not in graded.done("feedback", NAME).stdout
    assert graded.rows().keys() == {"ada", "cleo"}
    report = graded.report()
    assert "bob" not in report and "1 submissions, 0 of them not graded." in report
    assert "bob" not in graded.done("roster").stdout
    assert not [path for path in files_of(graded) if "bob" in path]


def test_nothing_brings_a_dropped_student_back_but_undo(graded: Course, tmp_path: Path) -> None:
    shutil.copytree(graded.folder / "submitted", tmp_path / "downloads")
    (tmp_path / "downloads" / "bob").rename(tmp_path / "downloads" / "Bob Grün_77_assignsubmission_file_")
    graded.done("drop", "bob")
    collected = graded.done("collect", str(tmp_path / "downloads")).stdout
    assert TOLD in collected and not (graded.folder / "submitted" / "bob").exists()
    assert not list((graded.folder / "submitted").glob("Bob*"))
    assert TOLD in graded.done("roster", "students.csv").stdout
    # By hand, into the folder.
    shutil.copytree(graded.folder / "submitted" / "ada", graded.folder / "submitted" / "bob")
    graded_again = graded.done("grade", NAME, "--workers", "1").stdout
    assert TOLD in graded_again and "Graded 1 of 1" in graded_again
    assert TOLD in graded.done("export", "grades.csv").stdout
    assert graded.rows().keys() == {"ada", "cleo"}


def test_who_was_dropped_by_mistake_is_back_with_everything(graded: Course) -> None:
    rows_before, files, gradebook = graded.rows(), files_of(graded), graded.submissions(NAME)["bob"]
    graded.done("drop", "bob")
    graded.done("grade", NAME, "--workers", "1")
    assert graded.done("drop", "--undo", "bob").stdout == "bob is in the course again, with all that was kept.\n"
    assert graded.submissions(NAME)["bob"] == gradebook
    assert not (graded.folder / "dropped" / "bob").exists()
    assert graded.rows() == rows_before
    assert files_of(graded) == files
    total = "bob: 8.25 of 12 points; by hand: why 3; 2.75 off for 1 day late\n"
    assert total in graded.done("grade", NAME, "--workers", "1").stdout
    assert graded.rows() == rows_before


def test_who_was_removed_in_nbgraders_way_does_not_come_back_silently(graded: Course) -> None:
    graded.done_by_nbgrader("db", "student", "remove", "bob", "--force")
    told = "bob was graded before, is no longer in the gradebook, and is left out: `llm-course drop bob`"
    again = graded.done("grade", NAME, "--workers", "1", "--again").stdout
    assert told in again and "Graded 1 of 1" in again
    assert told in graded.done("export", "grades.csv").stdout
    assert told in graded.done("feedback", NAME).stdout
    assert graded.rows().keys() == {"ada", "cleo"}
    report = graded.report()
    assert "bob" not in report and "1 submissions" in report
    for student in ("bob", "*"):
        by_nbgrader = graded.nbgrader("autograde", NAME, "--force", "--student", student)
        assert told in by_nbgrader.stderr
    assert graded.rows().keys() == {"ada", "cleo"}
    # Both that it offers do what it says.
    graded.done("drop", "bob")
    assert "bob" not in graded.done("grade", NAME, "--workers", "1").stdout
    graded.done("drop", "--undo", "bob")
    said = graded.done("grade", NAME, "--workers", "1").stdout
    assert "bob: 8 of 12 points so far; to be graded by hand: why" in said


def test_a_new_gradebook_takes_everybody_in(graded: Course) -> None:
    (graded.folder / "gradebook.db").unlink()
    graded.done("release", NAME)
    assert "Graded 2 of 2" in graded.done("grade", NAME, "--workers", "1").stdout


def test_a_drop_that_was_interrupted_goes_on(graded: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    gradebook = graded.submissions(NAME)["bob"]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Gradebook, "remove_student", interrupted)
        assert graded.llm_course("drop", "bob").returncode == 130
    graded.done("drop", "bob")
    graded.done("drop", "--undo", "bob")
    assert graded.submissions(NAME)["bob"] == gradebook


def test_more_time_for_what_is_not_released_yet_is_kept_too(graded: Course) -> None:
    file = graded.folder / "extensions.csv"
    file.write_text(file.read_text() + "ps2,bob,3,,a fair\n")
    before = file.read_text()
    graded.done("drop", "bob")
    assert "bob" not in file.read_text()
    graded.done("drop", "--undo", "bob")
    assert file.read_text() == before


def test_a_folder_that_cannot_be_moved_and_a_spoiled_record_are_one_sentence(
    graded: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refused)
        refusal = graded.refused("drop", "bob")
        assert "submitted/bob cannot be moved or written (Permission denied): mend it, then" in refusal
    graded.done("drop", "bob")
    (graded.folder / "dropped" / "bob" / "gradebook.json").write_text("{")
    for arguments in (("drop", "--undo", "bob"), ("collect", "submitted")):
        assert "dropped/bob/gradebook.json does not hold what was dropped: restore it" in graded.refused(*arguments)


def test_a_roster_names_who_is_in_the_gradebook_and_not_on_it(graded: Course) -> None:
    (graded.folder / "list.csv").write_text("id\nada\ncleo\n")
    assert (
        "In the gradebook and not on this list: bob. `llm-course drop STUDENT`"
        in graded.done("roster", "list.csv").stdout
    )
    assert "bob" in graded.done("roster").stdout
    assert "not on this list" not in graded.done("roster", "students.csv").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("dora",), "Nobody is called 'dora'"),
        (("../ada",), "Nobody is called '../ada'"),
        (("",), "Nobody is called ''"),
        (("--undo", "ada"), "'ada' was not dropped. Dropped: bob."),
        (("--undo", "bob"), "submitted/bob came after bob was dropped"),
        (("bob",), "dropped/bob holds what was dropped before"),
    ],
)
def test_what_cannot_be_dropped_or_brought_back_is_one_sentence(
    graded: Course, arguments: tuple[str, ...], sentence: str
) -> None:
    graded.done("drop", "bob")
    shutil.copytree(graded.folder / "submitted" / "ada", graded.folder / "submitted" / "bob")
    before = files_of(graded)
    assert sentence in graded.refused("drop", *arguments)
    assert files_of(graded) == before
