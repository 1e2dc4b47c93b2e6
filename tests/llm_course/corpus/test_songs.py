"""The world of 63 words: what is sung again, what is not, and that poems can be told apart by their titles."""

import random
from itertools import islice

from llm_course.corpus import songs
from llm_course.training.tiny_series import word_tokenizer


def test_words_differ_and_each_is_a_token() -> None:
    assert len(set(songs.WORDS)) == len(songs.WORDS) == 63
    tokens = word_tokenizer()
    assert len(tokens) == 65  # end of text and padding
    ids = tokens(" ".join(songs.WORDS))["input_ids"]
    assert sorted(ids) == list(range(2, 65))
    assert tokens.decode(ids) == " ".join(songs.WORDS)


def test_lines_come_again_and_what_stands_between_them_does_not() -> None:
    text = list(islice(songs.song(random.Random(0)), 20_000))
    seen: set[tuple[str, ...]] = set()
    again = dict.fromkeys((True, False), 0)
    for start in range(len(text) - 4):
        piece = tuple(text[start : start + 4])
        if piece in seen:
            again[all(word in songs.LINE_WORDS for word in piece)] += 1
        seen.add(piece)
    assert again[True] > 4_000
    assert again[False] < 20


def test_lists_are_said_twice_and_fresh_for_each_seed() -> None:
    lists = songs.said_twice(songs.VERSE_WORDS, 11, 5)
    assert all(one[:11] == one[11:] and len(set(one)) == 11 for one in lists)
    assert lists == songs.said_twice(songs.VERSE_WORDS, 11, 5) != songs.said_twice(songs.VERSE_WORDS, 11, 5, seed=1)


def test_a_title_tells_a_poem_from_all_others() -> None:
    poems = songs.poems()
    assert len(poems) == len({tuple(poem[: songs.POEM_TITLE]) for poem in poems}) == songs.POEMS
    assert {len(set(poem)) for poem in poems} == {songs.POEM_LENGTH}
    recited = list(islice(songs.recital(random.Random(1)), 3 * songs.POEM_LENGTH))
    assert all(
        recited[start : start + songs.POEM_LENGTH] in poems for start in range(0, len(recited), songs.POEM_LENGTH)
    )
