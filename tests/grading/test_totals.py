"""Each student has one total, the gradebook's: what a person gave counts in it, and is told, wherever it stands."""

import html
import json
import re

import pytest

from tests.banks.sources import ONE, asserts, essay, handed_in, text, write_source
from tests.grading.conftest import Course

pytestmark = pytest.mark.grading
NAME, ESSAY = "ps1", "cell-b5f897ad67a92ec9"
CELLS = [
    ONE,
    asserts("thirds", 4, "one * 4 / 3"),
    asserts("plain", 2, "assert one == 1"),
    text("## Question 3\n\nWhy is that so?"),
]


@pytest.fixture
def course(empty: Course) -> Course:
    """Ada and Bob handed in the same and were graded; Ada also by a person, who changed one score of the grader's."""
    write_source(empty.folder, NAME, [*CELLS, essay(ESSAY, 5)])
    empty.done("release", NAME)
    for student in ("ada", "bob"):
        handed_in(empty.folder, NAME, student, {"one-answer": "one = 1", ESSAY: "Because."})
    empty.done("grade", NAME, "--workers", "1")
    empty.grade_by_hand(NAME, "ada", ESSAY, 4.5)
    empty.grade_by_hand(NAME, "ada", "plain", 1.25)
    return empty


def test_the_total_is_one_in_grade_table_page_and_report(course: Course) -> None:
    said = course.done("grade", NAME, "--workers", "1").stdout
    # 4 / 3, 1.25 in the place of 2, and 4.5 for the essay.
    assert "ada: 7.08 of 11 points; changed by hand: plain 2 to 1.25; by hand: Question 3 4.5\n" in said
    assert "bob: 3.33 of 11 points so far; to be graded by hand: Question 3\n" in said
    assert "Question 3: 1 to be graded by hand, in formgrader." in said and ESSAY not in said

    rows = course.rows()
    assert (rows["ada"]["score"], rows["ada"]["by_hand"]) == (
        "7.08",
        "changed by hand: plain 2 to 1.25; by hand: Question 3 4.5",
    )
    assert (rows["bob"]["score"], "No grade yet for Question 3" in rows["bob"]["reason"]) == ("", True)
    course.done("export", "scores.json")
    ada, bob = json.loads((course.folder / "scores.json").read_text(encoding="utf-8"))["scores"]
    assert (ada["score"], bob["score"]) == (7.08, None)
    assert {cell["name"]: cell["score"] for cell in ada["cells"]} == {"thirds": 1.33, "plain": 1.25, ESSAY: 4.5}

    course.done("feedback", NAME)
    page = html.unescape(course.feedback_page("ada", NAME))
    assert f"{NAME} (Score: 7.08 / 11.0)" in page
    assert '<a href="#plain">plain</a> (Score: 1.25 / 2.0), changed by hand' in page
    assert f'<a href="#{ESSAY}">Question 3</a> (Score: 4.5 / 5.0)</li>' in page
    assert "A person changed this to 1.25 of 2 points. The automatic grading said:" in page
    assert "thirds: 1.33 of 4 points" in page
    page = html.unescape(course.feedback_page("bob", NAME))
    assert f"{NAME} (Score so far: 3.33 / 11.0)" in page
    assert f'<a href="#{ESSAY}">Question 3</a> (Score: 0.0 / 5.0), not graded yet' in page

    report = course.report()
    # The mean of 1.25 and 2, and an essay that no result knows of.
    assert re.search(r"<code>plain</code>: mean 1\.6 of 2 points</h3>\s*<p>Changed by hand: 1\.", report)
    assert re.search(r"Question 3: mean 4\.5 of 5 points</h3>\s*<p>Graded by hand: 1\. Not graded yet: 1\.", report)
    assert "changed by hand: plain 2 to 1.25; by hand: Question 3 4.5" in report


def test_scores_by_hand_above_a_new_maximum_are_told_with_names(course: Course) -> None:
    course.done("grade", NAME, "--workers", "1")
    course.grade_by_hand(NAME, "bob", ESSAY, 4.0)
    write_source(course.folder, NAME, [*CELLS, essay(ESSAY, 4)])
    told = (
        "Question 3 is worth 4 points, and more was given by hand to ada (4.5): grade these again in formgrader, or "
        "raise the points and release again."
    )
    assert told in course.done("release", NAME).stdout
    assert told in course.done("grade", NAME, "--workers", "1").stdout
    course.grade_by_hand(NAME, "ada", ESSAY, 4.0)
    assert "more was given by hand" not in course.done("grade", NAME, "--workers", "1").stdout
