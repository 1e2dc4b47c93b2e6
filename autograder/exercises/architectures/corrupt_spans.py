"""corrupt_spans: cut pieces out of a text, and write them down behind it."""

from collections.abc import Callable

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import architectures

known = Mistakes(architectures.corrupt_spans, section="architectures-spans")

LOOP = "for sentinel, (start, end) in zip(sentinels, spans, strict=False):"
INPUTS = "inputs += [*ids[kept_from:start], sentinel]"
TARGETS = "targets += [sentinel, *ids[start:end]]"
MOVED = "kept_from, earliest = end, end + 1"
CHECK = "not earliest <= start < end <= len(ids)"
COUNT = "len(sentinels) <= len(spans)"
REST = "inputs + ids[kept_from:]"
CLOSING = "[*targets, sentinels[len(spans)]]"
RETURN = f"return {REST}, {CLOSING}"

known.edit(
    "targets_not_closed",
    {CLOSING: "targets"},
    "Your targets do not end with a sentinel. sentinels[len(spans)] stands last: it says that the last piece is over.",
)
known.edit(
    "inputs_closed",
    {"return inputs + ids[kept_from:], ": "return [*inputs, *ids[kept_from:], sentinels[len(spans)]], "},
    "Your inputs end with a sentinel of their own. Only the targets are closed with the next one.",
)
known.edit(
    "closed_with_the_last_sentinel",
    {"sentinels[len(spans)]": "sentinels[-1]"},
    "You close the targets with the *last* of all sentinels. It is the next one that has not been used: "
    "sentinels[len(spans)].",
)
known.edit(
    "closed_with_the_first_sentinel",
    {"sentinels[len(spans)]": "sentinels[0]"},
    "You close the targets with the first sentinel. It is the next one that has not been used: sentinels[len(spans)].",
)
known.edit(
    "closed_with_the_same_again",
    {"sentinels[len(spans)]": "sentinels[max(len(spans) - 1, 0)]"},
    "You close the targets with the sentinel of the last piece. The next one stands last: sentinels[len(spans)].",
)
known.edit(
    "piece_left_in",
    {INPUTS: "inputs += [*ids[kept_from:start], sentinel, *ids[start:end]]"},
    "Your inputs still hold the pieces, and there is nothing to guess. A sentinel stands in the place of each.",
)
known.edit(
    "sentinel_for_each_token",
    {INPUTS: "inputs += [*ids[kept_from:start], *[sentinel] * (end - start)]"},
    "You put a sentinel in the place of each *token*, as BERT does with its mask. One stands for the whole piece, "
    "however long it is: the model is not told how much is missing.",
)
known.edit(
    "pieces_left_out",
    {INPUTS: "inputs += ids[kept_from:start]"},
    "Your inputs do not show where a piece is missing. A sentinel stands in its place.",
)
known.edit(
    "whole_text_as_targets",
    {CLOSING: "list(ids)"},
    "Your targets are the whole text. Only what was cut out is in them, behind its sentinels: that is what makes this "
    "objective cheap.",
)
known.edit(
    "mixed_up",
    {RETURN: f"return {CLOSING}, {REST}"},
    "Inputs and targets are the wrong way round: the inputs are the text with gaps, the targets what fills them.",
)
known.edit(
    "sentinel_behind_its_piece",
    {TARGETS: "targets += [*ids[start:end], sentinel]"},
    "In your targets a sentinel stands *behind* its piece. It announces the piece: sentinel first, then the tokens.",
)
known.edit(
    "targets_without_sentinels",
    {TARGETS: "targets += ids[start:end]"},
    "Your targets are the pieces alone. Each begins with its sentinel, which says which gap it fills.",
)
known.edit(
    "one_sentinel_for_all",
    {INPUTS: INPUTS.replace("sentinel]", "sentinels[0]]"), TARGETS: TARGETS.replace("[sentinel,", "[sentinels[0],")},
    "All of your pieces have the same sentinel. Piece i has sentinels[i], in the inputs and in the targets.",
)
known.edit(
    "sentinels_backwards",
    {"zip(sentinels, spans": "zip(sentinels[: len(spans)][::-1], spans"},
    "You hand out the sentinels from the back. The first piece has sentinels[0].",
)
known.edit(
    "sentinels_one_late",
    {"zip(sentinels, spans": "zip(sentinels[1:], spans"},
    "You begin with sentinels[1]. The first piece has sentinels[0], and what is left for the end is "
    "sentinels[len(spans)].",
)
known.edit(
    "sentinels_sorted",
    {LOOP: f"sentinels = sorted(sentinels)\n    {LOOP}"},
    "You sort the sentinels. They are used in the order in which they are given; T5's ids happen to fall.",
)
known.edit(
    "sentinels_counted",
    {LOOP: f"sentinels = [sentinels[0] + place for place in range(len(sentinels))]\n    {LOOP}"},
    "You count up from the first sentinel. Use the ids that are given; T5's happen to fall.",
)
known.edit(
    "end_included",
    {
        TARGETS: "targets += [sentinel, *ids[start : end + 1]]",
        MOVED: "kept_from, earliest = end + 1, end + 1",
    },
    "You cut out the token at `end` too. A span ends before it, as a Python slice does.",
)
known.edit(
    "end_included_throughout",
    {
        CHECK: "not earliest <= start <= end < len(ids)",
        TARGETS: "targets += [sentinel, *ids[start : end + 1]]",
        MOVED: "kept_from, earliest = end + 1, end + 2",
    },
    "You take `end` for the last token of a span, and refuse spans by that rule. A span ends *before* it, as a Python "
    "slice does: end may be len(ids).",
)
known.edit(
    "start_and_length",
    {LOOP: f"spans = [(start, start + length) for start, length in spans]\n    {LOOP}"},
    "You read a span as a start and a length. It is a start and an end: ids[start:end].",
)
known.edit(
    "rest_lost",
    {REST: "inputs"},
    "What stands behind the last piece is missing in your inputs. Add the rest of the text.",
)
known.edit(
    "beginning_lost",
    {"kept_from, earliest = 0, 0": "kept_from, earliest = spans[0][0] if spans else 0, 0"},
    "What stands before the first piece is missing in your inputs. The text begins at 0.",
)
known.edit(
    "first_span_only",
    {LOOP: LOOP.replace("spans,", "spans[:1],")},
    "You cut out one piece only. Every span is one.",
)
known.edit(
    "shifted_by_what_was_cut",
    {
        LOOP: f"inputs = list(ids)\n    {LOOP}",
        INPUTS: "pieces = inputs[start:end]\n        inputs[start:end] = [sentinel]",
        TARGETS: "targets += [sentinel, *pieces]",
        REST: "inputs",
    },
    "You replace the pieces from the front in the list itself, and the places of later spans no longer fit: the list "
    "has grown shorter. Build new lists, or go from the back.",
)
known.edit(
    "shifted_in_the_inputs",
    {
        LOOP: f"inputs = list(ids)\n    {LOOP}",
        INPUTS: "inputs[start:end] = [sentinel]",
        REST: "inputs",
    },
    "You cut the pieces out of a copy from the front, and it grows shorter with each, so later spans cut in the wrong "
    "place. Build the inputs from `ids`, or go from the back.",
)
known.edit(
    "found_by_value",
    {
        LOOP: f"inputs = list(ids)\n    {LOOP}",
        INPUTS: "place = inputs.index(ids[start])\n        inputs[place : place + end - start] = [sentinel]",
        REST: "inputs",
    },
    "You look for a piece by its first token, and find the first place where that token stands. A token may come "
    "more than once in a text: cut at the places start and end.",
)
known.edit(
    "end_in_the_targets",
    {TARGETS: "targets += [sentinel, *ids[start : end + 1]]"},
    "Your targets repeat the token at `end`, which is still in the inputs. A span ends before it, as a Python slice "
    "does.",
)
known.edit(
    "tuple_of_tokens",
    {INPUTS: "inputs += [*ids[kept_from:start], sentinel]", TARGETS: "targets += [sentinel, ids[start:end]]"},
    "Your targets hold lists in a list. They are one flat list of ids: += instead of append, or a star.",
)
known.edit(
    "touching_accepted",
    {MOVED: "kept_from, earliest = end, end"},
    "You accept spans that touch. Two sentinels side by side would stand for one gap: raise ValueError unless at least "
    "one token lies between a span and the next.",
)
known.edit(
    "overlap_accepted",
    {CHECK: "not 0 <= start < end <= len(ids)"},
    "You accept spans that overlap or come in another order. Each has to begin behind the end of the one before: raise "
    "ValueError.",
)
known.edit(
    "sorted_for_the_caller",
    {LOOP: LOOP.replace("spans,", "sorted(spans),")},
    "You sort the spans. They come in ascending order; where they do not, the caller has made a mistake: ValueError.",
)
known.edit(
    "empty_accepted",
    {CHECK: "not earliest <= start <= end <= len(ids)"},
    "You accept an empty span. A sentinel would stand for nothing: raise ValueError unless start is below end.",
)
known.edit(
    "too_long_accepted",
    {CHECK: "not earliest <= start < end"},
    "You accept a span that ends behind the last token. A slice cuts it off without a word: raise ValueError.",
)
known.edit(
    "negative_accepted",
    {"kept_from, earliest = 0, 0": "kept_from, earliest = 0, -len(ids)"},
    "You accept a negative start. Python would count it from the end: raise ValueError.",
)
known.edit(
    "spans_not_checked",
    {CHECK: "False"},
    "You check no span. One that is empty, leaves the text, or overlaps or touches the one before makes no sense: "
    "raise ValueError.",
)
known.edit(
    "last_token_refused",
    {"end <= len(ids)": "end < len(ids)"},
    "You refuse a span that ends with the last token. `end` is the place behind it, so it may be len(ids).",
)
known.edit(
    "first_token_refused",
    {CHECK: f"{CHECK} or start == 0"},
    "You refuse a span that begins with the first token. A start of 0 makes sense.",
)
known.edit(
    "one_token_refused",
    {"start < end <=": "start < end - 1 <"},
    "You refuse a span of one token. Only an empty one is refused.",
)
known.edit(
    "no_spans_refused",
    {f"if {COUNT}": f"if not spans or {COUNT}"},
    "You refuse a text without spans. It has an answer: the inputs are the text, the targets the first sentinel alone.",
)
known.edit(
    "no_spans_no_targets",
    {CLOSING: "[*targets, sentinels[len(spans)]] if spans else []"},
    "Without a span your targets are empty. They end with sentinels[len(spans)] there too, which is the first.",
)
known.edit(
    "closing_sentinel_not_counted",
    {COUNT: "len(sentinels) < len(spans)", CLOSING: "[*targets, *sentinels[len(spans) :][:1]]"},
    "You accept as many sentinels as spans, and leave the targets open. One more is needed for the end: raise "
    "ValueError.",
)
known.edit(
    "too_few_is_an_index_error",
    {COUNT: "False", LOOP: "for place, (start, end) in enumerate(spans):\n        sentinel = sentinels[place]"},
    "With too few sentinels your function raises an IndexError. Compare the numbers first, and raise ValueError.",
)
known.edit(
    "closing_is_an_index_error",
    {COUNT: "len(sentinels) < len(spans)"},
    "With as many sentinels as spans your function raises an IndexError at the end of the targets. One more is needed: "
    "compare the numbers first, and raise ValueError.",
)
known.edit(
    "too_few_cut_off",
    {COUNT: "False", CLOSING: "[*targets, *sentinels[len(spans) :][:1]]"},
    "With too few sentinels your function leaves spans out: zip ends with the shorter list. Raise ValueError.",
)
known.edit(
    "too_few_used_again",
    {COUNT: "not sentinels", LOOP: f"sentinels = sentinels * (len(spans) + 1)\n    {LOOP}"},
    "With too few sentinels you use them again. Two gaps would have one name: raise ValueError.",
)
known.edit(
    "more_sentinels_refused",
    {COUNT: "len(sentinels) != len(spans) + 1"},
    "You refuse sentinels that are left over. A vocabulary has a hundred of them; as many as needed are used.",
)
known.edit(
    "sentinels_from_the_end",
    {"zip(sentinels, spans": "zip(sentinels[::-1], spans", "sentinels[len(spans)]": "sentinels[-1 - len(spans)]"},
    "You take the sentinels from the end of the list. They are given in the order of the pieces: piece i has "
    "sentinels[i].",
)
known.asserted()


