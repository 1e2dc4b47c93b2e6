"""sft_labels: learn from what the assistant says, and from nothing else."""

import itertools
from collections.abc import Callable

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.sft_labels, section="post-training-sft")

CHECK = "not last_end <= start < end <= len(ids)"
COPY = "labels[start:end] = ids[start:end]"
START = "labels = [-100] * len(ids)"

known.edit(
    "end_included",
    {COPY: "labels[start : end + 1] = ids[start : end + 1]"},
    "You label the token at `end` too. A span ends before it, as a Python slice does.",
)
known.edit(
    "end_counted_in",
    {
        CHECK: "not last_end <= start <= end < len(ids)",
        COPY: "labels[start : end + 1] = ids[start : end + 1]",
        "last_end = end": "last_end = end + 1",
    },
    "You take `end` for the last token of the turn. It is the place after it, as in a Python slice, so it may be "
    "len(ids), and the next span may begin there.",
)
known.edit(
    "start_left_out",
    {COPY: "labels[start + 1 : end] = ids[start + 1 : end]"},
    "You leave out the first token of each span. It is predicted too, from the mark before it.",
)
known.edit(
    "last_left_out",
    {COPY: "labels[start : end - 1] = ids[start : end - 1]"},
    "You leave out the last token of each span. Often it is the mark that ends the turn: without it the model never "
    "learns to stop.",
)
known.edit(
    "shifted_already",
    {COPY: "labels[start - 1 : end - 1] = ids[start:end]"},
    "You shift the labels. The loss does that: here each label stands in the place of its own token.",
)
known.edit(
    "shifted_one_by_one",
    {COPY: "for i in range(start, end):\n            labels[i - 1] = ids[i]"},
    "You write each label one place before its token. It is the loss that shifts: here a label and its token share "
    "one place.",
)
known.edit(
    "shifted_and_cut",
    {"return labels": "return [*labels[1:], -100]"},
    "Your labels stand one place too early. It is the loss that shifts them: here each stands in the place of its own "
    "token.",
)
known.edit(
    "shifted_later",
    {"return labels": "return [-100, *labels[:-1]]"},
    "Your labels stand one place too late. Each label stands in the place of its own token.",
)
known.edit(
    "zeros",
    {"[-100]": "[0]"},
    "You write 0 where nothing is to be learned. 0 is the id of a token: the loss leaves out -100 only.",
)
known.edit(
    "minus_one",
    {"[-100]": "[-1]"},
    "You write -1 where nothing is to be learned. The loss leaves out -100 only.",
)
known.edit(
    "none",
    {"[-100]": "[None]"},
    "You write None where nothing is to be learned. The loss leaves out -100, a number like every label.",
)
known.edit(
    "mask_of_ones",
    {START: "labels = [0] * len(ids)", COPY: "labels[start:end] = [1] * (end - start)"},
    "You return a mask of ones and zeros. A label is the token itself; where nothing is to be learned it is -100.",
)
known.edit(
    "answers_alone",
    {START: "labels = []", COPY: "labels += ids[start:end]"},
    "You return the labelled tokens alone. There is a label for every token of ids: -100 outside the spans.",
)
known.edit(
    "inverted",
    {START: "labels = list(ids)", COPY: "labels[start:end] = [-100] * (end - start)"},
    "You label everything but the assistant's turns. It is the other way round.",
)
known.edit(
    "no_mask",
    {START: "labels = list(ids)"},
    "Every token is a label, also what the user said. Only tokens inside a span are.",
)
known.edit(
    "lengths",
    {COPY: "labels[start : start + end] = ids[start : start + end]"},
    "You read a span as a start and a length. It is a start and an end.",
)
known.edit(
    "last_span_only",
    {COPY: f"labels = [-100] * len(ids); {COPY}"},
    "Only one of the spans is labelled. A conversation has several turns, and the model learns from each.",
)
known.edit(
    "everything_behind",
    {COPY: "labels[start:] = ids[start:]"},
    "You label everything after the first span, the user's later questions too. Each span ends at its own end.",
)
known.edit(
    "from_first_to_last",
    {
        "return labels": "return [-100] * min(spans)[0] + ids[min(spans)[0] : last_end] + labels[last_end:]"
        " if spans else labels"
    },
    "You label everything between the first span and the last, the user's questions among it. Each span stands for "
    "itself.",
)
known.edit(
    "in_given_order",
    {"sorted(spans)": "spans"},
    "You take for granted that the spans come in order, and refuse them where they do not. Sort them first.",
)
known.edit(
    "overlap_allowed",
    {CHECK: "not 0 <= start < end <= len(ids)"},
    "You accept spans that overlap. Two turns cannot hold the same token: raise ValueError.",
)
known.edit(
    "overlap_of_one_allowed",
    {CHECK: "not max(last_end - 1, 0) <= start < end <= len(ids)"},
    "You accept spans that share one token. One may begin where another ends, and not before: raise ValueError.",
)
known.edit(
    "not_checked",
    {CHECK: "False"},
    "You check no span. One that is empty, leaves ids or overlaps another is a mistake of the caller: ValueError.",
)
known.edit(
    "no_turn_refused",
    {START: f"if not spans:\n        raise ValueError('no turn')\n    {START}"},
    "You refuse a conversation without a span. Nothing in it is to be learned: all of its labels are -100.",
)
known.edit(
    "no_turn_labelled",
    {START: f"if not spans:\n        return list(ids)\n    {START}"},
    "Without a span you label every token. Nothing is to be learned then: all labels are -100.",
)
known.edit(
    "touching_refused",
    {CHECK: "not (last_end < start or start == last_end == 0) or not start < end <= len(ids)"},
    "You refuse spans that touch. One may begin where another ends.",
)
known.edit(
    "last_token_refused",
    {CHECK: "not last_end <= start < end < len(ids)"},
    "You refuse a span that ends with the last token. `end` is the place after it, so it may be len(ids).",
)
known.edit(
    "first_token_refused",
    {CHECK: "not last_end <= start < end <= len(ids) or start == 0"},
    "You refuse a span that begins with the first token. A start of 0 makes sense.",
)
known.edit(
    "one_token_refused",
    {CHECK: "not last_end <= start < end - 1 < len(ids)"},
    "You refuse a span of one token. Only an empty one is refused, whose start is its end.",
)
known.edit(
    "empty_allowed",
    {CHECK: "not last_end <= start <= end <= len(ids)"},
    "You accept an empty span, whose start is its end. It labels nothing and is a mistake of the caller: ValueError.",
)
known.edit(
    "backwards_allowed",
    {CHECK: "not last_end <= start <= len(ids) or start == end or end > len(ids)"},
    "You refuse a span whose start *is* its end, and accept one whose start lies behind its end. It is empty too: "
    "raise ValueError.",
)
known.edit(
    "too_long_allowed",
    {CHECK: "not last_end <= start < end", COPY: "labels[start:end] = ids[start:end]"},
    "You accept a span that ends after the last token. A slice would cut it off without a word: raise ValueError.",
)
known.edit(
    "negative_allowed",
    {"last_end = 0": "last_end = -len(ids)"},
    "You accept a negative start. Python would count it from the end: raise ValueError.",
)


