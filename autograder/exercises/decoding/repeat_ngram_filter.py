"""repeat_ngram_filter: nothing that was said before."""

import torch
from torch import Generator

from autograder.exercises.decoding.filters import filter_requirements
from autograder.exercises.drawing import Arguments, randint, randn
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import decoding


def random_text(draw: Generator, length: int, vocab: int) -> list[int]:
    found: list[int] = torch.randint(vocab, (length,), generator=draw).tolist()
    return found


def drawn_bigrams(draw: Generator) -> Arguments:
    # Token 6 has followed the last one, 0, twice, with 5 between, and nothing else from 7 up has.
    ids = [*random_text(draw, 6, 6), 0, 6, 1, 0, 5, 2, 0, 6, *random_text(draw, 3, 6), 0]
    return {"logits": randn(draw, 9), "ids": ids, "n": 2}


def drawn_trigrams(draw: Generator) -> Arguments:
    a, b = torch.randperm(5, generator=draw)[:2].tolist()
    ids = [a, b, 7, *random_text(draw, 4, 6), a, b, 6, b, a, 5, *random_text(draw, 3, 6), a, b]
    return {"logits": randn(draw, 9), "ids": ids, "n": 3}


def drawn_at_the_end(draw: Generator) -> Arguments:
    first, repeated = torch.randperm(9, generator=draw)[:2].tolist()
    return {"logits": randn(draw, 9), "ids": [first, repeated, repeated, repeated], "n": 3}


def drawn_without_repeats(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 9), "ids": torch.randperm(9, generator=draw)[:4].tolist(), "n": 2}


def ngram_in_float64(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 6, dtype=torch.float64), "ids": [1, 2, 3, 1, 2], "n": 3}


def n_below_one(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 6), "ids": random_text(draw, 5, 6), "n": -randint(draw, 1, 3)}


EIGHT = torch.tensor([1.0, -1.0, 2.0, 0.0, 5.0, -2.0, 4.0, 3.0])
FOLLOWERS = "What followed the last n - 1 tokens before is forbidden, each time they occurred"

EXERCISE = exercise(
    decoding.repeat_ngram_filter,
    __file__,
    requires(
        FOLLOWERS,
        shown("one trigram", logits=EIGHT, ids=[4, 1, 2, 3, 5, 1, 2], n=3),
        Case("drawn", drawn_bigrams),
        Case("trigrams, drawn", drawn_trigrams),
        advice="The text 4 1 2 3 5 1 2 ends with 1 2, and 1 2 was followed by 3 before: with n = 3, token 3 is "
        "forbidden.",
        weight=3,
        fails="You do not forbid just what followed the last n - 1 tokens before.",
    ),
    requires(
        "Runs at both ends of the text count, also where they overlap the last tokens",
        shown("at the start", logits=EIGHT, ids=[1, 2, 3, 0, 1, 2], n=3),
        shown("at the end", logits=EIGHT, ids=[4, 3, 5, 5], n=2),
        Case("at the end, drawn", drawn_at_the_end),
        advice="The text 4 3 5 5 holds the pair 5 5, and a third 5 would make it a second time: with n = 2, 5 is "
        "forbidden.",
        fails="With a run at the text's start or end, you do not forbid just the tokens that would repeat one.",
    ),
    requires(
        "Other tokens keep their logits",
        shown("another order", logits=EIGHT, ids=[1, 2, 3, 0, 2, 1], n=3),
        Case("nothing repeats", drawn_without_repeats),
        advice="The text 1 2 3 0 2 1 ends with 2 1, and holds 1 2 but no other 2 1: nothing is forbidden for n = 3.",
        needs=FOLLOWERS,
        fails="You change logits, or raise, where nothing is forbidden.",
    ),
    requires(
        "With n = 1 every token of the text is forbidden",
        shown("single tokens", logits=EIGHT, ids=[2, 5, 2], n=1),
        Case("single tokens, drawn", lambda draw: {"logits": randn(draw, 12), "ids": random_text(draw, 5, 10), "n": 1}),
        advice="For n = 1 no last tokens have to match. Look at what your slice gives then: ids[-0:] is all of ids.",
        fails="With n = 1 you do not forbid just the tokens of the text.",
    ),
    requires(
        "A text too short to repeat anything forbids nothing",
        shown("a short text", logits=EIGHT, ids=[4], n=3),
        shown("an empty text", logits=EIGHT, ids=[], n=2),
        Case("a short text, drawn", lambda draw: {"logits": randn(draw, 6), "ids": random_text(draw, 2, 6), "n": 4}),
        advice="With one token and n = 3 there are not even two last tokens to compare.",
        needs=FOLLOWERS,
        fails="You change logits, or raise, where the text is too short to repeat anything.",
    ),
    refuses(
        shown("n = 0", logits=EIGHT, ids=[0, 1, 2], n=0),
        Case("negative n", n_below_one),
        advice="Raise ValueError for an n below 1.",
        name="An n below 1 raises ValueError",
        fails="You accept an n below 1, or raise something other than ValueError.",
    ),
    *filter_requirements(
        Case("float64", ngram_in_float64, visible=True),
        Case("gradients", drawn_trigrams, visible=True, gradients=("logits",)),
        gradients_need=FOLLOWERS,
    ),
    points=3,
    shortcuts=("NoRepeatNGramLogitsProcessor",),
)
