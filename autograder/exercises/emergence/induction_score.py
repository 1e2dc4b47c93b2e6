"""induction_score: does a head look at what came next the last time?"""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires, shown
from solutions import emergence

MAIN = "It is the mean weight on the position after the latest earlier place of the same token"


def weights(draw: Generator, heads: int, time: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Causal weights, as a view that is not contiguous."""
    scores = torch.randn(heads, time, time, generator=draw, dtype=torch.float64)
    scores = scores.masked_fill(torch.ones(time, time).triu(1).bool(), -torch.inf)
    return torch.softmax(scores, dim=-1).to(dtype).permute(1, 2, 0).contiguous().permute(2, 0, 1)


def text(draw: Generator, time: int, vocabulary: int) -> list[int]:
    """A text in which one token comes at least four times, and not only at regular distances."""
    drawn: list[int] = torch.randint(vocabulary, (time - 4,), generator=draw).tolist()
    return [*drawn[:2], 0, *drawn[2:5], 0, 0, *drawn[5:], 0]


def drawn(draw: Generator) -> Arguments:
    time = randint(draw, 13, 17)
    return {"attention": weights(draw, randint(draw, 3, 5), time), "ids": text(draw, time, 5)}


def full(draw: Generator, *shape: int) -> Tensor:
    """Weights without a mask: then every weight above the diagonal counts, if it is looked at."""
    return torch.softmax(torch.randn(*shape, generator=draw, dtype=torch.float64), dim=-1).float()


def no_repeat(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    ids: list[int] = torch.randperm(30, generator=draw)[:9].tolist()
    return {"attention": weights(draw, 4, 9, dtype), "ids": ids}


def unfitting(*shape: int) -> ArgumentMaker:
    """Weights that do not belong to six ids."""
    return lambda draw: {"attention": full(draw, *shape), "ids": [1, 2, 1, 3, 2, 1]}


SMALL = torch.tensor(
    [
        [[1.0, 0.0, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0], [0.2, 0.3, 0.5, 0.0], [0.1, 0.6, 0.1, 0.2]],
        [[1.0, 0.0, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0], [0.4, 0.4, 0.2, 0.0], [0.5, 0.1, 0.3, 0.1]],
    ]
)

EXERCISE = exercise(
    emergence.induction_score,
    __file__,
    requires(
        MAIN,
        shown("one repeat", attention=SMALL, ids=[7, 3, 9, 7]),
        Case("one head", lambda draw: {"attention": weights(draw, 1, 12), "ids": text(draw, 12, 6)}, visible=True),
        Case("without a mask, drawn", lambda draw: {"attention": full(draw, 3, 12, 12), "ids": text(draw, 12, 4)}),
        Case("side by side", lambda draw: {"attention": weights(draw, 2, 5), "ids": [6, 6, 6, 4, 4]}, visible=True),
        advice="In 7 3 9 7 only the last position counts. Its token stood at position 0, so the weight on position 1 "
        "is the score: attention[head, 3, 1].",
        weight=4,
        fails="Your score is not the mean weight on the position after the latest earlier place.",
    ),
    requires(
        "It is 0 for each head where nothing repeats",
        Case("nothing repeats", no_repeat, visible=True),
        shown("one token", attention=torch.ones(3, 1, 1), ids=[8]),
        Case(
            "one token, drawn",
            lambda draw: {"attention": torch.ones(randint(draw, 2, 5), 1, 1), "ids": [randint(draw, 0, 99)]},
        ),
        advice="The mean of no weights is NaN. Return a zero for each head instead.",
        needs=MAIN,
        fails="You do not return a 0 for each head where no token repeats.",
    ),
    keeps_dtype(
        Case(
            "float64",
            lambda draw: {"attention": weights(draw, 3, 12, torch.float64), "ids": text(draw, 12, 5)},
            visible=True,
        ),
        Case("nothing repeats in float64", lambda draw: no_repeat(draw, torch.float64), visible=True),
        ("without a mask, drawn",),
        advice="Weights in float64 give scores in float64, zeros among them, and neither weights nor ids may change.",
        name="The dtype is that of the weights, and the arguments are left unchanged",
        fails="You lose the dtype of the weights, or change an argument.",
    ),
    passes_gradients(
        "Gradients reach the weights",
        Case("gradients", drawn, visible=True, gradients=("attention",)),
        advice="Pick the weights by indexing and average them with torch: item, tolist and NumPy lose the history.",
        needs=MAIN,
        fails="The gradient of your score with respect to attention is missing, or is not the score's derivative.",
    ),
    refuses(
        Case("shorter weights", unfitting(2, 5, 5), visible=True),
        Case("more keys", unfitting(2, 6, 7), visible=True),
        Case("more queries", unfitting(2, 7, 6), visible=True),
        Case("no heads", unfitting(6, 6), visible=True),
        Case("a batch", unfitting(2, 3, 6, 6)),
        Case("a batch of as many heads", unfitting(2, 6, 6, 6), visible=True),
        advice="Raise ValueError unless attention has three dimensions, and as many queries and keys as there are ids.",
        name="Weights that do not belong to the text raise ValueError",
        fails="You do not raise ValueError for all weights that do not fit the text, or raise it for fitting ones.",
    ),
    points=3,
)
