"""The hostile bank through `llm-course grade` and `nbgrader autograde`: no point, no other's grade, nothing left."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Container, Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.exercises import assignments
from autograder.sandbox.session import PREFIX, TOKEN_VARIABLE
from tests.banks.hostile import FAMILIES, HANDING_IN, SOURCE_FILES, holds_words
from tests.banks.submissions import fill, hand_in, references
from tests.grading.conftest import Course, CourseOfAShell, Run, folder_for_attacks

pytestmark = [pytest.mark.grading, pytest.mark.timeout(3600)]  # all attacks are graded before the first test
NAME = "05_attention"
ATTENTION = assignments()[NAME]
SHORT_DEADLINES = """
c.TrustedGrade.cell_deadline = 4
c.TrustedGrade.call_deadline = 1
c.TrustedGrade.submission_deadline = 5
"""
HONEST = ["ada", "emmy"]
BYSTANDER = "zoe"
"""An honest learner whose hand-in is graded after all attacks."""
NAMES = [b"\xff", b"\xed\xa0\x80", b"n" * 250, "漢".encode() * 70, b"forger\nzoe: 0 of 20 points"]
"""Of folders in submitted/: under none of these can anything be kept."""
DEEP = "stopping-folders-in-folders"
"""A folder that no program can copy."""
PATTERN = "a*"
"""A name that fits others, where it is taken for a pattern."""
BREAKING = "a\nb"
"""A name that nbgrader's own pattern does not match; it comes before the others."""


@pytest.fixture(scope="module")
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other graders of this machine must not be taken for leftovers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("sandboxes")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="module")
def attacked(released_course: Path, own_temporary_folder: None) -> Iterator["Attacked"]:
    """A course with two honest learners, graded; then all attacks are handed in and graded."""
    with folder_for_attacks() as outside:
        course = CourseOfAShell(outside / "course")
        shutil.copytree(released_course, course.folder)
        grade_the_honest(course)
        yield Attacked(course)


@pytest.fixture
def copied(attacked: "Attacked") -> Iterator[Course]:
    """A copy of the attacked course."""
    with folder_for_attacks() as outside:
        course = CourseOfAShell(outside / "course")
        course.folder.mkdir()
        # Pipes stay pipes and holes stay holes.
        pack = f"tar -C {attacked.course.folder} --sparse --exclude=./submitted/{DEEP} --exclude=./results -c ."
        subprocess.run(f"{pack} | tar -C {course.folder} -x", shell=True, check=True)
        folder = course.folder / "submitted" / DEEP / NAME
        FAMILIES["stopping"]["folders in folders"](folder, fill(ATTENTION, {}), folder)
        yield course


class Attacked:
    """What a course is before and after all attacks."""

    def __init__(self, course: Course, leave_out: Container[str] = ()) -> None:
        self.course = course
        for name, text in SOURCE_FILES.items():
            (course.folder / "source" / NAME / name).parent.mkdir(exist_ok=True)
            (course.folder / "source" / NAME / name).write_text(text)
        # What lies beside the source lies beside each notebook that runs: all are graded with it once more.
        course.done("grade", NAME)
        self.before = self.grades_of_the_honest()
        self.surroundings = surroundings()
        self.attackers = hand_in_all(course.folder, leave_out)
        for student in (BYSTANDER, *map(os.fsdecode, NAMES)):
            answers = references(ATTENTION) if student == BYSTANDER else {}
            hand_in(course.folder, student, NAME, fill(ATTENTION, answers))
        self.run = course.llm_course("grade", NAME, "--workers", "2")

    def grades_of_the_honest(self) -> dict[str, object]:
        folder = self.course.folder
        results = {student: (folder / "results" / NAME / f"{student}.json").read_bytes() for student in HONEST}
        with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as base:
            query = """select auto_score, manual_score, needs_manual_grade from grade
                join submitted_notebook on submitted_notebook.id = grade.notebook_id
                join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
                where student_id = ? order by grade.id"""
            rows = {student: base.execute(query, (student,)).fetchall() for student in HONEST}
        secret = (folder / ".llm_course_secret").read_bytes()
        return {"results": results, "rows": rows, "secret": secret}


