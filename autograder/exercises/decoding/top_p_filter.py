"""top_p_filter: a fixed share of the probability."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import add_filter_mistakes, filter_properties
from autograder.exercises.decoding.inputs import LONG_TAIL, rows
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import decoding

known = Mistakes(decoding.top_p_filter, section="decoding-top-p")

START = "if not 0 <= p <= 1:"
SORTED = "logits.sort(dim=-1, descending=True, stable=True)"
OUTSIDE = "probabilities.cumsum(dim=-1) - probabilities >= p"
FIRST_KEPT = "    outside[..., 0] = False\n"
DROPPED = "torch.zeros_like(outside).scatter(-1, order, outside)"
FILTERED = "logits.masked_fill(dropped, -torch.inf)"


def above_zero(right: str, wrong: str) -> dict[str, str]:
    """The edit, but right at p = 0, where answers that share a fault differ."""
    return {right: f"{wrong} if p > 0 else {right}"}


known.edit(
    "crossing_dropped",
    {OUTSIDE: "probabilities.cumsum(dim=-1) > p"},
    "You drop the token that takes the sum over p. Without it the set has less than p: it stays. What counts for a "
    "token is the sum *before* it.",
)
known.edit(
    "nothing_may_survive",
    {OUTSIDE: "probabilities.cumsum(dim=-1) > p", FIRST_KEPT: ""},
    "You drop the token that takes the sum over p, and if that is the first, nothing is left. What counts for a token "
    "is the sum *before* it, which for the first is 0.",
)
known.edit(
    "one_after_crossing",
    {OUTSIDE: f"({OUTSIDE}).roll(1, -1)"},
    "You keep one token more than needed: the one that crosses p is the last.",
)
known.edit(
    "more_than_p",
    {">= p": "> p"},
    "You go on where the sum is exactly p. A set with probability p is enough: compare with >=, not >.",
)
known.edit(
    "ascending",
    {"descending=True": "descending=p == 0"},
    "You collect from the least probable token upward. Sort with descending=True.",
)
known.edit(
    "sum_of_logits",
    above_zero("torch.softmax(ordered, dim=-1)", "ordered"),
    "You sum up logits. p is a probability: take the softmax first.",
)
known.edit(
    "mask_not_scattered",
    above_zero(DROPPED, "outside"),
    "Your mask belongs to the *sorted* row, and you put it on the unsorted one. Scatter it back with the indices that "
    "sort returned.",
)
known.edit(
    "gathered_for_scattered",
    above_zero(DROPPED, "outside.gather(-1, order)"),
    "You carry the mask back with gather and the indices of sort. Gather *reads* at these places: it sorts the mask "
    "once more. Scatter *writes* to them.",
)
known.edit(
    "never_ordered",
    above_zero(SORTED, "(logits, torch.arange(logits.shape[-1]).expand(logits.shape))"),
    "You sum the probabilities in the order of the vocabulary. The nucleus takes the most probable first.",
)
known.edit(
    "one_is_not_all",
    {"p == 1": "False"},
    "With p = 1 you lose the tail: rounded in float32, the sum reaches 1 before the last token. Return the logits as "
    "they are for p = 1.",
)
known.edit(
    "own_probability",
    {DROPPED: "torch.softmax(logits, dim=-1) < 1 - p"},
    "You compare each token's own probability with a threshold. In a flat row no token reaches it. The *sum* over the "
    "most probable tokens has to reach p.",
)
known.edit(
    "reaches_p_alone",
    above_zero(DROPPED, "torch.softmax(logits, dim=-1) < p"),
    "You keep the tokens that have p or more each. The *sum* over the most probable tokens has to reach p.",
)
known.edit(
    "as_min_p",
    above_zero(DROPPED, "torch.softmax(logits, dim=-1) < p * probabilities[..., :1]"),
    "Your function is min-p. Top-p sums: the most probable tokens are in until together they have p.",
)
known.edit(
    "largest_nucleus_for_all",
    {OUTSIDE: f"({OUTSIDE}).reshape(-1, logits.shape[-1]).all(dim=0).expand(logits.shape).clone()"},
    "All your rows keep as many tokens as the row that needs most. Each row has a nucleus of its own size.",
)
known.edit(
    "zero_empties",
    {FIRST_KEPT: ""},
    "With p = 0 nothing survives in your result: before the first token the sum is 0, which is p already. Keep the "
    "first token whatever p is.",
)
known.edit(
    "share_to_cut",
    {"if p == 1:": "p = 1 - p\n    if p == 1:"},
    "You read p as the share to cut. p is the share that stays.",
)
known.edit(
    "nucleus_dropped",
    {"logits.clone()": "torch.full_like(logits, -torch.inf)", FILTERED: "logits.masked_fill(~dropped, -torch.inf)"},
    "Your mask is turned around: you drop the nucleus and keep the tail.",
)
known.edit(
    "ties_of_crossing_kept",
    {DROPPED: f"logits < logits.masked_fill({DROPPED}, torch.inf).amin(dim=-1, keepdim=True)"},
    "You keep everything that is as probable as the last token of the nucleus. Of equal tokens only those with the "
    "smaller index are needed.",
)
known.edit(
    "later_ties_first",
    {SORTED: "(found.flip(-1) for found in logits.sort(dim=-1, stable=True))"},
    "Of equal tokens you take those with the larger index. The smaller index comes first: sort downward with "
    "stable=True.",
)
known.edit(
    "softmax_over_batch",
    {"torch.softmax(ordered, dim=-1)": "torch.softmax(logits, dim=0).gather(-1, order)"},
    "Your softmax runs over the batch. Each row is a distribution over the vocabulary, the last dimension.",
    "decoding-logits",
)
known.edit(
    "negative_p_accepted", {START: "if p > 1:"}, "You refuse a p above 1, and accept a negative one. Raise ValueError."
)
known.edit(
    "large_p_accepted", {START: "if p < 0:"}, "You refuse a negative p, and accept one above 1. Raise ValueError."
)
known.edit(
    "whole_p_refused", {START: "if not 0 <= p < 1:"}, "You refuse p = 1. It is a probability, and changes nothing."
)
known.edit("p_unchecked", {START: "if False:"}, "You accept a p below 0 or above 1. Raise ValueError.")
known.edit(
    "zero_p_refused", {START: "if not 0 < p <= 1:"}, "You refuse p = 0. It is a probability; one token survives."
)
known.edit(
    "softmax_first",
    {
        "logits.clone()": "torch.softmax(logits, dim=-1)",
        "logits.masked_fill": "torch.softmax(logits, dim=-1).masked_fill",
    },
    "You keep the right tokens, but return their probabilities. A filter gives logits back.",
    "decoding-logits",
)
add_filter_mistakes(known, FILTERED, START, "dropped", "logits.clone()")


def clear_p(draw: Generator, logits: Tensor) -> float:
    """A p that no sum of a row comes near, so that rounding does not decide."""
    sums = torch.softmax(logits.double(), -1).sort(dim=-1, descending=True).values.cumsum(-1)
    tries = 0.3 + 0.6 * torch.rand(64, generator=draw, dtype=torch.float64)
    return float(tries[(tries[:, None] - sums.flatten()).abs().amin(1).argmax()])


def drawn_p(draw: Generator) -> Arguments:
    logits = rows(draw, 2, 2, vocab=8)
    return {"logits": logits, "p": clear_p(draw, logits)}


def drawn_tied_p(draw: Generator) -> Arguments:
    # Tokens 1, 3, 4 and 6 are equal: two of them belong to the nucleus.
    logits = torch.tensor([0.0, 2.0, -1.0, 2.0, 2.0, -2.0, 2.0]) + randn(draw, 3, 1)
    return {"logits": logits, "p": 0.3 + 0.01 * randint(draw, 0, 8)}


def drawn_after_filter(draw: Generator) -> Arguments:
    logits = decoding.top_k_filter(rows(draw, 3, vocab=9), 5)
    return {"logits": logits, "p": clear_p(draw, logits)}


def one_row_p(draw: Generator) -> Arguments:
    logits = rows(draw, 1, vocab=7)
    return {"logits": logits, "p": clear_p(draw, logits)}


def drawn_peak(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=6)
    return {
        "logits": logits + 6 * torch.nn.functional.one_hot(logits.argmin(-1), 6),
        "p": 0.3 + 0.1 * randint(draw, 0, 3),
    }


def p_in_float64(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=6)
    return {"logits": logits.double(), "p": clear_p(draw, logits)}


def drawn_long_tail(draw: Generator) -> Arguments:
    logits = rows(draw, 2, vocab=9)
    return {"logits": logits + 25 * torch.nn.functional.one_hot(logits.argmin(-1), 9), "p": 1.0}


def drawn_exact_p(draw: Generator) -> Arguments:
    """Eight equal tokens: their probabilities, and sums of these, have no rounding."""
    return {"logits": torch.full((2, 8), float(randint(draw, -3, 3))), "p": randint(draw, 2, 6) / 8}


def p_above_one(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "p": 1.0 + randint(draw, 1, 9) / 10}


# A flat row and a peaked one, unsorted; the probabilities can be read off.
FLAT_AND_PEAKED = torch.tensor([[0.1, 0.3, 0.15, 0.25, 0.2], [0.02, 0.08, 0.7, 0.15, 0.05]]).log()
EQUALS = torch.tensor([[0.1, 0.3, 0.1, 0.3, 0.1, 0.1]]).log()

EXERCISE = Exercise(
    reference=decoding.top_p_filter,
    points=4,
    cases=(
        Case("a flat and a peaked row", given(logits=FLAT_AND_PEAKED, p=0.5), visible=True),
        Case("a larger p", given(logits=FLAT_AND_PEAKED, p=0.92), visible=True),
        Case("drawn", drawn_p, visible=True),
        Case("after another filter", drawn_after_filter),
        Case("one row", one_row_p),
        Case("the first is enough", given(logits=FLAT_AND_PEAKED, p=0.2), visible=True),
        Case("the first is enough, drawn", drawn_peak),
        Case("p = 0", given(logits=FLAT_AND_PEAKED, p=0.0), visible=True),
        Case("exactly p", given(logits=torch.zeros(2, 4), p=0.5), visible=True),
        Case("exactly p, drawn", drawn_exact_p),
        Case("ties", given(logits=EQUALS, p=0.75), visible=True),
        Case("ties, drawn", drawn_tied_p),
        Case("p = 1", given(logits=LONG_TAIL, p=1.0), visible=True),
        Case("p = 1, drawn", drawn_long_tail),
        Case("float64", p_in_float64, visible=True),
        Case("gradients", drawn_p, visible=True, gradients=("logits",)),
        Case("p above 1", given(logits=FLAT_AND_PEAKED, p=1.5), visible=True),
        Case("negative p", given(logits=FLAT_AND_PEAKED, p=-0.1), visible=True),
        Case("p above 1, drawn", p_above_one),
    ),
    properties=(
        Property(
            "The smallest set of tokens with probability p survives, each row with a set of its own",
            ("a flat and a peaked row", "a larger p", "drawn", "after another filter", "one row"),
            "Row 1 has the probabilities 0.1 0.3 0.15 0.25 0.2. For p = 0.5: 0.3 is too little, 0.3 + 0.25 is enough, "
            "so tokens 1 and 3 survive.",
            weight=3,
        ),
        Property(
            "The most probable token always survives",
            ("the first is enough", "the first is enough, drawn", "p = 0"),
            "If the most probable token alone has more than p, it alone is the nucleus.",
        ),
        Property(
            "A set with exactly p is enough",
            ("exactly p", "exactly p, drawn"),
            "Four equal tokens and p = 0.5: two tokens have probability 0.5, and no third is needed.",
        ),
        Property(
            "Among equal logits those with the smaller index come first",
            ("ties", "ties, drawn"),
            "Sort with stable=True, and decide by the place in the order, not by a threshold.",
        ),
        Property(
            "p = 1 changes nothing",
            ("p = 1", "p = 1, drawn"),
            "In float32 a sum of probabilities can reach 1 before the last token, and the tail is lost.",
            needs="The smallest set of tokens with probability p survives, each row with a set of its own",
        ),
        Property(
            "A p outside 0 to 1 is refused with a ValueError",
            ("a flat and a peaked row", "one row", "p above 1", "p above 1, drawn", "negative p"),
            "Raise ValueError where p is no probability.",
            observe=observe.refusal,
            needs="The smallest set of tokens with probability p survives, each row with a set of its own",
        ),
        *filter_properties(
            needs="The smallest set of tokens with probability p survives, each row with a set of its own"
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("TopPLogitsWarper",),
)
