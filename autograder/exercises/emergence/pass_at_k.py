"""pass_at_k: the chance that one of k attempts is right, estimated without bias."""

import math

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the share of all choices of k attempts that hold a right one"
WHOLE = "1 - math.comb(n - correct, k) / math.comb(n, k)"

known = Mistakes(emergence.pass_at_k, section="emergence-pass")

known.edit(
    "biased",
    {WHOLE: "1 - (1 - correct / n) ** k"},
    "You compute 1 - (1 - c/n)^k, as if each of the k attempts were drawn anew from all n. That estimate is biased: on "
    "average it is too low. Choose k *different* attempts out of the n.",
)
known.edit(
    "none_is_right",
    {WHOLE: "math.comb(n - correct, k) / math.comb(n, k)"},
    "That is the chance that *none* of the k attempts is right. Take it from 1.",
)
known.edit(
    "all_are_right",
    {WHOLE: "math.comb(correct, k) / math.comb(n, k)"},
    "You count the choices in which *all* k attempts are right. One is enough.",
)
known.edit(
    "not_all_are_right",
    {WHOLE: "1 - math.comb(correct, k) / math.comb(n, k)"},
    "You count the wrong binomial: choices of k out of the *right* attempts. A choice fails if all k come out of the "
    "n - correct wrong ones.",
)
known.edit(
    "exactly_one",
    {WHOLE: "correct * math.comb(n - correct, k - 1) / math.comb(n, k)"},
    "You count the choices with *exactly* one right attempt. Those with two or more pass as well.",
)
known.edit(
    "share_of_right_ones",
    {WHOLE: "correct / n"},
    "You return correct / n, which is pass@1. With more attempts allowed, the chance that one passes is higher.",
)
known.edit(
    "share_times_k",
    {WHOLE: "min(1.0, k * correct / n)"},
    "You add up the chances of the k attempts. That counts a choice with two right ones twice.",
)
known.edit(
    "k_chosen_with_order",
    {WHOLE: "1 - math.comb(n - correct, k) / math.perm(n, k)"},
    "You count choices in one place without and in the other with their order. Use math.comb for both.",
)
known.edit(
    "one_attempt_less",
    {WHOLE: "1 - math.comb(n - correct, k - 1) / math.comb(n, k - 1)"},
    "You allow k - 1 attempts. Look at where your loop over the attempts ends.",
)
known.edit(
    "one_attempt_more",
    {WHOLE: "1 - math.comb(n - correct, k + 1) / max(math.comb(n, k + 1), 1)"},
    "You allow k + 1 attempts. Look at where your loop over the attempts ends.",
)
known.edit("in_percent", {WHOLE: f"100 * ({WHOLE})"}, "Your result is in percent. A chance is from 0 to 1.")
known.edit(
    "rounded", {WHOLE: f"round({WHOLE}, 2)"}, "You round the result. An average over many tasks needs the exact number."
)
known.edit(
    "rounded_finely",
    {WHOLE: f"round({WHOLE}, 6)"},
    "You round the result. Of one right attempt among thousands only a digit or two is left, and an average over many "
    "tasks needs the exact number.",
)
known.edit(
    "whole_quotient",
    {WHOLE: WHOLE.replace(" / ", " // ")},
    "You divide with `//`, which rounds the quotient down to a whole number, here 0 or 1. Divide with `/`.",
)
known.edit(
    "one_for_any_right",
    {WHOLE: "float(correct > 0)"},
    "You return 1 as soon as any of the n attempts is right, and only k of them are allowed. Count the choices of k "
    "that hold a right one.",
)


@known.function(
    "You take the binomials as floats, and they overflow: the number of ways to choose 1000 out of 2000 has 600 "
    "digits. Divide the integers, or multiply k quotients that are at most 1."
)
def floats_overflow(n: int, correct: int, k: int) -> float:
    if n < 1 or not 0 <= correct <= n or not 1 <= k <= n:
        raise ValueError("out of range")
    return 1 - float(math.comb(n - correct, k)) / float(math.comb(n, k))


@known.function(
    "You take the logarithms of the binomials in float32, which has seven digits: with thousands of attempts the "
    "difference of two large logarithms is lost. Use float64, or integers."
)
def logarithms_in_float32(n: int, correct: int, k: int) -> float:
    if n < 1 or not 0 <= correct <= n or not 1 <= k <= n:
        raise ValueError("out of range")
    if n - correct < k:
        return 1.0

    def log_factorial(number: int) -> torch.Tensor:
        return torch.lgamma(torch.tensor(number + 1.0))

    log_share = log_factorial(n - correct) - log_factorial(n - correct - k) + log_factorial(n - k) - log_factorial(n)
    return 1 - float(log_share.exp())


