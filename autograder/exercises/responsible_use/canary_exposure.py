"""canary_exposure: how well a secret was memorized, by its rank among others."""

import math

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import responsible_use

MAIN = "It is log2 of how many there are, minus log2 of the canary's rank"
RANK = "1 + sum(loss <= canary_loss for loss in reference_losses)"
RESULT = "math.log2(len(reference_losses) + 1) - math.log2(rank)"
CHECK = "not reference_losses"

known = Mistakes(responsible_use.canary_exposure, section="responsible-use-memorization")

known.edit(
    "rank_from_the_top",
    {RANK: "1 + sum(loss >= canary_loss for loss in reference_losses)"},
    "You rank from the *highest* loss. A canary that was memorized has a low one: rank 1 is the lowest.",
)
known.edit(
    "natural_logarithm",
    {RESULT: "math.log(len(reference_losses) + 1) - math.log(rank)"},
    "You take natural logarithms. Exposure is in bits: use log2.",
)
known.edit(
    "decimal_logarithm",
    {RESULT: "math.log10(len(reference_losses) + 1) - math.log10(rank)"},
    "You take logarithms to the base of 10. Exposure is in bits: use log2.",
)
known.edit(
    "canary_not_counted",
    {RESULT: "math.log2(len(reference_losses)) - math.log2(rank)"},
    "You leave the canary out of the number of sequences: with it, there are n + 1 to guess among.",
)
known.edit(
    "canary_not_counted_down_to_zero",
    {RESULT: "max(0.0, math.log2(len(reference_losses)) - math.log2(rank))"},
    "You leave the canary out of the number of sequences, and cut off at 0 what gets negative then. With the canary, "
    "there are n + 1 to guess among.",
)
known.edit(
    "rank_from_zero",
    {
        RANK: "sum(loss <= canary_loss for loss in reference_losses)",
        RESULT: "math.log2(len(reference_losses) + 1) - (math.log2(rank) if rank else 0)",
    },
    "You count ranks from 0. The best one is 1: add the canary itself.",
)
known.edit(
    "log_of_zero",
    {RANK: "sum(loss <= canary_loss for loss in reference_losses)"},
    "You count ranks from 0. The logarithm then fails just where the canary was memorized best: rank 1 is the best.",
)
known.edit(
    "ties_before_the_canary_ignored",
    {RANK: "1 + sum(loss < canary_loss for loss in reference_losses)"},
    "A reference whose loss *equals* the canary's comes before it: count with <=. With <, or with index() in the "
    "sorted list, a model that gives all sequences the same loss would seem to have memorized the canary.",
)
known.edit(
    "made_a_set",
    {f"    rank = {RANK}": f"    reference_losses = list(set(reference_losses))\n    rank = {RANK}"},
    "You make a set of the references, so that those of equal loss count once, in the rank and in the number. Each is "
    "a sequence of its own.",
)
known.edit(
    "ties_shared",
    {
        RANK: "1 + sum((loss < canary_loss) + 0.5 * (loss == canary_loss) for loss in reference_losses)",
    },
    "You count a reference of equal loss as half. It comes before the canary: count it fully.",
)
known.edit(
    "rank_returned",
    {RESULT: "float(rank)"},
    "You return the rank. Exposure is log2 of the number of sequences minus log2 of the rank.",
)
known.edit(
    "log_rank_alone",
    {RESULT: "math.log2(rank)"},
    "You return log2 of the rank: what is left to guess. Asked is by how much the guessing became easier.",
)
known.edit(
    "log_number_alone",
    {RESULT: "math.log2(len(reference_losses) + 1)"},
    "Your result does not depend on the rank: that is the exposure of rank 1.",
)
known.edit(
    "sign_turned",
    {RESULT: "math.log2(rank) - math.log2(len(reference_losses) + 1)"},
    "Your sign is turned: a canary that was memorized well has a *high* exposure.",
)
known.edit(
    "ratio_of_logarithms",
    {RESULT: "math.log2(len(reference_losses) + 1) / max(math.log2(rank), 1)"},
    "You divide the logarithms. Subtract them: the logarithm of a quotient is a difference.",
)
known.edit(
    "quotient_without_logarithm",
    {RESULT: "(len(reference_losses) + 1) / rank"},
    "You return the quotient. Exposure is its log2, in bits.",
)
known.edit(
    "share_of_references_beaten",
    {RESULT: "1 - (rank - 1) / len(reference_losses)"},
    "You return the share of references with a higher loss. Exposure is in bits: log2(n + 1) - log2(rank).",
)
known.edit(
    "difference_of_losses",
    {RESULT: "sum(reference_losses) / len(reference_losses) - canary_loss"},
    "You compare the canary's loss with the mean of the others. Exposure looks at its rank only.",
)
known.edit(
    "losses_taken_for_probabilities",
    {RESULT: "math.log2(len(reference_losses) + 1) + canary_loss"},
    "You use the loss in place of the rank's logarithm. Only the order of the losses counts.",
)
known.edit(
    "in_order_of_the_list",
    {RANK: "1 + next((i for i, loss in enumerate(reference_losses) if loss > canary_loss), len(reference_losses))"},
    "You take the list for sorted. The losses come in any order: count all that are at most the canary's.",
)
known.edit(
    "distinct_losses",
    {RANK: "1 + len({loss for loss in reference_losses if loss <= canary_loss})"},
    "You count equal losses once. Each reference is a guess of its own.",
)
known.edit(
    "losses_rounded",
    {RANK: "1 + sum(round(loss, 1) <= round(canary_loss, 1) for loss in reference_losses)"},
    "You round the losses before you rank them. Close ones become ties.",
)
known.edit(
    "rounded",
    {RESULT: f"round({RESULT}, 2)"},
    "You round the result. Rounding is for printing.",
)
known.edit(
    "whole_bits",
    {RESULT: f"float(math.floor({RESULT}))"},
    "You cut the result to whole bits. Rank 3 of 8 is worth 1.415 bits.",
)
known.edit(
    "rounded_to_one_digit",
    {RESULT: f"round({RESULT}, 1)"},
    "You round the result to one digit. Rounding is for printing.",
)
known.edit(
    "log_rank_alone_turned",
    {RESULT: "-math.log2(rank)"},
    "You return minus log2 of the rank. The number of sequences is missing: log2(n + 1) - log2(rank).",
)
known.edit(
    "share_of_the_rank",
    {RESULT: "1 - rank / (len(reference_losses) + 1)"},
    "You return a share. Exposure is in bits: log2(n + 1) - log2(rank).",
)
known.edit(
    "no_references_give_nan",
    {CHECK: "False", RESULT: f"{RESULT} if reference_losses else float('nan')"},
    "You return NaN where there is nothing to rank the canary among. It spreads unnoticed: raise ValueError.",
)
known.edit(
    "no_loss_refused",
    {CHECK: "not reference_losses or canary_loss <= 0"},
    "You refuse a loss of 0. A model that is certain of the canary has it: that is the case you look for.",
)
known.edit(
    "no_references_give_zero",
    {CHECK: "False"},
    "You return 0 where there is nothing to rank the canary among. Nothing was measured: raise ValueError.",
)
known.edit(
    "one_reference_refused",
    {CHECK: "len(reference_losses) < 2"},
    "You refuse a single reference. It makes sense: rank 1 of 2 is worth one bit.",
)


