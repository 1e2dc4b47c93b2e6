"""sink_window_mask: the first positions and the recent past."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import context

known = Mistakes(context.sink_window_mask, section="context-sinks")

MASK = "(distance >= 0) & ((distance < window) | (position < sinks))"

known.edit(
    "sinks_missing",
    {" | (position < sinks)": ""},
    "Your queries see their window only. The first `sinks` positions stay in sight of every later query.",
)
known.edit(
    "not_causal_in_the_sinks",
    {MASK: "(distance >= 0) & (distance < window) | (position < sinks)"},
    "Your first queries see sinks that come after them. A sink is a key like any other: no query sees a later one.",
)
known.edit(
    "not_causal",
    {"(distance >= 0) & ": ""},
    "Your queries see what comes after them: a later key has a negative distance, which is below the window.",
)
known.edit(
    "next_position_seen",
    {"(distance >= 0)": "(distance >= -1)"},
    "Your queries see the next position, too: on the diagonal the distance is 0, and nothing to its right may be seen.",
)
known.edit(
    "window_on_both_sides",
    {MASK: "(distance.abs() < window) | ((distance >= 0) & (position < sinks))"},
    "Your window reaches ahead as far as back: the absolute distance makes later keys near. Ask for a distance of "
    "0 or more.",
)
known.edit(
    "both_on_both_sides",
    {MASK: "(distance.abs() < window) | (position < sinks)"},
    "Your queries see later keys, in the window and among the sinks. Ask for a distance of 0 or more in any case.",
)
known.edit(
    "window_one_more",
    {"distance < window": "distance <= window"},
    "Your window holds one position too many: it counts the query's own.",
)
known.edit(
    "window_one_less",
    {"distance < window": "(distance < window - 1) | (distance == 0)"},
    "Your window holds one position too few: with window 3 a query sees itself and the two before it.",
)
known.edit(
    "not_itself",
    {"(distance >= 0)": "(distance > 0)"},
    "Your queries do not see themselves, and the first sees nothing at all. The own position is in the window.",
)
known.edit(
    "window_before_the_query",
    {"(distance >= 0)": "(distance > 0)", "distance < window": "distance <= window"},
    "Your window is the `window` positions before the query, and no query sees itself. The own position is the last "
    "of its window.",
)
known.edit(
    "blocks_for_a_window",
    {"distance < window": "position[:, None] // window == position // window"},
    "You cut the text into blocks as long as the window. A window slides: each query sees the last `window` positions "
    "up to its own.",
)
known.edit(
    "window_at_the_end_of_the_text",
    {"distance < window": "position >= seq_len - window"},
    "You show every query the last `window` positions of the whole text. The window ends at the query's own position.",
)
known.edit(
    "one_sink_more",
    {"position < sinks": "position <= sinks"},
    "You keep one sink too many: with sinks = 2 these are positions 0 and 1.",
)
known.edit(
    "short_text_refused",
    {"window < 1": "window < 1 or sinks + window > seq_len"},
    "You refuse sinks and a window that are together longer than the text. Its queries then see all that came before "
    "them.",
)
known.edit(
    "first_position_no_sink",
    {"(position < sinks)": "((position > 0) & (position <= sinks))"},
    "Your sinks begin at position 1. The first token of a text is the most important one: positions are "
    "counted from 0.",
)
known.edit(
    "sinks_before_the_window",
    {"(position < sinks)": "(distance < window + sinks)"},
    "Your sinks are the positions just before the window, and move along with it. They are the first positions of the "
    "text, for every query.",
)
known.edit(
    "sinks_taken_from_the_window",
    {"distance < window": "distance < window - sinks"},
    "You make the window smaller by the sinks. Window and sinks are counted apart.",
)
known.edit(
    "sinks_taken_from_a_wide_window",
    {"distance < window": "distance < max(window - sinks, 1)"},
    "You make the window smaller by the sinks, down to 1. Window and sinks are counted apart.",
)
known.edit(
    "sinks_for_late_queries_only",
    {"(position < sinks)": "((position < sinks) & (position[:, None] >= window + sinks))"},
    "Queries shortly after the sinks do not see all of them: only from window + sinks on you let them. Every later "
    "query sees them.",
)
known.edit(
    "sinks_not_for_sinks",
    {"(position < sinks)": "((position < sinks) & (position[:, None] >= sinks))"},
    "Your sinks see no sink outside their window. They are queries like all others: query 3 of 4 sinks sees positions "
    "0 to 3.",
)
known.edit(
    "sinks_of_every_window",
    {"position < sinks": "position % window < sinks"},
    "You keep the first positions of every stretch of `window` tokens. Only the first `sinks` of the whole text stay.",
)
known.edit(
    "sinks_only_once_out_of_the_window",
    {MASK: "(distance >= 0) & ((distance < window) | ((position < sinks) & (distance > window)))"},
    "A sink that has just left the window is not seen by the next query: check `<` against `<=`.",
)
known.edit(
    "last_positions_for_sinks",
    {"position < sinks": "position >= seq_len - sinks"},
    "You keep the *last* positions of the text in sight. Sinks are the first ones.",
)
known.edit(
    "sinks_see_all",
    {MASK: "(distance >= 0) & ((distance < window) | (position[:, None] < sinks))"},
    "You let the first *queries* see everything before them. Sinks are keys: columns of the mask, not rows.",
)
known.edit(
    "transposed",
    {MASK: f"({MASK}).T"},
    "Rows and columns have changed places: row i is the query, column j the key.",
)
known.edit(
    "inverted",
    {MASK: f"~({MASK})"},
    "Your mask is True where a query may *not* attend. In this course True means that it may.",
)
known.edit(
    "both_conditions_at_once",
    {" | (position < sinks)": " & (position < sinks)"},
    "You ask a key to be a sink *and* in the window. One of the two is enough.",
)
known.edit(
    "causal_only",
    {MASK: "distance >= 0"},
    "Your queries see the whole past. Between the sinks and the window nothing is seen.",
)


@known.function(
    "Your loop over the window begins below 0 for the first queries, and Python counts negative indices from the end: "
    "the last keys become visible. Begin at max(0, query - window + 1)."
)
def negative_indices(seq_len: int, sinks: int, window: int) -> Tensor:
    mask = context.sink_window_mask(seq_len, sinks, window)
    for query in range(seq_len):
        for key in range(query - window + 1, query + 1):
            if -seq_len <= key:
                mask[query, key] = True
    return mask


@known.function(
    "Your slice begins below 0 for the first queries, and Python counts negative indices from the end: they see "
    "nothing of their window. Begin at max(0, query - window + 1)."
)
def negative_slices(seq_len: int, sinks: int, window: int) -> Tensor:
    context.sink_window_mask(seq_len, sinks, window)
    mask = torch.zeros(seq_len, seq_len, dtype=torch.bool)
    for query in range(seq_len):
        mask[query, query - window + 1 : query + 1] = True
        mask[query, : min(sinks, query + 1)] = True
    return mask


known.edit(
    "as_integers",
    {MASK: f"({MASK}).long()"},
    "Your mask holds 0 and 1, and a boolean tensor is expected: leave the comparisons as they are.",
)
known.edit(
    "as_numbers",
    {MASK: f"({MASK}).float()"},
    "Your mask holds numbers, and a boolean tensor is expected: compare, and leave the result as it is.",
)


@known.function("Your mask holds 0 and minus infinity, to be added to scores. The task asks for a boolean tensor.")
def to_be_added(seq_len: int, sinks: int, window: int) -> Tensor:
    mask = context.sink_window_mask(seq_len, sinks, window)
    return mask.float().masked_fill(~mask, float("-inf")).masked_fill(mask, 0.0)


known.edit(
    "many_sinks_refused",
    {"sinks < 0 or seq_len < 0": "sinks < 0 or seq_len < 0 or sinks > seq_len"},
    "You refuse more sinks than positions. Then all positions are sinks, and the mask is the causal one.",
)
known.edit(
    "no_sinks_refused",
    {"sinks < 0 or": "sinks < 1 or"},
    "You refuse 0 sinks. That is a plain sliding window.",
)
known.edit(
    "no_positions_refused",
    {"seq_len < 0": "seq_len < 1"},
    "You refuse an empty text. Its mask has no rows and no columns.",
)
known.edit(
    "wide_window_refused",
    {"if window < 1": "if window < 1 or window > seq_len"},
    "You refuse a window wider than the text. Then every query sees all before it.",
)
known.edit(
    "no_window_taken",
    {"if window < 1": "if False"},
    "Your function takes a window of 0, with which a query does not see itself: raise ValueError.",
)
known.edit(
    "negative_window_taken",
    {"if window < 1": "if window == 0"},
    "Your function refuses a window of 0, and takes a negative one. Raise ValueError for both.",
)
known.edit(
    "negative_sinks_taken",
    {"sinks < 0 or seq_len < 0": "seq_len < 0"},
    "Your function takes a negative number of sinks: raise ValueError.",
)
known.edit(
    "anything_masked",
    {"if window < 1": "if False", "sinks < 0 or seq_len < 0": "False", "arange(seq_len)": "arange(max(seq_len, 0))"},
    "Your function takes any numbers. Raise ValueError for a window below 1, and for a negative number of sinks or "
    "positions.",
)
known.edit(
    "negative_length_breaks",
    {" or seq_len < 0": ""},
    "A negative seq_len gives an error of torch's. Say it yourself, with a ValueError.",
)


def drawn(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 14, 18), "sinks": randint(draw, 2, 3), "window": randint(draw, 4, 6)}


def drawn_plain_window(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 11, 15), "sinks": 0, "window": randint(draw, 3, 6)}


def drawn_narrow(draw: Generator) -> Arguments:
    return {"seq_len": randint(draw, 9, 12), "sinks": randint(draw, 2, 4), "window": 1}


def drawn_wide(draw: Generator) -> Arguments:
    length = randint(draw, 6, 9)
    wide = ({"sinks": length + 2, "window": 1}, {"sinks": 1, "window": length + 3})[randint(draw, 0, 1)]
    return {"seq_len": length, **wide}


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"window": 0}, {"sinks": -1}, {"window": -2})[randint(draw, 0, 2)]
    return drawn(draw) | wrong


EXERCISE = Exercise(
    reference=context.sink_window_mask,
    points=3,
    cases=(
        Case("a window alone", given(seq_len=6, sinks=0, window=3), visible=True),
        Case("a window alone, drawn", drawn_plain_window),
        Case("sinks and only oneself", given(seq_len=6, sinks=2, window=1), visible=True),
        Case("sinks and only oneself, drawn", drawn_narrow),
        Case("sinks and a window", given(seq_len=8, sinks=2, window=3), visible=True),
        Case("sinks and a window, drawn", drawn),
        Case("one position", given(seq_len=1, sinks=3, window=2), visible=True),
        Case("more sinks than positions", given(seq_len=5, sinks=9, window=2), visible=True),
        Case("a window wider than the text", given(seq_len=5, sinks=1, window=8), visible=True),
        Case("short and wide, drawn", drawn_wide),
        Case("no positions", given(seq_len=0, sinks=1, window=2), visible=True),
        Case("no window", given(seq_len=6, sinks=1, window=0), visible=True),
        Case("negative window", given(seq_len=6, sinks=1, window=-2), visible=True),
        Case("negative sinks", given(seq_len=6, sinks=-1, window=2), visible=True),
        Case("negative length", given(seq_len=-3, sinks=1, window=2), visible=True),
        Case("no such mask, drawn", drawn_refusal),
    ),
    properties=(
        Property(
            "Without sinks it is a sliding window",
            ("a window alone", "a window alone, drawn"),
            "With window 3, query 4 sees 2, 3 and itself: distances 0, 1 and 2, and none below 0.",
            weight=2,
        ),
        Property(
            "The first positions stay in sight of every later query",
            ("sinks and only oneself", "sinks and only oneself, drawn"),
            "With 2 sinks and window 1, query 5 sees 0, 1 and itself, and query 0 sees itself only.",
            weight=2,
        ),
        Property(
            "Sinks and window are seen together, and nothing between them",
            ("sinks and a window", "sinks and a window, drawn"),
            "With 2 sinks and window 3, query 7 sees 0 and 1, then 5, 6 and 7.",
            weight=2,
        ),
        Property(
            "Short texts, many sinks and wide windows work",
            (
                "one position", "more sinks than positions", "a window wider than the text", "short and wide, drawn",
                "no positions",
            ),
            "If sinks or window reach over the whole text, the mask is the causal one. A text of no positions has a "
            "mask of shape (0, 0).",
        ),
        Property(
            "A window below 1 and negative numbers are refused with a ValueError",
            (
                "a window alone", "a window alone, drawn", "sinks and a window", "no window", "negative window",
                "negative sinks", "negative length", "no such mask, drawn",
            ),
            "Raise ValueError where window is below 1, or sinks or seq_len is negative, and nowhere else.",
            observe=observe.refusal,
            needs="Without sinks it is a sliding window",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("create_block_mask", "sliding_window_mask_function"),
)  # fmt: skip
