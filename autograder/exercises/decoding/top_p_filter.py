"""top_p_filter: a fixed share of the probability."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import filter_requirements
from autograder.exercises.decoding.inputs import LONG_TAIL, rows
from autograder.exercises.drawing import Arguments, each_tensor, randint, randn
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import decoding


def clear_p(draw: Generator, logits: Tensor) -> float:
    """A p that no sum of a row comes near, so that rounding does not decide."""
    sums = torch.softmax(logits.double(), -1).sort(dim=-1, descending=True).values.cumsum(-1)
    tries = 0.3 + 0.6 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - sums.flatten()).abs().amin(1).argmax()])


def drawn_p(draw: Generator, *batch: int, vocab: int) -> Arguments:
    logits = rows(draw, *batch, vocab=vocab)
    return {"logits": logits, "p": clear_p(draw, logits)}


def drawn_tied_p(draw: Generator) -> Arguments:
    # Tokens 1, 3, 4 and 6 are equal: two of them belong to the nucleus.
    logits = torch.tensor([0.0, 2.0, -1.0, 2.0, 2.0, -2.0, 2.0]) + randn(draw, 3, 1)
    return {"logits": logits, "p": 0.3 + 0.01 * randint(draw, 0, 8)}


def drawn_after_filter(draw: Generator) -> Arguments:
    logits = decoding.top_k_filter(rows(draw, 3, vocab=9), 5)
    return {"logits": logits, "p": clear_p(draw, logits)}


def drawn_peak(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=6)
    return {
        "logits": logits + 6 * torch.nn.functional.one_hot(logits.argmin(-1), 6),
        "p": 0.3 + 0.1 * randint(draw, 0, 3),
    }


def drawn_long_tail(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=9)
    return {"logits": logits + 25 * torch.nn.functional.one_hot(logits.argmin(-1), 9), "p": 1.0}


def drawn_exact_p(draw: Generator) -> Arguments:
    """Eight equal tokens: their probabilities, and sums of these, have no rounding."""
    return {"logits": torch.full((2, 8), float(randint(draw, -3, 3))), "p": randint(draw, 2, 6) / 8}


# A flat row and a peaked one, unsorted; the probabilities can be read off.
FLAT_AND_PEAKED = torch.tensor([[0.1, 0.3, 0.15, 0.25, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
NUCLEUS = "The smallest set of tokens with probability p survives, each row with a set of its own"
EQUALS = torch.tensor([[0.1, 0.3, 0.1, 0.3, 0.1, 0.1]]).log()

EXERCISE = exercise(
    decoding.top_p_filter,
    __file__,
    requires(
        NUCLEUS,
        shown("a flat and a peaked row", logits=FLAT_AND_PEAKED, p=0.5),
        shown("a larger p", logits=FLAT_AND_PEAKED, p=0.92),
        Case("drawn", lambda draw: drawn_p(draw, 2, 2, vocab=8), visible=True),
        Case("after another filter", drawn_after_filter),
        Case("one row", lambda draw: drawn_p(draw, 1, vocab=7)),
        advice="Row 1 has the probabilities 0.1 0.3 0.15 0.25 0.2. For p = 0.5: 0.3 is too little, 0.3 + 0.25 is "
        "enough, so tokens 1 and 3 survive, counted from 0.",
        weight=3,
        fails="You do not keep the smallest set of tokens with probability p in each row, with -inf elsewhere.",
    ),
    requires(
        "The most probable token always survives",
        shown("the first is enough", logits=FLAT_AND_PEAKED, p=0.2),
        Case("the first is enough, drawn", drawn_peak),
        shown("p = 0", logits=FLAT_AND_PEAKED, p=0.0),
        advice="If the most probable token alone has more than p, it alone is the nucleus.",
        fails="You do not keep just the most probable token where it alone has p or more.",
    ),
    requires(
        "A set with exactly p is enough",
        shown("exactly p", logits=torch.zeros(2, 4), p=0.5),
        Case("exactly p, drawn", drawn_exact_p),
        advice="Four equal tokens and p = 0.5: two tokens have probability 0.5, and no third is needed.",
        fails="You do not stop where the sum is exactly p.",
    ),
    requires(
        "Among equal logits those with the smaller index come first",
        shown("ties", logits=EQUALS, p=0.75),
        Case("ties, drawn", drawn_tied_p),
        advice="Sort with stable=True, and decide by the place in the order, not by a threshold.",
        fails="Among equal logits you do not keep those with the smaller index.",
    ),
    requires(
        "p = 1 changes nothing",
        shown("p = 1", logits=LONG_TAIL, p=1.0),
        Case("p = 1, drawn", drawn_long_tail),
        advice="In float32 a sum of probabilities can reach 1 before the last token, and the tail is lost.",
        needs=NUCLEUS,
        fails="With p = 1 you change some logits.",
    ),
    refuses(
        shown("p above 1", logits=FLAT_AND_PEAKED, p=1.5),
        Case("p above 1, drawn", lambda draw: {"logits": rows(draw, 2, vocab=5), "p": 1.0 + randint(draw, 1, 9) / 10}),
        shown("negative p", logits=FLAT_AND_PEAKED, p=-0.1),
        advice="Raise ValueError where p is no probability.",
        name="A p outside 0 to 1 raises ValueError",
        fails="You accept a p outside 0 to 1, or raise something other than ValueError.",
    ),
    *filter_requirements(
        Case("float64", each_tensor(Tensor.double, lambda draw: drawn_p(draw, 2, vocab=6)), visible=True),
        Case("gradients", lambda draw: drawn_p(draw, 2, 2, vocab=8), visible=True, gradients=("logits",)),
    ),
    points=4,
    shortcuts=("TopPLogitsWarper",),
)
