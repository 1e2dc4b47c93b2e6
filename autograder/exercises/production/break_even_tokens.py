"""break_even_tokens: from how many tokens on a machine is cheaper than an API."""

from autograder.exercises.drawing import uniform, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import production

MAIN = "So many tokens cost as much at the API as the machine"


drawn = within(monthly_hosting=(900.0, 5000.0), api_price_per_million=(0.15, 0.85))


EXERCISE = exercise(
    production.break_even_tokens,
    __file__,
    requires(
        MAIN,
        shown("a dear API", monthly_hosting=30.0, api_price_per_million=4.0),
        shown("a cheap API", monthly_hosting=1500.0, api_price_per_million=0.4),
        Case("drawn", drawn),
        advice="30 a month against 4 for a million tokens: how many millions do 30 buy, and how many tokens is that?",
        fails="Your number of tokens does not cost as much at the API as the machine does.",
        weight=3,
    ),
    requires(
        "Free hosting breaks even at 0 tokens",
        shown("free hosting", monthly_hosting=0.0, api_price_per_million=4.0),
        advice="monthly_hosting may be 0. Then so is the result.",
        fails="Your result is not 0 tokens when hosting is free.",
        needs=MAIN,
    ),
    refuses(
        shown("nothing costs anything", monthly_hosting=0.0, api_price_per_million=0.0),
        shown("negative hosting", monthly_hosting=-30.0, api_price_per_million=4.0),
        shown("a negative price", monthly_hosting=30.0, api_price_per_million=-4.0),
        Case("a negative price, drawn", lambda draw: drawn(draw) | {"api_price_per_million": -uniform(draw, 1, 9)}),
        advice="Raise ValueError for a negative monthly_hosting, and for an api_price_per_million that is not above 0.",
    ),
    points=1,
)
