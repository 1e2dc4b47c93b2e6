"""Haystacks are as long as asked, with their needle where it was put; the game marks names that were told before."""

import random
from itertools import islice

import pytest

from llm_course import models
from llm_course.corpus import curriculum
from llm_course.corpus.long_texts import HAY, haystack, long_game

_, TOKENIZER = models.load("stories")


def encode(text: str) -> list[int]:
    return list(TOKENIZER(text)["input_ids"])


@pytest.mark.parametrize("depth", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("distractors", "same_noun"), [(0, False), (3, False), (3, True)])
def test_needle_is_where_it_was_put(depth: float, distractors: int, same_noun: bool) -> None:
    for seed in range(20):
        made = haystack(random.Random(seed), encode, 120, depth, distractors=distractors, same_noun=same_noun)
        name = TOKENIZER.decode(made.ids[made.needle]).split()[0]
        text = TOKENIZER.decode(made.ids)
        assert len(made.ids) == 120
        assert made.answer == encode(f" {name}")[0]
        assert text.endswith(f"The {made.thing} belonged to") and text.count(name) == 1
        assert text.count(" had a") == distractors + 1
        hay = 120 - text.count(" had a") * (made.needle.stop - made.needle.start)
        assert abs(made.needle.start - depth * hay) < 30


def test_noun_is_shared_only_where_asked() -> None:
    nouns = []
    for same_noun in (False, True):
        made = haystack(random.Random(1), encode, 120, 0.5, distractors=3, same_noun=same_noun)
        nouns.append(TOKENIZER.decode(made.ids).count(made.thing.split()[1]))
    assert nouns == [2, 5]


def test_impossible_haystacks_are_refused() -> None:
    with pytest.raises(ValueError, match="has no room"):
        haystack(random.Random(0), encode, 12, 0.5)
    with pytest.raises(ValueError, match="depth"):
        haystack(random.Random(0), encode, 120, 1.5)


def test_training_never_shows_the_hay() -> None:
    rng = random.Random(0)
    texts = [*islice(curriculum.training_documents(), 3000), *(curriculum.reading(rng).text for _ in range(3000))]
    texts += [long_game(rng).text for _ in range(50)]
    assert not [sentence for sentence in HAY if any(sentence in text for text in texts)]


def test_game_marks_names_that_were_told_before() -> None:
    far = 0
    for seed in range(10):
        made = long_game(random.Random(seed), length=400)
        assert made.text.count(" ") >= 400
        for start, end in made.looked_up:
            name = made.text[start:end]
            assert name in made.text[:start]
            far += made.text[made.text.rindex(name, 0, start) : start].count(" ") > 100
    assert far > 20
