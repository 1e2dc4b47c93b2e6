"""Two with one model, or one run, are told to the instructor; two who worked apart are not."""

import functools
from typing import Any

import pytest
import torch

from autograder.capstone import steps
from autograder.capstone.copies import COMPARED, PORTRAITS, copies
from autograder.capstone.likeness import FEWEST
from autograder.judging.grade import not_graded
from autograder.records.result import Result
from llm_course.capstone.format import BASE, LEDGER, MODEL, TOKENIZER
from tests.autograder.capstone.disguises import Model, everything
from tests.autograder.capstone.runs import ON_A_RUN, whole_run

pytestmark = [pytest.mark.training, ON_A_RUN]

Files = dict[str, bytes]
EVERYTHING = ("base model", "finished model", "training run")


def result(files: Files) -> Result:
    """What grading keeps of a hand-in for the comparison."""
    exam = steps.Exam(steps.HandedIn(files), b"seed")
    figures: dict[str, Any] = {PORTRAITS: dict(steps.portraits(exam))}
    steps._find(steps.LEDGER, steps.FINDERS[steps.LEDGER], exam, figures)
    return Result(**{**vars(not_graded("19_capstone", "")), "figures": figures})


@functools.cache
def honest(seed: int) -> Result:
    return result(whole_run(seed))


def found(**results: Result) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(copy.one, copy.other, copy.what) for copy in copies(results)]


def test_learners_who_worked_apart_are_not_told() -> None:
    assert found(ada=honest(0), bert=honest(1), cora=honest(2), dave=not_graded("19_capstone", "nothing")) == []


def test_a_copy_is_told_with_its_model_and_its_run() -> None:
    assert found(cora=honest(0), bert=honest(1), ada=honest(0)) == [("ada", "cora", EVERYTHING)]
    (copy,) = copies({"ada": honest(0), "cora": honest(0)})
    message = copy.message()
    assert message.startswith("have the same base model, the same finished model and the same training run: seeds are")
    assert "\n" not in message and "." not in message


def test_a_disguised_model_is_told() -> None:
    files = whole_run(0)
    for file in COMPARED:
        torch.manual_seed(0)
        files = {**files, **everything(Model.of(whole_run(0), file)).handed_in(file)}
    assert found(ada=honest(0), bert=result(files)) == [("ada", "bert", EVERYTHING)]


def test_models_are_told_by_what_they_say() -> None:
    """With a table and layers that nobody knows, and another tokenizer."""
    one, other = (result(Model.shipped(name).handed_in(BASE)) for name in ("stories-draft", "stories-draft-alone"))
    said = one.figures[PORTRAITS][BASE]["said"]
    another = {PORTRAITS: {BASE: {"words": [], "said": [number + 0.1 for number in said]}}}
    disguised = Result(**{**vars(one), "figures": another})
    assert found(ada=one, bert=disguised, cora=other) == [("ada", "bert", ("base model",))]


def test_each_part_is_told_for_itself() -> None:
    """Whoever has a run of their own and another's finished model, or the ledger of another beside their own model."""
    own, others = whole_run(1), whole_run(0)
    borrowed = {**own, MODEL: others[MODEL], TOKENIZER: others[TOKENIZER]}
    assert found(ada=honest(0), bert=result(borrowed)) == [("ada", "bert", ("finished model",))]
    assert found(ada=honest(0), bert=result({**own, LEDGER: others[LEDGER]})) == [("ada", "bert", ("training run",))]
    assert found(ada=honest(0), bert=result({BASE: others[BASE]})) == []  # without a tokenizer no model can be read


def test_figures_of_another_form_are_not_compared() -> None:
    """A tokenizer may lack most of the words."""
    few = [0.5] * (FEWEST - 1)
    for words in ([], few, [None] * 600, [0.0] * 600):
        portraits = {BASE: {"words": words, "said": []}}
        figures = {PORTRAITS: portraits, "curve": {"pretraining": [[1, 2.0]]}}
        one = Result(**{**vars(honest(0)), "figures": figures})
        assert found(ada=one, bert=one) == [], words
