"""flash_attention: the same result, block by block."""

import functools
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, each_tensor, given, randint, randn
from autograder.exercises.spec import Case, exercise, keeps_dtype, passes_gradients, refuses, requires
from llm_course.checking import observe
from solutions import attention


def rows(draw: Generator, *, n_q: int, n_k: int, d: int, block_size: int, scale: float = 1.0) -> Arguments:
    return {
        # Transposed views: learners' code must not rely on contiguous memory.
        "query": (randn(draw, d, n_q) * scale).T,
        "key": (randn(draw, d, n_k) * scale).T,
        "value": randn(draw, d, n_k).T,
        "block_size": block_size,
    }


def blocks(**sizes: Any) -> ArgumentMaker:
    return functools.partial(rows, **sizes)


whole = functools.partial(each_tensor, lambda numbers: numbers.round() + 0.0)
"""Whole numbers, to be worked out by hand."""
short_last_block = blocks(n_q=3, n_k=7, d=4, block_size=3, scale=1.5)


def rising_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=4, n_k=12, d=5, block_size=3)
    arguments["key"] = arguments["key"] + torch.arange(12.0)[:, None] * arguments["query"].mean(0)
    return arguments


def falling_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=3, n_k=9, d=4, block_size=4)
    direction = arguments["query"][0] / arguments["query"][0].norm()
    # From each block to the next, the first query's scores fall by 160, far more than an exponential can make up for.
    arguments["query"][0] = direction * 2
    arguments["key"] -= 40 * torch.arange(9.0)[:, None] * direction
    return arguments


def very_low_scores(draw: Generator) -> Arguments:
    arguments = rows(draw, n_q=3, n_k=9, d=4, block_size=4, scale=0.3)
    return {**arguments, "query": arguments["query"] + 10, "key": arguments["key"] - 10}


def lowest_scores(draw: Generator) -> Arguments:
    """Scores near -20,000, sums of few binary digits: no order of the operations rounds them."""
    query = 200 + torch.randint(-2, 3, (3, 4), generator=draw) / 2
    key = -50 + torch.randint(-2, 3, (9, 4), generator=draw) / 64
    return {"query": query, "key": key, "value": randn(draw, 9, 4), "block_size": 4}


def low_beside_high_scores(draw: Generator) -> Arguments:
    arguments = very_low_scores(draw)
    # The first query's scores are near +200, those of the others near -200.
    return {**arguments, "query": arguments["query"] * torch.tensor([[-1.0], [1.0], [1.0]])}


EXERCISE = exercise(
    attention.flash_attention,
    __file__,
    requires(
        "With one block, the result is plain attention",
        Case("one block", whole(blocks(n_q=2, n_k=3, d=4, block_size=8)), visible=True),
        Case("one query and one key", blocks(n_q=1, n_k=1, d=3, block_size=2), visible=True),
        advice="Work the first case out by hand. All keys are in one block: the result is softmax(query keyᵀ / √d) "
        "value, and √4 is 2.",
        fails="With a single block, your result is not plain attention's, softmax(query keyᵀ / √d) value.",
    ),
    requires(
        "With several blocks, the result is the same",
        Case("two blocks", whole(blocks(n_q=3, n_k=4, d=4, block_size=2)), visible=True),
        Case("rising scores", rising_scores),
        Case("blocks of one key", blocks(n_q=3, n_k=5, d=4, block_size=1), visible=True),
        advice="Follow one query through two blocks by hand: largest score, sum and output so far, before and after.",
        weight=3,
        fails="With several blocks, your result is not that of one softmax over the keys of all blocks.",
    ),
    requires(
        "A short last block counts too",
        Case("a last block of one key", whole(blocks(n_q=1, n_k=3, d=4, block_size=2)), visible=True),
        Case("drawn", lambda draw: rows(draw, n_q=5, n_k=randint(draw, 17, 19), d=6, block_size=5, scale=1.5)),
        advice="Seven keys in blocks of three are three blocks: 3, 3 and 1.",
        fails="Where the last block is shorter, your result is not that of one softmax over all keys, its own "
        "included.",
    ),
    requires(
        "Huge scores do not overflow, very low ones do not vanish",
        # Far above 88, where exponentials end. A score of 200 is rounded by 0.00001, and its exponential as much: a
        # hundred units.
        Case(
            "huge whole scores",
            given(
                query=torch.tensor([[20.0]]),
                key=torch.tensor([[10.0], [-10.0], [9.0]]),
                value=torch.tensor([[1.0], [2.0], [3.0]]),
                block_size=2,
            ),
            visible=True,
            slack=1000.0,
        ),
        Case("huge scores", blocks(n_q=3, n_k=9, d=4, block_size=4, scale=12.0), visible=True, slack=1000.0),
        Case("falling scores", falling_scores, slack=1000.0),
        # A logarithm of the sum near -20,000 is rounded by 0.001, and its exponential by ten thousand units.
        Case("lowest scores", lowest_scores, visible=True, slack=100_000.0),
        Case("low beside high scores", low_beside_high_scores, visible=True, slack=1000.0),
        advice="Take exponentials relative to the largest score so far of the same query, never of a score itself.",
        fails="Where scores are very large or very low, your result is not finite, or is not plain attention's.",
    ),
    requires(
        "No tensor holds all scores at once",
        # No more queries than a block has keys: blocks of queries would not help, and are not what is asked.
        Case("many keys", blocks(n_q=8, n_k=96, d=4, block_size=8), visible=True, measure=True),
        advice="With 8 queries, 96 keys and blocks of 8 keys, no tensor on the way needs 8 x 96 numbers.",
        weight=2,
        observe=functools.partial(observe.stays_below, limit=8 * 96),
        needs="With several blocks, the result is the same",
        fails="The check did not see you work only with tensors of fewer than n_q · n_k numbers.",
    ),
    refuses(
        ("two blocks",),
        Case("no block", blocks(n_q=2, n_k=3, d=4, block_size=0), visible=True),
        Case("a negative block", blocks(n_q=2, n_k=3, d=4, block_size=-2), visible=True),
        advice="Compare block_size with 1 before the loop, and raise ValueError.",
        name="A block size below 1 raises ValueError",
        fails="You accept a block size below 1, or raise something other than ValueError.",
    ),
    keeps_dtype(
        ("two blocks",),
        Case(
            "bfloat16", each_tensor(Tensor.bfloat16, blocks(n_q=4, n_k=8, d=5, block_size=4, scale=1.5)), visible=True
        ),
        advice="Inputs in float64 or bfloat16 must give the same dtype, and no argument may differ after the call.",
        fails="Your result has another dtype than the inputs, or you change an argument.",
    ),
    passes_gradients(
        "Gradients reach query, key and value",
        # A gradient through the logarithm of the sum loses more digits where scores nearly cancel.
        Case("gradients", short_last_block, visible=True, gradients=("query", "key", "value"), slack=1024.0),
        advice="The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
        fails="The gradient with respect to query, key or value is missing, or is not plain attention's.",
    ),
    points=4,
    shortcuts=("scaled_dot_product_attention", "softmax"),
)
