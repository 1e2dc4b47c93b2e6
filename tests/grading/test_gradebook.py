"""The quick writer leaves what nbgrader's Autograde leaves, whatever happens in between."""

import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from nbgrader.converters import Autograde

from autograder import cli
from autograder.exercises.spec import Assignment
from autograder.nbgrader_bridge import gradebook
from autograder.records.result import in_points
from autograder.running import workers
from autograder.sandbox.zygote_client import shared_zygote
from tests.banks.submissions import fill, hand_in, references, wrong_answer
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
NAME = "05_attention"
KILLS = 10
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1]);"


def autograded(course: Course) -> dict[str, tuple[int, bytes]]:
    """Mode and content of all files in autograded/."""
    files = (path for path in (course.folder / "autograded").rglob("*") if path.is_file())
    root = course.folder / "autograded"
    return {str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes()) for path in files}


def wrong(assignment: Assignment, number: int) -> dict[str, Any]:
    answers = {item.name: wrong_answer(item, item.mistakes[number]) for item in assignment.exercises}
    return fill(assignment, references(assignment) | answers)


def hand_in_all_kinds(course: Course, assignment: Assignment) -> None:
    right, name = references(assignment), assignment.name
    noisy = "\n".join(["import warnings", "for i in range(3000): print(i)", "warnings.warn('x')", PLOT])
    changed = fill(assignment, right)
    del changed["cells"][-1]
    changed["cells"][2]["metadata"] = {"nbgrader": {"grade_id": "made-up", "points": 100}}
    changed["cells"].append(changed["cells"][4])
    hand_in(course.folder, "right", name, fill(assignment, right))
    hand_in(course.folder, "untouched", name, fill(assignment, {}))
    hand_in(course.folder, "wrong", name, wrong(assignment, 0))
    hand_in(course.folder, "noisy", name, fill(assignment, right, extra={2: noisy, 5: "1/0"}))
    hand_in(course.folder, "changed", name, changed)
    late = hand_in(course.folder, "late", name, wrong(assignment, 1)).parent
    (late / "timestamp.txt").write_text("2026-02-01 12:00:00.000000 UTC\n")
    (late / "data").mkdir()
    (late / "data" / "numbers.csv").write_text("1,2\n")
    (late / "other.ipynb").write_text("{}")
    imported = "import helper\ncausal_mask = helper.causal_mask"
    helped = hand_in(course.folder, "helped", name, fill(assignment, right | {"causal_mask": imported})).parent
    (helped / "helper.py").write_text("from torch import Tensor\nimport torch\n" + right["causal_mask"])
    punctual = hand_in(course.folder, "punctual", name, fill(assignment, right)).parent
    (punctual / "timestamp.txt").write_text("2026-01-01 13:00:00 +0100")


def set_due_date(course: Course) -> None:
    course.configure(
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "c.AssignLatePenalties.plugin_class = LateSubmissionPlugin\n"
        'c.LateSubmissionPlugin.penalty_method = "zero"\n'
    )
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-01-15 12:00:00 UTC")


def test_it_leaves_what_nbgrader_leaves(course: Course, attention: Assignment, tmp_path: Path) -> None:
    hand_in_all_kinds(course, attention)
    set_due_date(course)
    (course.folder / "source" / NAME / "shared.txt").write_text("for all\n")
    (course.folder / "source" / NAME / "helper.py").write_text("# yours stays, where you hand it in\n")
    course.configure(f'c.Autograde.exclude_overwriting = {{"{NAME}": ["helper.py"]}}\n')
    other = Course(tmp_path / "other")
    shutil.copytree(course.folder, other.folder)
    course.done("grade", NAME, "--workers", "2")
    other.done_by_nbgrader("autograde", NAME)
    assert course.submissions(NAME) == other.submissions(NAME)
    assert course.submissions(NAME)["late"]["penalty"] > 0
    assert autograded(course) == autograded(other)
    assert f"late/{NAME}/data/numbers.csv" in autograded(course)
    kept = [course.folder / place / "helped" / NAME / "helper.py" for place in ("autograded", "submitted")]
    assert kept[0].read_bytes() == kept[1].read_bytes()
    assert {exercise.name: exercise.points for exercise in attention.exercises} == {
        name: grade[0] for name, grade in course.submissions(NAME)["helped"]["grades"].items()
    }

    # Once more, over what people wrote in between.
    for each in (course, other):
        with each.gradebook() as gradebook:
            gradebook.find_grade("causal_mask", NAME, NAME, "wrong").manual_score = 1.5
            gradebook.find_grade("causal_mask", NAME, NAME, "wrong").extra_credit = 0.5
            gradebook.find_comment("causal_mask-answer", NAME, NAME, "wrong").manual_comment = "Nearly."
            gradebook.db.commit()
        hand_in(each.folder, "wrong", NAME, wrong(attention, 1))
        (each.folder / "submitted" / "late" / NAME / "timestamp.txt").write_text("2026-01-02 12:00:00 UTC")
    course.done("grade", NAME)
    other.done_by_nbgrader("autograde", NAME, "--force")
    assert course.submissions(NAME) == other.submissions(NAME)
    assert course.submissions(NAME)["late"]["penalty"] is None
    assert course.submissions(NAME)["wrong"]["grades"]["causal_mask"][1:] == (1.5, 0.5, True)
    assert autograded(course) == autograded(other)


@pytest.mark.timeout(1800)  # twelve runs
def test_kills_at_random_moments_change_nothing(course: Course, attention: Assignment, tmp_path: Path) -> None:
    draw = random.Random(5)
    students = 4 * KILLS
    kinds = [fill(attention, references(attention)), fill(attention, {}), wrong(attention, 0)]
    for number in range(students):
        hand_in(course.folder, f"s{number:02d}", NAME, kinds[number % len(kinds)])
    undisturbed = Course(tmp_path / "undisturbed")
    shutil.copytree(course.folder, undisturbed.folder)
    undisturbed.done("grade", NAME, "--workers", "2")
    moments = []
    for _ in range(KILLS):
        before = len(results(course))
        run = fork(course, "grade", NAME, "--workers", "2")
        wait_for_results(course, min(before + draw.randint(0, 3), students - 1))
        time.sleep(draw.uniform(0, 0.1))
        os.kill(run, signal.SIGKILL)
        os.waitpid(run, 0)
        moments.append((len(results(course)), len(autograded(course))))
    course.done("grade", NAME, "--workers", "2")
    assert course.submissions(NAME) == undisturbed.submissions(NAME)
    assert autograded(course) == autograded(undisturbed)
    # It was no race that each run won: some kills left work behind. A busy machine may see a kill late.
    assert sum(done < students for done, _ in moments) >= 2, moments


def test_an_interrupted_run_keeps_what_is_graded(course: Course, attention: Assignment) -> None:
    students = [f"s{number:02d}" for number in range(80)]  # so many that they are not all graded before the signal
    for student in students:
        hand_in(course.folder, student, NAME, fill(attention, references(attention)))
    command = [sys.executable, "-m", "autograder", "grade", NAME, "--workers", "2"]
    run = subprocess.Popen(command, cwd=course.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for_results(course, 3)
    run.send_signal(signal.SIGINT)
    _, complaints = run.communicate(timeout=300)
    assert run.returncode == 130
    assert complaints.decode().strip() == "llm-course: interrupted; run the same command again to go on."
    kept = {path.stem: path.read_bytes() for path in results(course)}
    assert 3 <= len(kept) < len(students)
    assert set(course.submissions(NAME)) == set(kept) == {Path(name).parts[0] for name in autograded(course)}
    course.done("grade", NAME)
    assert set(course.submissions(NAME)) == set(students)
    assert {path.stem: path.read_bytes() for path in results(course) if path.stem in kept} == kept


def test_a_run_over_what_is_graded_touches_nothing(course: Course, attention: Assignment) -> None:
    hand_in_all_kinds(course, attention)
    course.done("grade", NAME)
    before = {path: path.stat().st_mtime_ns for path in files_of(course)}
    course.done("grade", NAME)
    assert {path: path.stat().st_mtime_ns for path in files_of(course)} == before
    kept = course.submissions(NAME)
    course.done("grade", NAME, "--again")
    assert course.submissions(NAME) == kept
    assert all(path.stat().st_mtime_ns > before[path] for path in results(course))


def test_a_hand_in_that_changes_prose_alone_is_shown(course: Course, attention: Assignment) -> None:
    notebook = fill(attention, references(attention))
    hand_in(course.folder, "ada", NAME, notebook)
    course.done("grade", NAME)
    result = (course.folder / "results" / NAME / "ada.json").read_bytes()
    notebook["cells"][0]["source"] = "A word that was not there before."
    hand_in(course.folder, "ada", NAME, notebook)
    course.done("grade", NAME)
    assert (course.folder / "results" / NAME / "ada.json").read_bytes() == result
    assert (
        "A word that was not there before."
        in (course.folder / "autograded" / "ada" / NAME / f"{NAME}.ipynb").read_text()
    )


def test_an_unreadable_hand_in_takes_the_old_score_back(course: Course, attention: Assignment) -> None:
    path = hand_in(course.folder, "ada", NAME, fill(attention, references(attention)))
    course.done("grade", NAME)
    path.write_text('{"cells": [')
    for _ in range(2):
        assert "ada: not graded" in course.llm_course("grade", NAME).stdout
        assert {grade[0] for grade in course.submissions(NAME)["ada"]["grades"].values()} == {None}
        assert autograded(course) == {}
        assert exported(course) == {"ada": ("not graded", "")}
    hand_in(course.folder, "ada", NAME, fill(attention, references(attention)))
    course.done_by_nbgrader("autograde", NAME)
    assert exported(course) == {"ada": ("graded", f"{attention.points:.1f}")}
    path.write_text('{"cells": [')
    assert course.nbgrader("autograde", NAME, "--force").returncode != 0
    assert exported(course) == {"ada": ("not graded", "")}


def test_only_one_run_grades_a_course_at_a_time(
    course: Course, attention: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradebook, "LOCK_DEADLINE", 0.1)
    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    with gradebook.course_lock(course.folder):
        refusal = course.refused("grade", NAME, "--workers", "1")
    assert refusal == "llm-course: Another grading of this course is running: wait until it ends.\n"


def fork(course: Course, *arguments: str) -> int:
    """Run a command in a copy of this process, with the fork server of this one. Returns the copy's process id."""
    server = shared_zygote().share()
    process = os.fork()
    if process == 0:
        try:
            cli.shared_zygote = workers.shared_zygote = lambda: server
            course.llm_course(*arguments)
        finally:
            os._exit(0)
    server.close()
    return process


def wait_for_results(course: Course, count: int) -> None:
    end = time.monotonic() + 300
    while len(results(course)) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def results(course: Course) -> list[Path]:
    return sorted((course.folder / "results" / NAME).glob("*.json"))


def files_of(course: Course) -> list[Path]:
    folders = (course.folder / name for name in ("results", "autograded"))
    return [path for folder in folders for path in folder.rglob("*")]


def exported(course: Course) -> dict[str, tuple[str, str]]:
    return {student: (row["status"], row["score"]) for student, row in course.rows().items()}


def test_the_notebook_appears_when_all_else_is_done(
    course: Course, attention: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    hand_in(course.folder, "ada", NAME, fill(attention, {}))
    with monkeypatch.context() as patch:
        patch.setattr(Autograde, "set_permissions", killed)
        assert course.llm_course("grade", NAME, "--workers", "1").returncode == 130
    assert [result.stem for result in results(course)] == ["ada"]
    assert not list((course.folder / "autograded").rglob("*.ipynb"))
    course.done("grade", NAME, "--workers", "1")
    ((mode, _),) = autograded(course).values()
    assert stat.S_IMODE(mode) == 0o444


def test_a_dry_run_tells_who_changes_and_why_and_writes_nothing(course: Course, attention: Assignment) -> None:
    for student in ("ada", "bert"):
        hand_in(course.folder, student, NAME, fill(attention, references(attention)))
    course.done("grade", NAME)
    hand_in(course.folder, "ada", NAME, wrong(attention, 0))
    hand_in(course.folder, "zoe", NAME, fill(attention, {}))
    course.configure("\nc.TrustedGrade.call_deadline = 9\n")
    before = {path: path.read_bytes() for path in course.folder.rglob("*") if path.is_file()}
    run = course.done("grade", NAME, "--dry-run")
    points = attention.points
    *changes, told = run.stdout.splitlines()
    lost, new = sorted(changes)
    assert lost.startswith(f"ada: {points} to ") and lost.endswith("): other code was handed in.")
    assert new == f"zoe: 0 of {points} points, and no score before."
    assert told == f"2 of 3 submissions of {NAME} would change; nothing was written."
    assert {path: path.read_bytes() for path in course.folder.rglob("*") if path.is_file()} == before


def test_a_score_by_hand_is_told_and_flagged_where_the_code_has_become_another(
    course: Course, attention: Assignment
) -> None:
    hand_in(course.folder, "ada", NAME, wrong(attention, 0))
    course.done("grade", NAME)
    course.grade_by_hand(NAME, "ada", "causal_mask", 1.5)
    same = course.llm_course("grade", NAME).stdout
    assert re.search(r"^ada: [\d.]+ of [\d.]+ points; changed by hand: causal_mask [\d.]+ to 1.5$", same, re.MULTILINE)
    assert "note" not in same
    hand_in(course.folder, "ada", NAME, fill(attention, references(attention)))
    (asked,) = (exercise for exercise in attention.exercises if exercise.name == "causal_mask")
    total = in_points(attention.points - asked.points + 1.5)
    assert f" to {total} of {attention.points} points (" in course.llm_course("grade", NAME, "--dry-run").stdout
    flag = "causal_mask has 1.5 points by hand, given to another answer: look at it again."
    for _ in range(2):  # A second run has not forgotten it.
        assert f"  note: {flag}" in course.llm_course("grade", NAME).stdout
    course.done("export", "grades.csv")
    assert flag in (course.folder / "grades.csv").read_text(encoding="utf-8")
    assert flag in course.report()
    course.grade_by_hand(NAME, "ada", "causal_mask", 2)
    assert "note" not in course.llm_course("grade", NAME).stdout