def hand_in_all(folder: Path, leave_out: Container[str] = ()) -> list[str]:
    """Hand in each attack as a student named after it, but for the families and attacks to leave out."""
    victim = folder / "submitted" / HONEST[0] / NAME
    attackers = []
    for family, attacks in (FAMILIES | {"handing in": HANDING_IN}).items():
        for name, attack in attacks.items():
            if family in leave_out or name in leave_out:
                continue
            attackers.append(slug(family, name))
            if callable(attack):
                attack(folder / "submitted" / attackers[-1] / NAME, fill(ATTENTION, {}), victim)
            else:
                answers = {exercise.name: "" for exercise in ATTENTION.exercises}
                notebook = fill(ATTENTION, answers | {ATTENTION.exercises[0].name: attack})
                hand_in(folder, attackers[-1], NAME, notebook)
    return attackers


def slug(family: str, name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{family} {name}".lower())


def grade_the_honest(course: Course) -> Run:
    """Grade the honest learners with short deadlines, one of them by hand too."""
    course.configure(SHORT_DEADLINES)
    for student in HONEST:
        hand_in(course.folder, student, NAME, fill(ATTENTION, references(ATTENTION)))
    run = course.done("grade", NAME)
    give_by_hand(course.folder, "emmy", 1.5)
    return run


def give_by_hand(folder: Path, student: str, points: float) -> None:
    """Give a student these points for each exercise."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for grade in gradebook.find_submission_notebook(NAME, NAME, student).grades:
            grade.manual_score = points
        gradebook.db.commit()


def surroundings() -> dict[str, object]:
    """Processes, mounts, control groups and files outside a course that a grading could leave."""
    processes = []
    ours = {f"TMPDIR={tempfile.gettempdir()}".encode(), TOKEN_VARIABLE.encode()}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes()
            if all(mark in environment for mark in ours):
                processes.append(process.name)
    return {
        "processes": processes,
        "mounts": Path("/proc/self/mountinfo").read_text().splitlines(),
        "groups": sorted(str(path) for path in Path("/sys/fs/cgroup").glob("*/llm-course*")),
        "files": files_left(),
        "sandboxes": [str(path) for path in Path(tempfile.gettempdir()).glob(PREFIX + "*")],
    }


def files_left() -> list[Path]:
    """Files that learners' code left where all may write."""
    folders = (Path("/dev/shm"), Path("/tmp"), Path("/var/tmp"), Path("/run"), Path("/"))
    return [path for folder in folders for path in folder.glob("sandbox-leftover*")]


def test_the_bank_is_large_enough() -> None:
    sizes = {family: len(attacks) for family, attacks in FAMILIES.items()} | {"handing in": len(HANDING_IN)}
    assert len(sizes) == 13
    assert min(sizes.values()) >= 10
    assert sum(sizes.values()) >= 60


def test_attacks_lie_outside_of_what_pytest_removes(
    attacked: Attacked, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert not attacked.course.folder.is_relative_to(tmp_path_factory.getbasetemp().parent)


def test_no_attack_earns_a_point(attacked: Attacked) -> None:
    scores = attacked.course.scores(NAME)
    honest = {*HONEST, BYSTANDER}
    assert {name: found for name, found in scores.items() if name not in honest and any(found.values())} == {}
    assert set(scores) - honest <= set(attacked.attackers)


def test_who_comes_after_all_attacks_gets_the_points(attacked: Attacked) -> None:
    assert sum(points or 0 for points in attacked.course.scores(NAME)[BYSTANDER].values()) == ATTENTION.points
    lines = attacked.run.stdout.splitlines()
    assert [line for line in lines if line.startswith(BYSTANDER)] == [
        f"{BYSTANDER}: {ATTENTION.points} of {ATTENTION.points} points"
    ]


def test_names_under_which_nothing_can_be_kept_are_told(attacked: Attacked) -> None:
    refused = re.findall(
        r"^(.+): not graded\. The folder's name .+: rename the folder and grade again\.$",
        attacked.run.stdout,
        re.MULTILINE,
    )
    shown = [r"\udcff", r"\udced\udca0\udc80", "n" * 127 + "…", "漢" * 70, r"forger\nzoe: 0 of 20 points"]
    assert sorted(refused) == sorted(shown)


def test_no_secret_is_copied(attacked: Attacked) -> None:
    secret = (attacked.course.folder / ".llm_course_secret").read_text().strip()
    for folder in ("autograded", "results"):
        for path in (attacked.course.folder / folder).rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_what_lies_beside_a_notebook_gives_way_to_the_source(attacked: Attacked) -> None:
    student = slug("stopping", "files in the way of the source's")
    for name, text in SOURCE_FILES.items():
        assert (attacked.course.folder / "autograded" / student / NAME / name).read_text() == text


def test_each_attack_ends_in_a_grade_or_a_sentence(attacked: Attacked) -> None:
    assert "Traceback" not in attacked.run.stdout + attacked.run.stderr
    assert "report this defect" not in attacked.run.stdout
    for attacker in attacked.attackers:
        ends = rf"0 of {ATTENTION.points} points|not graded\. .+\."
        assert re.search(rf"^{attacker}: ({ends})$", attacked.run.stdout, re.MULTILINE), attacker


@pytest.fixture(scope="module")
def with_pages(attacked: Attacked) -> Attacked:
    """The attacked course with all feedback pages and the class report."""
    for command in (("feedback", NAME), ("report", "report.html")):
        made = attacked.course.llm_course(*command)
        assert made.returncode == 0, made.stderr
    return attacked


def test_no_word_of_a_hidden_call_comes_out(with_pages: Attacked) -> None:
    """Marks the leaking attacks' words in results, notebooks, pages and the terminal."""
    folder = with_pages.course.folder
    leaking = [name for name in with_pages.attackers if name.startswith("leaking-")]
    assert len(leaking) >= 5
    found = [folder / "results" / NAME / f"{student}.json" for student in leaking]
    for place, kind in (("autograded", "ipynb"), ("feedback", "html")):
        found += [folder / place / student / NAME / f"{NAME}.{kind}" for student in leaking]
    texts = {str(path): path.read_text(encoding="utf-8") for path in (*found, folder / "report.html")}
    texts["terminal"] = with_pages.run.stdout + with_pages.run.stderr
    assert [name for name, text in texts.items() if holds_words(text)] == []


def test_no_other_grade_is_touched(attacked: Attacked) -> None:
    assert attacked.grades_of_the_honest() == attacked.before


def test_nothing_is_left(attacked: Attacked) -> None:
    assert surroundings() == attacked.surroundings


def test_no_script_of_a_learner_reaches_the_instructors_browser(with_pages: Attacked) -> None:
    student = slug("handing in", "scripts in text and outputs")
    page = with_pages.course.feedback_page(student, NAME)
    assert "fetch(" in page
    assert "<script>fetch" not in page and "<img src=x" not in page


def test_nbgrader_autograde_is_not_deceived_either(attacked: Attacked, copied: Course) -> None:
    quick = {"forging", "lying", "undermining", "handing-in", "stopping"}
    sample = [name for name in attacked.attackers if name.startswith(tuple(quick)) and "half-a-frame" not in name]
    for name in set(attacked.attackers) - set(sample):
        shutil.rmtree(copied.folder / "submitted" / name)
    before = surroundings()
    run = copied.nbgrader("autograde", NAME, "--force")
    for student in ("ada", BYSTANDER):
        assert sum(points or 0 for points in copied.scores(NAME)[student].values()) == ATTENTION.points
    found = copied.scores(NAME)
    assert {name: found[name] for name in sample if any(found.get(name, {}).values())} == {}, run.stderr[-3000:]
    assert surroundings() == before


def test_a_name_that_is_a_pattern_or_breaks_a_line_costs_nobody_a_grade_or_a_page(course: Course) -> None:
    for student in (PATTERN, BREAKING):
        hand_in(course.folder, student, NAME, fill(ATTENTION, {}))
    hand_in(course.folder, "ada", NAME, fill(ATTENTION, references(ATTENTION)))
    course.done_by_nbgrader("autograde", NAME)
    found = {name: sum(points or 0 for points in scores.values()) for name, scores in course.scores(NAME).items()}
    assert found == {PATTERN: 0, "ada": ATTENTION.points}
    assert sorted(path.name for path in (course.folder / "autograded").iterdir()) == [PATTERN, "ada"]
    # Stock nbgrader may have left one.
    shutil.copytree(course.folder / "autograded" / "ada", course.folder / "autograded" / BREAKING)
    course.done_by_nbgrader("generate_feedback", NAME)
    assert sorted(path.name for path in (course.folder / "feedback").iterdir()) == [PATTERN, "ada"]
