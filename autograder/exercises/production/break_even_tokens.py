"""break_even_tokens: from how many tokens on a machine is cheaper than an API."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, uniform
from llm_course.checking import observe
from solutions import production

MAIN = "For so many tokens the API costs as much as the machine"
RESULT = "monthly_hosting / api_price_per_million * 1e6"
HOSTING = "monthly_hosting < 0"
PRICE = "api_price_per_million <= 0"

known = Mistakes(production.break_even_tokens, section="production-break-even")

known.edit(
    "in_millions",
    {RESULT: "monthly_hosting / api_price_per_million"},
    "Your result is in millions of tokens. The task asks for tokens: multiply by 1,000,000.",
)
known.edit(
    "divided_by_a_million",
    {RESULT: "monthly_hosting / api_price_per_million / 1e6"},
    "You divide by a million where you should multiply: the price is that of a million tokens, and one costs a "
    "millionth of it.",
)
known.edit(
    "in_thousands",
    {RESULT: "monthly_hosting / api_price_per_million * 1e3"},
    "You multiply by a thousand. The price is per 1,000,000 tokens.",
)
known.edit(
    "two_to_the_twenty",
    {RESULT: "monthly_hosting / api_price_per_million * 2**20"},
    "Your million is 2^20. Prices are per 1,000,000 tokens.",
)
known.edit(
    "other_way_around",
    {RESULT: "api_price_per_million / monthly_hosting * 1e6 if monthly_hosting else 0.0"},
    "Your quotient is turned around. The dearer the machine, the more tokens it takes; the dearer the API, the fewer.",
)
known.edit(
    "share_of_a_token",
    {RESULT: "api_price_per_million / 1e6 / monthly_hosting if monthly_hosting else 0.0"},
    "Your quotient is turned around: it says which part of the machine's price one token costs. The task asks how many "
    "tokens cost as much as the machine.",
)
known.edit(
    "multiplied",
    {RESULT: "monthly_hosting * api_price_per_million"},
    "You multiply the two prices. How often does the price of a token go into that of the machine?",
)
known.edit(
    "millionth_of_the_product",
    {RESULT: "monthly_hosting * api_price_per_million / 1e6"},
    "You multiply the two prices. That is what the API costs for as many tokens as the machine costs money; the task "
    "asks how many tokens cost as much as the machine.",
)
known.edit(
    "multiplied_by_millions",
    {RESULT: "monthly_hosting * api_price_per_million * 1e6"},
    "You multiply by the API's price. Divide by it: the dearer the API, the fewer tokens it takes.",
)
known.edit(
    "difference_of_prices",
    {RESULT: "(monthly_hosting - api_price_per_million) * 1e6"},
    "You take the difference of two prices of different things: a month, and a million tokens. Divide.",
)
known.edit(
    "paid_by_the_hour",
    {RESULT: "monthly_hosting * 24 * 30 / api_price_per_million * 1e6"},
    "You count the hours of a month. monthly_hosting is the price of the whole month already.",
)
known.edit(
    "tokens_an_hour",
    {RESULT: "monthly_hosting / 720 / api_price_per_million * 1e6"},
    "Your tokens are those of an hour. The task asks for a month's.",
)
known.edit(
    "tokens_a_day",
    {RESULT: "monthly_hosting / 30 / api_price_per_million * 1e6"},
    "Your tokens are those of a day. The task asks for a month's.",
)
known.edit(
    "tokens_a_year",
    {RESULT: "12 * monthly_hosting / api_price_per_million * 1e6"},
    "Your tokens are those of a year. The task asks for a month's.",
)
known.edit(
    "whole_millions",
    {RESULT: "monthly_hosting // api_price_per_million * 1e6"},
    "You cut the result to whole millions: // divides without a remainder. Use /.",
)
known.edit(
    "whole_millions_up",
    {RESULT: "-(-monthly_hosting // api_price_per_million) * 1e6"},
    "You round up to whole millions. Nobody has to buy whole millions: use /.",
)
known.edit(
    "nothing_checked",
    {HOSTING: "False", PRICE: "False"},
    "You check nothing that comes in: raise ValueError for a negative monthly_hosting, and for an "
    "api_price_per_million that is not above 0.",
)
known.asserted()
known.edit(
    "free_hosting_refused",
    {HOSTING: "monthly_hosting <= 0"},
    "You refuse a machine that costs nothing. It is as cheap as the API at 0 tokens, and cheaper from there on.",
)
known.edit("negative_hosting_taken", {HOSTING: "False"}, "You accept a negative monthly_hosting. Raise ValueError.")
known.edit(
    "negative_hosting_is_free",
    {HOSTING: "False", RESULT: "max(monthly_hosting, 0.0) / api_price_per_million * 1e6"},
    "You take a negative monthly_hosting for 0. Who passes it has made a mistake and wants to know: raise ValueError.",
)
known.edit(
    "price_not_checked",
    {PRICE: "False"},
    "You do not check api_price_per_million: raise ValueError where it is not above 0.",
)
known.edit(
    "negative_price_taken",
    {PRICE: "api_price_per_million == 0"},
    "You accept a negative api_price_per_million. Raise ValueError where it is not above 0.",
)
known.edit(
    "free_api_taken",
    {PRICE: "api_price_per_million < 0"},
    "You divide by a price of 0: raise ValueError where api_price_per_million is not above 0.",
)
known.edit(
    "free_api_never_beaten",
    {f"return {RESULT}": f'return {RESULT} if api_price_per_million else float("inf")',
     PRICE: "api_price_per_million < 0"},
    "You return infinity for an API that costs nothing. There is no break-even at all then: raise ValueError.",
)  # fmt: skip
known.edit(
    "free_api_zero_tokens",
    {f"return {RESULT}": f"return {RESULT} if api_price_per_million else 0.0", PRICE: "api_price_per_million < 0"},
    "You return 0 tokens for an API that costs nothing, as if the machine were always cheaper. It never is: raise "
    "ValueError.",
)


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
    mistakes=tuple(known),
)  # fmt: skip
