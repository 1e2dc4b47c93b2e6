"""scaled_dot_product_attention: one head, any mask."""

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import Arguments, each_tensor, randint, randn
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, requires, shown
from llm_course.checking import observe
from solutions import attention


def qkv(draw: Generator, *batch: int, n_q: int, n_k: int, d_k: int, d_v: int, scale: float = 1.0) -> Arguments:
    return {
        "query": randn(draw, *batch, n_q, d_k) * scale,
        # A transposed view: learners' code must not rely on contiguous memory.
        "key": (randn(draw, *batch, d_k, n_k) * scale).transpose(-2, -1),
        "value": randn(draw, *batch, n_k, d_v),
    }


def random_mask(draw: Generator, *shape: int) -> Tensor:
    """A mask in which every query may attend to at least one key."""
    mask = torch.rand(*shape, generator=draw) < 0.6
    mask[..., 0] = True
    return mask


def small(draw: Generator) -> Arguments:
    """Small whole numbers, and keys whose width has a whole root: to be worked out by hand."""
    return {name: tensor.round() + 0.0 for name, tensor in qkv(draw, n_q=2, n_k=3, d_k=4, d_v=2).items()}


def batched(draw: Generator) -> Arguments:
    return qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7)


def one_query(draw: Generator) -> Arguments:
    """A batch of one, in which one query meets two keys."""
    return qkv(draw, 1, 2, n_q=1, n_k=2, d_k=3, d_v=4)


def small_masked(draw: Generator) -> Arguments:
    return {**small(draw), "mask": torch.tensor([[True, False, True], [False, True, True]])}


def masked_each(draw: Generator) -> Arguments:
    return {**qkv(draw, 2, 3, n_q=4, n_k=6, d_k=5, d_v=7), "mask": random_mask(draw, 2, 1, 4, 6)}


def nothing_to_attend_to(draw: Generator) -> Arguments:
    return {**small(draw), "mask": torch.tensor([[True, False, True], [False, False, False]])}


def padded(draw: Generator) -> Arguments:
    mask = random_mask(draw, 3, 1, 4, 4)
    mask[1, 0, 2] = mask[2, 0, 0] = False
    return {**qkv(draw, 3, 2, n_q=4, n_k=4, d_k=6, d_v=3), "mask": mask}


def mask_over_keys(draw: Generator) -> Arguments:
    return {**qkv(draw, 2, n_q=3, n_k=5, d_k=4, d_v=3), "mask": random_mask(draw, 5)}


def very_low_scores(draw: Generator) -> Arguments:
    """Every score is near -13,000, so that a hidden key must have a lower one.

    All are exact in binary: so large, they would else be rounded too much.
    """
    arguments = qkv(draw, n_q=3, n_k=4, d_k=4, d_v=2)
    small = {name: arguments[name].round().clamp(-2, 2) for name in ("query", "key")}
    mask = torch.tensor([[True, False, True, False], [True, True, False, False], [False, True, True, True]])
    return {**arguments, "query": small["query"] + 80, "key": small["key"] - 80, "mask": mask}


EXERCISE = exercise(
    attention.scaled_dot_product_attention,
    __file__,
    requires(
        "The weights of each query sum to 1",
        Case("small", small, visible=True),
        Case("batched", batched, visible=True),
        Case("many keys", lambda draw: qkv(draw, n_q=randint(draw, 2, 5), n_k=randint(draw, 8, 15), d_k=4, d_v=3)),
        advice="Add up each row of your weights, over the last axis. If the columns sum to 1 instead, the softmax runs "
        "over the queries.",
        observe=observe.row_sums,
        fails="The weights of a query do not sum to 1.",
    ),
    requires(
        "Without a mask, output and weights follow the formula",
        ("small", "batched"),
        Case("one query in a batch of one", one_query, visible=True),
        advice="Work the first case out by hand, one factor after the other: the product, the scale √4 = 2, the "
        "softmax over the keys, the mix of the values.",
        weight=3,
        fails="Without a mask, your weights are not softmax(query keyᵀ / √d_k), or your output is not weights times "
        "value.",
    ),
    requires(
        "A hidden key has weight 0, and the weights of the others sum to 1",
        Case("small masked", small_masked, visible=True),
        Case("mask for each sequence", masked_each),
        Case("mask over keys", mask_over_keys, visible=True),
        Case("very low scores", very_low_scores, visible=True),
        advice="Hide a key before the softmax, by a score so low that its exponential is 0; then the others share all.",
        weight=2,
        observe=observe.second,
        fails="With a mask, your weights are not 0 at the hidden keys and a softmax of the scores over the others.",
    ),
    requires(
        "A query with nothing to attend to gets zeros",
        Case("nothing to attend to", nothing_to_attend_to, visible=True),
        Case("padded batch", padded),
        advice="Look at a row of the mask that is all False: its weights and its output are zero, not NaN and not "
        "uniform. Such rows are the padding of every batch.",
        observe=observe.empty_rows,
        needs="The weights of each query sum to 1",
        fails="A query that may attend to nothing does not get zeros.",
    ),
    requires(
        "Huge scores do not overflow",
        shown(
            "huge whole scores", query=torch.tensor([[10.0]]), key=torch.tensor([[20.0], [19.0]]), value=torch.eye(2)
        ),
        Case("huge scores", lambda draw: qkv(draw, 2, n_q=3, n_k=5, d_k=4, d_v=3, scale=40.0), visible=True),
        advice="The exponential of a number above 88 is infinite in float32. torch.softmax subtracts the largest score "
        "of each row first.",
        fails="With scores in the hundreds, your result is not finite, or is not softmax(query keyᵀ / √d_k) value.",
    ),
    requires(
        "The dtype of the inputs is kept",
        Case("float16 with a mask", each_tensor(Tensor.half, nothing_to_attend_to), visible=True),
        advice="Inputs in float64, bfloat16 or float16 must give outputs in the same dtype: do not convert on the way. "
        "In float16 no number is below -65504.",
        observe=observe.dtype,
        needs="The weights of each query sum to 1",
        fails="Your output or your weights do not have the dtype of the inputs.",
    ),
    leaves_arguments(
        ("small masked", "mask for each sequence", "padded batch"),
        advice="Operations that end in an underscore, `+=` and assignments to an index change a tensor in place: make "
        "a new one.",
    ),
    passes_gradients(
        "Gradients reach query, key and value",
        Case("gradients", batched, visible=True, gradients=("query", "key", "value")),
        Case("gradients in padding", nothing_to_attend_to, visible=True, gradients=("query", "key", "value")),
        advice="The model learns through this function: its result must keep its history, so no detach, no no_grad, no "
        "way through NumPy or plain numbers. Where a query attends to nothing its gradient is 0, not NaN.",
        fails="The gradient with respect to query, key or value is missing, NaN, or not the result's derivative.",
    ),
    points=6,
    shortcuts=("scaled_dot_product_attention", "multi_head_attention_forward", "MultiheadAttention"),
)
