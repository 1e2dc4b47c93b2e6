"""watermark_z: how surprising so many green tokens are."""

import math

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.responsible_use.inputs import outside
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import responsible_use

MAIN = "It is the distance from what is expected, in standard deviations"
EXPECTED = "expected = gamma * total"
DEVIATION = "math.sqrt(total * gamma * (1 - gamma))"
RESULT = "(green - expected) / deviation"
TOTAL = "total < 1"
GREEN = "not 0 <= green <= total"
GAMMA = "not 0 < gamma < 1"

known = Mistakes(responsible_use.watermark_z, section="responsible-use-watermark")

known.edit(
    "variance_for_deviation",
    {DEVIATION: "total * gamma * (1 - gamma)"},
    "You divide by the variance. z is measured in standard deviations: take the root.",
)
known.edit(
    "deviation_of_a_share",
    {DEVIATION: "math.sqrt(gamma * (1 - gamma) / total)"},
    "You divide the distance of *counts* by the deviation of a *share*. The deviation of the count grows with the "
    "root of total: sqrt(total * gamma * (1 - gamma)).",
)
known.edit(
    "deviation_of_one_token",
    {DEVIATION: "math.sqrt(gamma * (1 - gamma))"},
    "You divide by the deviation of a single token. That of the sum of total tokens is sqrt(total) times as large.",
)
known.edit(
    "share_over_deviation_of_the_count",
    {RESULT: "(green / total - gamma) / deviation"},
    "You divide the distance of *shares* by the deviation of a *count*. Use counts in both places.",
)
known.edit(
    "share_over_deviation_of_one_token",
    {RESULT: "(green / total - gamma) / math.sqrt(gamma * (1 - gamma))"},
    "You divide the distance of shares by the deviation of a single token. A share of total tokens varies less: divide "
    "by sqrt(gamma * (1 - gamma) / total), or use counts in both places.",
)
known.edit(
    "one_minus_gamma_forgotten",
    {DEVIATION: "math.sqrt(total * gamma)"},
    "Your variance is total * gamma. That is Poisson's: of tokens that are green or not it is total * gamma * "
    "(1 - gamma).",
)
known.edit(
    "one_minus_gamma_alone",
    {DEVIATION: "math.sqrt(total * (1 - gamma))"},
    "Your variance is total * (1 - gamma). It is total * gamma * (1 - gamma).",
)
known.edit(
    "deviation_estimated",
    {DEVIATION: "math.sqrt(green * (total - green) / total)"},
    "You estimate the deviation from the share that you found. z asks how surprising it is *without* a watermark: use "
    "gamma.",
)
known.edit(
    "deviation_estimated_where_it_can_be",
    {DEVIATION: f"math.sqrt(green * (total - green) / total) or {DEVIATION}"},
    "You estimate the deviation from the share that you found, but for texts that are all green or all red. z asks how "
    "surprising it is *without* a watermark: use gamma.",
)
known.edit(
    "root_of_total",
    {DEVIATION: "math.sqrt(total)"},
    "You divide by the root of total. The deviation of the count is sqrt(total * gamma * (1 - gamma)).",
)
known.edit(
    "half_is_green",
    {EXPECTED: "expected = total / 2", DEVIATION: "math.sqrt(total) / 2"},
    "You take gamma for a half. It is an argument: the share of the vocabulary that is green.",
)
known.edit(
    "half_is_expected",
    {EXPECTED: "expected = total / 2"},
    "You expect half of the tokens to be green. Expected is the share gamma of them.",
)
known.edit(
    "red_list_share",
    {EXPECTED: "expected = (1 - gamma) * total"},
    "You take gamma for the share of red tokens. It is that of the green ones.",
)
known.edit(
    "red_tokens_counted",
    {RESULT: "(total - green - expected) / deviation"},
    "You count red tokens. z grows with the green ones.",
)
known.edit(
    "sign_turned",
    {RESULT: "(expected - green) / deviation"},
    "Your sign is turned: more green tokens than expected give a positive z.",
)
known.edit(
    "absolute_value",
    {RESULT: "abs(green - expected) / deviation"},
    "You return the absolute value. A text with fewer green tokens than expected has a negative z, and nobody should "
    "take it for a watermark.",
)
known.edit(
    "corrected_for_continuity",
    {RESULT: "math.copysign(max(abs(green - expected) - 0.5, 0.0), green - expected) / deviation"},
    "You move the count half a token towards what is expected, as a continuity correction does. None is asked for: "
    "the distance counts as it is.",
)
known.edit(
    "never_below_zero",
    {RESULT: "max(0.0, (green - expected) / deviation)"},
    "You cut z off at 0. Fewer green tokens than expected give a negative z.",
)
known.edit(
    "share_alone",
    {RESULT: "green / total - gamma"},
    "You return by how much the share of green tokens is above gamma. Divide by its standard deviation: 6 of 10 are no "
    "surprise, 600 of 1000 are.",
)
known.edit(
    "count_alone",
    {RESULT: "green - expected"},
    "You return by how many tokens the text is above the expected number. Divide by the standard deviation.",
)
known.edit(
    "ratio",
    {RESULT: "green / expected"},
    "You divide by the expected number. Subtract it, and divide by the standard deviation.",
)
known.edit(
    "chi_squared",
    {RESULT: "(green - expected) ** 2 / (total * gamma * (1 - gamma))"},
    "You return the square of z, a chi-squared statistic. It does not tell more from fewer green tokens.",
)
known.edit(
    "p_value",
    {RESULT: "0.5 * math.erfc((green - expected) / deviation / math.sqrt(2))"},
    "You return the chance of so many green tokens, the p-value. Asked is z itself.",
)
known.edit(
    "continuity",
    {RESULT: "(green - expected - 0.5) / deviation"},
    "You correct for continuity by half a token. Asked is the plain z.",
)
known.edit(
    "one_token_less",
    {
        EXPECTED: "expected = gamma * (total - 1)",
        DEVIATION: "math.sqrt(max(total - 1, 1) * gamma * (1 - gamma))",
    },
    "You take one token off. total counts the tokens that were looked at, the first of a text is left out already.",
)
known.edit(
    "sample_variance",
    {DEVIATION: "math.sqrt(max(total - 1, 1) * gamma * (1 - gamma))"},
    "You use total - 1 in the deviation. Nothing is estimated here: gamma is known, so the variance is total * gamma * "
    "(1 - gamma).",
)
known.edit(
    "expected_cut_to_whole",
    {EXPECTED: "expected = int(gamma * total)"},
    "You cut the expected number to a whole one. A mean of 17.5 tokens is a mean.",
)
known.edit(
    "rounded",
    {RESULT: f"round({RESULT}, 2)"},
    "You round the result. Rounding is for printing.",
)
known.edit(
    "rounded_to_three_digits",
    {RESULT: f"round({RESULT}, 3)"},
    "You round the result to three digits. Rounding is for printing.",
)
known.edit(
    "share_of_green",
    {RESULT: "green / total"},
    "You return the share of green tokens. Asked is how surprising their number is.",
)
known.edit(
    "gamma_for_the_expected",
    {EXPECTED: "expected = gamma"},
    "You subtract gamma, a share, from a count. Expected are gamma * total tokens.",
)
known.edit(
    "root_of_total_alone",
    {DEVIATION: "math.sqrt(total) * gamma * (1 - gamma)"},
    "Your root covers total only. The deviation is the root of total * gamma * (1 - gamma), all of it.",
)
known.edit(
    "nothing_checked",
    {TOTAL: "False", GREEN: "False", GAMMA: "False"},
    "You check nothing that comes in: raise ValueError for a total below 1, for a green that is negative or above "
    "total, and for a gamma that is not above 0 and below 1.",
)
known.edit(
    "no_tokens_give_zero",
    {TOTAL: "total < 0", EXPECTED: "if total == 0:\n        return 0.0\n    expected = gamma * total"},
    "You return 0 for a text of no tokens. Nothing was measured: raise ValueError.",
)
known.edit(
    "total_unchecked",
    {TOTAL: "False", GREEN: "total > 0 and not 0 <= green <= total"},
    "You do not check total. Raise ValueError where it is below 1.",
)
known.edit(
    "green_unchecked",
    {GREEN: "False"},
    "You do not check green. Raise ValueError where it is negative or above total.",
)
known.edit(
    "too_many_green_taken",
    {GREEN: "green < 0"},
    "You accept more green tokens than there are tokens. Raise ValueError.",
)
known.edit(
    "negative_green_taken",
    {GREEN: "green > total"},
    "You accept a negative number of green tokens. Raise ValueError.",
)
known.edit(
    "no_green_refused",
    {GREEN: "not 0 < green <= total"},
    "You refuse a text without green tokens. It makes sense, and has a negative z.",
)
known.edit(
    "all_green_refused",
    {GREEN: "not 0 <= green < total"},
    "You refuse a text of green tokens only. It makes sense: that is what a strong watermark does.",
)
known.edit(
    "ends_of_gamma_taken",
    {GAMMA: "not 0 <= gamma <= 1"},
    "You accept a gamma of 0 or 1, or do not check it at all. Then no token could surprise, and the deviation is 0: "
    "raise ValueError where gamma is not above 0 and below 1.",
)


