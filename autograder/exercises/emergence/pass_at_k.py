"""pass_at_k: the chance that one of k attempts is right, estimated without bias."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import emergence

MAIN = "It is the share of all choices of k attempts that hold a right one"


def drawn_all_right(draw: Generator) -> Arguments:
    n = randint(draw, 6, 30)
    return {"n": n, "correct": n, "k": randint(draw, 2, 5)}


def drawn_beyond(draw: Generator, name: str) -> Arguments:
    """More right attempts, or more allowed, than were made."""
    n = randint(draw, 5, 9)
    return {"n": n, "correct": 2, "k": 2} | {name: n + randint(draw, 1, 9)}


EXERCISE = exercise(
    emergence.pass_at_k,
    __file__,
    requires(
        MAIN,
        shown("two of four", n=4, correct=1, k=2),
        shown("one attempt", n=7, correct=3, k=1),
        Case("one attempt, drawn", within(n=(9, 20), correct=(1, 8), k=1)),
        shown("as many wrong as allowed", n=5, correct=2, k=3),
        advice="Four attempts, the first of them right, k = 2: of the six pairs, three hold the first. Count like "
        "this, or count the pairs without a right one and take their share from 1.",
        weight=4,
        fails="Your result is not the share of all choices of k attempts that hold a right one.",
    ),
    requires(
        "It is 0 if none is right, and 1 if every choice holds a right one",
        shown("none right", n=5, correct=0, k=3),
        shown("all right", n=5, correct=5, k=2),
        Case("all right, drawn", drawn_all_right),
        shown("all attempts", n=6, correct=1, k=6),
        shown("a single attempt made", n=1, correct=1, k=1),
        advice="With 4 of 5 right there is no way to choose 2 wrong ones: the answer is 1. Look at what your formula "
        "does where n - correct is below k.",
        needs=MAIN,
        fails="You do not return 0 where none is right, or 1 where every choice holds a right one.",
    ),
    requires(
        "Thousands of attempts neither overflow nor lose their digits",
        shown("one of thousands", n=7000, correct=1, k=1),
        shown("many attempts", n=2000, correct=3, k=1000),
        Case("many attempts, drawn", within(n=(3000, 4000), correct=(2, 4), k=(900, 1100))),
        advice="The binomials have hundreds of digits there, too many for a float. Python's integers hold them, and "
        "their quotient fits again.",
        weight=2,
        needs=MAIN,
        fails="With thousands of attempts your result overflows or loses its digits.",
    ),
    refuses(
        shown("k above n, none right", n=3, correct=0, k=4),
        shown("k is 0", n=4, correct=2, k=0),
        Case("negative k, drawn", lambda draw: {"n": randint(draw, 4, 30), "correct": 2, "k": -randint(draw, 1, 9)}),
        advice="Raise ValueError for a k below 1 or above n: n attempts say nothing about more than n.",
        name="A k outside 1 to n raises ValueError",
        fails="You do not raise ValueError for every k outside 1 to n, or raise it for a valid k.",
    ),
    refuses(
        shown("more right than made", n=4, correct=6, k=2),
        Case("more right than made, drawn", lambda draw: drawn_beyond(draw, "correct")),
        shown("negative right ones", n=4, correct=-1, k=2),
        shown("nothing made", n=0, correct=0, k=1),
        advice="Raise ValueError where correct is negative or above n, or where n is below 1.",
        name="Impossible counts raise ValueError",
        fails="You do not raise ValueError for every impossible count, or raise it for a possible one.",
    ),
    points=3,
)
