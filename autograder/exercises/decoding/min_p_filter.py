"""min_p_filter: whoever is not far behind the best."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import filter_requirements
from autograder.exercises.decoding.inputs import LONG_TAIL, rows
from autograder.exercises.drawing import Arguments, each_tensor, randint, uniform
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import decoding


def clear_min_p(draw: Generator, logits: Tensor) -> float:
    """A min_p that no share of a largest probability comes near."""
    shares = torch.exp(logits.double() - logits.double().amax(-1, keepdim=True)).flatten()
    tries = 0.1 + 0.5 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - shares).abs().amin(1).argmax()])


def drawn_min_p(draw: Generator, *batch: int, vocab: int) -> Arguments:
    logits = rows(draw, *batch, vocab=vocab)
    return {"logits": logits, "min_p": clear_min_p(draw, logits)}


def large_logits(draw: Generator) -> Arguments:
    """Rows that exponentials of float32 cannot hold, the first above and the second below."""
    near, far = (uniform(draw, 0.1, 0.4) for _ in range(2))
    apart = torch.tensor([[near, -9.0, 0.5, -99.0], [-50.0, far, -9.0, 0.5]])
    return {"logits": apart + torch.tensor([[200.0], [-200.0]]), "min_p": 0.1}


def drawn_min_p_ties(draw: Generator) -> Arguments:
    logits = rows(draw, 3, vocab=7)
    logits[:, 2] = logits[:, 5] = logits.amax(-1)
    return {"logits": logits, "min_p": 1.0}


# Two rows with the largest probabilities 0.3 and 0.7, unsorted.
WITHIN_REACH = torch.tensor([[0.1, 0.3, 0.16, 0.24, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
SHARE = "Tokens with at least min_p times the largest probability of their row survive"
TWO_LARGEST = torch.tensor([[1.0, 3.0, -1.0, 3.0, 2.0]])

EXERCISE = exercise(
    decoding.min_p_filter,
    __file__,
    requires(
        SHARE,
        shown("two rows", logits=WITHIN_REACH, min_p=0.17),
        Case("drawn", lambda draw: drawn_min_p(draw, 2, 3, vocab=8), visible=True),
        Case("one row", lambda draw: drawn_min_p(draw, 1, vocab=7)),
        advice="Row 2 has the largest probability 0.7. With min_p = 0.17 the threshold is 0.119, and tokens 2 and 3 "
        "survive. Row 1 has 0.3, so its threshold is 0.051, and all survive.",
        weight=3,
        fails="You do not keep just the tokens with min_p times their row's largest probability or more.",
    ),
    requires(
        "Logits of any size are compared, also where their exponentials overflow",
        Case("large logits", large_logits, visible=True),
        Case("large logits, drawn", large_logits),
        advice="e to the power of 200 is infinite in float32, and to that of -200 it is 0. torch.softmax knows how to "
        "go around it.",
        needs=SHARE,
        fails="With logits of 200 or -200, you do not keep just the tokens with min_p times the largest probability or "
        "more.",
    ),
    requires(
        "With min_p = 1 the most probable survive, all of them if several are equal",
        shown("min_p = 1", logits=TWO_LARGEST, min_p=1.0),
        Case("min_p = 1, drawn", drawn_min_p_ties),
        advice="At least is >=: a token that is as probable as the largest reaches the threshold.",
        fails="With min_p = 1 you do not keep just the most probable tokens.",
    ),
    requires(
        "min_p = 0 changes nothing",
        shown("min_p = 0", logits=LONG_TAIL, min_p=0.0),
        Case("min_p = 0, drawn", lambda draw: {"logits": rows(draw, 2, vocab=6) * 4, "min_p": 0.0}),
        advice="Every probability is at least 0, so nothing is cut. If you take ln min_p, treat 0 on its own.",
        needs=SHARE,
        fails="With min_p = 0 you change some logits.",
    ),
    refuses(
        shown("min_p above 1", logits=WITHIN_REACH, min_p=1.2),
        Case(
            "min_p above 1, drawn",
            lambda draw: {"logits": rows(draw, 2, vocab=5), "min_p": 1.0 + randint(draw, 1, 9) / 10},
        ),
        shown("negative min_p", logits=WITHIN_REACH, min_p=-0.2),
        advice="Raise ValueError where min_p is no share: above 1 not even the largest would survive.",
        name="A min_p outside 0 to 1 raises ValueError",
        fails="You accept a min_p outside 0 to 1, or raise something other than ValueError.",
    ),
    *filter_requirements(
        Case("float64", each_tensor(Tensor.double, lambda draw: drawn_min_p(draw, 2, vocab=6)), visible=True),
        Case("gradients", lambda draw: drawn_min_p(draw, 2, 3, vocab=8), visible=True, gradients=("logits",)),
    ),
    points=2,
    shortcuts=("MinPLogitsWarper",),
)