@known.function("You change the list of tokens that you were given: make new ones.")
def in_place(ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]) -> tuple[list[int], list[int]]:
    inputs, targets = architectures.corrupt_spans(ids, spans, sentinels)
    ids[:] = inputs
    return ids, targets


@known.function(
    "Without a span you hand back the very list that you were given. Whoever changes the one changes the other: return "
    "a copy."
)
def text_handed_back(ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]) -> tuple[list[int], list[int]]:
    inputs, targets = architectures.corrupt_spans(ids, spans, sentinels)
    return inputs if spans else ids, targets


@known.function("You change the list of sentinels that you were given, as pop() does: read sentinels[i] instead.")
def sentinels_popped(ids: list[int], spans: list[tuple[int, int]], sentinels: list[int]) -> tuple[list[int], list[int]]:
    found = architectures.corrupt_spans(ids, spans, sentinels)
    del sentinels[: len(spans)]
    return found


def distinct(draw: Generator, count: int, low: int, high: int) -> list[int]:
    """Different numbers from low to high, in no order."""
    found: list[int] = []
    while len(found) < count:
        if (number := randint(draw, low, high)) not in found:
            found.append(number)
    return found


def drawn(count: int, *, ends: bool = False, spare: int = 2) -> Callable[[Generator], Arguments]:
    """So many spans of different lengths; with `ends` the first and the last token are in one."""

    def draw_text(draw: Generator) -> Arguments:
        length, spans = 0 if ends else randint(draw, 1, 3), []
        for _ in range(count):
            end = length + randint(draw, 2, 4)
            spans.append((length, end))
            length = end + randint(draw, 2, 4)
        length = spans[-1][1] if ends else length
        return {
            "ids": [randint(draw, 1, 70) for _ in range(length)],
            "spans": spans,
            "sentinels": distinct(draw, count + 1 + spare, 80, 99),
        }

    return draw_text


