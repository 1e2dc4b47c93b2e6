"""cost_per_million_tokens: what a rented machine makes of an hour."""

from collections.abc import Callable

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, uniform
from llm_course.checking import observe
from solutions import production

MAIN = "It is the price of an hour for the tokens of an hour"
PER_HOUR = "tokens_per_second * 3600 * utilisation"
RESULT = "hourly_cost / tokens_per_hour * 1e6"
COST = "hourly_cost < 0"
SPEED = "tokens_per_second <= 0"
SHARE = "not 0 < utilisation <= 1"

known = Mistakes(production.cost_per_million_tokens, section="production-cost")

known.edit(
    "always_busy",
    {PER_HOUR: "tokens_per_second * 3600"},
    "You count a machine that is always busy. It makes tokens for the share `utilisation` of the time, and is paid for "
    "all of it.",
)
known.edit(
    "paid_while_busy",
    {RESULT: "hourly_cost * utilisation / (tokens_per_second * 3600) * 1e6"},
    "Your cost falls where the machine is idle. It is paid for the whole hour and makes *fewer* tokens: a low "
    "utilisation makes each of them dearer.",
)
known.edit(
    "share_that_is_idle",
    {PER_HOUR: "tokens_per_second * 3600 * (1 - utilisation) or 1e-9"},
    "You take the share of the time in which the machine is idle. It makes tokens while it is busy.",
)
known.edit(
    "idle_surcharge",
    {RESULT: "hourly_cost / (tokens_per_second * 3600) * 1e6 * (2 - utilisation)"},
    "You add the idle share to the price. At half the tokens an hour, each costs twice as much: divide by utilisation.",
)
known.edit(
    "share_in_percent",
    {PER_HOUR: "tokens_per_second * 3600 * utilisation / 100"},
    "You divide utilisation by 100. It is a share, from 0 to 1.",
)
known.edit(
    "tokens_of_a_second",
    {PER_HOUR: "tokens_per_second * utilisation"},
    "You divide the price of an *hour* by the tokens of a *second*. An hour has 3600 seconds.",
)
known.edit(
    "tokens_of_a_minute",
    {PER_HOUR: "tokens_per_second * 60 * utilisation"},
    "You divide the price of an hour by the tokens of a minute. An hour has 3600 seconds.",
)
known.edit(
    "tokens_of_a_day",
    {PER_HOUR: "tokens_per_second * 3600 * 24 * utilisation"},
    "You divide the price of an hour by the tokens of a day.",
)
known.edit(
    "seconds_divided",
    {PER_HOUR: "tokens_per_second / 3600 * utilisation"},
    "You divide by 3600 where you should multiply: an hour has 3600 times the tokens of a second.",
)
known.edit(
    "one_token",
    {RESULT: "hourly_cost / tokens_per_hour"},
    "That is the cost of *one* token. The task asks for a million.",
)
known.edit(
    "a_thousand_tokens",
    {RESULT: "hourly_cost / tokens_per_hour * 1e3"},
    "That is the cost of a thousand tokens. The task asks for a million.",
)
known.edit(
    "divided_by_a_million",
    {RESULT: "hourly_cost / tokens_per_hour / 1e6"},
    "You divide by a million where you should multiply: a million tokens cost more than one.",
)
known.edit(
    "two_to_the_twenty",
    {RESULT: "hourly_cost / tokens_per_hour * 2**20"},
    "Your million is 2^20. Prices are per 1,000,000 tokens.",
)
known.edit(
    "millions_for_the_money",
    {RESULT: "tokens_per_hour / 1e6 / hourly_cost if hourly_cost else 0.0"},
    "You return how many millions of tokens one unit of money buys. The task asks what a million costs.",
)
known.edit(
    "millions_an_hour",
    {RESULT: "tokens_per_hour / 1e6"},
    "You return how many millions of tokens an hour makes. Divide the price of the hour by it.",
)
known.edit(
    "tokens_times_the_price",
    {RESULT: "hourly_cost * tokens_per_hour / 1e6"},
    "You multiply the price of an hour by its tokens. Divide: the more of them an hour makes, the cheaper each is.",
)
known.edit(
    "rounded_to_cents",
    {RESULT: f"round({RESULT}, 2)"},
    "You round to cents. A million tokens may cost less than one, and whoever adds them up needs the exact number.",
)
known.edit(
    "rounded_to_six_places",
    {RESULT: f"round({RESULT}, 6)"},
    "You round to six places. A million tokens may cost less than a millionth, and whoever adds them up needs the "
    "exact number: round only what you print.",
)
known.edit(
    "whole_tokens_an_hour",
    {RESULT: "hourly_cost / max(int(tokens_per_hour), 1) * 1e6"},
    "You cut the tokens of an hour to a whole number. A slow machine makes fractions of one: keep them.",
)
known.edit(
    "other_way_around",
    {RESULT: "tokens_per_hour / hourly_cost * 1e6 if hourly_cost else 0.0"},
    "Your quotient is turned around. Divide the price by the tokens: the more of them an hour makes, the cheaper each "
    "is.",
)
known.edit(
    "paid_for_a_day",
    {RESULT: "hourly_cost * 24 / tokens_per_hour * 1e6"},
    "You divide the price of a day by the tokens of an hour.",
)
known.edit(
    "whole_tokens",
    {PER_HOUR: "max(int(tokens_per_second) * 3600 * utilisation, 1)"},
    "You cut tokens_per_second to a whole number. Half a token per second is 1800 an hour.",
)
known.edit(
    "share_in_whole_percent",
    {PER_HOUR: "tokens_per_second * 3600 * (round(utilisation, 2) or 1)"},
    "You round utilisation to whole percent. Keep its other digits.",
)
known.edit(
    "price_forgotten",
    {RESULT: "1e6 / tokens_per_hour"},
    "You return the hours that a million tokens take. Multiply by the price of an hour.",
)
known.edit(
    "nothing_checked",
    {COST: "False", SPEED: "False", SHARE: "False"},
    "You check nothing that comes in: raise ValueError for a negative hourly_cost, a tokens_per_second that is not "
    "above 0, and a utilisation that is not above 0 or is above 1.",
)
known.edit(
    "free_hour_refused",
    {COST: "hourly_cost <= 0"},
    "You refuse an hour that costs nothing. Its tokens cost 0.",
)
known.edit(
    "full_use_refused",
    {SHARE: "not 0 < utilisation < 1"},
    "You refuse a utilisation of 1. A machine may be always busy.",
)
known.edit("negative_cost_taken", {COST: "False"}, "You accept a negative hourly_cost. Raise ValueError.")
known.edit(
    "no_speed_taken",
    {SPEED: "False"},
    "You do not check tokens_per_second: raise ValueError where it is not above 0.",
)
known.edit(
    "negative_speed_taken",
    {SPEED: "tokens_per_second == 0"},
    "You accept a negative tokens_per_second. Raise ValueError where it is not above 0.",
)
known.edit(
    "zero_speed_taken",
    {SPEED: "tokens_per_second < 0"},
    "You accept 0 tokens per second, and divide by it: raise ValueError where tokens_per_second is not above 0.",
)
known.edit(
    "any_share_taken",
    {SHARE: "False"},
    "You do not check utilisation: raise ValueError where it is not above 0, or is above 1.",
)
known.edit(
    "share_above_one_taken",
    {SHARE: "utilisation <= 0"},
    "You accept a utilisation above 1. More than all of the time there is not: raise ValueError.",
)
known.edit(
    "no_use_taken",
    {SHARE: "not 0 <= utilisation <= 1"},
    "You accept a utilisation of 0. A machine that never works makes no million: raise ValueError.",
)
known.edit(
    "negative_share_taken",
    {SHARE: "utilisation == 0 or utilisation > 1"},
    "You accept a negative utilisation. Raise ValueError.",
)
known.edit(
    "slow_machine_refused",
    {SPEED: "tokens_per_second < 1"},
    "You refuse less than one token per second. A slow machine makes half a one: anything above 0 makes sense.",
)
known.edit(
    "share_cut",
    {SHARE: "utilisation <= 0", PER_HOUR: "tokens_per_second * 3600 * min(utilisation, 1)"},
    "You take a utilisation above 1 for 1. Who passes it has made a mistake and wants to know: raise ValueError.",
)
known.edit(
    "percent_guessed",
    {SHARE: "utilisation <= 0",
     PER_HOUR: "tokens_per_second * 3600 * (utilisation / 100 if utilisation > 1 else utilisation)"},
    "You take a utilisation above 1 for percent. It is a share, and above 1 it makes no sense: raise ValueError.",
)  # fmt: skip


