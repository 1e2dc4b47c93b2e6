"""top_k_filter: a fixed number of candidates."""

import torch
from torch import Generator

from autograder.exercises.decoding.filters import filter_requirements
from autograder.exercises.decoding.inputs import rows
from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import decoding


def drawn_k(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=8), "k": randint(draw, 3, 5)}


def drawn_ties(draw: Generator) -> Arguments:
    """Logits in steps of a half, so that many are equal."""
    return {"logits": (rows(draw, 6, vocab=12) * 2).round() / 2, "k": randint(draw, 4, 6)}


DISTINCT = torch.tensor([[1.0, 4.0, -2.0, 3.0, 0.0, 2.0], [5.0, -1.0, 2.0, 0.0, 6.0, -3.0]])
TIED = torch.tensor([[1.0, 3.0, 2.0, 2.0, 0.0, 2.0, 2.0], [2.0, 1.0, 2.0, 1.0, 2.0, 2.0, 0.0]])
KEPT = "The k largest logits of each row survive where they stood, the others are -inf"

EXERCISE = exercise(
    decoding.top_k_filter,
    __file__,
    requires(
        KEPT,
        shown("two rows", logits=DISTINCT, k=3),
        Case("drawn", drawn_k, visible=True),
        Case("one row", lambda draw: {"logits": rows(draw, 1, vocab=7), "k": 3}),
        shown("one survivor", logits=DISTINCT, k=1),
        advice="Mark the three largest numbers of the first row by hand, and compare with what your function keeps.",
        weight=3,
        fails="You do not keep the k largest logits of each row where they stood, with -inf elsewhere.",
    ),
    requires(
        "Exactly k survive, also among equal logits: those with the smaller index",
        shown("ties", logits=TIED, k=3),
        Case("ties, drawn", drawn_ties),
        advice="With 3 2 2 2 and k = 2 only the first 2 survives. A threshold cannot tell equal logits apart, and "
        "torch.topk does not promise which ones it takes: sort with stable=True.",
        weight=2,
        fails="Among equal logits you do not keep exactly k, those with the smaller index.",
    ),
    requires(
        "A k as large as the vocabulary, or larger, changes nothing",
        shown("k above the vocabulary", logits=DISTINCT, k=10),
        Case("k of the vocabulary", lambda draw: {"logits": rows(draw, 3, vocab=5), "k": 5}),
        advice="Ten survivors of a vocabulary of six are all six.",
        needs=KEPT,
        fails="You change something, or raise, where k is as large as the vocabulary or larger.",
    ),
    refuses(
        shown("k = 0", logits=DISTINCT, k=0),
        Case("negative k", lambda draw: {"logits": rows(draw, 2, vocab=5), "k": -randint(draw, 1, 4)}, visible=True),
        advice="Raise ValueError for a k below 1: no token would be left.",
        name="A k below 1 raises ValueError",
        fails="You accept a k below 1, or raise something other than ValueError.",
    ),
    *filter_requirements(
        Case("float64", lambda draw: {"logits": rows(draw, 2, vocab=6).double(), "k": 2}, visible=True),
        Case("gradients", drawn_k, visible=True, gradients=("logits",)),
    ),
    points=3,
    shortcuts=("TopKLogitsWarper",),
)