def with_spans(*spans: tuple[int, int], sentinels: int = 5) -> Callable[[Generator], Arguments]:
    """These spans in ids that are drawn, eight of them."""
    return lambda draw: {
        "ids": [randint(draw, 1, 70) for _ in range(8)],
        "spans": list(spans),
        "sentinels": distinct(draw, sentinels, 80, 99),
    }


def drawn_twice(draw: Generator) -> Arguments:
    """All that is cut out has stood before it as well."""
    arguments = drawn(2)(draw)
    ids, (first, second) = arguments["ids"], arguments["spans"]
    piece = distinct(draw, first[1] - first[0], 1, 70)
    ids[first[0] : first[1]] = piece
    ids[second[0]] = piece[0]
    return {
        **arguments,
        "ids": [*piece, *ids],
        "spans": [(start + len(piece), end + len(piece)) for start, end in arguments["spans"]],
    }


IDS = [17, 4, 9, 0, 8, 3, 12, 5]
SENTINELS = [95, 99, 91, 97]
INPUTS_RIGHT = "The inputs are the text, with one sentinel in the place of each span"
TARGETS_RIGHT = "The targets are each sentinel with its tokens behind it, and at the end the next sentinel"
TEXTS = (
    "one span",
    "two spans",
    "three spans, drawn",
    "one span, drawn",
    "the first token",
    "the last token",
    "at the ends, drawn",
    "a token twice",
    "a token twice, drawn",
)


