"""A world of 63 words, each a token, for models so small that many of them can be trained: songs and poems.

In a song, lines come again, and every line is new: whoever wants to know its next word has to look
back. The poems are always the same: whoever knows them by heart need not look anywhere.
"""

import random
from collections.abc import Iterator
from functools import cache

from llm_course.corpus import words

LINE_WORDS = words.TOYS + words.THINGS + words.FOODS + words.PETS
VERSE_WORDS = words.COLORS + words.DRINKS
"""They stand between the lines of a song, at random: nothing that holds them is ever sung again."""
WORDS = LINE_WORDS + VERSE_WORDS

SHORTEST_LINE, LONGEST_LINE = 4, 10
POEMS, POEM_LENGTH, POEM_TITLE = 200, 12, 2
"""How many poems there are, of how many words, and how many of these tell a poem from all others."""


def song(rng: random.Random) -> Iterator[str]:
    """The words of a song without end: a new line is sung two to four times, now and then with a few words between."""
    while True:
        line = rng.sample(LINE_WORDS, rng.randint(SHORTEST_LINE, LONGEST_LINE))
        for _ in range(rng.randint(2, 4)):
            yield from line
            if rng.random() < 0.3:
                yield from rng.choices(WORDS, k=rng.randint(1, 5))


def said_twice(listed: list[str], length: int, count: int, seed: int = 0) -> list[list[str]]:
    """Lists of so many different words, each list said twice: the words of the second time stand in the first."""
    rng = random.Random(f"said twice {seed}")
    return [2 * rng.sample(listed, length) for _ in range(count)]


@cache
def poems() -> list[list[str]]:
    """The poems. No two begin with the same two words, and no poem has a word twice."""
    rng = random.Random("poems")
    by_title: dict[tuple[str, ...], list[str]] = {}
    while len(by_title) < POEMS:
        poem = rng.sample(LINE_WORDS, POEM_LENGTH)
        by_title.setdefault(tuple(poem[:POEM_TITLE]), poem)
    return list(by_title.values())


def recital(rng: random.Random) -> Iterator[str]:
    """The words of poems, one poem after another, without end."""
    known = poems()
    while True:
        yield from rng.choice(known)
