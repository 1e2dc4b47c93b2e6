"""sliding_window_mask: the recent past only."""

from autograder.exercises.drawing import randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import attention

EXERCISE = exercise(
    attention.sliding_window_mask,
    __file__,
    requires(
        "A query sees itself and the window - 1 positions before it",
        shown("five positions, window 2", seq_len=5, window=2),
        Case("drawn", within(seq_len=(8, 12), window=(3, 6))),
        advice="Take window = 2 and five positions: each row has at most two True, on the diagonal and just left of "
        "it.",
        weight=2,
        fails="Your mask does not show each query itself and the window - 1 positions before it.",
    ),
    requires(
        "Window 1 is the diagonal, and a long window is the causal mask",
        shown("window 1", seq_len=3, window=1),
        Case("window 1, drawn", within(seq_len=(7, 20), window=1)),
        shown("window longer than the sequence", seq_len=4, window=9),
        advice="Try the extremes: with window = 1 a query sees itself only; with a window beyond the sequence, all its "
        "past.",
        fails="With a window of 1, your mask is not the diagonal, or with a long one, not the causal mask.",
    ),
    refuses(
        shown("no window", seq_len=4, window=0),
        Case(
            "negative window",
            lambda draw: {"seq_len": randint(draw, 5, 12), "window": -randint(draw, 1, 5)},
            visible=True,
        ),
        advice="Raise ValueError for a window below 1: such a query could attend to nothing.",
        name="A window below 1 raises ValueError",
        fails="You accept a window below 1, or raise something other than ValueError.",
    ),
    points=2,
)
