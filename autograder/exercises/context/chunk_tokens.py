"""chunk_tokens: a long text in overlapping pieces."""

import math

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import context

known = Mistakes(context.chunk_tokens, section="context-chunks")

RESULT = "[list(ids[start : start + size]) for start in range(0, ends, step)]"
ENDS = "max(len(ids) - overlap, min(len(ids), 1))"

known.edit(
    "tail_lost",
    {ENDS: "max(len(ids) - size + 1, min(len(ids), 1))"},
    "What is left at the end of the text is in no chunk: you stop with the last *full* one. The last chunk may be "
    "shorter.",
)
known.edit(
    "short_text_lost",
    {ENDS: "len(ids) - overlap"},
    "A text no longer than the overlap gets lost. It makes one chunk, as any text that is not empty.",
)
known.edit(
    "only_full_chunks",
    {ENDS: "len(ids) - size + 1"},
    "You return full chunks only: the rest at the end, and a text shorter than a chunk, get lost.",
)
known.edit(
    "overlap_alone_at_the_end",
    {ENDS: "len(ids)"},
    "Your last chunk holds nothing new: all of it stands at the end of the chunk before. Stop when a chunk has reached "
    "the end of the text.",
)
known.edit(
    "one_last_chunk_dropped",
    {
        "return " + RESULT: f"chunks = {RESULT.replace('ends, step', 'len(ids), step')}\n"
        "    if len(chunks) > 1 and len(chunks[-1]) <= overlap:\n        chunks.pop()\n    return chunks"
    },
    "You drop the last chunk where it holds nothing new, and with a large overlap there are several such chunks. Stop "
    "when a chunk has reached the end of the text.",
)
known.edit(
    "overlap_alone_where_it_fits",
    {ENDS: "max(len(ids) - overlap + 1, 1) if ids else 0"},
    "Where the chunks come out even, you begin one more, `overlap` ids before the end, with nothing new in it. Go on "
    "while start + overlap is *below* len(ids): <, and not <=.",
)
known.edit(
    "rest_of_overlap_lost",
    {ENDS: "max(len(ids) - overlap - 1, min(len(ids), 1))"},
    "When exactly one id is left, it is in no chunk: a chunk with a single new id is needed too.",
)
known.edit(
    "overlap_ignored",
    {"size - overlap": "size", ENDS: "len(ids)"},
    "Your chunks do not overlap. The next one begins size - overlap after the one before.",
)
known.edit(
    "steps_by_the_size",
    {"size - overlap": "size"},
    "Each of your chunks begins `size` after the one before, so they share nothing. It begins size - overlap after it.",
)
known.edit(
    "steps_by_the_overlap",
    {"size - overlap": "overlap or size", ENDS: "len(ids)"},
    "Each of your chunks begins `overlap` after the one before. It begins size - overlap after it, so that `overlap` "
    "ids are shared.",
)
known.edit(
    "overlap_added_to_the_size",
    {"size - overlap": "size", "start + size": "start + size + overlap", ENDS: "len(ids)"},
    "Your chunks hold size + overlap ids. The size counts all ids of a chunk, the shared ones included.",
)
known.edit(
    "overlap_on_both_sides",
    {
        "step = size - overlap": "step = size",
        RESULT: "[list(ids[max(start - overlap, 0) : start + size]) for start in range(0, len(ids), step)]",
    },
    "You put the overlap in front of chunks that are full without it. The size counts all ids of a chunk, so the next "
    "one begins size - overlap later.",
)
known.edit(
    "overlap_one_more",
    {"size - overlap": "max(size - overlap - 1, 1)"},
    "Your chunks share one id too many.",
)
known.edit(
    "overlap_one_less",
    {"size - overlap": "size - overlap + 1"},
    "Your chunks share one id too few: from start to start it is size - overlap.",
)
known.edit(
    "last_one_moved_back",
    {RESULT: f"{RESULT}[:-1] + ([list(ids[-size:])] if ids else [])"},
    "You move the last chunk back to make it full. Chunk c begins at c · (size - overlap), the last one too, which may "
    "be shorter.",
)
known.edit(
    "last_one_padded",
    {
        RESULT: f"[chunk + [0] * (size - len(chunk)) for chunk in {RESULT}]",
    },
    "You fill up the last chunk. It holds the ids that are left, and no others.",
)
known.edit(
    "rest_joined_to_the_last",
    {
        "return " + RESULT: f"chunks = {RESULT}\n    if len(chunks) > 1 and len(chunks[-1]) < size:\n"
        "        rest = chunks.pop()\n        chunks[-1] += rest[overlap:]\n    return chunks"
    },
    "You join the rest to the chunk before, which then holds more than `size` ids. The rest is a chunk of its own.",
)
known.edit(
    "small_rest_dropped",
    {
        "return " + RESULT: f"chunks = {RESULT}\n    if len(chunks) > 1 and 2 * len(chunks[-1]) < size:\n"
        "        chunks.pop()\n    return chunks"
    },
    "You drop a last chunk that is shorter than half of the size, and what is new in it. One new id is enough.",
)
known.edit(
    "half_of_the_overlap",
    {"size - overlap": "size - overlap // 2", ENDS: "max(len(ids) - overlap // 2, min(len(ids), 1))"},
    "Your chunks share half as many ids as they should. The next one begins size - overlap after the one before.",
)


