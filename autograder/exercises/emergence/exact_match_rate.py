"""exact_match_rate: what a rate per token becomes when every token has to be right."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the chance that all tokens of the answer are right"

known = Mistakes(emergence.exact_match_rate, section="emergence-rulers")

known.edit(
    "multiplied_by_length",
    {"token_accuracy**length": "token_accuracy * length"},
    "You multiply the chance by the number of tokens: ten tokens are then *more* likely to be right than one. The "
    "chances of the tokens are multiplied with each other.",
)
known.edit(
    "errors_added",
    {"token_accuracy**length": "1 - length * (1 - token_accuracy)"},
    "You add up the chances of an error. That counts answers with two errors twice, and falls below 0 for a long "
    "answer. Multiply the chances of being right.",
)
known.edit(
    "errors_added_down_to_zero",
    {"token_accuracy**length": "max(0, 1 - length * (1 - token_accuracy))"},
    "You add up the chances of an error, and stop at 0. An answer with two errors is counted twice in that sum. "
    "Multiply the chances of being right.",
)
known.edit(
    "any_token",
    {"token_accuracy**length": "1 - (1 - token_accuracy) ** length"},
    "That is the chance that *at least one* token is right. An exact match needs all of them.",
)
known.edit(
    "all_wrong",
    {"token_accuracy**length": "(1 - token_accuracy) ** length"},
    "That is the chance that all tokens are *wrong*: you raise the error, not the accuracy.",
)
known.edit(
    "any_error",
    {"token_accuracy**length": "1 - token_accuracy**length"},
    "That is the chance that the answer is *not* an exact match.",
)
known.edit(
    "length_ignored",
    {"token_accuracy**length": "token_accuracy"},
    "Your result does not depend on the length. A longer answer has more places to go wrong.",
)
known.edit(
    "root_for_power",
    {"token_accuracy**length": "token_accuracy ** (1 / max(length, 1))"},
    "You take the root: that is the way back, from a rate of whole answers to one of tokens.",
)
known.edit(
    "powers_swapped",
    {"token_accuracy**length": "length**token_accuracy"},
    "Base and exponent are swapped: it is the accuracy that is multiplied with itself, length times.",
)
known.edit(
    "one_token_less",
    {"token_accuracy**length": "token_accuracy ** max(length - 1, 0)"},
    "You multiply length - 1 times. The first token has to be right, too.",
)
known.edit(
    "one_token_more",
    {"token_accuracy**length": "token_accuracy ** (length + 1)"},
    "You multiply length + 1 times: a loop that starts from the accuracy and not from 1, or an end token that nobody "
    "asked for.",
)
known.edit(
    "logarithm",
    {"token_accuracy**length": "length * math.log(max(token_accuracy, 1e-300))"},
    "You return the logarithm of the chance. The task asks for the chance itself.",
)
known.edit(
    "exponential",
    {"token_accuracy**length": "math.exp(-length * (1 - token_accuracy))"},
    "You use e^(-length * error). It comes near for small errors and is not the same: multiply the accuracies.",
)
known.edit(
    "in_percent",
    {"token_accuracy**length": "100 * token_accuracy**length"},
    "Your result is in percent. A chance is from 0 to 1.",
)
known.edit(
    "divided_by_length",
    {"token_accuracy**length": "token_accuracy / max(length, 1)"},
    "You divide by the length. The chances of the tokens are multiplied with each other.",
)
known.edit(
    "rounded",
    {"token_accuracy**length": "round(token_accuracy**length, 2)"},
    "You round the result. Rounding is for printing: the rate of a long answer would become 0.",
)
known.edit(
    "rounded_finely",
    {"token_accuracy**length": "round(token_accuracy**length, 10)"},
    "You round the result, and little is left of the rate of a long answer. Rounding is for printing.",
)
known.edit(
    "no_tokens_never_right",
    {"token_accuracy**length": "token_accuracy**length if length else 0"},
    "An answer of no tokens has nothing that could be wrong: its chance is 1, as any number to the power of 0.",
)
known.edit(
    "no_tokens_refused",
    {"if length < 0": "if length < 1"},
    "You refuse an answer of no tokens. It makes sense: nothing in it can be wrong, so its chance is 1.",
)
known.edit(
    "never_right_at_no_tokens",
    {"token_accuracy**length": "token_accuracy**length if token_accuracy else 0"},
    "With an accuracy of 0, an answer of no tokens is still right: 0 to the power of 0 is 1 here.",
)
known.edit(
    "accuracy_unchecked",
    {"not 0 <= token_accuracy <= 1": "False"},
    "You accept an accuracy that is no chance. Raise ValueError below 0 and above 1.",
)
known.edit(
    "above_one_accepted",
    {"not 0 <= token_accuracy <= 1": "token_accuracy < 0"},
    "You accept an accuracy above 1, as 90 for 90 %. Raise ValueError.",
)
known.edit(
    "negative_accuracy_accepted",
    {"not 0 <= token_accuracy <= 1": "token_accuracy > 1"},
    "You accept a negative accuracy. Raise ValueError.",
)
known.edit(
    "ends_refused",
    {"not 0 <= token_accuracy <= 1": "not 0 < token_accuracy < 1"},
    "You refuse an accuracy of 0 or of 1. Both are chances.",
)
known.edit(
    "never_right_refused",
    {"not 0 <= token_accuracy <= 1": "not 0 < token_accuracy <= 1"},
    "You refuse an accuracy of 0. It is a chance: such tokens are never right.",
)
known.edit(
    "always_right_refused",
    {"not 0 <= token_accuracy <= 1": "not 0 <= token_accuracy < 1"},
    "You refuse an accuracy of 1. It is a chance: such tokens are always right.",
)
known.edit(
    "negative_length_accepted",
    {"if length < 0": "if False"},
    "You accept a negative length, and the result is above 1. Raise ValueError.",
)
known.edit(
    "no_tokens_count_as_one",
    {"token_accuracy**length": "token_accuracy ** max(length, 1)"},
    "You give an answer of no tokens the chance of one token. Begin from 1, not from the accuracy: nothing in it can "
    "be wrong.",
)
known.edit(
    "percent_made_a_share",
    {"    if not 0 <=": "    token_accuracy /= 100 if token_accuracy > 1 else 1\n    if not 0 <="},
    "You take an accuracy above 1 for percent. It may as well be a slip: raise ValueError.",
)
known.edit(
    "cut_to_what_makes_sense",
    {
        "if not 0 <= token_accuracy <= 1:": "token_accuracy, length = min(max(token_accuracy, 0), 1), max(length, 0)\n"
        "    if False:",
        "if length < 0:": "if False:",
    },
    "You cut a number that makes no sense to the nearest that does, and nobody hears of it. Raise ValueError.",
)
known.edit(
    "nonsense_gives_none",
    {
        'raise ValueError(f"token_accuracy is a chance, from 0 to 1, not {token_accuracy}")': "return None",
        'raise ValueError(f"an answer cannot have {length} tokens")': "return None",
    },
    "You return None where the numbers make no sense. Raise ValueError.",
)
known.asserted()


def drawn(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 60, 97) / 100, "length": randint(draw, 3, 9)}


def drawn_long(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 950, 990) / 1000, "length": randint(draw, 40, 90)}


def drawn_single(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 5, 95) / 100, "length": 1}


def drawn_never_right(draw: Generator) -> Arguments:
    return {"token_accuracy": 0.0, "length": randint(draw, 2, 60)}


def drawn_above_one(draw: Generator) -> Arguments:
    return {"token_accuracy": randint(draw, 2, 99), "length": randint(draw, 2, 9)}


def drawn_negative(draw: Generator) -> Arguments:
    return {"token_accuracy": -randint(draw, 1, 9) / 10, "length": randint(draw, 2, 9)}


def drawn_negative_length(draw: Generator) -> Arguments:
    return {"token_accuracy": 0.8, "length": -randint(draw, 1, 9)}


EXERCISE = Exercise(
    reference=emergence.exact_match_rate,
    points=2,
    cases=(
        Case("ten tokens", given(token_accuracy=0.905, length=10), visible=True),
        Case("three tokens", given(token_accuracy=0.5, length=3), visible=True),
        Case("drawn", drawn),
        Case("a long answer", given(token_accuracy=0.7, length=60), visible=True),
        Case("long, drawn", drawn_long),
        Case("one token, drawn", drawn_single),
        Case("never right, drawn", drawn_never_right),
        Case("always right", given(token_accuracy=1.0, length=25), visible=True),
        Case("no tokens", given(token_accuracy=0.7, length=0), visible=True),
        Case("no tokens, never right", given(token_accuracy=0.0, length=0), visible=True),
        Case("above one", given(token_accuracy=1.2, length=5), visible=True),
        Case("above one, drawn", drawn_above_one),
        Case("below zero", given(token_accuracy=-0.1, length=5), visible=True),
        Case("below zero, drawn", drawn_negative),
        Case("negative length", given(token_accuracy=0.8, length=-2), visible=True),
        Case("negative length, drawn", drawn_negative_length),
    ),
    properties=(
        Property(
            MAIN,
            ("ten tokens", "three tokens", "drawn", "a long answer", "long, drawn", "one token, drawn"),
            "Work it out for two tokens of 0.9 each: of 100 answers, 90 have the first token right, and of these 81 "
            "the second.",
            weight=3,
        ),
        Property(
            "What is never right stays at 0, and what is always right at 1",
            ("never right, drawn", "always right"),
            "An accuracy of 0 and one of 1 are chances, too.",
            needs=MAIN,
        ),
        Property(
            "An answer of no tokens is always right",
            ("no tokens", "no tokens, never right"),
            "Nothing can be wrong in an answer of no tokens: 1, whatever the accuracy.",
            needs=MAIN,
        ),
        Property(
            "An accuracy that is no chance is refused with a ValueError",
            ("ten tokens", "above one", "above one, drawn", "below zero", "below zero, drawn"),
            "Raise ValueError for an accuracy below 0 or above 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "A negative length is refused with a ValueError",
            ("ten tokens", "negative length", "negative length, drawn"),
            "Raise ValueError for a length below 0.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
