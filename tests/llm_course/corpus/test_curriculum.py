"""The corpus: reproducible, straight in its grammar, and without what is held out."""

import functools
import random
import re
from collections.abc import Callable
from itertools import islice

import pytest

from llm_course.corpus import curriculum, dialogues, facts, stories, translation, words
from llm_course.corpus.plots import HELD_OUT_PLOTS, PLOTS
from llm_course.training.recipes import STORIES_LESSONS

HELD_OUT_NAMES = words.HELD_OUT_GIRLS + words.HELD_OUT_BOYS


@functools.cache
def texts() -> list[str]:
    return list(curriculum.training_documents(6000))


def test_the_same_seed_gives_the_same_documents() -> None:
    assert list(curriculum.training_documents(50, seed=3)) == list(curriculum.training_documents(50, seed=3))
    assert list(curriculum.training_documents(50, seed=3)) != list(curriculum.training_documents(50, seed=4))


def test_validation_documents_are_new() -> None:
    assert not set(curriculum.validation_documents(500)) & set(texts())


def test_no_held_out_name_is_in_training() -> None:
    lessons = [document.text for lesson in STORIES_LESSONS for document in islice(lesson.documents(0), 2000)]
    said = set(re.findall(r"[A-Z][a-z]+", " ".join(texts() + lessons)))
    assert not said & set(HELD_OUT_NAMES)
    assert any(name in story.text for story in stories.held_out_stories(10, 0) for name in HELD_OUT_NAMES)


def test_no_held_out_capital_is_told_in_training_but_both_words_occur() -> None:
    text = "\n".join(texts())
    for country, city in words.HELD_OUT_CAPITALS.items():
        assert city in text
        assert f"capital of {country}" not in text
        assert f"{country} has a capital" not in text
    assert sum(country in text for country in words.HELD_OUT_CAPITALS) >= 3


def test_no_held_out_sum_is_in_training() -> None:
    text = "\n".join(texts())
    shown = {(int(a), int(b)) for a, b in re.findall(r"\b(\d) \+ (\d)\b", text)}
    held_out = {(a, b) for a in range(10) for b in range(10) if words.is_held_out_sum(a, b)}
    assert held_out and not shown & held_out
    assert len(shown) > 80


def test_sums_are_right() -> None:
    for left, right, result in re.findall(r"\b(\d+) \+ (\d+) = (\d+)", "\n".join(texts())):
        assert int(left) + int(right) == int(result)


def test_held_out_plots_are_not_plots_of_training() -> None:
    assert not set(PLOTS) & set(HELD_OUT_PLOTS)
    assert {story.plot for story in stories.held_out_stories(40, 0)} == set(HELD_OUT_PLOTS)


def test_the_template_language_leaves_nothing_behind() -> None:
    text = "\n".join(texts() + [story.text for story in stories.held_out_stories(100, 0)])
    assert not re.search(r"[\[\]{}|]|  |\b[Aa] [aeiou]|\ban [^aeiou]", text)
    sentences_only = "\n".join(line for line in text.splitlines() if line.endswith((".", "!", "?", '"')))
    assert not re.search(r"(^|[.!?] )[a-z]", sentences_only, re.MULTILINE)


@pytest.mark.parametrize("name", [*PLOTS, *HELD_OUT_PLOTS])
def test_every_plot_keeps_its_cast(name: str) -> None:
    plots = PLOTS | HELD_OUT_PLOTS
    rng = random.Random(name)
    told = [stories.make_story(rng, plots={name: plots[name]}) for _ in range(30)]
    for story in told:
        assert story.plot == name
        for probe in story.probes:
            assert story.text.startswith(probe.prefix + probe.right), probe
            assert probe.right != probe.wrong
            if probe.kind != "pronoun":
                assert probe.right.lower() in probe.prefix.lower() and probe.wrong.lower() in probe.prefix.lower()


@pytest.mark.parametrize("invent", [stories.invented_name, stories.strange_name])
def test_invented_names_are_many_and_never_one_of_those_held_out(invent: Callable[[random.Random], str]) -> None:
    rng = random.Random(0)
    names = [invent(rng) for _ in range(50_000)]
    assert len(set(names[:200])) > 150
    assert all(re.fullmatch(r"[A-Z][a-z]{3,9}", name) for name in names)
    assert not set(names) & set(HELD_OUT_NAMES)


def test_children_often_have_strange_names_where_the_cast_asks_for_them() -> None:
    rng = random.Random(0)
    listed = words.GIRLS + words.BOYS
    for names, share in ((stories.SOMETIMES_STRANGE, 0.3), (stories.KNOWN, 0.15), (stories.HELD_OUT, 0.0)):
        heroes = [stories.make_cast(rng, names)["hero"] for _ in range(2000)]
        strange = [name for name in heroes if name not in listed + HELD_OUT_NAMES]
        assert abs(len(strange) / len(heroes) - share) < 0.04


def test_memory_games_can_be_answered_from_their_own_text() -> None:
    rng = random.Random(0)
    for _ in range(200):
        text = facts.memory_test(rng)
        held = dict(re.findall(r"(\w+) has an? (\w+)", text))
        asked, answer = re.search(r"Question: (.*)\nAnswer: (.*)\.", text).groups()  # type: ignore[union-attr]
        if asked.startswith("Who"):
            assert held[answer] in asked
        else:
            assert answer.split()[-1] == held[asked.split()[2]]


def test_dialogues_do_not_know_what_nobody_told() -> None:
    said = "\n".join(text for turns in dialogues.dialogues(3000) for turn in turns for text in turn)
    assert "I do not know the capital of Brazil." in said
    for country, city in words.HELD_OUT_CAPITALS.items():
        assert f"capital of {country}" not in said, city


@pytest.mark.parametrize(
    ("noun", "case", "adjective", "definite", "negated", "english", "german"),
    [
        ("table", "nominative", "old", True, False, "the old table", "der alte Tisch"),
        ("table", "accusative", "old", False, False, "an old table", "einen alten Tisch"),
        ("lamp", "accusative", None, False, True, "a lamp", "keine Lampe"),
        ("car", "accusative", "expensive", False, False, "an expensive car", "ein teures Auto"),
        ("dog", "accusative", "small", True, False, "the small dog", "den kleinen Hund"),
        ("key", "accusative", "new", False, True, "a new key", "keinen neuen Schlüssel"),
    ],
)
def test_noun_phrases_agree_in_gender_and_case(
    noun: str, case: str, adjective: str | None, definite: bool, negated: bool, english: str, german: str
) -> None:
    found = {entry.english: entry for entry in translation.NOUNS}[noun]
    phrase = translation.noun_phrase(found, case, adjective, definite=definite, negated=negated)
    assert phrase == (english, german)


def test_a_because_clause_ends_with_its_verb() -> None:
    for english, german in translation.training_pairs(2000):
        if " because " in english:
            last = german.removesuffix(".").split()[-1]
            assert last in {"ist", *(verb.german for verb in translation.VERBS)}, german


def test_held_out_pairs_are_not_trained_on() -> None:
    held_out = translation.held_out_pairs()
    assert held_out[0] == ("The house is beautiful.", "Das Haus ist schön.")
    trained = {english for english, _ in translation.training_pairs(20_000)}
    assert not trained & {english for english, _ in held_out}