@known.function("You make all chunks about equally long. All but the last hold exactly `size` ids.")
def equal_pieces(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("no such chunks")
    count = max(1, math.ceil((len(ids) - overlap) / (size - overlap)))
    step = math.ceil(len(ids) / count)
    return [list(ids[start : start + step + overlap]) for start in range(0, len(ids), step or 1)]


known.edit(
    "an_empty_chunk",
    {ENDS: "max(len(ids) - overlap, 1)"},
    "No ids give you one empty chunk: there is nothing to cut, so return an empty list.",
)
known.edit(
    "repeated_chunks_dropped",
    {RESULT: f"[list(chunk) for chunk in dict.fromkeys(map(tuple, {RESULT}))]"},
    "You drop a chunk whose ids are those of another one. A text may repeat itself; both belong to it.",
)
known.edit(
    "counted_from_the_end",
    {RESULT: "[list(ids[max(end - size, 0) : end]) for end in range(len(ids), len(ids) - ends, -step)][::-1]"},
    "You cut from the end of the text, so that the first chunk is the short one. Chunk c begins at c · "
    "(size - overlap).",
)
known.edit(
    "tuples",
    {"list(ids[start : start + size])": "tuple(ids[start : start + size])"},
    "Your chunks are tuples, and lists are expected.",
)


@known.function("You change `ids` itself: leave the list as it was, and slice it.")
def takes_from_the_list(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("no such chunks")
    chunks = []
    while ids:
        chunks.append(ids[:size])
        del ids[: len(ids) if len(ids) <= size else size - overlap]
    return chunks


@known.function(
    "You cut pieces off `ids` itself, and whoever called you has only the rest of it. Leave the list as it was: move a "
    "start along it."
)
def takes_all_but_the_last(ids: list[int], size: int, overlap: int) -> list[list[int]]:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("no such chunks")
    chunks = []
    while ids:
        chunks.append(ids[:size])
        if len(ids) <= size:
            break
        del ids[: size - overlap]
    return chunks


known.edit(
    "no_overlap_refused",
    {"not 0 <= overlap < size": "not 0 < overlap < size"},
    "You refuse an overlap of 0. It makes sense: the chunks then lie side by side.",
)
known.edit(
    "equal_overlap_taken",
    {"not 0 <= overlap < size": "not 0 <= overlap <= size", "size - overlap": "size - overlap or 1"},
    "Your function takes an overlap as large as the size. The next chunk would have to begin where this one does, and "
    "the cutting would never end: raise ValueError.",
)
known.edit(
    "any_overlap_taken",
    {"not 0 <= overlap < size": "overlap < 0", "size - overlap": "(size - overlap or 1)"},
    "Your function takes an overlap of the size or more. The next chunk would not begin later than this one: raise "
    "ValueError before you cut.",
)
known.edit(
    "left_to_range",
    {"not 0 <= overlap < size": "False"},
    "You leave the overlap to `range`. It refuses a step of 0 for you, but an overlap above the size gives no chunks "
    "and a negative one leaves ids out. Compare and raise ValueError yourself.",
)
known.edit(
    "large_overlap_left_to_range",
    {"not 0 <= overlap < size": "overlap < 0"},
    "You leave an overlap that is not below the size to `range`. It refuses a step of 0 for you, but an overlap above "
    "the size gives no chunks: compare and raise ValueError yourself.",
)
known.edit(
    "overlap_made_smaller",
    {
        "not 0 <= overlap < size": "overlap < 0",
        "step = size - overlap": "overlap = min(overlap, size - 1)\n    step = size - overlap",
    },
    "You make an overlap of the size or more smaller, and so answer a question that makes no sense. Raise ValueError.",
)
known.edit(
    "step_at_least_one",
    {"size < 1": "False", "not 0 <= overlap < size": "False", "size - overlap": "max(size - overlap, 1)"},
    "You make the step 1 where it would be 0 or less, and so answer a question that makes no sense. Raise ValueError.",
)
known.edit(
    "negative_overlap_taken",
    {"not 0 <= overlap < size": "overlap >= size"},
    "Your function takes a negative overlap, and leaves ids out between the chunks. Nothing may be lost: raise "
    "ValueError.",
)
known.edit(
    "size_of_one_refused",
    {"size < 1": "size < 2"},
    "You refuse a size of 1. Such chunks are small, and make sense: what holds nothing is a size of 0 or less.",
)
known.edit(
    "empty_chunks_taken",
    {"size < 1": "size < 0", "not 0 <= overlap < size": "size and not 0 <= overlap < size", ", step)": ", step or 1)"},
    "Your function takes chunks of 0 ids, which can hold nothing: raise ValueError.",
)
known.edit(
    "negative_size_taken",
    {"size < 1": "size == 0", "not 0 <= overlap < size": "overlap < 0 or 0 < size <= overlap"},
    "Your function takes a negative size and returns nothing, so all of the text gets lost: raise ValueError.",
)
known.edit(
    "anything_cut",
    {"size < 1": "False", "not 0 <= overlap < size": "False", ", step)": ", step or 1)"},
    "Your function accepts any size and any overlap. Refuse with a ValueError what cannot be cut: a size below 1, and "
    "an overlap that is negative or not below the size.",
)


def some_ids(draw: Generator, length: int) -> list[int]:
    """Few different ids: a text in which chunks may be equal."""
    return [randint(draw, 7, 60) for _ in range(length)]


def drawn_rest(draw: Generator) -> Arguments:
    size, overlap = randint(draw, 7, 9), randint(draw, 2, 3)
    step = size - overlap
    # At least two new ids are left for the last chunk, and it is not full.
    return {"ids": some_ids(draw, 3 * step + size + randint(draw, 2, step - 1)), "size": size, "overlap": overlap}


def drawn_no_rest(draw: Generator) -> Arguments:
    size, overlap = randint(draw, 6, 9), randint(draw, 2, 3)
    return {"ids": some_ids(draw, 3 * (size - overlap) + size), "size": size, "overlap": overlap}


def drawn_one_left(draw: Generator) -> Arguments:
    size, overlap = randint(draw, 6, 9), randint(draw, 2, 3)
    return {"ids": some_ids(draw, 2 * (size - overlap) + size + 1), "size": size, "overlap": overlap}


def drawn_without_overlap(draw: Generator) -> Arguments:
    size = randint(draw, 4, 6)
    return {"ids": some_ids(draw, 3 * size + randint(draw, 1, size - 1)), "size": size, "overlap": 0}


def drawn_short(draw: Generator) -> Arguments:
    return {"ids": some_ids(draw, randint(draw, 5, 7)), "size": randint(draw, 10, 12), "overlap": 8}


def drawn_one_chunk(draw: Generator) -> Arguments:
    size = randint(draw, 5, 9)
    return {"ids": some_ids(draw, size), "size": size, "overlap": 3}


def drawn_all_but_one(draw: Generator) -> Arguments:
    size = randint(draw, 3, 5)
    return {"ids": some_ids(draw, size + randint(draw, 3, 6)), "size": size, "overlap": size - 1}


def drawn_large_overlap(draw: Generator) -> Arguments:
    size = randint(draw, 4, 9)
    return {"ids": some_ids(draw, 20), "size": size, "overlap": size + randint(draw, 0, 3)}


def drawn_negative_overlap(draw: Generator) -> Arguments:
    return {"ids": some_ids(draw, 20), "size": randint(draw, 4, 9), "overlap": -randint(draw, 1, 3)}


def drawn_negative_size(draw: Generator) -> Arguments:
    return {"ids": some_ids(draw, 12), "size": -randint(draw, 1, 5), "overlap": 0}


REPEATING = [5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, 5, 6]

EXERCISE = Exercise(
    reference=context.chunk_tokens,
    points=3,
    cases=(
        Case("no overlap", given(ids=[11, 12, 13, 14, 15, 16, 17, 18], size=3, overlap=0), visible=True),
        Case("no overlap, drawn", drawn_without_overlap),
        Case("chunks of one id", given(ids=[11, 12, 13], size=1, overlap=0), visible=True),
        Case("a text that fits", given(ids=[11, 12, 13, 14], size=6, overlap=2), visible=True),
        Case("exactly one chunk, drawn", drawn_one_chunk),
        Case("overlap, no rest", given(ids=[11, 12, 13, 14, 15, 16, 17, 18], size=4, overlap=2), visible=True),
        Case("overlap, no rest, drawn", drawn_no_rest),
        Case("a rest", given(ids=[11, 12, 13, 14, 15, 16, 17, 18, 19, 20], size=5, overlap=1), visible=True),
        Case("a rest, drawn", drawn_rest),
        Case("one id left", given(ids=[11, 12, 13, 14, 15, 16, 17, 18, 19], size=4, overlap=2), visible=True),
        Case("one id left, drawn", drawn_one_left),
        Case("overlap of all but one", given(ids=[11, 12, 13, 14, 15], size=3, overlap=2), visible=True),
        Case("overlap of all but one, drawn", drawn_all_but_one),
        Case("a text that repeats itself", given(ids=REPEATING, size=6, overlap=2), visible=True),
        Case("shorter than the overlap", given(ids=[11, 12], size=6, overlap=4), visible=True),
        Case("shorter than the overlap, drawn", drawn_short),
        Case("no ids", given(ids=[], size=4, overlap=1), visible=True),
        Case("no ids, no overlap", given(ids=[], size=3, overlap=0), visible=True),
        # Last, since an answer without the refusal may cut forever.
        Case("negative overlap", given(ids=[11, 12, 13, 14, 15, 16, 17], size=3, overlap=-1), visible=True),
        Case("negative overlap, drawn", drawn_negative_overlap),
        Case("chunks of nothing", given(ids=[11, 12, 13], size=0, overlap=0), visible=True),
        Case("a negative size", given(ids=[11, 12, 13], size=-2, overlap=0), visible=True),
        Case("a negative size, drawn", drawn_negative_size),
        Case("overlap as large as the size", given(ids=[11, 12, 13, 14, 15], size=3, overlap=3), visible=True),
        Case("overlap beyond the size", given(ids=[11, 12, 13, 14, 15], size=3, overlap=5), visible=True),
        Case("overlap beyond the size, drawn", drawn_large_overlap),
    ),
    properties=(
        Property(
            "Without overlap, the chunks are the text cut up",
            ("no overlap", "no overlap, drawn", "chunks of one id", "a text that fits", "exactly one chunk, drawn"),
            "Eight ids in chunks of three: three, three and the two that are left. A text that fits is one chunk.",
            weight=2,
        ),
        Property(
            "Each chunk begins with the last ids of the one before",
            ("overlap, no rest", "overlap, no rest, drawn"),
            "With size 4 and overlap 2 the chunks of 11 to 18 begin with 11, 13 and 15, and the third reaches the end.",
            weight=2,
        ),
        Property(
            "What is left is a chunk of its own, and starts stay where they are",
            ("a rest", "a rest, drawn", "one id left", "one id left, drawn"),
            "The last chunk begins like all others, size - overlap after the one before, and holds what is left from "
            "there: one new id is enough.",
            weight=2,
        ),
        Property(
            "An overlap of all but one id and a text that repeats itself are cut alike",
            ("overlap of all but one", "overlap of all but one, drawn", "a text that repeats itself"),
            "Only positions decide where a chunk begins, whatever the ids are.",
        ),
        Property(
            "No ids give no chunk, a very short text gives one",
            ("shorter than the overlap", "shorter than the overlap, drawn", "no ids", "no ids, no overlap"),
            "Try an empty list, and a text shorter than the overlap.",
        ),
        Property(
            "The list of ids is left unchanged",
            ("overlap, no rest", "a rest", "a rest, drawn"),
            "Slicing makes new lists; `del`, `pop` and assignment to a slice change the one you were given.",
            observe=observe.changed,
            needs="Without overlap, the chunks are the text cut up",
        ),
        Property(
            "A size or an overlap that cannot be is refused with a ValueError",
            (
                "no overlap", "no overlap, drawn", "overlap, no rest", "negative overlap",
                "negative overlap, drawn", "chunks of nothing",
                "a negative size", "a negative size, drawn",
                "overlap as large as the size", "overlap beyond the size", "overlap beyond the size, drawn",
            ),
            "Raise ValueError before you cut: for a size below 1, a negative overlap, and an overlap that is not below "
            "the size. With such an overlap no chunk would begin later than the one before, and the cutting never end.",
            observe=observe.refusal,
            needs="Without overlap, the chunks are the text cut up",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("RecursiveCharacterTextSplitter", "TokenTextSplitter", "batched", "unfold"),
)  # fmt: skip