@known.function(
    "You do not check gamma. The root of a negative variance is NaN in torch, and a division by 0 infinity: raise "
    "ValueError where gamma is not above 0 and below 1."
)
def gamma_unchecked_in_torch(green: int, total: int, gamma: float) -> float:
    if total < 1 or not 0 <= green <= total:
        raise ValueError("no such text")
    deviation = torch.tensor(total * gamma * (1 - gamma), dtype=torch.float64).sqrt()
    return float((green - gamma * total) / deviation)


known.asserted()


@known.function(
    "You return infinity or NaN where nothing can be computed. Such numbers spread unnoticed: raise ValueError."
)
def not_finite(green: int, total: int, gamma: float) -> float:
    if total == 0 or gamma in (0, 1):
        return float("nan")
    if total < 0 or not 0 <= green <= total or not 0 < gamma < 1:
        raise ValueError("out of range")
    return (green - gamma * total) / math.sqrt(total * gamma * (1 - gamma))


def drawn(draw: Generator) -> Arguments:
    total = randint(draw, 90, 300)
    return {"green": randint(draw, 30, 50) + total // 3, "total": total, "gamma": uniform(draw, 0.2, 0.33)}


def drawn_fewer(draw: Generator) -> Arguments:
    return {"green": randint(draw, 3, 20), "total": randint(draw, 90, 200), "gamma": uniform(draw, 0.3, 0.7)}


def drawn_all_green(draw: Generator) -> Arguments:
    total = randint(draw, 5, 40)
    return {"green": total, "total": total, "gamma": uniform(draw, 0.2, 0.8)}


def drawn_too_many(draw: Generator) -> Arguments:
    total = randint(draw, 20, 90)
    return {"green": total + randint(draw, 1, 30), "total": total, "gamma": 0.25}


def drawn_gamma(draw: Generator) -> Arguments:
    return {"green": 20, "total": 60, "gamma": outside(draw)}


def drawn_negative(draw: Generator) -> Arguments:
    return {"green": -randint(draw, 1, 9), "total": 60, "gamma": 0.4}


EXERCISE = Exercise(
    reference=responsible_use.watermark_z,
    points=2,
    cases=(
        Case("three quarters", given(green=36, total=48, gamma=0.25), visible=True),
        Case("a long text", given(green=430, total=750, gamma=0.4), visible=True),
        Case("drawn", drawn),
        Case("fewer than expected", given(green=12, total=75, gamma=0.25), visible=True),
        Case("fewer than expected, drawn", drawn_fewer),
        Case("a fraction is expected", given(green=9, total=11, gamma=0.3), visible=True),
        Case("no green token", given(green=0, total=12, gamma=0.25), visible=True),
        Case("all green", given(green=7, total=7, gamma=0.5), visible=True),
        Case("all green, drawn", drawn_all_green),
        Case("one token", given(green=1, total=1, gamma=0.2), visible=True),
        Case("no tokens", given(green=0, total=0, gamma=0.25), visible=True),
        Case("a negative total", given(green=0, total=-5, gamma=0.25), visible=True),
        Case("more green than tokens", given(green=49, total=48, gamma=0.25), visible=True),
        Case("more green than tokens, drawn", drawn_too_many),
        Case("a negative green", given(green=-1, total=48, gamma=0.25), visible=True),
        Case("a negative green, drawn", drawn_negative),
        Case("no share", given(green=36, total=48, gamma=0.0), visible=True),
        Case("all of the vocabulary", given(green=36, total=48, gamma=1.0), visible=True),
        Case("a share in percent", given(green=36, total=48, gamma=25.0), visible=True),
        Case("a negative share", given(green=36, total=48, gamma=-0.25), visible=True),
        Case("a share outside, drawn", drawn_gamma),
    ),
    properties=(
        Property(
            MAIN,
            ("three quarters", "a long text", "drawn", "a fraction is expected"),
            "Of 48 tokens 12 are expected to be green at gamma = 0.25, and their number has a variance of 48 * 0.25 * "
            "0.75 = 9. By how many standard deviations are 36 above 12?",
            weight=3,
        ),
        Property(
            "Fewer green tokens than expected give a negative z",
            ("fewer than expected", "fewer than expected, drawn", "no green token"),
            "The sign tells more from fewer: keep it.",
            needs=MAIN,
        ),
        Property(
            "One token, or green ones only, are texts like others",
            ("all green", "all green, drawn", "one token"),
            "green may be as large as total, and total as small as 1.",
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "three quarters", "no tokens", "a negative total", "more green than tokens",
                "more green than tokens, drawn", "a negative green", "a negative green, drawn", "no share",
                "all of the vocabulary", "a share in percent", "a negative share", "a share outside, drawn",
            ),
            "Raise ValueError for a total below 1, for a green that is negative or above total, and for a gamma that "
            "is not above 0 and below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip
