"""The capstone in a course: models handed in, and scores, feedback and a board that come of them."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from autograder.capstone import measuring
from autograder.capstone.measuring import measure
from autograder.records.result import read_result
from autograder.submissions.hand_in import NotGradable
from llm_course.capstone.format import BASE, QUANTIZED
from tests.autograder.capstone.runs import ON_A_RUN, whole_run
from tests.grading.conftest import Course, copy_of

pytestmark = [pytest.mark.grading, ON_A_RUN]
NAME = "19_capstone"


@pytest.fixture(scope="module")
def course(empty_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Four: a short run, the same with a header of terabytes, no files, and a run with another seed."""
    course = copy_of(empty_course, tmp_path_factory.mktemp("capstone"))
    folder = course.folder
    course.done("release", NAME)
    hostile = {**whole_run(0), BASE: struct.pack("<Q", 1 << 45) + b"{}"}
    for student, files in (("ada", whole_run(0)), ("bert", hostile), ("cora", {}), ("dora", whole_run(1))):
        place = folder / "submitted" / student / NAME
        place.mkdir(parents=True)
        shutil.copy(folder / "release" / NAME / f"{NAME}.ipynb", place)
        for name, content in files.items():
            (place / name).write_bytes(content)
    return course


def test_models_are_measured_and_come_into_the_gradebook(course: Course) -> None:
    graded = course.llm_course("grade", NAME)
    assert "Graded 4 of 4" in graded.stdout, graded.stderr
    told = "ada and bert have the same finished model and the same training run: seeds are drawn for each learner"
    assert told in graded.stdout and "dora and" not in graded.stdout and "and dora" not in graded.stdout
    assert told in course.llm_course("similar", NAME).stdout
    scores = course.scores(NAME)
    assert scores["ada"]["ledger"] == scores["ada"]["quantization"] == 5
    assert scores["ada"]["pretraining"] == 2, "its file and its own weights, and no bar of bits"
    assert scores["bert"]["pretraining"] == 0 and scores["bert"]["quantization"] == 5
    assert set(scores["cora"].values()) == {0}
    result = read_result(course.folder / "results" / NAME / "ada.json")
    assert result.figures["tokens"] == 61440 and result.tier == ""
    before = (course.folder / "results" / NAME / "ada.json").read_bytes()
    assert "Graded 4 of 4" in course.llm_course("grade", NAME).stdout
    assert (course.folder / "results" / NAME / "ada.json").read_bytes() == before, "what is unchanged stays"


def test_learners_see_their_curves_and_instructors_the_board(course: Course) -> None:
    course.llm_course("grade", NAME)
    course.done("feedback", NAME)
    assert course.feedback_page("ada", NAME).count("data:image/png") == 3
    assert "header of 35,184,372,088,832 bytes" in course.feedback_page("bert", NAME)
    report = course.report()
    assert "The board" in report and "the course&#39;s reference run" in report
    assert report.count("<svg") == 2
    assert "They have the same finished model and the same training run" in report and report.count("ada, bert") == 1
    assert "dora" not in report.partition("To look at")[2]


def test_a_changed_file_is_graded_again(course: Course) -> None:
    course.llm_course("grade", NAME)
    (course.folder / "submitted" / "ada" / NAME / QUANTIZED).unlink()
    course.llm_course("grade", NAME)
    assert course.scores(NAME)["ada"]["quantization"] == 0
    stored = json.loads((course.folder / "results" / NAME / "ada.json").read_text())
    assert stored["attempt"] == 2


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("PROCESSOR_SECONDS", 1, "was stopped after 1 s of processor time"),
        ("CLOCK_SECONDS", 0.1, "grade again on a free machine"),
        ("ADDRESS_SPACE", 1 << 28, "could not be measured"),
    ],
)
def test_measuring_ends_and_says_so(monkeypatch: pytest.MonkeyPatch, limit: str, value: float, said: str) -> None:
    monkeypatch.setattr(measuring, limit, value)
    with pytest.raises(NotGradable, match=said):
        measure(whole_run(0), b"seed")
