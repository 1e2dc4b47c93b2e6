"""expected_tokens: what one pass of the target is worth, with a draft of k tokens."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import serving

known = Mistakes(serving.expected_tokens, section="serving-expected")

SUM = "float(sum(acceptance**accepted for accepted in range(k + 1)))"
PROBABILITY = "not 0 <= acceptance <= 1"
LENGTH = "k < 0"

known.edit(
    "own_token_forgotten",
    {SUM: "float(sum(acceptance**accepted for accepted in range(1, k + 1)))"},
    "You count accepted drafts only. The target adds a token of its own in every pass: one more.",
)
known.edit(
    "one_power_less",
    {SUM: "float(sum(acceptance**accepted for accepted in range(k))) if k else 1.0"},
    "Your sum ends at a^(k-1). When all k drafted tokens are accepted, k + 1 come out: the last term is a^k.",
)
known.edit(
    "one_power_more",
    {"range(k + 1)": "range(k + 2)"},
    "Your sum goes on to a^(k+1). No more than k + 1 tokens come out of a pass: the last term is a^k.",
)
known.edit(
    "each_by_itself",
    {SUM: "1.0 + acceptance * k"},
    "You take k · a for the accepted ones. After the first rejection the rest of the draft is dropped, so the i-th "
    "counts only with probability a^i.",
)
known.edit(
    "all_or_nothing",
    {SUM: "1.0 + k * acceptance**k"},
    "You count a draft only if all of it is accepted. What stands before the first rejection counts too.",
)
known.edit(
    "share_of_the_most",
    {SUM: "acceptance * (k + 1.0)"},
    "You take the share a of k + 1. Even where nothing is accepted one token comes out, and what follows a rejection"
    " is lost.",
)
known.edit(
    "endless_draft",
    {SUM: "1 / (1 - acceptance) if acceptance < 1 else k + 1.0"},
    "You return 1 / (1 - a), which is the limit of an endless draft. With k tokens it is (1 - a^(k+1)) / (1 - a).",
)
known.edit(
    "power_of_k",
    {SUM: "(1 - acceptance**k) / (1 - acceptance) if acceptance < 1 else k + 1.0"},
    "Your exponent is k. With k drafted tokens and one of the target's own it is k + 1.",
)
known.edit(
    "divided_by_zero",
    {SUM: "(1 - acceptance ** (k + 1)) / (1 - acceptance)"},
    "At an acceptance of 1 you divide 0 by 0. All k drafts are accepted then: k + 1. (Or add up 1 + a + … + a^k.)",
)
known.edit(
    "one_gives_k",
    {SUM: "(1 - acceptance ** (k + 1)) / (1 - acceptance) if acceptance < 1 else float(k)"},
    "At an acceptance of 1 you return k. The target's own token comes on top: k + 1.",
)
known.edit(
    "one_gives_one",
    {SUM: "(1 - acceptance ** (k + 1)) / (1 - acceptance) if acceptance < 1 else 1.0"},
    "At an acceptance of 1 you return 1. All k drafts are accepted then: k + 1.",
)
known.edit(
    "one_gives_infinity",
    {SUM: '(1 - acceptance ** (k + 1)) / (1 - acceptance) if acceptance < 1 else float("inf")'},
    "At an acceptance of 1 you return infinity. No more than k + 1 tokens come out of a pass.",
)
known.edit(
    "one_refused",
    {PROBABILITY: "not 0 <= acceptance < 1"},
    "You refuse an acceptance of 1. It is a probability: a draft that is always right gives k + 1.",
)
known.edit(
    "zero_refused",
    {PROBABILITY: "not 0 < acceptance <= 1"},
    "You refuse an acceptance of 0. It is a probability: a draft that is never right leaves the target's own token, 1.",
)
known.edit(
    "no_draft_refused",
    {LENGTH: "k < 1"},
    "You refuse k = 0. Without drafts each pass gives one token.",
)
known.edit(
    "rejection_probability",
    {SUM: "float(sum((1 - acceptance) ** accepted for accepted in range(k + 1)))"},
    "You use 1 - a, the probability of a rejection, where a belongs.",
)
known.edit(
    "rounded",
    {SUM: "float(round(sum(acceptance**accepted for accepted in range(k + 1))))"},
    "You round to whole tokens. It is an average.",
)
known.edit(
    "rounded_to_four_places",
    {SUM: "round(sum(acceptance**accepted for accepted in range(k + 1)), 4)"},
    "You round to a few places. Return the number as it is: round only what you print.",
)
known.edit(
    "rounded_down",
    {SUM: "float(int(sum(acceptance**accepted for accepted in range(k + 1))))"},
    "You cut off the fraction. It is an average.",
)
known.edit(
    "speed_up",
    {SUM: "float(sum(acceptance**accepted for accepted in range(k + 1))) / (k + 1)"},
    "You divide by k + 1. The task asks for the number of tokens, not its share of the most that could come.",
)
known.edit(
    "all_accepted_left_out",
    {SUM: "float(sum((n + 1) * acceptance**n * (1 - acceptance) for n in range(k))) if k else 1.0"},
    "You weigh the numbers of tokens by the probability that a rejection comes just there, and leave out the case "
    "that none comes: with probability a^k all are accepted, and k + 1 tokens come out.",
)
known.edit(
    "limit_cut_off",
    {SUM: "min(1 / (1 - acceptance), k + 1.0) if acceptance < 1 else k + 1.0"},
    "You take the limit of an endless draft and cut it at k + 1. The average over drafts of k tokens is smaller than "
    "either: (1 - a^(k+1)) / (1 - a).",
)
known.edit(
    "both_ends_refused",
    {PROBABILITY: "not 0 < acceptance < 1"},
    "You refuse the probabilities 0 and 1. A draft may never be right, or always: the result is 1, or k + 1.",
)
known.edit(
    "clamped",
    {
        PROBABILITY: "False",
        LENGTH: "False",
        SUM: "float(sum(min(max(acceptance, 0), 1) ** n for n in range(max(k, 0) + 1)))",
    },
    "You mend arguments that make no sense. Whoever passes an acceptance of 1.2 or a negative k has made a mistake "
    "and wants to know: raise ValueError.",
)
known.edit(
    "nothing_checked",
    {PROBABILITY: "False", LENGTH: "False"},
    "You check nothing that comes in: raise ValueError for an acceptance that is not from 0 to 1, and for a negative"
    " k.",
)
known.edit(
    "acceptance_not_checked",
    {PROBABILITY: "False"},
    "You do not check the acceptance: raise ValueError where it is not from 0 to 1.",
)
known.edit(
    "more_than_certain",
    {PROBABILITY: "acceptance < 0"},
    "You accept an acceptance above 1, which is no probability. Raise ValueError.",
)
known.edit(
    "less_than_impossible",
    {PROBABILITY: "acceptance > 1"},
    "You accept a negative acceptance, which is no probability. Raise ValueError.",
)
known.edit("k_not_checked", {LENGTH: "False"}, "You accept a negative k. Raise ValueError.")
known.edit(
    "nearly_one_is_one",
    {SUM: "(1 - acceptance ** (k + 1)) / (1 - acceptance) if acceptance < 0.999 else k + 1.0"},
    "You take any acceptance close to 1 for 1. A long draft shows the difference: return k + 1 at exactly 1 only, or "
    "add up 1 + a + … + a^k, which needs no such case.",
)
known.edit(
    "denominator_shifted",
    {SUM: "(1 - acceptance ** (k + 1)) / (1 - acceptance + 1e-8)"},
    "You add a small number to 1 - a so that nothing is divided by 0. At an acceptance of 1 that gives 0, and the "
    "result is k + 1.",
)
known.edit(
    "zero_gives_zero",
    {SUM: "float(sum(acceptance**accepted for accepted in range(k + 1))) if acceptance else 0.0"},
    "At an acceptance of 0 you return 0. The target's own token comes in any case: 1.",
)
known.edit(
    "no_draft_gives_zero",
    {SUM: "float(sum(acceptance**accepted for accepted in range(k + 1))) if k else 0.0"},
    "Without a draft you return 0. The target's own token comes in any case: 1.",
)


def drawn(low: int, high: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        acceptance = 0.35 + 0.3 * torch.rand((), generator=draw, dtype=torch.float64).item()
        return {"acceptance": acceptance, "k": randint(draw, low, high)}

    return arguments


def negative_length(draw: Generator) -> Arguments:
    return {**drawn(1, 1)(draw), "k": -randint(draw, 2, 5)}


def nearly_always(draw: Generator) -> Arguments:
    return {"acceptance": 1 - randint(draw, 5, 9) / 10_000, "k": randint(draw, 20, 40)}


MAIN = "It is 1 + a + a² + … + a^k"

EXERCISE = Exercise(
    reference=serving.expected_tokens,
    points=2,
    cases=(
        Case("a draft of 3", given(acceptance=0.6, k=3), visible=True),
        Case("a good draft", given(acceptance=0.9, k=2), visible=True),
        Case("a long draft", given(acceptance=0.83, k=9), visible=True),
        Case("a draft, drawn", drawn(2, 5)),
        Case("a long draft, drawn", drawn(6, 9)),
        Case("one drafted token", given(acceptance=0.3, k=1), visible=True),
        Case("no draft", given(acceptance=0.7, k=0), visible=True),
        Case("never right", given(acceptance=0.0, k=4), visible=True),
        Case("always right", given(acceptance=1.0, k=4), visible=True),
        Case("always right, drawn", lambda draw: {"acceptance": 1.0, "k": randint(draw, 5, 9)}),
        Case("nearly always right", given(acceptance=0.9996, k=25), visible=True),
        Case("nearly always right, drawn", nearly_always),
        Case("acceptance above 1", given(acceptance=1.2, k=3), visible=True),
        Case("negative acceptance", given(acceptance=-0.1, k=3), visible=True),
        Case("negative k", given(acceptance=0.5, k=-1), visible=True),
        Case("negative k, drawn", negative_length),
    ),
    properties=(
        Property(
            MAIN,
            (
                "a draft of 3",
                "a good draft",
                "a long draft",
                "a draft, drawn",
                "a long draft, drawn",
                "one drafted token",
            ),
            "With a = 0.6 and k = 3: one token always, a second with 0.6, a third with 0.36, a fourth with 0.216.",
            weight=3,
        ),
        Property(
            "The ends are right: never accepted gives 1, always accepted k + 1, no draft 1",
            (
                "no draft",
                "never right",
                "always right",
                "always right, drawn",
                "nearly always right",
                "nearly always right, drawn",
            ),
            "The fraction has no value at a = 1, but the sum has: k + 1 ones.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            ("a draft of 3", "acceptance above 1", "negative acceptance", "negative k", "negative k, drawn"),
            "Raise ValueError for an acceptance below 0 or above 1, and for a negative k.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
