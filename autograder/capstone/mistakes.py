"""Known ways in which a step goes wrong, recognized by what the files that were handed in do."""

from collections.abc import Mapping

import torch
from torch import Tensor

from autograder.capstone.exam import Exam
from autograder.capstone.handed_in import HandedIn
from autograder.capstone.quantized import Quantized, rounded_before
from autograder.exercises.capstone import FACT
from autograder.exercises.spec import MeasuredStep
from llm_course.capstone import bars
from llm_course.capstone.data import held_out_texts
from llm_course.capstone.decoder import logits
from llm_course.capstone.format import BASE, MODEL, TUNED, CapstoneError
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import Merges, learn

MEMORIZED = "memorized_the_test"
SAYS_AGAIN = 0.15
"""Bits per byte that a model may need at most to say a token again that it has just read, if it was trained to. One
that was trained to say the next needs more than ten times as much."""
PEEKS = 0.6
"""The share of its bits that a model saves when it sees what it is to predict, if it was trained so. One that was
trained behind a mask needs more bits without it."""
KNOWS_THE_TEST = 0.7
"""Bits per byte of public texts, as a share of those of new ones, below which a model has read the public ones."""
SAME_MERGES = 0.97
TEST_SIZES = (20, 50, 60, 100, 120, 200, 300, 500, 1000)
"""Numbers of validation texts that a tokenizer may have been learned from."""
WITHOUT_MASK = {**SUBSTITUTES, "causal_mask": lambda queries, keys: torch.ones(queries, keys, dtype=torch.bool)}


def of_base(exam: Exam, weights: Mapping[str, Tensor], bits: float, public: float | None) -> str | None:
    """The mistake in a base model that needs so many bits for new texts and for public ones."""
    if public is not None and public < KNOWS_THE_TEST * bits:
        return MEMORIZED
    if bits <= bars.LEARNED:
        return None
    if exam.bits(exam.decoder(weights), shift=0) < SAYS_AGAIN:
        return "unshifted"
    shape = exam.handed_in.shape
    if exam.bits(lambda ids: logits(ids, weights, shape, WITHOUT_MASK)) < PEEKS * bits:
        return "no_mask"
    return None


def of_fault(step: MeasuredStep, fault: str) -> str | None:
    """The mistake behind a file that cannot be used."""
    return "not_merged" if step is FACT and "lora" in fault.lower() else None


def of_tokenizer(merges: Merges) -> str | None:
    """Whether the merges are those of the public validation texts."""
    for size in TEST_SIZES:
        learned = learn(held_out_texts(size), len(merges), SUBSTITUTES["merge_pair"])
        agreeing = sum(one == other for one, other in zip(learned, merges, strict=False))
        if learned and agreeing >= SAME_MERGES * max(len(learned), len(merges)):
            return "learned_from_the_test"
    return None


def of_quantized(handed_in: HandedIn, quantized: Quantized) -> str | None:
    """Why whole numbers are not nearest to the finished model."""
    for file in (TUNED, BASE):
        try:
            if quantized.is_nearest_to(handed_in.weights(file)):
                return "of_an_earlier_model"
        except CapstoneError:
            continue
    model = handed_in.weights(MODEL)
    twice = any(quantized.is_nearest_to(once) for once in rounded_before(model, quantized.matrices))
    return "quantized_twice" if twice else None


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two models have the same weights."""
    return all(torch.equal(weight, other[name]) for name, weight in one.items())
