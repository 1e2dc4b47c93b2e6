"""sliding_window_mask: the recent past only."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import attention

known = Mistakes(attention.sliding_window_mask, section="attention-sliding-window")

known.edit(
    "window_one_wider",
    {"distance < window": "distance <= window"},
    "Your window is one too wide: `window` counts the query itself, so `window - 1` positions before it.",
)
known.edit(
    "symmetric_window",
    {"(distance >= 0) & (distance < window)": "distance.abs() < window"},
    "Your window reaches to both sides: it must not show the future.",
)
known.edit(
    "without_itself",
    {"distance >= 0": "distance > 0", "distance < window": "distance <= window"},
    "Your queries do not see themselves: the window starts at the query's own position.",
)
known.edit(
    "whole_past",
    {" & (distance < window)": ""},
    "Your queries see their whole past: nothing cuts off what is `window` positions or more away.",
)
known.edit(
    "window_one_narrower",
    {"distance < window": "distance < window - 1"},
    "Your window is one too narrow: with the query itself it holds only `window - 1` positions.",
)
known.edit(
    "only_before_itself",
    {"distance >= 0": "distance > 0"},
    "Your queries see the `window - 1` positions before them, but not themselves: the distance 0 belongs to the "
    "window.",
)
known.edit(
    "future_open",
    {"(distance >= 0) & ": ""},
    "Your window has an end in the past but none in the future: a key after the query has a negative distance, which "
    "is below `window` too.",
)
known.edit(
    "window_always_full",
    {
        "(distance >= 0) & (distance < window)": (
            "(position >= (position - window + 1).clamp(min=0)[:, None]) & "
            "(position < (position - window + 1).clamp(min=0)[:, None] + window)"
        )
    },
    "Your windows are always full: the first queries, which have fewer positions behind them, see positions that come "
    "after them. A window ends at the query.",
)
known.edit(
    "in_chunks",
    {"distance < window": "position[:, None] // window == position // window"},
    "You cut the sequence into chunks that do not see each other. A window slides: each query has its own, which ends "
    "at the query.",
)
known.edit(
    "any_window_taken",
    {"if window < 1": "if False"},
    "You take a window below 1: its mask is False everywhere, and no query sees even itself. Raise ValueError.",
)
known.edit(
    "window_inverted",
    {"(distance >= 0) & (distance < window)": "(distance < 0) | (distance >= window)"},
    "Your mask is inverted: True means *may attend*.",
)
known.edit(
    "window_ahead",
    {"position[:, None] - position": "position - position[:, None]"},
    "Your window looks ahead instead of back: rows are queries, columns are keys, and the distance query minus key "
    "has to be 0 or more.",
)


def drawn_window(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 8, 12), "window": randint(draw, 3, 6)}


def negative_window(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 5, 12), "window": -randint(draw, 1, 5)}


def drawn_diagonal(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 7, 20), "window": 1}


EXERCISE = Exercise(
    reference=attention.sliding_window_mask,
    points=2,
    cases=(
        Case("five positions, window 2", given(seq_len=5, window=2), visible=True),
        Case("drawn", drawn_window),
        Case("window 1", given(seq_len=6, window=1), visible=True),
        Case("window 1, drawn", drawn_diagonal),
        Case("one position", lambda draw: {"seq_len": 1, "window": randint(draw, 1, 9)}, visible=True),
        Case("window longer than the sequence", given(seq_len=4, window=9), visible=True),
        Case("no window", given(seq_len=4, window=0), visible=True),
        Case("negative window", negative_window, visible=True),
    ),
    properties=(
        Property(
            "A query sees itself and the window - 1 positions before it",
            ("five positions, window 2", "drawn"),
            "Take window = 2 and five positions: each row has at most two True, on the diagonal and just left of it.",
            weight=2,
        ),
        Property(
            "Window 1 is the diagonal, and a long window is the causal mask",
            ("window 1", "window 1, drawn", "one position", "window longer than the sequence"),
            "Try the extremes: with window = 1 a query sees itself only; with a window beyond the "
            "sequence, all its past.",
        ),
        Property(
            "A window below 1 is refused with a ValueError",
            ("five positions, window 2", "drawn", "no window", "negative window"),
            "Raise ValueError for a window below 1: such a query could attend to nothing.",
            observe=observe.refusal,
            needs="A query sees itself and the window - 1 positions before it",
        ),
    ),
    mistakes=tuple(known),
)
