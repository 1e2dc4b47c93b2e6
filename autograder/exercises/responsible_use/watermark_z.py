"""watermark_z: how surprising so many green tokens are."""

from torch import Generator

from autograder.exercises.drawing import Arguments, given, randint, uniform, within
from autograder.exercises.responsible_use.inputs import outside
from autograder.exercises.spec import Case, exercise, refuses, requires
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
        Case("three quarters", given(green=36, total=48, gamma=0.25), visible=True),
        Case("drawn", drawn),
        advice="Of 48 tokens 12 are expected to be green at gamma = 0.25, and their number has a variance of 48 * 0.25 "
        "* 0.75 = 9. By how many standard deviations are 36 above 12?",
        weight=3,
        fails="Your z is not the distance from what is expected, in standard deviations.",
    ),
    requires(
        "Fewer green tokens than expected give a negative z",
        Case("fewer than expected", given(green=12, total=75, gamma=0.25), visible=True),
        Case("fewer than expected, drawn", within(green=(3, 20), total=(90, 200), gamma=(0.3, 0.7))),
        Case("no green token", given(green=0, total=12, gamma=0.25), visible=True),
        advice="The sign tells more from fewer: keep it.",
        needs=MAIN,
        fails="Where fewer tokens are green than expected, your z is not (green - expected) / standard deviation.",
    ),
    requires(
        "A text of one token, or of green tokens only, is like any other",
        Case("all green", given(green=7, total=7, gamma=0.5), visible=True),
        Case("all green, drawn", drawn_all_green),
        Case("one token", given(green=1, total=1, gamma=0.2), visible=True),
        advice="green may be as large as total, and total as small as 1.",
        needs=MAIN,
        fails="With a single token, or green ones only, your z is not (green - expected) / standard deviation.",
    ),
    refuses(
        Case("no tokens", given(green=0, total=0, gamma=0.25), visible=True),
        Case("a negative total", given(green=0, total=-5, gamma=0.25), visible=True),
        Case("more green than tokens", given(green=49, total=48, gamma=0.25), visible=True),
        Case("a negative green", given(green=-1, total=48, gamma=0.25), visible=True),
        Case("no share", given(green=36, total=48, gamma=0.0), visible=True),
        Case("all of the vocabulary", given(green=36, total=48, gamma=1.0), visible=True),
        Case("a share in percent", given(green=36, total=48, gamma=25.0), visible=True),
        Case("a negative share", given(green=36, total=48, gamma=-0.25), visible=True),
        Case("a share outside, drawn", lambda draw: {"green": 20, "total": 60, "gamma": outside(draw)}),
        advice="Raise ValueError for a total below 1, for a green that is negative or above total, and for a gamma "
        "that is not above 0 and below 1.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=2,
)