Range = tuple[float, float]


def within(hourly_cost: Range, tokens_per_second: Range, utilisation: Range) -> Callable[[Generator], Arguments]:
    """Numbers drawn from these ranges."""
    ranges = {"hourly_cost": hourly_cost, "tokens_per_second": tokens_per_second, "utilisation": utilisation}
    return lambda draw: {name: uniform(draw, *ends) for name, ends in ranges.items()}


drawn = within((2, 9), (100, 900), (0.1, 0.4))
drawn_slow = within((0.1, 0.9), (0.2, 0.9), (0.2, 0.4))
# Millionths for a million: nobody rounds them.
drawn_cheap = within((0.0005, 0.0009), (20_000, 90_000), (0.5, 0.9))
drawn_crawling = within((0.1, 0.9), (0.0021, 0.0039), (0.2, 0.3))


def drawn_refusal(draw: Generator) -> Arguments:
    name = ("hourly_cost", "tokens_per_second", "utilisation")[randint(draw, 0, 2)]
    return drawn(draw) | {name: -uniform(draw, 0.1, 0.9)}


known.asserted()


@known.function(
    "You return infinity where no token is made. An infinite number spreads unnoticed through every sum: raise "
    "ValueError."
)
def infinite(hourly_cost: float, tokens_per_second: float, utilisation: float) -> float:
    if tokens_per_second == 0 or utilisation == 0:
        return float("inf")
    if hourly_cost < 0 or tokens_per_second < 0 or not 0 < utilisation <= 1:
        raise ValueError("out of range")
    return hourly_cost / (tokens_per_second * 3600 * utilisation) * 1e6