@known.function("You change reference_losses, as sort() does, and whoever called you finds another list.")
def sorted_in_place(canary_loss: float, reference_losses: list[float]) -> float:
    if not reference_losses:
        raise ValueError("no references")
    reference_losses.sort()
    rank = 1 + sum(loss <= canary_loss for loss in reference_losses)
    return math.log2(len(reference_losses) + 1) - math.log2(rank)


@known.function("You add the canary's loss to reference_losses itself, and whoever called you finds it there.")
def appended(canary_loss: float, reference_losses: list[float]) -> float:
    if not reference_losses:
        raise ValueError("no references")
    reference_losses.append(canary_loss)
    rank = sum(loss <= canary_loss for loss in reference_losses)
    return math.log2(len(reference_losses)) - math.log2(rank)


known.asserted()


@known.function(
    "An empty list ends in an IndexError, which is what taking its first item raises by itself. Look first whether "
    "there is one, and raise ValueError."
)
def empty_list_fails(canary_loss: float, reference_losses: list[float]) -> float:
    sorted(reference_losses)[0]
    rank = 1 + sum(loss <= canary_loss for loss in reference_losses)
    return math.log2(len(reference_losses) + 1) - math.log2(rank)


def losses(draw: Generator, n: int) -> list[float]:
    """n losses, no two of them near each other, in any order."""
    return shuffled(draw, [0.13 * (place + uniform(draw, 0.3, 0.7)) + 1 for place in range(n)])


def shuffled(draw: Generator, found: list[float]) -> list[float]:
    return [found[place] for place in torch.randperm(len(found), generator=draw).tolist()]


def drawn(draw: Generator) -> Arguments:
    """A canary among the lowest."""
    found = losses(draw, randint(draw, 20, 60))
    return {"canary_loss": sorted(found)[randint(draw, 1, 5)] + 0.02, "reference_losses": found}


def drawn_middle(draw: Generator) -> Arguments:
    found = losses(draw, randint(draw, 20, 60))
    return {"canary_loss": sorted(found)[randint(draw, 8, 15)] + 0.02, "reference_losses": found}


def drawn_first(draw: Generator) -> Arguments:
    return {"canary_loss": uniform(draw, 0.1, 0.9), "reference_losses": losses(draw, randint(draw, 5, 40))}


def drawn_last(draw: Generator) -> Arguments:
    return {"canary_loss": uniform(draw, 9, 12), "reference_losses": losses(draw, randint(draw, 5, 40))}


def drawn_ties(draw: Generator) -> Arguments:
    equal = uniform(draw, 1.5, 2.5)
    found = [*losses(draw, randint(draw, 10, 20)), *[equal] * randint(draw, 2, 5)]
    return {"canary_loss": equal, "reference_losses": shuffled(draw, found)}


def drawn_equal_below(draw: Generator) -> Arguments:
    """References that are equal to each other, below the canary."""
    low = uniform(draw, 0.2, 0.8)
    found = [*losses(draw, randint(draw, 10, 20)), *[low] * randint(draw, 3, 5)]
    return {"canary_loss": 0.9, "reference_losses": shuffled(draw, found)}


EXERCISE = Exercise(
    reference=responsible_use.canary_exposure,
    points=3,
    cases=(
        Case(
            "second of eight",
            given(canary_loss=1.5, reference_losses=[4.0, 1.0, 2.0, 5.0, 3.0, 2.5, 6.0]),
            visible=True,
        ),
        Case(
            "third of eleven",
            given(canary_loss=2.26, reference_losses=[4.0, 2.27, 2.5, 5.0, 3.0, 2.0, 6.0, 2.23, 3.5, 4.5]),
            visible=True,
        ),
        Case("drawn", drawn),
        Case("in the middle, drawn", drawn_middle),
        Case("the lowest", given(canary_loss=0.5, reference_losses=[4.0, 1.0, 2.0, 5.0, 3.0]), visible=True),
        Case("the lowest, drawn", drawn_first),
        Case("no loss at all", given(canary_loss=0.0, reference_losses=[0.5, 1.5, 2.0]), visible=True),
        Case("the highest", given(canary_loss=9.0, reference_losses=[4.0, 1.0, 2.0, 5.0]), visible=True),
        Case("the highest, drawn", drawn_last),
        Case("one reference", given(canary_loss=1.0, reference_losses=[2.0]), visible=True),
        Case("all equal", given(canary_loss=2.0, reference_losses=[2.0, 2.0, 2.0]), visible=True),
        Case("ties", given(canary_loss=2.0, reference_losses=[3.0, 2.0, 1.0, 2.0, 4.0, 5.0, 1.0]), visible=True),
        Case("ties, drawn", drawn_ties),
        Case("equal ones below, drawn", drawn_equal_below),
        Case("no references", given(canary_loss=2.0, reference_losses=[]), visible=True),
        Case("no references, a loss of 0", given(canary_loss=0.0, reference_losses=[]), visible=True),
        Case("no references, drawn", lambda draw: {"canary_loss": uniform(draw, 0.1, 9), "reference_losses": []}),
    ),
    properties=(
        Property(
            MAIN,
            ("second of eight", "third of eleven", "drawn", "in the middle, drawn"),
            "With the canary there are eight sequences, and one of the others has a lower loss: rank 2. log2(8) - "
            "log2(2) is 2 bits.",
            weight=3,
        ),
        Property(
            "The lowest loss is rank 1, the highest gives 0 bits",
            ("the lowest", "the lowest, drawn", "no loss at all", "the highest", "the highest, drawn", "one reference"),
            "Below all others the rank is 1, and log2(1) is 0. Above all others it is n + 1.",
            needs=MAIN,
        ),
        Property(
            "A reference of equal loss comes before the canary",
            ("all equal", "ties", "ties, drawn", "equal ones below, drawn"),
            "If all four losses are equal, the model tells nothing about the canary: rank 4 of 4, 0 bits. References "
            "that are equal to each other count one by one.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "The argument is left unchanged",
            ("second of eight", "third of eleven", "drawn"),
            "Neither sort reference_losses in place nor add to it.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "No references are refused with a ValueError",
            ("second of eight", "no references", "no references, a loss of 0", "no references, drawn"),
            "Raise ValueError for an empty list: there is nothing to rank the canary among.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
