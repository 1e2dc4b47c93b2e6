"""cached_attention_step: attention for one new token, with all others in a cache."""

import torch
from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, argument_maker, randint, randn
from autograder.exercises.spec import Case, exercise, leaves_arguments, passes_gradients, refuses, requires, shown
from llm_course.checking import observe
from solutions import serving


@argument_maker
def step(draw: Generator, heads: int, time: int, head_dim: int, dtype: torch.dtype = torch.float32) -> Arguments:
    token = {name: randn(draw, heads, head_dim, dtype=dtype) for name in ("query", "key", "value")}
    # Not contiguous, as a view of a larger buffer is not.
    caches = {name: randn(draw, heads, head_dim, time, dtype=dtype).mT for name in ("cache_k", "cache_v")}
    return token | caches


def averaged(draw: Generator) -> Arguments:
    """The new key is that of the earlier token, so the output is the average of two values."""
    return {
        "query": torch.tensor([[1.0, 0.0], [0.0, 2.0]]),
        "key": torch.tensor([[2.0, 1.0], [1.0, 3.0]]),
        "value": torch.tensor([[5.0, 8.0], [0.0, 2.0]]),
        "cache_k": torch.tensor([[[2.0, 1.0]], [[1.0, 3.0]]]),
        "cache_v": torch.tensor([[[1.0, 2.0]], [[4.0, 6.0]]]),
    }


def with_wrong(**shapes: tuple[int, ...]) -> ArgumentMaker:
    return lambda draw: step(2, 4, 3)(draw) | {name: randn(draw, *shape) for name, shape in shapes.items()}


def loud(draw: Generator) -> Arguments:
    """Scores of some hundreds, whose exponentials no float holds."""
    arguments = step(2, 4, 3)(draw)
    ends = arguments["query"].sign() * 30
    return arguments | {"query": ends, "key": 1 + 30 * ends.sign()}


def loud_in_one_head(draw: Generator) -> Arguments:
    """Beside the scores of one head, all of another's are small."""
    arguments, quiet = loud(draw), step(2, 4, 3)(draw)
    head = randint(draw, 0, 1)
    for name in ("query", "key"):
        arguments[name][head] = quiet[name][head]
    return arguments


MAIN = "The new token attends to all tokens, itself included"
VALUES = ("two tokens alike", "three tokens", "drawn", "one head")

EXERCISE = exercise(
    serving.cached_attention_step,
    __file__,
    requires(
        MAIN,
        Case("two tokens alike", averaged, visible=True),
        Case("three tokens", step(2, 3, 4), visible=True),
        Case("drawn", step(3, 6, 5)),
        Case("one head", step(1, 4, 3), visible=True),
        advice="Append first, then score all keys against the query, divide by the root of head_dim, take the softmax "
        "over the tokens, and mix the values with it.",
        weight=3,
        part=0,
        fails="Your output is not each head's mixture of all values, by scaled scores of the query.",
    ),
    requires(
        "The returned caches are one token longer, the new one last",
        VALUES,
        advice="torch.cat([cache_k, key[:, None]], dim=1) has the shape [heads, time + 1, head_dim]; append the value "
        "to cache_v in the same way.",
        weight=2,
        observe=observe.second_and_third,
        fails="The caches that you return are not the given ones with the new token last.",
    ),
    requires(
        "With an empty cache, the output is the token's own value",
        Case(
            "an empty cache",
            lambda draw: averaged(draw) | {"cache_k": torch.empty(2, 0, 2), "cache_v": torch.empty(2, 0, 2)},
            visible=True,
        ),
        Case("an empty cache, drawn", step(2, 0, 5)),
        advice="With nothing else to see, the only weight is 1. The first token of a text is no special case.",
        needs=MAIN,
        fails="With an empty cache, you do not return the token's own value and caches of one token.",
    ),
    requires(
        "Large scores give finite weights",
        shown(
            "a score of 200",
            query=torch.tensor([[20.0]]),
            key=torch.tensor([[10.0]]),
            value=torch.tensor([[1.0]]),
            cache_k=torch.zeros(1, 1, 1),
            cache_v=torch.tensor([[[2.0]]]),
        ),
        Case("large scores, again", loud),
        Case("large scores in one head", loud_in_one_head, visible=True),
        advice="exp(1000) is no number that a float holds. torch.softmax subtracts the largest score of each head "
        "first.",
        needs=MAIN,
        fails="With scores of some hundreds, your result is not finite, or is not the mixture by their softmax.",
    ),
    leaves_arguments(
        ("two tokens alike", "three tokens", "drawn", "one head"),
        advice="Work on new tensors: the caller may go on from the old caches with another token.",
    ),
    requires(
        "The dtype is kept",
        Case("bfloat16", step(2, 3, 4, torch.bfloat16), visible=True),
        Case("float64", step(2, 5, 3, torch.float64), slack=1e12),
        advice="Inputs in bfloat16 give an output and caches in bfloat16.",
        observe=observe.dtype,
        needs=MAIN,
        fails="Your output or a cache has another dtype than the inputs.",
    ),
    passes_gradients(
        "Gradients reach the token and the caches",
        Case(
            "gradients",
            step(2, 3, 4),
            visible=True,
            gradients=("query", "key", "value", "cache_k", "cache_v"),
            slack=512,
        ),
        advice="Use torch operations on the tensors themselves, without detach, .data or no_grad.",
        fails="The gradient with respect to query, key, value or a cache is missing, or is not the result's "
        "derivative.",
    ),
    refuses(
        ("three tokens",),
        Case("a key of another width", with_wrong(key=(2, 2)), visible=True),
        Case("a value of one head", with_wrong(value=(1, 3)), visible=True),
        Case("a query of one head", with_wrong(query=(1, 3)), visible=True),
        Case("values of one head", with_wrong(cache_v=(1, 4, 3)), visible=True),
        Case("caches of another width", with_wrong(cache_k=(2, 4, 2), cache_v=(2, 4, 2)), visible=True),
        Case("caches of one head", with_wrong(cache_k=(1, 4, 3), cache_v=(1, 4, 3)), visible=True),
        Case("more values than keys", with_wrong(cache_v=(2, 5, 3))),
        advice="query, key and value have one shape, [heads, head_dim]; both caches are [heads, time, head_dim] with "
        "the same three numbers. Compare before you compute: torch would broadcast one head to all.",
        name="Shapes that do not fit raise ValueError",
        fails="You accept shapes that do not fit, or do not raise ValueError.",
    ),
    points=4,
    shortcuts=("scaled_dot_product_attention", "MultiheadAttention"),
)
