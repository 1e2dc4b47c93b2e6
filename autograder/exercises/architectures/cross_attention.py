"""cross_attention: a decoder that reads what an encoder has made of another text."""

import functools
import math

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, given, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from solutions import architectures


def layer(
    draw: Generator,
    *,
    batch: int = 3,
    time: int = 4,
    source: int = 6,
    d: int = 5,
    d_memory: int = 7,
    n_heads: int = 2,
    d_k: int = 3,
    d_v: int | None = None,
    out: int = 8,
    mask: bool = False,
) -> Arguments:
    """Every width is another one. Inputs and mask are not contiguous; in each example other positions are hidden."""
    d_v = d_k if d_v is None else d_v
    shown = (
        torch.rand(source, batch, generator=draw).argsort(dim=0).t() < torch.arange(batch)[:, None] % (source - 2) + 2
    )
    return {
        "x": randn(draw, time, batch, d).transpose(0, 1),
        "memory": randn(draw, batch, d_memory, source).transpose(1, 2),
        "w_q": randn(draw, n_heads * d_k, d) / math.sqrt(d_k),
        "w_k": randn(draw, n_heads * d_k, d_memory) / math.sqrt(d_k),
        "w_v": randn(draw, n_heads * d_v, d_memory),
        "w_o": randn(draw, out, n_heads * d_v),
        "n_heads": n_heads,
        "memory_mask": shown if mask else None,
    }


def averaged(**others: Tensor) -> ArgumentMaker:
    """All scores are 0, so each head gives the average of its values, which are twice what memory holds."""
    arguments = {
        "x": torch.zeros(1, 2, 2),
        "memory": torch.tensor([[[1.0, 2.0], [3.0, 6.0]]]),
        "w_q": torch.eye(2),
        "w_k": torch.eye(2),
        "w_v": 2 * torch.eye(2),
        "w_o": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        "n_heads": 2,
    }
    return given(**arguments | others)


def drawn(draw: Generator) -> Arguments:
    return layer(
        draw, batch=randint(draw, 2, 4), time=randint(draw, 5, 6), source=randint(draw, 7, 9), n_heads=3, d_k=4
    )


def square(draw: Generator, source: int = 4, *, mask: bool = False) -> Arguments:
    """All widths alike, so that weights or texts that are mixed up give another result and no error."""
    return layer(draw, source=source, d=6, d_memory=6, out=6, mask=mask)


def one_hidden(draw: Generator) -> Arguments:
    arguments = layer(draw, mask=True)
    shown = arguments["memory_mask"].clone()
    shown[1] = False
    return {**arguments, "memory_mask": shown}


def loud_padding(draw: Generator) -> Arguments:
    """What is hidden would get all the weight, if it were only taken out after the softmax."""
    arguments = layer(draw, mask=True)
    loud = torch.where(arguments["memory_mask"][..., None], arguments["memory"], 1000 * arguments["memory"])
    return {**arguments, "memory": loud}


def small(draw: Generator, *, mask: bool = False) -> Arguments:
    # The mask fits by its batch alone: neither heads nor positions are as many as examples.
    arguments = layer(draw, batch=3, time=2, source=5, d=3, d_memory=4, d_k=2, out=7, mask=mask)
    if mask:
        arguments["memory_mask"][1] = False
    return arguments


INPUTS = ("x", "memory", "w_q", "w_k", "w_v", "w_o")
MAIN = "Queries from x read keys and values from memory, in several heads"

EXERCISE = exercise(
    architectures.cross_attention,
    __file__,
    requires(
        MAIN,
        Case("equal scores", averaged(), visible=True),
        Case("two heads", layer, visible=True),
        Case("two heads, all widths alike", square, visible=True),
        Case("drawn", drawn),
        Case("one example, one position", lambda draw: layer(draw, batch=1, time=1, n_heads=1, d_k=4), visible=True),
        advice="Go through it step by step: x @ w_q.T, memory @ w_k.T, memory @ w_v.T; each as [batch, heads, "
        "positions, width]; scores [batch, heads, time, source] divided by √d_k, softmax over source, the values "
        "mixed; heads joined again, and through w_o.",
        weight=4,
        fails="Your result is not that of queries from x over keys and values from memory, in n_heads heads.",
    ),
    requires(
        "Values need not be as wide as queries and keys",
        Case(
            "equal scores, wider values",
            averaged(w_v=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]), w_o=torch.eye(4)),
            visible=True,
        ),
        Case("wider values", lambda draw: layer(draw, d_v=5), visible=True),
        Case("narrower values", lambda draw: layer(draw, d_k=4, d_v=2)),
        advice="A head's values are as wide as the rows of w_v divided by n_heads; the scale is that of the queries.",
        fails="Where d_v differs from d_k, your result is not softmax(q kᵀ / √d_k) v of each head, joined, times w_oᵀ.",
    ),
    requires(
        "Positions where memory_mask is False are hidden, in each example its own",
        Case("equal scores, padding", averaged(memory_mask=torch.tensor([[True, False]])), visible=True),
        Case("loud padding", loud_padding, visible=True),
        Case("padding, one example", lambda draw: layer(draw, batch=1, mask=True)),
        advice="Scores are [batch, heads, time, source], the mask is [batch, source]: memory_mask[:, None, None, :] "
        "lines them up. Hide before the softmax.",
        weight=2,
        fails="With a memory_mask, your result is not that of the positions where it is True.",
    ),
    requires(
        "Where all of memory is hidden the result is zeros",
        Case("nothing to see", averaged(memory_mask=torch.tensor([[False, False]])), visible=True),
        Case("nothing to see in one example", one_hidden, visible=True),
        advice="The softmax of a row that is hidden as a whole is NaN, or equal for all positions. Set the weights of "
        "hidden positions to 0 after it.",
        fails="Where all of memory is hidden, your result is not zeros.",
    ),
    refuses(
        Case("five rows, two heads", lambda draw: {**layer(draw, n_heads=1, d_k=5), "n_heads": 2}, visible=True),
        Case("no heads", lambda draw: {**layer(draw), "n_heads": 0}, visible=True),
        Case("negative n_heads", lambda draw: {**layer(draw), "n_heads": -2}, visible=True),
        Case("more heads than rows", lambda draw: {**layer(draw), "n_heads": 7}),
        advice="Raise ValueError where n_heads is below 1 or does not divide the rows of w_q.",
        name="Heads that do not fit raise ValueError",
        fails="You accept an n_heads that does not fit, or do not raise ValueError.",
    ),
    keeps_dtype(
        Case("float64", each_tensor(Tensor.double, functools.partial(small, mask=True)), visible=True),
        ("nothing to see in one example",),
        advice="Inputs in float64 must give outputs in float64, and no argument may differ after the call.",
        fails="Your result has another dtype than the inputs, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach both texts and all four weights, even if all of an example is hidden",
        Case("gradients", small, visible=True, gradients=INPUTS),
        Case("gradients, nothing to see", functools.partial(small, mask=True), visible=True, gradients=INPUTS),
        advice="Each of x, memory, w_q, w_k, w_v and w_o must have its gradient, and none may be NaN.",
        needs=MAIN,
        fails="The gradient with respect to x, memory or a weight is missing, NaN, or not the derivative of the "
        "result.",
    ),
    points=5,
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