known.edit(
    "few_wrong_ones_raise",
    {"return 1 - ": "math.factorial(n - correct - k)\n    return 1 - "},
    "Your function fails where fewer than k attempts are wrong: a factorial of a negative number. Every choice of k "
    "then holds a right one, so the answer is 1.",
)
known.edit(
    "few_wrong_ones_give_zero",
    {"return 1 - ": "if n - correct < k:\n        return 0.0\n    return 1 - "},
    "You return 0 where fewer than k attempts are wrong. There every choice of k holds a right one: 1.",
)
known.edit(
    "k_cut_to_n",
    {"if not 1 <= k <= n:": "k = min(k, n)\n    if k < 1:"},
    "You accept a k above n and cut it down. From n attempts nothing can be said of more than n: raise ValueError.",
)
known.edit(
    "large_k_gives_one",
    {"if not 1 <= k <= n:": "if k > n:\n        return 1.0\n    if k < 1:"},
    "You accept a k above n and return 1. From n attempts nothing can be said of more than n: raise ValueError.",
)
known.edit(
    "large_k_gives_zero",
    {"if not 1 <= k <= n:": "if k > n:\n        return 0.0\n    if k < 1:"},
    "You accept a k above n and return 0. From n attempts nothing can be said of more than n: raise ValueError.",
)
known.edit(
    "no_attempts_allowed",
    {"if not 1 <= k <= n:": "if not 0 <= k <= n:"},
    "You accept a k of 0. Without an attempt there is nothing to estimate: raise ValueError for a k below 1.",
)
known.edit(
    "all_right_refused",
    {"not 0 <= correct <= n": "not 0 <= correct < n"},
    "You refuse a task on which all attempts were right. It makes sense, and the answer is 1.",
)
known.edit(
    "none_right_refused",
    {"not 0 <= correct <= n": "not 0 < correct <= n"},
    "You refuse a task on which no attempt was right. It makes sense, and the answer is 0.",
)
known.edit(
    "all_attempts_refused",
    {"not 1 <= k <= n": "not 1 <= k < n"},
    "You refuse a k of n. All attempts are then chosen, which makes sense: the answer is 1 if any is right.",
)
known.edit(
    "too_many_right_accepted",
    {"not 0 <= correct <= n": "correct < 0", "math.comb(n - correct, k)": "math.comb(max(n - correct, 0), k)"},
    "You accept more right attempts than were made. Raise ValueError.",
)
known.edit(
    "negative_right_accepted",
    {"not 0 <= correct <= n": "correct > n"},
    "You accept a negative number of right attempts, and return a negative chance. Raise ValueError.",
)
known.edit(
    "k_wrong_ones_give_one",
    {"    return 1 - ": "    if n - correct <= k:\n        return 1.0\n    return 1 - "},
    "You return 1 where exactly k attempts are wrong. Those k are one choice without a right one: only *fewer* than k "
    "make it certain.",
)
known.edit(
    "product_begins_late",
    {WHOLE: "1 - math.prod(max(n - correct - i, 0) / max(n - i, 1) for i in range(1, k + 1))"},
    "Your product begins one attempt late. The first of its k quotients is (n - correct) / n.",
)
known.edit(
    "product_over_n",
    {WHOLE: "1 - math.prod(max(n - correct - i, 0) / n for i in range(k))"},
    "You divide by n each time. After each attempt one fewer is left to choose from: (n - correct - i) / (n - i).",
)
known.edit(
    "product_of_negative_factors",
    {WHOLE: "1 - math.prod((n - correct - i - 1) / (n - i) for i in range(k))"},
    "You take one wrong attempt too many away, and your quotients may become negative. The quotients are "
    "(n - correct - i) / (n - i), for i from 0.",
)


def drawn(draw: Generator) -> Arguments:
    n, k = randint(draw, 11, 20), randint(draw, 3, 5)
    return {"n": n, "correct": randint(draw, 2, n - k - 1), "k": k}


def drawn_single(draw: Generator) -> Arguments:
    return {"n": randint(draw, 9, 20), "correct": randint(draw, 1, 8), "k": 1}


def drawn_many(draw: Generator) -> Arguments:
    return {"n": randint(draw, 3000, 4000), "correct": randint(draw, 2, 4), "k": randint(draw, 900, 1100)}


