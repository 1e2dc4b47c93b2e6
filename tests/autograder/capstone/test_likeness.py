"""Models are recognized in every disguise that leaves them the same function, and nobody else's are."""

import functools

import pytest
import torch

from autograder.capstone import steps
from autograder.capstone.likeness import SAME_LAYER, SAME_SAID, WORDS, Portrait, correlation, cosines, distance, layers
from autograder.capstone.shipped import SHIPPED, origin, portrait
from autograder.exercises.capstone import PRETRAINING
from llm_course.capstone.format import BASE, MODEL, TABLE
from tests.autograder.capstone.disguises import (  # fmt: skip
    DISGUISES,
    Disguise,
    Model,
    everything,
    noisy,
    stream_rotated,
    tokens_added,
)

DRAFT, ALONE = "stories-draft", "stories-draft-alone"
SEED = b"a course's secret"
EVERY_VIEW = ["a layer", "the words in its table", "what it says"]


def exam_of(model: Model, file: str = MODEL) -> steps.Exam:
    return steps.Exam(steps.HandedIn(model.handed_in(file)), SEED)


def portrait_of(model: Model) -> Portrait:
    return exam_of(model).portrait(MODEL)


@functools.cache
def shipped(name: str) -> Model:
    return Model.shipped(name)


@functools.cache
def drafts() -> tuple[Portrait, Portrait]:
    """Two that the course ships: they began from the same weights and read the same batches, for other losses."""
    return portrait_of(shipped(DRAFT)), portrait_of(shipped(ALONE))


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_shipped_model_is_recognized(disguise: Disguise) -> None:
    """By its numbers alone: each of the two views tells."""
    torch.manual_seed(0)
    handed_in = exam_of(disguise(shipped(DRAFT))).handed_in
    weights = handed_in.weights(MODEL)
    words = cosines([handed_in.tokenizer.encode(word) for word in WORDS], weights[TABLE])
    assert origin(Portrait(layers(weights, handed_in.shape), words), []) == (DRAFT, EVERY_VIEW[:2])


@pytest.mark.parametrize("disguise", [stream_rotated, tokens_added])
def test_what_a_model_says_tells_whatever_its_tokens(disguise: Disguise) -> None:
    torch.manual_seed(0)
    said = portrait_of(disguise(shipped(DRAFT))).said
    assert correlation(said, drafts()[0].said) > SAME_SAID + 0.02


def test_each_view_is_enough() -> None:
    """With other layers, with another table, or where only what it says is left."""
    whole, texts = drafts()[0], exam_of(shipped(DRAFT)).said_texts
    assert origin(whole, texts) == (DRAFT, EVERY_VIEW)
    parts = Portrait(layers=whole.layers), Portrait(words=whole.words), Portrait(said=whole.said)
    for view, part in zip(EVERY_VIEW, parts, strict=True):
        assert origin(part, texts) == (DRAFT, [view])


def test_a_shipped_model_in_disguise_earns_nothing_and_is_flagged() -> None:
    torch.manual_seed(0)
    result = steps._find(PRETRAINING, steps.FINDERS[PRETRAINING], exam_of(everything(shipped(DRAFT)), BASE), {})
    assert [*result["holds"].values()] == [True, False, False, False, False]
    assert f"`{DRAFT}`" in result["flags"][0] and f"`{DRAFT}`" in result["hint"]


def test_what_was_trained_further_is_recognized() -> None:
    """`stories-chat` and `errands` are `stories` with dialogues learned."""
    for name in ("stories-chat", "errands"):
        assert portrait("stories", ()).shared(portrait(name, ())) == EVERY_VIEW[:2]


def test_models_trained_apart_are_not() -> None:
    draft, alone = drafts()
    assert draft.shared(alone) == []
    assert distance(draft.layers, alone.layers) > 2 * SAME_LAYER
    assert correlation(draft.said, alone.said) < SAME_SAID - 0.03
    for name in SHIPPED[2:]:
        assert alone.shared(portrait(name, ())) == []


def test_nobodys_weights_come_from_nowhere() -> None:
    torch.manual_seed(0)
    assert portrait_of(noisy(shipped(DRAFT), 30.0)).shared(drafts()[0]) == []
    assert Portrait().shared(Portrait()) == []
    huge = {name: weight * 1e37 for name, weight in shipped(DRAFT).weights.items()}
    assert portrait_of(Model(shipped(DRAFT).merges, huge, shipped(DRAFT).shape)).said == []
