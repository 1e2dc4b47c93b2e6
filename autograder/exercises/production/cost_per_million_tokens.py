"""cost_per_million_tokens: what a rented machine makes of an hour."""

from torch import Generator

from autograder.exercises.drawing import ArgumentMaker, Arguments, given, randint, uniform, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import production

MAIN = "It is the price of an hour for the tokens of an hour"

USUAL = {"hourly_cost": 9.0, "tokens_per_second": 1000.0, "utilisation": 0.25}


drawn = within(hourly_cost=(2.0, 9.0), tokens_per_second=(100.0, 900.0), utilisation=(0.1, 0.4))
# Millionths for a million: nobody rounds them.
next_to_nothing = within(hourly_cost=(0.0005, 0.0009), tokens_per_second=(20e3, 90e3), utilisation=(0.5, 0.9))
few_an_hour = within(hourly_cost=(0.1, 0.9), tokens_per_second=(0.0021, 0.0039), utilisation=(0.2, 0.3))


def usual(**changes: float) -> ArgumentMaker:
    return given(**USUAL | changes)


def drawn_refusal(draw: Generator) -> Arguments:
    name = [*USUAL][randint(draw, 0, 2)]
    return drawn(draw) | {name: -uniform(draw, 0.1, 0.9)}


EXERCISE = exercise(
    production.cost_per_million_tokens,
    __file__,
    requires(
        MAIN,
        Case("a quarter busy", usual(), visible=True),
        Case("drawn", drawn),
        shown("cheap tokens", hourly_cost=2.5, tokens_per_second=40_000, utilisation=0.9),
        Case("tokens for next to nothing, drawn", next_to_nothing),
        advice="1,000 tokens per second, busy for 0.25 of the time: 900,000 an hour, for 9. What does a million cost?",
        fails="Your cost is not the price of an hour for the tokens of an hour.",
        weight=3,
    ),
    requires(
        "A slow machine makes fractions of a token per second",
        shown("a slow machine", hourly_cost=0.4, tokens_per_second=0.5, utilisation=0.6),
        shown("a few tokens an hour", hourly_cost=0.4, tokens_per_second=0.003, utilisation=0.257),
        Case("a few tokens an hour, drawn", few_an_hour),
        advice="Half a token per second is 1,800 an hour: keep the fraction.",
        fails="Below one token per second, your cost is not hourly_cost · 1,000,000 / the tokens of an hour.",
        needs=MAIN,
    ),
    requires(
        "A machine may be always busy, and an hour may cost nothing",
        Case("always busy", usual(utilisation=1.0), visible=True),
        Case("a free hour", usual(hourly_cost=0.0), visible=True),
        advice="utilisation may be 1, and hourly_cost may be 0.",
        fails="With utilisation = 1 or hourly_cost = 0, your cost is not hourly_cost · 1,000,000 / the tokens of an "
        "hour.",
        needs=MAIN,
    ),
    refuses(
        Case("a negative price", usual(hourly_cost=-9.0), visible=True),
        Case("no tokens", usual(tokens_per_second=0.0), visible=True),
        Case("negative tokens", usual(tokens_per_second=-1000.0), visible=True),
        Case("never busy", usual(utilisation=0.0), visible=True),
        Case("more than always busy", usual(utilisation=1.25), visible=True),
        Case("a negative share", usual(utilisation=-0.25), visible=True),
        Case("one of them negative, drawn", drawn_refusal),
        advice="Raise ValueError for a negative hourly_cost, a tokens_per_second that is not above 0, and a "
        "utilisation that is not above 0 or is above 1.",
    ),
    points=2,
)
