"""sequence_log_prob: the chain rule, or how likely a text is."""

import torch
from torch import Generator, Tensor

from autograder.exercises.language_models.inputs import random_ids
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import language_models


def random_table(draw: Generator, vocab_size: int) -> Tensor:
    """Rows that sum to 1, as a transposed view: learners' code must not rely on contiguous memory."""
    columns = torch.rand(vocab_size, vocab_size, generator=draw, dtype=torch.float64) + 0.05
    return (columns / columns.sum(0)).float().T


def scored(draw: Generator) -> Arguments:
    vocab_size = randint(draw, 4, 6)
    return {"probs": random_table(draw, vocab_size), "ids": random_ids(draw, 12, vocab_size)}


def scored_small(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]])
    return {"probs": table, "ids": [2, 0, 1, 1, 0]}


def scored_long(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 6), "ids": random_ids(draw, 900, 6)}


def scored_impossible(draw: Generator) -> Arguments:
    table = torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.1, 0.2, 0.7]])
    return {"probs": table, "ids": [1, 0, 2, 2]}


def scored_single(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [2]}


def scored_pair(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [2, 1]}


def scored_in_float64(draw: Generator) -> Arguments:
    arguments = scored(draw)
    return {**arguments, "probs": arguments["probs"].double()}


def scored_in_bfloat16(draw: Generator) -> Arguments:
    arguments = scored_small(draw)
    return {**arguments, "probs": arguments["probs"].bfloat16()}


def scored_single_in_float64(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4).double(), "ids": [randint(draw, 0, 3)]}


def scored_beside_zero(draw: Generator) -> Arguments:
    """The table has a 0 that the text never uses."""
    table = random_table(draw, 4).clone()
    table[:, 3] = 0.0
    return {"probs": table / table.sum(dim=1, keepdim=True), "ids": random_ids(draw, 9, 3)}


def scored_unknown(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [4, 0, 1]}


def scored_unknown_last(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [0, 1, randint(draw, 4, 9)]}


def scored_negative(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [0, 1, -2]}


def scored_negative_first(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [-randint(draw, 1, 4), 0, 1]}


def scored_unknown_alone(draw: Generator) -> Arguments:
    return {"probs": random_table(draw, 4), "ids": [randint(draw, 4, 9)]}


EXERCISE = Exercise(
    reference=language_models.sequence_log_prob,
    points=3,
    cases=(
        Case("small", scored_small, visible=True),
        Case("drawn", scored),
        Case("one prediction", scored_pair, visible=True),
        Case("long text", scored_long, visible=True),
        Case("single token", scored_single, visible=True),
        Case("impossible step", scored_impossible, visible=True),
        Case("float64", scored_in_float64, visible=True),
        Case("bfloat16", scored_in_bfloat16, visible=True),
        Case("float64, single token", scored_single_in_float64, visible=True),
        Case("gradients", scored, visible=True, gradients=("probs",)),
        Case("gradients beside a zero", scored_beside_zero, visible=True, gradients=("probs",)),
        Case("unknown id", scored_unknown, visible=True),
        Case("unknown id at the end", scored_unknown_last, visible=True),
        Case("negative id", scored_negative, visible=True),
        Case("negative id at the start", scored_negative_first, visible=True),
        Case("unknown id alone", scored_unknown_alone, visible=True),
    ),
    properties=(
        Property(
            "It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
            ("small", "drawn", "one prediction"),
            "Write the text 2 0 1 on paper: log probs[2, 0] plus log probs[0, 1], and nothing else.",
            weight=3,
        ),
        Property(
            "A long text does not underflow",
            ("long text",),
            "The product of hundreds of probabilities is smaller than any float. Take logarithms first and add them.",
        ),
        Property(
            "A step of probability 0 gives minus infinity, and a single token gives 0",
            ("impossible step", "single token"),
            "An impossible text has log probability -inf: do not hide it with a small number. A single token has "
            "nothing to predict, and a sum of nothing is 0.",
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
        Property(
            "The dtype is that of the table, and the arguments are left unchanged",
            ("float64", "float64, single token", "bfloat16", "small"),
            "A table in float64 or bfloat16 must give a result in its dtype, and neither the table nor the list may "
            "change.",
            observe=observe.dtype_and_changed,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
        Property(
            "Gradients reach the table",
            ("gradients", "gradients beside a zero"),
            "A model learns by making this number larger, so it must keep its history: no way through math.log, "
            "item() or NumPy. Where the table has a 0 that the text never uses, the gradient is 0.",
            observe=observe.gradients,
        ),
        Property(
            "An id outside the vocabulary is refused with a ValueError",
            (
                "small",
                "unknown id",
                "unknown id at the end",
                "negative id",
                "negative id at the start",
                "unknown id alone",
            ),
            "Ids run from 0 to the number of rows - 1. A negative id would silently be counted from the end.",
            observe=observe.refusal,
            needs="It is the sum of log P(ids[t] | ids[t-1]) over t from 1",
        ),
    ),
    mistakes=misunderstandings(language_models.sequence_log_prob, __file__),
)
