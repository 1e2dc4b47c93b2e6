"""majority_vote: one answer out of many."""

import torch
from torch import Generator

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, requires, shown
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the answer that was given most often"


def shuffled(draw: Generator, votes: dict[str, int]) -> list[str]:
    cast = [answer for answer, count in votes.items() for _ in range(count)]
    return [cast[place] for place in torch.randperm(len(cast), generator=draw).tolist()]


def drawn_clear(draw: Generator) -> Arguments:
    most = randint(draw, 4, 6)
    return {"answers": shuffled(draw, {"18": 2, "24": most, "120": most - 1, "7": 1})}


def drawn_tie(draw: Generator) -> Arguments:
    """A tie whose first answer is neither the first in any order nor the first to get there."""
    most = randint(draw, 3, 4)
    middle, small, large = "m", "c", "x"
    rest = shuffled(draw, {small: most - 1, large: most - 1})
    return {"answers": ["k", middle, small, large, *rest, *[middle] * (most - 1), "z"]}


@argument_maker
def renamed(draw: Generator, *answers: str) -> Arguments:
    """The same votes with other letters in the same order of the alphabet."""
    kinds = sorted(set(answers))
    letters = sorted(torch.randperm(26, generator=draw)[: len(kinds)].tolist())
    names = {kind: chr(ord("a") + letter) for kind, letter in zip(kinds, letters, strict=True)}
    return {"answers": [names[answer] for answer in answers]}


# So many that a set, whose order is a matter of luck, is hardly ever taken for another mistake.
OTHERS = ["x", "c", "e", "t", "g", "p", "d", "r", "b", "w", "f", "q", "j", "v", "h", "z", "s", "a", "n", "k"]
LENGTHS = ["30", "120", "9", "7", "64", "2500", "33", "8", "640", "5", "71", "4", "12", "99", "303", "6", "55", "18"]
# More still: a set of them has a large table, so no other text is at the place of the empty one.
NUMBERS = [str(number) for number in range(10, 98)]
CLEAR = ["7", "9", "8", "12", "8", "7", "8"]

EXERCISE = exercise(
    emergence.majority_vote,
    __file__,
    requires(
        MAIN,
        shown("clear", answers=CLEAR),
        Case("clear, drawn", drawn_clear),
        Case("spread out", renamed("c", "a", "b", "a", "d", "d", "a", "d", "e", "a")),
        shown("more than half", answers=["3", "6", "6", "4", "6"]),
        shown("few votes", answers=["5", "2", "6", "9", "2", "1"]),
        shown("one answer", answers=["42"]),
        advice="Count how often each answer was given, wherever it stands, and return the text with most votes. More "
        "than half is not needed.",
        weight=3,
        fails="Your result is not the answer that was given most often.",
    ),
    requires(
        "Of several, the one that was given first wins",
        shown("tie behind a single vote", answers=["k", "mm", "x", "c", "x", "c", "mm"]),
        shown("tie", answers=["mm", *OTHERS, "mm", *OTHERS[::-1]]),
        shown("late tie", answers=["mm", *OTHERS, *OTHERS[::-1], "mm"]),
        shown("tie of lengths", answers=2 * LENGTHS),
        shown("tie of empty text and numbers", answers=2 * ["5", "", *NUMBERS]),
        Case("tie of three", renamed("m", "x", "c", "c", "x", "m", "z")),
        Case("tie of many", renamed(*2 * ["m", "x", "c", "e", "t", "g", "p", "d"])),
        Case("tie, drawn", drawn_tie),
        shown("all differ", answers=["mm", "s", "aaa", "z", "b"]),
        Case("all differ, drawn", renamed("n", "s", "a")),
        advice="In k m x c x c m, three answers have two votes each, and m was given first of these. A set has no "
        "order: go through the answers as they came.",
        weight=2,
        needs=MAIN,
        fails="In a tie you do not return the answer that was given first.",
    ),
    requires(
        "Answers are compared as they are",
        shown("other letters", answers=["Yes", "no", "yes", "no", "YES"]),
        shown("other spaces", answers=["8", "7", " 8", "7", "8 "]),
        shown("a space that wins", answers=["8", " 7", "8 ", " 7"]),
        shown("other digits", answers=["8", "7", "08", "7", "008"]),
        shown("a full stop", answers=["8.", "7", "8", "7"]),
        shown("no answer given", answers=["", "4", "", "5"]),
        advice="Texts that differ in a letter's case or in a space are different answers, and an empty text is one, "
        "too.",
        needs=MAIN,
        fails="You take different texts for the same answer, or change or leave out an answer.",
    ),
    leaves_arguments(
        ("clear", "tie"),
        advice="Count or sort a copy: the list must be as it was.",
        name="The list is left unchanged",
        fails="You change the list that you were given.",
    ),
    requires(
        "An empty list raises ValueError",
        ("clear",),
        shown("no answers", answers=[]),
        advice="Raise ValueError for an empty list.",
        observe=observe.refusal,
        needs=MAIN,
        fails="You do not raise ValueError for an empty list, or raise it for a list of answers.",
    ),
    points=2,
)