USUAL = {"hourly_cost": 3.6, "tokens_per_second": 500.0, "utilisation": 0.3}

EXERCISE = Exercise(
    reference=production.cost_per_million_tokens,
    points=2,
    cases=(
        Case("a third busy", given(**USUAL), visible=True),
        Case("drawn", drawn),
        Case("a slow machine", given(hourly_cost=0.4, tokens_per_second=0.5, utilisation=0.6), visible=True),
        Case("a slow machine, drawn", drawn_slow),
        Case("a few tokens an hour", given(hourly_cost=0.4, tokens_per_second=0.003, utilisation=0.257), visible=True),
        Case("a few tokens an hour, drawn", drawn_crawling),
        Case("cheap tokens", given(hourly_cost=2.5, tokens_per_second=40_000, utilisation=0.9), visible=True),
        Case("tokens for next to nothing, drawn", drawn_cheap),
        Case("always busy", given(**USUAL | {"utilisation": 1.0}), visible=True),
        Case("a free hour", given(**USUAL | {"hourly_cost": 0.0}), visible=True),
        Case("a negative price", given(**USUAL | {"hourly_cost": -3.6}), visible=True),
        Case("no tokens", given(**USUAL | {"tokens_per_second": 0.0}), visible=True),
        Case("negative tokens", given(**USUAL | {"tokens_per_second": -500.0}), visible=True),
        Case("never busy", given(**USUAL | {"utilisation": 0.0}), visible=True),
        Case("more than always busy", given(**USUAL | {"utilisation": 1.25}), visible=True),
        Case("a negative share", given(**USUAL | {"utilisation": -0.3}), visible=True),
        Case("one of them negative, drawn", drawn_refusal),
    ),
    properties=(
        Property(
            MAIN,
            ("a third busy", "drawn", "cheap tokens", "tokens for next to nothing, drawn"),
            "500 tokens per second, busy for 0.3 of the time: 540,000 an hour, for 3.6. What does a million cost?",
            weight=3,
        ),
        Property(
            "A slow machine makes fractions of a token per second",
            ("a slow machine", "a slow machine, drawn", "a few tokens an hour", "a few tokens an hour, drawn"),
            "Half a token per second is 1,800 an hour: keep the fraction.",
            needs=MAIN,
        ),
        Property(
            "A machine may be always busy, and an hour may cost nothing",
            ("always busy", "a free hour"),
            "utilisation may be 1, and hourly_cost 0.",
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "a third busy", "drawn", "a negative price", "no tokens", "negative tokens", "never busy",
                "more than always busy", "a negative share", "one of them negative, drawn",
            ),
            "Raise ValueError for a negative hourly_cost, a tokens_per_second that is not above 0, and a utilisation "
            "that is not above 0 or is above 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip
