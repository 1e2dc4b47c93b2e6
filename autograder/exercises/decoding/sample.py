"""sample: temperature, filters, one draw."""

from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.drawing import ArgumentMaker, Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires
from llm_course.checking import observe
from solutions import decoding

# Close to each other, so that temperature 2 flattens them: of the three largest, two are half of the probability at
# temperature 2, one is at temperature 1, and of all tokens the first two are less than half.
CLOSE = (3.0, 2.3, 1.9, 1.4, 1.2, 1.0, 0.8, 0.6)


def rows_apart(draw: Generator) -> Tensor:
    """Three rows with the same numbers, each in an order of its own."""
    numbers = torch.tensor(CLOSE)
    order = torch.randperm(8, generator=draw)
    return torch.stack([numbers[order], numbers[order.roll(3)], numbers[order.flip(0)]])


def sampled(temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> ArgumentMaker:
    return lambda draw: {
        "logits": rows_apart(draw),
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
    }


def alike(draw: Generator) -> Arguments:
    return {**sampled(0.8, 3, None)(draw), "logits": rows_apart(draw)[:1].repeat(2, 1)}


def rows_agree(value: Any) -> list[Any]:
    """The category of one result for two equal rows: do they get the same token?"""
    first, second = value.tolist()
    return [first == second]


AS_OFTEN = "Without filters, tokens come as often as the softmax says, at any temperature"
AT_ZERO = "Temperature 0 takes the most probable token of each row"
by_position = partial(Case, categories=observe.as_category_by_position)

EXERCISE = exercise(
    decoding.sample,
    __file__,
    requires(
        AS_OFTEN,
        by_position("no filter", sampled(), visible=True, repeat=300),
        by_position("cold", sampled(0.3), visible=True, repeat=80),
        by_position("hot", sampled(3.0), repeat=120),
        advice="Divide the logits by the temperature, take the softmax, draw with torch.multinomial: in each row a "
        "token has to come as often as its probability says.",
        weight=3,
        fails="Without filters, your tokens do not come as often as the softmax says.",
    ),
    requires(
        "A filter that is given takes its effect, one that is None none",
        by_position("top-k", sampled(1.5, 3, None), visible=True, repeat=80),
        by_position("top-p", sampled(1.0, None, 0.5), visible=True, repeat=80),
        advice="Apply each filter only where its argument is not None, and hand its logits on to the next step.",
        weight=2,
        needs=AS_OFTEN,
        fails="Your tokens do not come as often as they should where one filter is given.",
    ),
    requires(
        "Temperature comes first, then top-k, then top-p",
        by_position("all three", sampled(2.0, 3, 0.5), visible=True, repeat=80),
        by_position("all three, longer", sampled(2.0, 3, 0.5), repeat=150),
        # Here top-p of all, then top-k; top-p of what top-k leaves; and top-k alone leave 2, 1 and 5 tokens.
        by_position("a wide top-k", sampled(1.0, 5, 0.43), visible=True, repeat=160),
        advice="Top-p looks at the probabilities that temperature and top-k have left: see what each step hands to the "
        "next.",
        weight=2,
        fails="Your tokens do not come as often as they should where top-k and top-p are given.",
    ),
    requires(
        "Each row gets a draw of its own",
        Case("rows alike", alike, visible=True, repeat=80),
        # Without a filter, for here a filter's fault must not count once more, and told only whether the rows agree.
        Case("rows alike, no filter", lambda draw: {**alike(draw), "top_k": None}, repeat=150, categories=rows_agree),
        advice="Two equal rows must not always get the same token: one draw for each row.",
        fails="Two equal rows do not each get a draw of their own.",
    ),
    requires(
        "The generator decides: the same seed gives the same tokens",
        by_position("one run", sampled(1.5), visible=True, repeat=20),
        by_position("the same run again", sampled(1.5), visible=True, repeat=20, drawn_as="one run"),
        advice="Hand the generator on to torch.multinomial, and use no other source of randomness.",
        observe=observe.same_values,
        joint=True,
        needs=AS_OFTEN,
        fails="You do not draw the same tokens again from a generator with the same seed.",
    ),
    requires(
        AT_ZERO,
        Case("temperature 0", sampled(0.0), visible=True),
        Case("temperature 0 with filters", sampled(0.0, 2, 0.9)),
        Case("a batch of one", lambda draw: {**sampled(0.0)(draw), "logits": rows_apart(draw)[:1]}, visible=True),
        advice="At temperature 0 only one logit of a row is left, so the draw can only be that one. The result has one "
        "id a row, also for a batch of one.",
        fails="At temperature 0 you do not return the most probable token of each row.",
    ),
    requires(
        "A low temperature, which makes large logits, works as well",
        # So cold that nothing is left to chance.
        Case("very cold", sampled(0.02), visible=True),
        advice="At temperature 0.02 a logit of 3 becomes 150, and e to the power of that is infinite in float32. "
        "torch.softmax knows how to go around it.",
        needs=AS_OFTEN,
        fails="At a low temperature, you do not return the most probable token of each row.",
    ),
    refuses(
        ("hot",),
        Case("negative temperature", sampled(-0.5), visible=True),
        Case("k = 0", sampled(1.0, 0, None), visible=True),
        Case("p = 1.5", sampled(1.0, None, 1.5), visible=True),
        Case("k = 0 at temperature 0", sampled(0.0, 0, None), visible=True),
        advice="Your earlier functions raise it: call them whenever their argument is not None. Note that 0 is not "
        "None.",
        needs=None,
        name="Invalid settings raise ValueError",
        fails="You accept invalid settings, or raise something other than ValueError.",
    ),
    leaves_arguments(
        ("temperature 0", "a batch of one"),
        advice="Work on new tensors: your earlier functions return some, and `/=` and `masked_fill_` do not make any.",
        needs=AT_ZERO,
        fails="You change the logits that you were given.",
    ),
    points=3,
    shortcuts=("generate", "TopKLogitsWarper", "TopPLogitsWarper"),
)