def drawn_few_wrong(draw: Generator) -> Arguments:
    k = randint(draw, 3, 6)
    return {"n": 12, "correct": randint(draw, 13 - k, 11), "k": k}


def drawn_all_right(draw: Generator) -> Arguments:
    n = randint(draw, 6, 30)
    return {"n": n, "correct": n, "k": randint(draw, 2, 5)}


def drawn_all_attempts(draw: Generator) -> Arguments:
    n = randint(draw, 8, 60)
    return {"n": n, "correct": 1, "k": n}


def drawn_negative_k(draw: Generator) -> Arguments:
    return {"n": randint(draw, 4, 30), "correct": 2, "k": -randint(draw, 1, 9)}


def drawn_large_k(draw: Generator) -> Arguments:
    n = randint(draw, 3, 9)
    return {"n": n, "correct": 2, "k": n + randint(draw, 1, 9)}


def drawn_too_many_right(draw: Generator) -> Arguments:
    n = randint(draw, 3, 9)
    return {"n": n, "correct": n + randint(draw, 1, 9), "k": 2}


EXERCISE = Exercise(
    reference=emergence.pass_at_k,
    points=3,
    cases=(
        Case("two of four", given(n=4, correct=1, k=2), visible=True),
        Case("three of ten", given(n=10, correct=4, k=3), visible=True),
        Case("drawn", drawn),
        Case("one attempt", given(n=7, correct=3, k=1), visible=True),
        Case("one attempt, drawn", drawn_single),
        Case("none right", given(n=5, correct=0, k=3), visible=True),
        Case("all right", given(n=5, correct=5, k=2), visible=True),
        Case("all right, drawn", drawn_all_right),
        Case("as many wrong as allowed", given(n=5, correct=2, k=3), visible=True),
        Case("few wrong", given(n=5, correct=4, k=2), visible=True),
        Case("few wrong, drawn", drawn_few_wrong),
        Case("all attempts", given(n=6, correct=1, k=6), visible=True),
        Case("all attempts, drawn", drawn_all_attempts),
        Case("many attempts", given(n=2000, correct=3, k=1000), visible=True),
        Case("one of thousands", given(n=7000, correct=1, k=1), visible=True),
        Case("many attempts, drawn", drawn_many),
        Case("k above n", given(n=4, correct=2, k=5), visible=True),
        Case("k above n, none right", given(n=3, correct=0, k=4), visible=True),
        Case("k above n, drawn", drawn_large_k),
        Case("k is 0", given(n=4, correct=2, k=0), visible=True),
        Case("negative k, drawn", drawn_negative_k),
        Case("more right than made", given(n=4, correct=6, k=2), visible=True),
        Case("more right than made, drawn", drawn_too_many_right),
        Case("negative right ones", given(n=4, correct=-1, k=2), visible=True),
        Case("nothing made", given(n=0, correct=0, k=1), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("two of four", "three of ten", "drawn", "one attempt", "one attempt, drawn", "as many wrong as allowed"),
            "Four attempts, the first of them right, k = 2: of the six pairs, three hold the first. Count like this, "
            "or count the pairs without a right one and take their share from 1.",
            weight=4,
        ),
        Property(
            "It is 0 if none is right, and 1 if every choice holds a right one",
            (
                "none right",
                "all right",
                "all right, drawn",
                "few wrong",
                "few wrong, drawn",
                "all attempts",
                "all attempts, drawn",
            ),
            "With 4 of 5 right there is no way to choose 2 wrong ones: the answer is 1. Look at what your formula does "
            "where n - correct is below k.",
            needs=MAIN,
        ),
        Property(
            "Thousands of attempts neither overflow nor lose their digits",
            ("many attempts", "one of thousands", "many attempts, drawn"),
            "The binomials have hundreds of digits there, too many for a float. Python's integers hold them, and their "
            "quotient fits again.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "A k outside 1 to n is refused with a ValueError",
            ("two of four", "k above n", "k above n, none right", "k above n, drawn", "k is 0", "negative k, drawn"),
            "Raise ValueError for a k below 1 or above n: from n attempts nothing can be said of more.",
            observe=observe.refusal,
            needs=MAIN,
        ),
        Property(
            "Impossible counts are refused with a ValueError",
            (
                "two of four",
                "more right than made",
                "more right than made, drawn",
                "negative right ones",
                "nothing made",
            ),
            "Raise ValueError where correct is negative or above n, or where n is below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
