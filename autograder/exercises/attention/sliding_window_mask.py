"""sliding_window_mask: the recent past only."""

from autograder.exercises.drawing import given, randint, within
from autograder.exercises.spec import Case, exercise, refuses, requires
from solutions import attention

EXERCISE = exercise(
    attention.sliding_window_mask,
    __file__,
    requires(
        "A query sees itself and the window - 1 positions before it",
        Case("five positions, window 2", given(seq_len=5, window=2), visible=True),
        Case("drawn", within(seq_len=(8, 12), window=(3, 6))),
        advice="Take window = 2 and five positions: each row has at most two True, on the diagonal and just left of "
        "it.",
        weight=2,
        fails="Your mask does not show each query itself and the window - 1 positions before it.",
    ),
    requires(
        "Window 1 is the diagonal, and a long window is the causal mask",
        Case("window 1", given(seq_len=3, window=1), visible=True),
        Case("window 1, drawn", within(seq_len=(7, 20), window=1)),
        Case("window longer than the sequence", given(seq_len=4, window=9), visible=True),
        advice="Try the extremes: with window = 1 a query sees itself only; with a window beyond the sequence, all its "
        "past.",
        fails="With a window of 1, your mask is not the diagonal, or with a long one, not the causal mask.",
    ),
    refuses(
        Case("no window", given(seq_len=4, window=0), visible=True),
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
