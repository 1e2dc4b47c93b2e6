"""watermark_z: how surprising so many green tokens are."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, uniform, within
from autograder.exercises.responsible_use.inputs import outside
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import responsible_use

MAIN = "It is the distance from what is expected, in standard deviations"


def drawn(draw: Generator) -> Arguments:
    total = randint(draw, 90, 300)
    return {"green": randint(draw, 30, 50) + total // 3, "total": total, "gamma": uniform(draw, 0.2, 0.33)}


def drawn_all_green(draw: Generator) -> Arguments:
    total = randint(draw, 5, 40)
    return {"green": total, "total": total, "gamma": uniform(draw, 0.2, 0.8)}


EXERCISE = exercise(
    responsible_use.watermark_z,
    __file__,
    requires(
        MAIN,
        shown("three quarters", green=36, total=48, gamma=0.25),
        Case("drawn", drawn),
        advice="Of 48 tokens 12 are expected to be green at gamma = 0.25, and their number has a variance of 48 * 0.25 "
        "* 0.75 = 9. By how many standard deviations are 36 above 12?",
        weight=3,
        fails="Your z is not the distance from what is expected, in standard deviations.",
    ),
    requires(
        "Fewer green tokens than expected give a negative z",
        shown("fewer than expected", green=12, total=75, gamma=0.25),
        Case("fewer than expected, drawn", within(green=(3, 20), total=(90, 200), gamma=(0.3, 0.7))),
        shown("no green token", green=0, total=12, gamma=0.25),
        advice="The sign tells more from fewer: keep it.",
        needs=MAIN,
        fails="Where fewer tokens are green than expected, your z is not (green - expected) / standard deviation.",
    ),
    requires(
        "A text of one token, or of green tokens only, is like any other",
        shown("all green", green=7, total=7, gamma=0.5),
        Case("all green, drawn", drawn_all_green),
        shown("one token", green=1, total=1, gamma=0.2),
        advice="green may be as large as total, and total as small as 1.",
        needs=MAIN,
        fails="With a single token, or green ones only, your z is not (green - expected) / standard deviation.",
    ),
    refuses(
        shown("no tokens", green=0, total=0, gamma=0.25),
        shown("a negative total", green=0, total=-5, gamma=0.25),
        shown("more green than tokens", green=49, total=48, gamma=0.25),
        shown("a negative green", green=-1, total=48, gamma=0.25),
        shown("no share", green=36, total=48, gamma=0.0),
        shown("all of the vocabulary", green=36, total=48, gamma=1.0),
        shown("a share in percent", green=36, total=48, gamma=25.0),
        shown("a negative share", green=36, total=48, gamma=-0.25),
        Case("a share outside, drawn", lambda draw: {"green": 20, "total": 60, "gamma": outside(draw)}),
        advice="Raise ValueError for a total below 1, for a green that is negative or above total, and for a gamma "
        "that is not above 0 and below 1.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=2,
)
