"""merge_pair: one merge, applied to a list of ids."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from autograder.exercises.tokenization.inputs import drawn_ids
from llm_course.checking import observe
from solutions import tokenization

known = Mistakes(tokenization.merge_pair, section="tokenization-bpe")

known.edit(
    "pair_at_the_end_missed",
    {"if tuple(": "if position < len(ids) - 2 and tuple("},
    "You miss a pair at the very end of the list: your loop stops one position too early.",
)
known.edit(
    "overlap_merged_twice",
    {"position += 2": "position += 1 if tuple(ids[position + 1 : position + 3]) == pair else 2"},
    "You use a token twice: in a a a the middle one belongs to the pair on its left, so it is not there any more for "
    "the pair on its right. After a match, go on two positions further.",
)
known.edit(
    "list_changed",
    {"return merged": "ids[:] = merged\n    return ids"},
    "Your result is right, but you change the list that you were given, and the caller may still need it: build a new "
    "one.",
)
known.edit(
    "last_token_lost",
    {"position < len(ids)": "position < len(ids) - 1"},
    "The last token is lost where it is not part of the pair: it has no right neighbor, and still has to be copied.",
)
known.edit(
    "last_two_lost",
    {"position < len(ids)": "position < len(ids) - 2"},
    "Your loop ends two tokens too early, and they are lost: they may be a pair, and if not, they still have to be "
    "copied.",
)
known.edit(
    "beyond_the_end",
    {"tuple(ids[position : position + 2]) == pair": "ids[position] == pair[0] and ids[position + 1] == pair[1]"},
    "Where the last token looks like the left half of the pair, you ask for a token behind the end of the list. The "
    "last token has no right neighbor: compare slices, or test the position first.",
)
known.edit(
    "first_occurrence_only",
    {"merged.append(new_id)": "return [*merged, new_id, *ids[position + 2 :]]"},
    "You replace the first occurrence and stop: a merge replaces all of them.",
)
known.edit(
    "from_the_right",
    {"position = 0": "position, ids, pair = 0, ids[::-1], pair[::-1]", "return merged": "return merged[::-1]"},
    "You go from right to left. Where occurrences overlap, the left one comes first: a a a is (a a) a.",
)
known.edit(
    "either_order",
    {"tuple(ids[position : position + 2]) == pair": "sorted(ids[position : position + 2]) == sorted(pair)"},
    "You also replace the pair the other way round: (104, 101) is h e, and e h is another pair.",
)
known.edit(
    "second_half_kept",
    {"position += 2": "position += 1"},
    "You put the new id in place of the left half and keep the right half: the new id stands for both, so skip the "
    "right one.",
)
known.edit(
    "neighbors_one_by_one",
    {"position < len(ids)": "position < len(ids) - 1", "position += 2": "position += 1"},
    "You look at all neighbors, two by two: after a match the right half comes again as the left half of the next "
    "two, and the last token never comes. Keep a position of your own, and skip what you have used.",
)


@known.function(
    "You replace digits in a text: 12 3 holds the text “2 3”, but not the tokens 2 and 3. Compare numbers with numbers."
)
def replaced_in_text(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    written = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new_id))
    return [int(token) for token in written.split()]


known.edit(
    "never_equal",
    {"tuple(ids[position : position + 2]) == pair": "ids[position : position + 2] == pair"},
    "You never find the pair. In Python a list never equals a tuple: [1, 2] == (1, 2) is False. Compare tuple with "
    "tuple.",
)


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


def drawn_token(draw: Generator) -> Arguments:
    token = randint(draw, 0, 255)
    return {"ids": [token], "pair": (token, token), "new_id": randint(draw, 256, 900)}


def drawn_nothing(draw: Generator) -> Arguments:
    return {"ids": [], "pair": (randint(draw, 0, 255), randint(draw, 0, 255)), "new_id": randint(draw, 256, 900)}


EXERCISE = Exercise(
    reference=tokenization.merge_pair,
    points=3,
    cases=(
        Case(
            "several occurrences",
            given(ids=[104, 101, 108, 101, 104, 101, 104, 32], pair=(104, 101), new_id=256),
            visible=True,
        ),
        Case(
            "a pair of merged tokens",
            given(ids=[256, 257, 97, 256, 256, 257, 258, 97], pair=(256, 257), new_id=300),
            visible=True,
        ),
        Case("numbers in numbers", given(ids=[12, 3, 2, 3, 112, 34, 2, 31], pair=(2, 3), new_id=256), visible=True),
        Case("drawn", drawn_merge),
        Case("the id 0", drawn_zero, visible=True),
        Case("pair at the end", given(ids=[104, 111, 104, 101], pair=(104, 101), new_id=256), visible=True),
        Case("pair at the end, drawn", drawn_pair_at_the_end),
        Case("nothing but the pair", drawn_pair_alone, visible=True),
        Case("five of a kind", given(ids=[97, 97, 97, 97, 97], pair=(97, 97), new_id=256), visible=True),
        Case("drawn runs", drawn_run),
        Case("pair absent", drawn_without_pair, visible=True),
        Case("one token", drawn_token, visible=True),
        Case("no token", drawn_nothing, visible=True),
    ),
    properties=(
        Property(
            "Each occurrence of the pair becomes the new id, and all else stays",
            ("several occurrences", "a pair of merged tokens", "numbers in numbers", "the id 0", "drawn"),
            "Write down [104, 101, 108, 101, 104, 101, 104, 32] and replace (104, 101) by 256, from left to right.",
            weight=2,
        ),
        Property(
            "A pair at the very end counts too",
            ("pair at the end", "pair at the end, drawn", "nothing but the pair"),
            "What does your loop do when only two tokens are left?",
        ),
        Property(
            "Of overlapping occurrences the left one is taken",
            ("five of a kind", "drawn runs"),
            "In a a a a a the pair (a, a) fits twice, and the last a stays alone.",
        ),
        Property(
            "Without the pair, the tokens stay as they are, however few",
            ("pair absent", "one token", "no token"),
            "Try a list without the pair, a list of one token and an empty one.",
            needs="Each occurrence of the pair becomes the new id, and all else stays",
        ),
        Property(
            "The list it was given stays as it is",
            ("several occurrences", "five of a kind", "drawn"),
            "Build a new list, or work on a copy: the caller still needs the old one.",
            observe=observe.changed,
            needs="Each occurrence of the pair becomes the new id, and all else stays",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("replace",),
)
