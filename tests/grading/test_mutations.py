"""Damaged notebooks in one batch: each ends in a grade or in a plain sentence, and the batch finishes."""

import json
import re
import secrets
from collections import Counter
from random import Random

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.exercises import assignments
from autograder.submissions.hand_in import NotGradable
from autograder.submissions.submission import heal, parse
from tests.banks.mutations import CHANGES, lay
from tests.banks.submissions import fill, hand_in, references
from tests.grading.conftest import Course

NAME = "05_attention"
ATTENTION = assignments()[NAME]
POINTS, EXERCISES = ATTENTION.points, ATTENTION.exercises
SEED = "course"
RIGHT = json.dumps(fill(ATTENTION, references(ATTENTION))).encode()


def test_each_kind_of_damage_is_read_or_refused() -> None:
    outcomes = Counter()
    for change in CHANGES:
        for number in range(30):
            data = change(RIGHT, Random(f"{SEED} {change.__name__} {number}"))
            try:
                read = heal(parse(data, "x.ipynb"), ATTENTION).notebook
            except NotGradable as reason:
                assert re.fullmatch(r"[^\n]+\.", str(reason))
                outcomes["refused"] += 1
                continue
            nbformat.validate(read)
            MetadataValidator().validate_nb(read)
            graded = [cell for cell in read.cells if cell.metadata.get("nbgrader", {}).get("grade")]
            assert sorted(cell.metadata.nbgrader.grade_id for cell in graded) == sorted(item.name for item in EXERCISES)
            outcomes["read"] += 1
    assert min(outcomes["read"], outcomes["refused"]) > 50, outcomes


@pytest.mark.grading
@pytest.mark.timeout(3600)
def test_a_batch_of_damaged_notebooks_finishes(course: Course) -> None:
    check_a_batch_finishes(course, 200, SEED)


@pytest.mark.slow
@pytest.mark.grading
@pytest.mark.timeout(7200)
def test_a_batch_of_2000_randomly_damaged_notebooks_finishes(course: Course) -> None:
    seed = secrets.token_hex(8)
    print("seed:", seed)  # pytest shows it where the test fails
    check_a_batch_finishes(course, 2000, seed)


def check_a_batch_finishes(course: Course, count: int, seed: str) -> None:
    hand_in(course.folder, "ada", NAME, json.loads(RIGHT))
    done = {}
    for number in range(count):
        student = f"damaged-{number:04}"
        random = Random(f"{seed} {number}")
        done[student] = lay(course.folder / "submitted" / student / NAME, NAME, RIGHT, random)
    run = course.llm_course("grade", NAME, "--workers", "2")
    assert "Traceback" not in run.stdout + run.stderr
    assert "report this defect" not in run.stdout
    lines = dict(re.findall(r"^([\w-]+): (.+)$", run.stdout, re.MULTILINE))
    assert lines.pop("ada") == f"{POINTS} of {POINTS} points"
    assert lines.keys() == done.keys()
    for student, line in lines.items():
        assert re.fullmatch(rf"[0-9.]+ of {POINTS} points|not graded\. [^\n]+\.", line), (student, done[student], line)
    assert course.scores(NAME)["ada"] == {exercise.name: exercise.points for exercise in EXERCISES}
    graded = sum(f"of {POINTS} points" in line for line in lines.values())
    assert 0 < graded < count, "the mutations are too mild or too strong to say anything"
