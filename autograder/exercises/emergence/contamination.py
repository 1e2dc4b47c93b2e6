"""contamination: how much of a test the training text already held."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import emergence

MAIN = "It is the share of the test's n-grams that stand in some training document"


def text(draw: Generator, length: int, vocabulary: int = 40) -> list[int]:
    found: list[int] = torch.randint(vocabulary, (length,), generator=draw).tolist()
    return found


def half_copied(draw: Generator, n: int) -> Arguments:
    """A test with a piece of each of two documents, one of them twice, and tokens of its own."""
    documents = [text(draw, length) for length in (19, 15, n - 1, 11, 0)]
    piece, other = documents[0][-n - 2 :], documents[1][3 : n + 4]
    own = [token + 100 for token in text(draw, 6)]
    test = [*own[:3], *piece, *own[3:], *piece, *other]
    return {"test": test, "training": documents, "n": n}


@argument_maker
def renamed(draw: Generator, test: list[int], training: list[list[int]], n: int) -> Arguments:
    """The same texts with other tokens: which of them are equal stays as it is."""
    names = torch.randperm(90, generator=draw).tolist()
    return {
        "test": [names[token] for token in test],
        "training": [[names[token] for token in document] for document in training],
        "n": n,
    }


def across(draw: Generator) -> Arguments:
    """The test's only n-grams that are not new lie across the borders of the documents."""
    documents = [text(draw, 9) for _ in range(3)]
    test = [*documents[0][-2:], *documents[1][:2], 200, *documents[1][-1:], *documents[2][:3]]
    return {"test": test, "training": documents, "n": 3}


def drawn_short(draw: Generator) -> Arguments:
    test = text(draw, randint(draw, 1, 5))
    return {"test": test, "training": [[*test, *text(draw, 9)]], "n": len(test) + randint(draw, 1, 3)}


def refused(draw: Generator) -> Arguments:
    return {"test": text(draw, 5), "training": [text(draw, 9)], "n": -randint(draw, 1, 5)}


EXAMPLE = {"test": [5, 1, 2, 3, 9, 0], "training": [[3, 9, 4], [7, 1, 2, 3, 6], [8, 5, 1]], "n": 2}

EXERCISE = exercise(
    emergence.contamination,
    __file__,
    requires(
        MAIN,
        shown("example", **EXAMPLE),
        shown("a test of n tokens", test=[1, 2, 3], training=[[4, 1, 2, 3]], n=3),
        shown("single tokens, given", test=[3, 8, 3, 5, 6], training=[[1, 3], [9, 8]], n=1),
        Case("trigrams, drawn", lambda draw: half_copied(draw, 3)),
        shown("in two documents", test=[4, 1, 2, 8], training=[[1, 2, 5], [6, 1, 2]], n=2),
        shown("another order", test=[2, 1, 4, 3, 6], training=[[1, 2, 3], [5, 3, 4, 6]], n=2),
        shown("ids inside longer ones", test=[1, 2, 7], training=[[11, 23, 5], [5, 6]], n=2),
        advice="Look for the pairs of 5 1 2 3 9 0 in the documents 3 9 4, 7 1 2 3 6 and 8 5 1: of five, only 9 0 "
        "stands in none of them. That makes four fifths.",
        weight=4,
        fails="Your result is not the share of the test's n-grams that some training document holds.",
    ),
    requires(
        "An n-gram lies within one training document",
        shown("across documents", test=[1, 2, 3, 4], training=[[9, 1, 2], [3, 4, 9]], n=3),
        shown("a 0 at the border", test=[2, 0, 3, 4], training=[[9, 2], [3, 0]], n=2),
        Case("across documents, drawn", across),
        advice="Slide the window over each document by itself. In 9 1 2 and 3 4 9, the trigram 1 2 3 stands in "
        "neither.",
        needs=MAIN,
        fails="You find n-grams that no single training document holds.",
    ),
    requires(
        "It is 0 where nothing is in common, and 1 where all is copied",
        Case("nothing in common", renamed(test=[1, 2, 3, 4], training=[[5, 6, 7], [8]], n=2)),
        shown("no training text", test=[1, 2, 3], training=[], n=2),
        Case("all copied", renamed(test=[4, 5, 6, 7], training=[[1, 2], [3, 4, 5, 6, 7]], n=3)),
        advice="Without any training text nothing can have been seen. A test that stands in a document as a whole is "
        "all seen.",
        needs=MAIN,
        fails="You do not return 0 where nothing is in common, or 1 where all is copied.",
    ),
    requires(
        "A test of fewer than n tokens gives 0.0",
        shown("short test", test=[1, 2], training=[[1, 2, 3]], n=3),
        shown("empty test", test=[], training=[[1, 2, 3]], n=1),
        Case("short test, drawn", drawn_short),
        advice="Such a test has no n-gram: return 0.0 before you divide.",
        needs=MAIN,
        fails="You do not return 0.0 for a test of fewer than n tokens.",
    ),
    leaves_arguments(
        ("example", "trigrams, drawn"),
        advice="Slice and build new tuples: the lists must be as they were.",
        fails="You change a list that you were given.",
    ),
    refuses(
        shown("n is 0", test=[1, 2], training=[[1, 2, 3]], n=0),
        shown("negative n", test=[1, 2], training=[[1, 2, 3]], n=-1),
        Case("negative n, drawn", refused),
        advice="Raise ValueError for an n below 1.",
        name="An n below 1 raises ValueError",
        fails="You do not raise ValueError for every n below 1, or raise it for a valid n.",
    ),
    points=3,
)
