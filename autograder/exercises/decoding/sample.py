"""sample: temperature, filters, one draw."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint
from llm_course.checking import observe
from solutions import decoding

ORDER = "decoding-order"
SEEDS = "decoding-seeds"

known = Mistakes(decoding.sample, section="decoding-logits")

HEATED = "logits = apply_temperature(logits, temperature)\n    "
FIRST_K = "if top_k is not None:\n        logits = top_k_filter(logits, top_k)"
THEN_P = "if top_p is not None:\n        logits = top_p_filter(logits, top_p)"
PROBABILITIES = "torch.softmax(logits, dim=-1)"
DRAWN = f"torch.multinomial({PROBABILITIES}, num_samples=1, generator=generator).squeeze(-1)"

known.edit(
    "nucleus_first",
    {FIRST_K: THEN_P, THEN_P: FIRST_K},
    "You apply top-p before top-k (or both to the same logits), so the nucleus counts tokens that top-k then takes "
    "away. Top-p comes last and sees what top-k has left.",
    ORDER,
)
known.edit(
    "top_p_only_without_top_k",
    {"if top_p is not None": "elif top_p is not None"},
    "You leave top-p out where top-k is given, as `elif` does. Both may be given: then top-p comes after top-k and "
    "sees what that has left.",
    ORDER,
)
known.edit(
    "temperature_last",
    {HEATED: "", "return": f"{HEATED}return"},
    "You apply the temperature after the filters. It comes first: the nucleus is that of the distribution at this "
    "temperature.",
    ORDER,
)
known.edit(
    "one_number_for_all",
    {
        f"return {DRAWN}": (
            "sums = torch.softmax(logits.double(), dim=-1).cumsum(dim=-1)\n"
            "    number = torch.rand((), generator=generator, dtype=torch.float64)\n"
            "    return (sums <= number * sums[..., -1:]).sum(dim=-1)"
        )
    },
    "Your rows share one random number: equal rows always get the same token. Draw once for each row.",
    SEEDS,
)
known.edit(
    "one_token_for_all",
    {PROBABILITIES: "torch.softmax(logits[:1], dim=-1)", ".squeeze(-1)": ".squeeze(-1).repeat(len(logits))"},
    "All rows get the token that was drawn for the first. Draw once for each row.",
    SEEDS,
)
known.edit(
    "generator_ignored",
    {"generator=generator": "generator=None"},
    "You draw without the generator, so the same seed gives other tokens each time. Hand it on: "
    "torch.multinomial(..., generator=generator).",
    SEEDS,
)
known.edit(
    "seeded_each_time",
    {"generator=generator": "generator=torch.Generator().manual_seed(0)"},
    "You set a seed inside, so each call draws the same. Who calls you holds the generator and its seed.",
    SEEDS,
)
known.edit(
    "seeded_again",
    {"generator=generator": "generator=torch.Generator().manual_seed(generator.initial_seed())"},
    "You make a new generator from the seed of the one that you were given. That one never moves on, so each call "
    "draws the same. Draw from the generator itself.",
    SEEDS,
)
known.edit(
    "greedy",
    {DRAWN: "logits.argmax(dim=-1)"},
    "You always take the most probable token. Draw one, with the probabilities of the softmax.",
)
known.edit(
    "all_survivors_alike",
    {PROBABILITIES: "(logits > -torch.inf).float()"},
    "Your survivors are all equally likely. Draw with their probabilities: the softmax of the filtered logits.",
)
known.edit(
    "ranks_drawn",
    {PROBABILITIES: f"{PROBABILITIES}.sort(dim=-1, descending=True).values"},
    "You draw from sorted probabilities and return the place in that order. The id is what stood there.",
)
known.edit(
    "temperature_unused",
    {"(logits, temperature)": "(logits, 1.0 if temperature > 0 else temperature)"},
    "Your draws do not depend on the temperature.",
    "decoding-temperature",
)
known.edit(
    "top_k_unused", {"logits = top_k_filter": "top_k_filter"}, "Your draws do not depend on top_k.", "decoding-top-k"
)
known.edit(
    "top_p_unused", {"logits = top_p_filter": "top_p_filter"}, "Your draws do not depend on top_p.", "decoding-top-p"
)
known.edit(
    "column_returned",
    {".squeeze(-1)": ""},
    "Your result has the shape [batch, 1]: torch.multinomial returns a column. One id a row is asked for, [batch].",
)
known.edit(
    "batch_of_one_lost",
    {".squeeze(-1)": ".squeeze()"},
    "With a batch of one your result has no dimension left: squeeze() removes every dimension of size 1. Name the "
    "one: squeeze(-1).",
)
known.edit(
    "softmax_twice",
    {PROBABILITIES: f"torch.softmax({PROBABILITIES}, dim=-1)"},
    "You take the softmax of probabilities: a second softmax flattens them, and even tokens that were filtered out "
    "come back.",
)
known.edit(
    "exponentials",
    {PROBABILITIES: "logits.exp()"},
    "You draw by e to the power of each logit, which overflows above 88 in float32, and a low temperature makes such "
    "logits. torch.softmax subtracts the largest one first.",
)
known.edit(
    "argmax_before_the_checks",
    {HEATED: f"if temperature == 0:\n        return logits.argmax(dim=-1)\n    {HEATED}"},
    "At temperature 0 you return before you have looked at top_k and top_p, so a top_k of 0 passes. What makes no "
    "sense is refused at any temperature.",
)
known.edit(
    "none_not_handled",
    {"top_k is not None": "True", "top_p is not None": "True"},
    "top_k or top_p may be None: that filter is then left out.",
    ORDER,
)
known.edit(
    "zero_taken_for_none",
    {"top_k is not None": "top_k", "top_p is not None": "top_p"},
    "You ask whether top_k and top_p are true. So is every number but 0, which you take for None: ask `is not None`.",
    ORDER,
)
known.edit(
    "written_in_place",
    {HEATED: f"given = logits\n    {HEATED}", "return": "given.copy_(logits)\n    return"},
    "Your function writes into the logits that it was given. Whoever called it still needs them.",
)


# Close to each other, so that temperature 2 flattens them: of the three largest, two are half of the probability at
# temperature 2, one is at temperature 1, and of all tokens the first two are less than half.
CLOSE = (3.0, 2.3, 1.9, 1.4, 1.2, 1.0, 0.8, 0.6)


def rows_apart(draw: Generator) -> Tensor:
    """Three rows with the same numbers, each in an order of its own."""
    numbers = torch.tensor(CLOSE)
    order = torch.randperm(8, generator=draw)
    return torch.stack([numbers[order], numbers[order.roll(3)], numbers[order.flip(0)]])


def sampled(
    temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Callable[[Generator], Arguments]:
    return lambda draw: {
        "logits": rows_apart(draw),
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "generator": torch.Generator().manual_seed(randint(draw, 0, 1 << 30)),
    }


def alike(draw: Generator) -> Arguments:
    return {**sampled(0.8, 3, None)(draw), "logits": rows_apart(draw)[:1].repeat(2, 1)}


def alike_unfiltered(draw: Generator) -> Arguments:
    return {**alike(draw), "top_k": None}


def rows_agree(value: Any) -> list[Any]:
    """The category of one result for two equal rows: do they get the same token?"""
    first, second = value.tolist()
    return [first == second]


def one_row_sampled(draw: Generator) -> Arguments:
    return {**sampled(0.0)(draw), "logits": rows_apart(draw)[:1]}


EXERCISE = Exercise(
    reference=decoding.sample,
    points=3,
    cases=(
        Case("no filter", sampled(), visible=True, repeat=300, categories=observe.as_category_by_position),
        Case("cold", sampled(0.3), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("hot", sampled(3.0), repeat=120, categories=observe.as_category_by_position),
        Case("top-k", sampled(1.5, 3, None), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("top-p", sampled(1.0, None, 0.5), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("all three", sampled(2.0, 3, 0.5), visible=True, repeat=80, categories=observe.as_category_by_position),
        Case("all three, longer", sampled(2.0, 3, 0.5), repeat=150, categories=observe.as_category_by_position),
        # Here top-p of all, then top-k; top-p of what top-k leaves; and top-k alone leave 2, 1 and 5 tokens.
        Case(
            "a wide top-k", sampled(1.0, 5, 0.43), visible=True, repeat=160, categories=observe.as_category_by_position
        ),
        Case("rows alike", alike, visible=True, repeat=80),
        # Without a filter, for here a filter's fault must not count once more, and told only whether the rows agree.
        Case("rows alike, no filter", alike_unfiltered, repeat=150, categories=rows_agree),
        Case("one run", sampled(1.5), visible=True, repeat=20, categories=observe.as_category_by_position),
        Case(
            "the same run again",
            sampled(1.5),
            visible=True,
            repeat=20,
            categories=observe.as_category_by_position,
            drawn_as="one run",
        ),
        Case("temperature 0", sampled(0.0), visible=True),
        Case("temperature 0 with filters", sampled(0.0, 2, 0.9)),
        # So cold that nothing is left to chance.
        Case("very cold", sampled(0.02), visible=True),
        Case("a batch of one", one_row_sampled, visible=True),
        Case("negative temperature", sampled(-0.5), visible=True),
        Case("k = 0", sampled(1.0, 0, None), visible=True),
        Case("k = 0 at temperature 0", sampled(0.0, 0, None), visible=True),
        Case("p = 1.5 at temperature 0", sampled(0.0, None, 1.5)),
        Case("p = 1.5", sampled(1.0, None, 1.5), visible=True),
    ),
    properties=(
        Property(
            "Without filters, tokens come as often as the softmax says, at any temperature",
            ("no filter", "cold", "hot"),
            "Divide the logits by the temperature, take the softmax, draw with torch.multinomial: in each row a token "
            "has to come as often as its probability says.",
            weight=3,
        ),
        Property(
            "A filter that is given takes its effect, one that is None none",
            ("top-k", "top-p"),
            "Apply each filter only where its argument is not None, and hand its logits on to the next step.",
            weight=2,
            needs="Without filters, tokens come as often as the softmax says, at any temperature",
        ),
        Property(
            "The order is temperature, top-k, top-p",
            ("all three", "all three, longer", "a wide top-k"),
            "Top-p looks at the probabilities that temperature and top-k have left: see what each step hands to the "
            "next.",
            weight=2,
        ),
        Property(
            "Each row gets a draw of its own",
            ("rows alike", "rows alike, no filter"),
            "Two equal rows must not always get the same token: one draw for each row.",
        ),
        Property(
            "The generator decides: the same seed gives the same tokens",
            ("one run", "the same run again"),
            "Hand the generator on to torch.multinomial, and use no other source of randomness.",
            observe=observe.same_values,
            joint=True,
            needs="Without filters, tokens come as often as the softmax says, at any temperature",
        ),
        Property(
            "Temperature 0 takes the most probable token of each row",
            ("temperature 0", "temperature 0 with filters", "a batch of one"),
            "At temperature 0 only one logit of a row is left, so the draw can only be that one. The result has one "
            "id a row, also for a batch of one.",
        ),
        Property(
            "A low temperature, which makes large logits, works as well",
            ("very cold",),
            "At temperature 0.02 a logit of 3 becomes 150, and e to the power of that is infinite in float32. "
            "torch.softmax knows how to go around it.",
            needs="Without filters, tokens come as often as the softmax says, at any temperature",
        ),
        Property(
            "Settings that make no sense are refused with a ValueError",
            (
                "hot",
                "negative temperature",
                "k = 0",
                "p = 1.5",
                "k = 0 at temperature 0",
                "p = 1.5 at temperature 0",
            ),
            "Your earlier functions raise it: call them whenever their argument is not None. Note that 0 is not None.",
            observe=observe.refusal,
        ),
        Property(
            "The arguments are left unchanged",
            ("temperature 0", "a batch of one"),
            "The logits that you were given must be as they were.",
            observe=observe.changed,
            needs="Temperature 0 takes the most probable token of each row",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("generate", "TopKLogitsWarper", "TopPLogitsWarper"),
)
