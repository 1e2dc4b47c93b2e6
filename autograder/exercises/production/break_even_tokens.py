"""break_even_tokens: from how many tokens on a machine is cheaper than an API."""

from torch import Generator

from autograder.exercises.misunderstandings import misunderstandings
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, uniform
from llm_course.checking import observe
from solutions import production

MAIN = "For so many tokens the API costs as much as the machine"


def drawn(draw: Generator) -> Arguments:
    return {"monthly_hosting": uniform(draw, 900, 5000), "api_price_per_million": uniform(draw, 0.15, 0.85)}


def drawn_dear(draw: Generator) -> Arguments:
    return {"monthly_hosting": uniform(draw, 21.0, 39.0), "api_price_per_million": uniform(draw, 11.0, 60.0)}


def drawn_free_api(draw: Generator) -> Arguments:
    return drawn(draw) | {"api_price_per_million": 0.0}


def drawn_negative_hosting(draw: Generator) -> Arguments:
    return drawn(draw) | {"monthly_hosting": -uniform(draw, 1, 900)}


def drawn_negative_price(draw: Generator) -> Arguments:
    return drawn(draw) | {"api_price_per_million": -uniform(draw, 1, 9)}


EXERCISE = Exercise(
    reference=production.break_even_tokens,
    points=1,
    cases=(
        Case("a cheap API", given(monthly_hosting=1500.0, api_price_per_million=0.4), visible=True),
        Case("drawn", drawn),
        Case("a dear API", given(monthly_hosting=40.0, api_price_per_million=15.0), visible=True),
        Case("a dear API, drawn", drawn_dear),
        Case("free hosting", given(monthly_hosting=0.0, api_price_per_million=0.4), visible=True),
        Case("a free API", given(monthly_hosting=1500.0, api_price_per_million=0.0), visible=True),
        Case("a free API, drawn", drawn_free_api),
        Case("nothing costs anything", given(monthly_hosting=0.0, api_price_per_million=0.0), visible=True),
        Case("negative hosting", given(monthly_hosting=-1500.0, api_price_per_million=0.4), visible=True),
        Case("negative hosting, drawn", drawn_negative_hosting),
        Case("a negative price", given(monthly_hosting=1500.0, api_price_per_million=-0.4), visible=True),
        Case("a negative price, drawn", drawn_negative_price),
    ),
    properties=(
        Property(
            MAIN,
            ("a cheap API", "drawn", "a dear API", "a dear API, drawn"),
            "1,500 a month against 0.4 for a million tokens: how many millions do 1,500 buy, and how many tokens are "
            "that?",
            weight=3,
        ),
        Property(
            "Free hosting is even at 0 tokens",
            ("free hosting",),
            "monthly_hosting may be 0: then so is the result.",
            needs=MAIN,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "a cheap API", "drawn", "a free API", "a free API, drawn", "nothing costs anything",
                "negative hosting", "negative hosting, drawn", "a negative price", "a negative price, drawn",
            ),
            "Raise ValueError for a negative monthly_hosting, and for an api_price_per_million that is not above 0.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=misunderstandings(production.break_even_tokens, __file__),
)  # fmt: skip