def shown(*spans: tuple[int, int], sentinels: list[int] | None = None) -> Callable[[Generator], Arguments]:
    return given(ids=IDS, spans=list(spans), sentinels=SENTINELS if sentinels is None else sentinels)


EXERCISE = Exercise(
    reference=architectures.corrupt_spans,
    points=4,
    cases=(
        Case("one span", shown((2, 5)), visible=True),
        Case("two spans", shown((1, 3), (5, 7)), visible=True),
        Case("three spans, drawn", drawn(3)),
        Case("one span, drawn", drawn(1)),
        Case("the first token", shown((0, 2), (4, 5)), visible=True),
        Case("the last token", shown((1, 3), (6, 8)), visible=True),
        Case("at the ends, drawn", drawn(2, ends=True)),
        Case(
            "a token twice",
            given(ids=[8, 8, 3, 17, 3, 3, 9, 8], spans=[(1, 3), (5, 6)], sentinels=SENTINELS),
            visible=True,
        ),
        Case("a token twice, drawn", drawn_twice),
        Case("one token each", shown((1, 2), (3, 4), (5, 6)), visible=True),
        Case("no span", shown(), visible=True, new=True),
        Case("everything", shown((0, 8)), visible=True),
        Case("an empty text", given(ids=[], spans=[], sentinels=[95, 99]), visible=True),
        Case("an empty text, again", lambda draw: {"ids": [], "spans": [], "sentinels": distinct(draw, 3, 80, 99)}),
        Case("just enough sentinels", shown((1, 3), (5, 7), sentinels=[95, 99, 91]), visible=True),
        Case("just enough sentinels, drawn", drawn(3, spare=0)),
        Case("touching", shown((1, 3), (3, 5)), visible=True),
        Case("touching, drawn", with_spans((0, 2), (4, 6), (6, 7))),
        Case("overlapping", shown((1, 4), (3, 6)), visible=True),
        Case("one inside another", with_spans((1, 6), (2, 4))),
        Case("twice the same", with_spans((1, 3), (1, 3))),
        Case("in another order", shown((5, 7), (1, 3)), visible=True),
        Case("in another order, drawn", with_spans((6, 7), (4, 5), (0, 2))),
        Case("empty", shown((2, 2)), visible=True),
        Case("backwards", with_spans((5, 2))),
        Case("too long", shown((6, 9)), visible=True),
        Case("behind the text", with_spans((9, 11))),
        Case("negative", shown((-3, 4)), visible=True),
        Case("negative, drawn", with_spans((-4, -2))),
        Case("no sentinel for the end", shown((1, 3), (5, 7), sentinels=[95, 99]), visible=True),
        Case("no sentinel for a span", shown((1, 2), (4, 5), (6, 8), sentinels=[95]), visible=True),
        Case("no sentinels", with_spans((1, 2), sentinels=0)),
        Case("no sentinels for no span", given(ids=IDS, spans=[], sentinels=[]), visible=True),
    ),
    properties=(
        Property(
            INPUTS_RIGHT,
            TEXTS,
            "Ids 7 8 9 5 with the span (1, 3) become 7 <s0> 5: what stands before, the sentinel, what stands behind.",
            weight=3,
            observe=observe.first,
            part=0,
        ),
        Property(
            TARGETS_RIGHT,
            TEXTS,
            "Ids 7 8 9 5 with the span (1, 3) have the targets <s0> 8 9 <s1>.",
            weight=3,
            observe=observe.second,
            part=1,
        ),
        Property(
            "Short spans, long ones and none at all have an answer, with just enough sentinels too",
            (
                "one token each",
                "no span",
                "everything",
                "an empty text",
                "an empty text, again",
                "just enough sentinels",
                "just enough sentinels, drawn",
            ),
            "Without a span the inputs are the text, and the targets sentinels[0] alone. A span of one token or of all "
            "is like any other.",
            needs=INPUTS_RIGHT,
        ),
        Property(
            "Spans that touch, overlap or come in another order are refused with a ValueError",
            (
                "two spans",
                "touching",
                "touching, drawn",
                "overlapping",
                "one inside another",
                "twice the same",
                "in another order",
                "in another order, drawn",
            ),
            "Keep the end of the span before: the next one has to begin *behind* it, so that a token lies between.",
            observe=observe.refusal,
            weight=2,
            needs=INPUTS_RIGHT,
        ),
        Property(
            "Spans that are empty or leave the text are refused with a ValueError",
            ("two spans", "empty", "backwards", "too long", "behind the text", "negative", "negative, drawn"),
            "Each span must have 0 <= start < end <= len(ids).",
            observe=observe.refusal,
            needs=INPUTS_RIGHT,
        ),
        Property(
            "Too few sentinels are refused with a ValueError",
            (
                "two spans",
                "no sentinel for the end",
                "no sentinel for a span",
                "no sentinels",
                "no sentinels for no span",
            ),
            "Every span needs one, and the end needs one more: len(spans) + 1.",
            observe=observe.refusal,
            needs=INPUTS_RIGHT,
        ),
        Property(
            "The lists are left as they were",
            ("two spans", "one span", "no span"),
            "Make new lists: neither ids nor spans nor sentinels may be changed or handed back.",
            observe=observe.changed,
            needs=INPUTS_RIGHT,
        ),
    ),
    mistakes=tuple(known),
)
