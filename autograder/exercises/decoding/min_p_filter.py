"""min_p_filter: whoever is not far behind the best."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import filter_properties
from autograder.exercises.decoding.inputs import LONG_TAIL, rows
from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import decoding


def clear_min_p(draw: Generator, logits: Tensor) -> float:
    """A min_p that no share of a largest probability comes near."""
    shares = torch.exp(logits.double() - logits.double().amax(-1, keepdim=True)).flatten()
    tries = 0.1 + 0.5 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - shares).abs().amin(1).argmax()])


def drawn_min_p(draw: Generator) -> Arguments:
    logits = rows(draw, 2, 3, vocab=8)
    return {"logits": logits, "min_p": clear_min_p(draw, logits)}


def one_row_min_p(draw: Generator) -> Arguments:
    logits = rows(draw, 1, vocab=7)
    return {"logits": logits, "min_p": clear_min_p(draw, logits)}


def min_p_in_float64(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=6)
    return {"logits": logits.double(), "min_p": clear_min_p(draw, logits)}


def large_logits(draw: Generator) -> Arguments:
    """Rows that exponentials of float32 cannot hold, the first above and the second below."""
    near, far = (uniform(draw, 0.1, 0.4) for _ in range(2))
    apart = torch.tensor([[near, -9.0, 0.5, -99.0], [-50.0, far, -9.0, 0.5]])
    return {"logits": apart + torch.tensor([[200.0], [-200.0]]), "min_p": 0.1}


def no_min_p(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=6) * 4, "min_p": 0.0}


def drawn_min_p_ties(draw: Generator) -> Arguments:
    logits = rows(draw, 3, vocab=7)
    logits[:, 2] = logits[:, 5] = logits.amax(-1)
    return {"logits": logits, "min_p": 1.0}


def min_p_above_one(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "min_p": 1.0 + randint(draw, 1, 9) / 10}


# Two rows with the largest probabilities 0.3 and 0.7, unsorted.
WITHIN_REACH = torch.tensor([[0.1, 0.3, 0.16, 0.24, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
TWO_LARGEST = torch.tensor([[1.0, 2.5, -1.0, 2.5, 2.0]])

EXERCISE = Exercise(
    reference=decoding.min_p_filter,
    points=2,
    cases=(
        Case("two rows", given(logits=WITHIN_REACH, min_p=0.17), visible=True),
        Case("a larger min_p", given(logits=WITHIN_REACH, min_p=0.6), visible=True),
        Case("drawn", drawn_min_p, visible=True),
        Case("one row", one_row_min_p),
        Case("large logits", large_logits, visible=True),
        Case("large logits, drawn", large_logits),
        Case("min_p = 1", given(logits=TWO_LARGEST, min_p=1.0), visible=True),
        Case("min_p = 1, drawn", drawn_min_p_ties),
        Case("min_p = 0", given(logits=LONG_TAIL, min_p=0.0), visible=True),
        Case("min_p = 0, drawn", no_min_p),
        Case("float64", min_p_in_float64, visible=True),
        Case("gradients", drawn_min_p, visible=True, gradients=("logits",)),
        Case("min_p above 1", given(logits=WITHIN_REACH, min_p=1.2), visible=True),
        Case("negative min_p", given(logits=WITHIN_REACH, min_p=-0.2), visible=True),
        Case("min_p above 1, drawn", min_p_above_one),
    ),
    properties=(
        Property(
            "Tokens with at least min_p times the largest probability of their row survive",
            ("two rows", "a larger min_p", "drawn", "one row"),
            "Row 2 has the largest probability 0.7. With min_p = 0.17 the threshold is 0.119, and tokens 2 and 3 "
            "survive. Row 1 has 0.3, so its threshold is 0.051, and all survive.",
            weight=3,
        ),
        Property(
            "Logits of any size are compared, also where their exponentials overflow",
            ("large logits", "large logits, drawn"),
            "e to the power of 200 is infinite in float32, and to that of -200 it is 0. torch.softmax knows how to go "
            "around it.",
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        Property(
            "With min_p = 1 the most probable survive, all of them if several are equal",
            ("min_p = 1", "min_p = 1, drawn"),
            "At least is >=: a token that is as probable as the largest reaches the threshold.",
        ),
        Property(
            "min_p = 0 changes nothing",
            ("min_p = 0", "min_p = 0, drawn"),
            "Every probability is at least 0.",
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        Property(
            "A min_p outside 0 to 1 is refused with a ValueError",
            ("two rows", "one row", "min_p above 1", "min_p above 1, drawn", "negative min_p"),
            "Raise ValueError where min_p is no share: above 1 not even the largest would survive.",
            observe=observe.refusal,
            needs="Tokens with at least min_p times the largest probability of their row survive",
        ),
        *filter_properties(needs="Tokens with at least min_p times the largest probability of their row survive"),
    ),
    mistakes=misunderstandings(decoding.min_p_filter, __file__),
    shortcuts=("MinPLogitsWarper",),
)
