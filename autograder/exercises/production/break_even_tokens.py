"""break_even_tokens: from how many tokens on a machine is cheaper than an API."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, refuses, uniform
from solutions import production

MAIN = "So many tokens cost as much at the API as the machine"


def drawn(draw: Generator) -> Arguments:
    return {"monthly_hosting": uniform(draw, 900, 5000), "api_price_per_million": uniform(draw, 0.15, 0.85)}


EXERCISE = Exercise(
    reference=production.break_even_tokens,
    points=1,
    cases=(
        Case("a dear API", given(monthly_hosting=30.0, api_price_per_million=4.0), visible=True),
        Case("a cheap API", given(monthly_hosting=1500.0, api_price_per_million=0.4), visible=True),
        Case("drawn", drawn),
        Case("free hosting", given(monthly_hosting=0.0, api_price_per_million=4.0), visible=True),
        Case("nothing costs anything", given(monthly_hosting=0.0, api_price_per_million=0.0), visible=True),
        Case("negative hosting", given(monthly_hosting=-30.0, api_price_per_million=4.0), visible=True),
        Case("a negative price", given(monthly_hosting=30.0, api_price_per_million=-4.0), visible=True),
        Case("a negative price, drawn", lambda draw: drawn(draw) | {"api_price_per_million": -uniform(draw, 1, 9)}),
    ),
    properties=(
        Property(
            MAIN,
            ("a dear API", "a cheap API", "drawn"),
            "30 a month against 4 for a million tokens: how many millions do 30 buy, and how many tokens is that?",
            fails="Your number of tokens does not cost as much at the API as the machine does.",
            weight=3,
        ),
        Property(
            "Free hosting breaks even at 0 tokens",
            ("free hosting",),
            "monthly_hosting may be 0. Then so is the result.",
            fails="Your result is not 0 tokens when hosting is free.",
            needs=MAIN,
        ),
        refuses(
            ("nothing costs anything", "negative hosting", "a negative price", "a negative price, drawn"),
            "Raise ValueError for a negative monthly_hosting, and for an api_price_per_million that is not above 0.",
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(production.break_even_tokens, __file__),
)