@known.function("You change the list that you were given: make a new one.")
def in_place(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    ids[:] = post_training.sft_labels(ids, spans)
    return ids


@known.function("You change the list of spans, as sort() does. `sorted(spans)` makes a new one.")
def sorts_in_place(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    spans.sort()
    return post_training.sft_labels(ids, spans)


@known.function("Only the span that comes last in the list is labelled. A conversation has several turns: label each.")
def last_given_span_only(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    post_training.sft_labels(ids, spans)
    return post_training.sft_labels(ids, spans[-1:])


@known.function(
    "You compare each span with its neighbor in the list alone. The spans come in any order: sort them before you "
    "compare neighbors."
)
def neighbors_in_the_list(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    if any(first[0] < second[1] and second[0] < first[1] for first, second in itertools.pairwise(spans)):
        raise ValueError("these spans overlap")
    found = [post_training.sft_labels(ids, [span]) for span in spans]
    return [max(labels) for labels in zip([-100] * len(ids), *found, strict=True)]


@known.function(
    "You look only whether the first or the last token of a span has a label already. A span may go around one that "
    "came before it in the list: then both of its ends are free, and what lies between is not."
)
def free_ends_are_enough(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    labels = [-100] * len(ids)
    for start, end in spans:
        post_training.sft_labels(ids, [(start, end)])
        if labels[start] != -100 or labels[end - 1] != -100:
            raise ValueError("these spans overlap")
        labels[start:end] = ids[start:end]
    return labels


known.edit(
    "the_same_span_twice",
    {"sorted(spans)": "sorted(set(spans))"},
    "You make a set of the spans, and so accept the same one twice. It overlaps itself: raise ValueError.",
)


@known.function(
    "You go by what the tokens are: one that stands inside a span and again outside becomes a label in both places. A "
    "span names places, so go by those.",
)
def tokens_of_the_spans(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    inside = set(post_training.sft_labels(ids, spans)) - {-100}
    return [token if token in inside else -100 for token in ids]


@known.function(
    "You ask for the place of a token with `ids.index`, which finds the first one that is equal. A token may come "
    "again: go through the places themselves, with `range` or `enumerate`.",
)
def first_place_of_each_token(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    labels = post_training.sft_labels(ids, spans)
    return [token if labels[ids.index(token)] != -100 else -100 for token in ids]


def drawn(count: int) -> Callable[[Generator], Arguments]:
    def draw_turns(draw: Generator) -> Arguments:
        ids, spans = [randint(draw, 1, 99)], []
        for _ in range(count):
            ids += [randint(draw, 1, 99) for _ in range(randint(draw, 1, 4))]
            start = len(ids)
            ids += [randint(draw, 1, 99) for _ in range(randint(draw, 2, 5))]
            spans.append((start, len(ids)))
        # A token of the last turn comes again behind it.
        ids += [ids[start], randint(draw, 1, 99)]
        return {"ids": ids, "spans": spans[::-1]}

    return draw_turns


def with_spans(*spans: tuple[int, int]) -> Callable[[Generator], Arguments]:
    """The spans, further to the right or not, in ids that are drawn."""

    def draw_ids(draw: Generator) -> Arguments:
        further, length = randint(draw, 0, 4), randint(draw, 11, 16)
        ids = [randint(draw, 1, 99) for _ in range(length)]
        return {"ids": ids, "spans": [(start + further, end + further) for start, end in spans]}

    return draw_ids


# Some ids come twice, inside a span and outside: what is a label is said by the places.
IDS = [17, 4, 9, 0, 8, 9, 12, 0]
LABELLED = "Tokens inside the spans are labels, in their own places; all others are -100"

EXERCISE = Exercise(
    reference=post_training.sft_labels,
    points=2,
    cases=(
        Case("one turn", given(ids=IDS, spans=[(2, 5)]), visible=True),
        Case("two turns", given(ids=IDS, spans=[(1, 3), (5, 7)]), visible=True),
        Case("three turns, drawn", drawn(3)),
        Case("one turn, drawn", drawn(1)),
        Case("to the last token", given(ids=IDS, spans=[(6, 8)]), visible=True),
        Case("no turn", given(ids=IDS, spans=[]), visible=True),
        Case("everything", given(ids=IDS, spans=[(0, 8)]), visible=True),
        Case("in another order", given(ids=IDS, spans=[(5, 7), (1, 3)]), visible=True),
        Case("touching", given(ids=IDS, spans=[(4, 6), (2, 4)]), visible=True),
        Case("touching, drawn", with_spans((1, 2), (2, 5), (5, 6))),
        Case("empty", given(ids=IDS, spans=[(2, 2)]), visible=True),
        Case("backwards", given(ids=IDS, spans=[(5, 2)]), visible=True),
        Case("too long", given(ids=IDS, spans=[(6, 9)]), visible=True),
        Case("negative", given(ids=IDS, spans=[(-3, 4)]), visible=True),
        Case("overlapping", given(ids=IDS, spans=[(1, 4), (3, 6)]), visible=True),
        Case("overlapping, not side by side", given(ids=IDS, spans=[(3, 6), (0, 2), (5, 8)]), visible=True),
        Case("one inside another", given(ids=IDS, spans=[(2, 3), (1, 6)]), visible=True),
        Case("twice the same", given(ids=IDS, spans=[(1, 4), (1, 4)]), visible=True),
        Case("one inside another, drawn", with_spans((2, 3), (1, 6))),
        Case("twice the same, drawn", with_spans((1, 4), (1, 4))),
    ),
    properties=(
        Property(
            LABELLED,
            ("one turn", "one turn, drawn", "two turns", "to the last token", "everything"),
            "Take ids 7, 8, 9 and the span (1, 2): the labels are -100, 8, -100.",
            weight=3,
        ),
        Property(
            "Spans come in any order, and may touch",
            ("in another order", "touching", "touching, drawn", "three turns, drawn"),
            "Sort the spans. One may begin where another ends.",
        ),
        Property(
            "Without a span nothing is labelled",
            ("no turn",),
            "A conversation in which the assistant says nothing has labels too: -100 for every token.",
            needs=LABELLED,
        ),
        Property(
            "Spans that are empty, leave the tokens or overlap are refused with a ValueError",
            (
                "two turns",
                "empty",
                "backwards",
                "too long",
                "negative",
                "overlapping",
                "overlapping, not side by side",
                "one inside another",
                "twice the same",
                "one inside another, drawn",
                "twice the same, drawn",
            ),
            "Go through the sorted spans and keep the end of the last one: each must lie between it and len(ids).",
            observe=observe.refusal,
            weight=2,
            needs=LABELLED,
        ),
        Property(
            "The lists are left as they were",
            ("two turns", "in another order"),
            "Make a new list: neither ids nor spans may be changed. `spans.sort()` changes spans; `sorted` does not.",
            observe=observe.changed,
            needs=LABELLED,
        ),
    ),
    mistakes=tuple(known),
)
