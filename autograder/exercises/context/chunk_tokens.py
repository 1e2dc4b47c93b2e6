"""chunk_tokens: a long text in overlapping pieces."""

from functools import partial

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import context


def some_ids(draw: Generator, length: int) -> list[int]:
    """Few different ids: a text in which chunks may be equal."""
    return [randint(draw, 7, 60) for _ in range(length)]


def drawn_rest(draw: Generator) -> Arguments:
    size, overlap = randint(draw, 7, 9), randint(draw, 2, 3)
    step = size - overlap
    # At least two new ids are left for the last chunk, and it is not full.
    return {"ids": some_ids(draw, 3 * step + size + randint(draw, 2, step - 1)), "size": size, "overlap": overlap}


def full_chunks(draw: Generator, count: int, left: int) -> Arguments:
    size, overlap = randint(draw, 6, 9), randint(draw, 2, 3)
    return {"ids": some_ids(draw, (count - 1) * (size - overlap) + size + left), "size": size, "overlap": overlap}


def drawn_short(draw: Generator) -> Arguments:
    return {"ids": some_ids(draw, randint(draw, 5, 7)), "size": randint(draw, 10, 12), "overlap": 8}


def drawn_one_chunk(draw: Generator) -> Arguments:
    size = randint(draw, 5, 9)
    return {"ids": some_ids(draw, size), "size": size, "overlap": 3}


def drawn_all_but_one(draw: Generator) -> Arguments:
    size = randint(draw, 3, 5)
    return {"ids": some_ids(draw, size + randint(draw, 3, 6)), "size": size, "overlap": size - 1}


def drawn_negative_size(draw: Generator) -> Arguments:
    return {"ids": some_ids(draw, 12), "size": -randint(draw, 1, 5), "overlap": 0}


EIGHT = [11, 12, 13, 14, 15, 16, 17, 18]
REPEATING = [5, 6, 7, 8, 5, 6, 7, 8, 5, 6, 7, 8, 5, 6]

EXERCISE = exercise(
    context.chunk_tokens,
    __file__,
    requires(
        "Without overlap, the chunks are the text cut up",
        shown("no overlap", ids=EIGHT, size=3, overlap=0),
        shown("chunks of one id", ids=[11, 12, 13], size=1, overlap=0),
        Case("exactly one chunk, drawn", drawn_one_chunk),
        advice="Eight ids in chunks of three: three, three and the two that are left. A text that fits is one chunk.",
        weight=2,
        fails="You do not cut a text without overlap into chunks of `size` ids, with the rest at the end.",
    ),
    requires(
        "Each chunk begins with the last ids of the one before",
        shown("overlap, no rest", ids=EIGHT, size=4, overlap=2),
        Case("overlap, no rest, drawn", partial(full_chunks, count=4, left=0)),
        advice="With size 4 and overlap 2 the chunks of 11 to 18 begin with 11, 13 and 15, and the third reaches the "
        "end.",
        weight=2,
        fails="Where nothing is left over, your chunks do not begin at each c · (size - overlap), or one is too many.",
    ),
    requires(
        "What is left is a chunk of its own, and starts stay where they are",
        shown("a rest", ids=[11, 12, 13, 14, 15, 16, 17, 18, 19, 20], size=5, overlap=1),
        Case("a rest, drawn", drawn_rest),
        shown("one id left", ids=[11, 12, 13, 14, 15, 16, 17, 18, 19], size=4, overlap=2),
        advice="The last chunk begins like all others, size - overlap after the one before, and holds what is left "
        "from there: one new id is enough.",
        weight=2,
        fails="Where ids are left, your chunks are not those from each c · (size - overlap) on, the last one up to the "
        "text's end.",
    ),
    requires(
        "An overlap of all but one id and a text that repeats itself are cut alike",
        shown("overlap of all but one", ids=[11, 12, 13, 14, 15], size=3, overlap=2),
        Case("overlap of all but one, drawn", drawn_all_but_one),
        shown("a text that repeats itself", ids=REPEATING, size=6, overlap=2),
        advice="Only positions decide where a chunk begins, whatever the ids are.",
        fails="Where overlap is size - 1, or ids repeat, your chunks are not those from each c · (size - overlap) on.",
    ),
    requires(
        "No ids give no chunk, a very short text gives one",
        shown("shorter than the overlap", ids=[11, 12], size=4, overlap=3),
        Case("shorter than the overlap, drawn", drawn_short),
        shown("no ids", ids=[], size=4, overlap=1),
        shown("no ids, no overlap", ids=[], size=3, overlap=0),
        advice="Try an empty list, and a text shorter than the overlap.",
        fails="You do not return [] for no ids, or [ids] for a text shorter than the overlap.",
    ),
    leaves_arguments(
        ("overlap, no rest", "a rest", "a rest, drawn"),
        advice="Slicing makes new lists; `del`, `pop` and assignment to a slice change the one you were given.",
        name="The list of ids is left unchanged",
        fails="You change the list of ids that you were given.",
    ),
    refuses(
        ("overlap, no rest",),
        # Last, since an answer without the refusal may cut forever.
        shown("negative overlap", ids=[11, 12, 13, 14, 15, 16, 17], size=3, overlap=-1),
        shown("chunks of nothing", ids=[11, 12, 13], size=0, overlap=0),
        shown("a negative size", ids=[11, 12, 13], size=-2, overlap=0),
        Case("a negative size, drawn", drawn_negative_size),
        shown("overlap as large as the size", ids=[11, 12, 13, 14, 15], size=3, overlap=3),
        shown("overlap beyond the size", ids=[11, 12, 13, 14, 15], size=3, overlap=5),
        advice="Raise ValueError before you cut: for a size below 1, a negative overlap, and an overlap that is not "
        "below the size. With such an overlap no chunk begins later than the one before, and the cutting never ends.",
        name="An invalid size or overlap raises ValueError",
        fails="You accept an invalid size or overlap, or raise something other than ValueError.",
    ),
    points=3,
    shortcuts=("RecursiveCharacterTextSplitter", "TokenTextSplitter", "batched", "unfold"),
)
