"""merge_pair: one merge, applied to a list of ids."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, requires, shown
from autograder.exercises.tokenization.inputs import drawn_ids
from solutions import tokenization

MAIN = "Each occurrence of the pair becomes the new id, and all else stays"


def drawn_merge(draw: Generator) -> Arguments:
    alphabet = [randint(draw, 40, 120), randint(draw, 256, 290), randint(draw, 300, 400)]
    ids = [*drawn_ids(draw, alphabet, 24), alphabet[1], alphabet[0], alphabet[1], alphabet[2]]
    return {"ids": ids, "pair": (alphabet[0], alphabet[1]), "new_id": randint(draw, 500, 900)}


def drawn_zero(draw: Generator) -> Arguments:
    other, third = randint(draw, 1, 99), randint(draw, 100, 255)
    return {"ids": [third, 0, other, *drawn_ids(draw, [0, other], 9), 0, other, 0], "pair": (0, other), "new_id": 300}


def drawn_run(draw: Generator) -> Arguments:
    token, other = randint(draw, 40, 120), randint(draw, 256, 400)
    runs = [other, *[token] * (2 * randint(draw, 1, 3) + 1), other, *[token] * 4, other, *[token] * 3]
    return {"ids": runs, "pair": (token, token), "new_id": randint(draw, 500, 900)}


def drawn_pair_alone(draw: Generator) -> Arguments:
    pair = (randint(draw, 60, 255), randint(draw, 0, 50))
    return {"ids": [*pair], "pair": pair, "new_id": randint(draw, 256, 900)}


def drawn_pair_at_the_end(draw: Generator) -> Arguments:
    left, right = randint(draw, 100, 150), randint(draw, 151, 200)
    others = [randint(draw, 201, 255) for _ in range(randint(draw, 3, 7))]
    return {"ids": [*others, left, right], "pair": (left, right), "new_id": randint(draw, 256, 900)}


def drawn_without_pair(draw: Generator) -> Arguments:
    left, right, other = randint(draw, 100, 150), randint(draw, 201, 255), randint(draw, 151, 200)
    return {"ids": [other, left, other, other], "pair": (left, right), "new_id": randint(draw, 256, 900)}


EXERCISE = exercise(
    tokenization.merge_pair,
    __file__,
    requires(
        MAIN,
        shown("several occurrences", ids=[1, 2, 3, 2, 1, 2, 1, 4], pair=(1, 2), new_id=256),
        shown("numbers in numbers", ids=[12, 3, 2, 3, 112, 34, 2, 31], pair=(2, 3), new_id=256),
        Case("the id 0", drawn_zero, visible=True),
        Case("drawn", drawn_merge),
        advice="Write down [1, 2, 3, 2, 1, 2, 1, 4] and replace (1, 2) by 256, from left to right.",
        fails="You do not replace exactly the occurrences of the pair.",
        weight=2,
    ),
    requires(
        "A pair at the very end counts too",
        shown("pair at the end", ids=[5, 6, 5, 7], pair=(5, 7), new_id=256),
        Case("pair at the end, drawn", drawn_pair_at_the_end),
        Case("nothing but the pair", drawn_pair_alone, visible=True),
        advice="What does your loop do when only two tokens are left?",
        fails="With a pair at the very end, your list is not ids with new_id for each occurrence, the last one "
        "included.",
    ),
    requires(
        "Of overlapping occurrences the left one is taken",
        shown("five of a kind", ids=[5, 5, 5, 5, 5], pair=(5, 5), new_id=256),
        Case("drawn runs", drawn_run),
        advice="In a a a a a the pair (a, a) fits twice, and the last a stays alone.",
        fails="Where occurrences overlap, your list is not ids with new_id for the left one, going on behind it.",
    ),
    requires(
        "Without the pair, the tokens stay as they are, however few",
        Case("pair absent", drawn_without_pair, visible=True),
        shown("one token", ids=[5], pair=(5, 5), new_id=256),
        shown("no token", ids=[], pair=(1, 2), new_id=256),
        advice="Try a list without the pair, a list of one token and an empty one.",
        fails="You do not return the same ids where the pair does not occur.",
        needs=MAIN,
    ),
    leaves_arguments(
        ("several occurrences", "five of a kind", "drawn"),
        advice="Build a new list, or work on a copy: the caller still needs the old one.",
        name="The list of ids is left unchanged",
        fails="You change the list of ids.",
    ),
    points=3,
    shortcuts=("replace",),
)
