"""sink_window_mask: the first positions and the recent past."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import context

drawn = within(seq_len=(14, 18), sinks=(2, 3), window=(4, 6))


def drawn_wide(draw: Generator) -> Arguments:
    length = randint(draw, 6, 9)
    wide = ({"sinks": length + 2, "window": 1}, {"sinks": 1, "window": length + 3})[randint(draw, 0, 1)]
    return {"seq_len": length, **wide}


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"window": 0}, {"sinks": -1}, {"window": -2})[randint(draw, 0, 2)]
    return drawn(draw) | wrong


EXERCISE = exercise(
    context.sink_window_mask,
    __file__,
    requires(
        "Without sinks it is a sliding window",
        shown("a window alone", seq_len=5, sinks=0, window=3),
        Case("a window alone, drawn", within(seq_len=(11, 15), sinks=0, window=(3, 6))),
        advice="With window 3, query 4 sees 2, 3 and itself: distances 0, 1 and 2, and none below 0.",
        weight=2,
        fails="Your mask is not a sliding window where there are no sinks.",
    ),
    requires(
        "The first positions stay in sight of every later query",
        shown("sinks and only oneself", seq_len=6, sinks=2, window=1),
        Case("sinks and only oneself, drawn", within(seq_len=(9, 12), sinks=(2, 4), window=1)),
        advice="With 2 sinks and window 1, query 5 sees 0, 1 and itself, and query 0 sees itself only.",
        weight=2,
        fails="With a window of 1, your queries do not see just the sinks before them and themselves.",
    ),
    requires(
        "Sinks and window are seen together, and nothing between them",
        shown("sinks and a window", seq_len=8, sinks=2, window=3),
        Case("sinks and a window, drawn", drawn),
        advice="With 2 sinks and window 3, query 7 sees 0 and 1, then 5, 6 and 7.",
        weight=2,
        fails="Your queries do not see just their sinks and their window.",
    ),
    requires(
        "Short texts, many sinks and wide windows work",
        shown("one position", seq_len=1, sinks=3, window=2),
        shown("more sinks than positions", seq_len=5, sinks=9, window=2),
        shown("a window wider than the text", seq_len=5, sinks=1, window=8),
        Case("short and wide, drawn", drawn_wide),
        shown("no positions", seq_len=0, sinks=1, window=2),
        advice="If sinks or window reach over the whole text, the mask is the causal one. A text of no positions has a "
        "mask of shape (0, 0).",
        fails="Where the text is short, or sinks or window reach over all of it, your mask is not the causal one.",
    ),
    refuses(
        ("sinks and a window",),
        shown("no window", seq_len=6, sinks=1, window=0),
        shown("negative window", seq_len=6, sinks=1, window=-2),
        shown("negative sinks", seq_len=6, sinks=-1, window=2),
        shown("negative length", seq_len=-3, sinks=1, window=2),
        Case("no such mask, drawn", drawn_refusal),
        advice="Raise ValueError where window is below 1, or sinks or seq_len is negative, and nowhere else.",
        fails="You accept invalid arguments, refuse valid ones, or raise something other than ValueError.",
    ),
    points=3,
    shortcuts=("create_block_mask", "sliding_window_mask_function"),
)
