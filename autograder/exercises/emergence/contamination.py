"""contamination: how much of a test the training text already held."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import emergence

MAIN = "It is the share of the test's n-grams that stand in some training document"
OF_TEST = "[tuple(test[start : start + n]) for start in range(len(test) - n + 1)]"
OF_TRAINING = "{tuple(document[start : start + n]) for document in training for start in range(len(document) - n + 1)}"
SHARE = "sum(n_gram in seen for n_gram in asked) / len(asked) if asked else 0.0"

known = Mistakes(emergence.contamination, section="emergence-contamination")

known.edit(
    "across_documents",
    {OF_TRAINING: "(lambda text: {tuple(text[start : start + n]) for start in range(len(text) - n + 1)})"
     "([token for document in training for token in document])"},
    "You join the training documents to one text, and find n-grams that begin in one document and end in the next. No "
    "document holds them: slide the window over each document by itself.",
)  # fmt: skip
known.edit(
    "joined_by_a_token",
    {OF_TRAINING: "(lambda text: {tuple(text[start : start + n]) for start in range(len(text) - n + 1)})"
     "([token for document in training for token in (*document, 0)])"},
    "You join the training documents with a 0 between them. 0 is a token like any other, and the test may hold it: "
    "slide the window over each document by itself.",
)  # fmt: skip
known.edit(
    "pairs_whatever_n_is",
    {OF_TEST: "[*zip(test, test[1:])] if len(test) >= n else []",
     OF_TRAINING: "{pair for document in training for pair in zip(document, document[1:])}"},
    "You compare pairs of tokens, whatever n is. A window has n tokens: [start : start + n].",
)  # fmt: skip
known.edit(
    "test_of_n_tokens_left_out",
    {"    asked = [": "    if len(test) <= n:\n        return 0.0\n    asked = ["},
    "You return 0.0 for a test of exactly n tokens. It has one n-gram, all of it; only a *shorter* test has none.",
)
known.edit(
    "no_training_refused",
    {"    seen = ": "    if not training:\n        raise ValueError('no training text')\n    seen = "},
    "You refuse an empty training text. Nothing of the test can have been seen then: 0.0.",
)
known.edit(
    "empty_test_refused",
    {"    asked = [": "    if not test:\n        raise ValueError('no test')\n    asked = ["},
    "You refuse an empty test. It has no n-gram that could have been seen: return 0.0.",
)
known.edit(
    "single_tokens_refused",
    {"if n < 1:": "if n < 2:"},
    "You refuse an n of 1. Single tokens are n-grams too.",
)
known.edit(
    "as_a_set",
    {OF_TEST: "{tuple(test[start : start + n]) for start in range(len(test) - n + 1)}"},
    "You make a set of the test's n-grams, so that one that comes twice counts once. Each place of the test counts.",
)
known.edit(
    "single_tokens",
    {OF_TEST: "list(test)", OF_TRAINING: "{token for document in training for token in document}"},
    "You look for single tokens. Nearly every token stands somewhere in a large text: compare n of them in a row.",
)
known.edit(
    "any_order",
    {OF_TEST: "[tuple(sorted(test[start : start + n])) for start in range(len(test) - n + 1)]",
     OF_TRAINING: "{tuple(sorted(document[start : start + n])) for document in training "
     "for start in range(len(document) - n + 1)}"},
    "You compare n-grams without their order. The same tokens in another order are another text.",
)  # fmt: skip
known.edit(
    "tokens_of_the_n_gram_anywhere",
    {SHARE: "sum(any(set(n_gram) <= set(document) for document in training) for n_gram in asked) / len(asked)"
     " if asked else 0.0"},
    "You ask whether the tokens of an n-gram stand anywhere in a document. They have to stand side by side, in order.",
)  # fmt: skip
known.edit(
    "other_way_round",
    {SHARE: "(lambda found: sum(n_gram in asked for n_gram in found) / len(found) if found and asked else 0.0)"
     "([tuple(document[start : start + n]) for document in training for start in range(len(document) - n + 1)])"},
    "You compute the share of the *training* text that stands in the test. Divide by the test's own n-grams.",
)  # fmt: skip
known.edit(
    "other_way_round_each_once",
    {SHARE: "sum(n_gram in asked for n_gram in seen) / len(seen) if asked and seen else 0.0"},
    "You go through the *training* text's n-grams and ask which of them stand in the test. It is the other way round: "
    "of the test's n-grams, place by place, which were read?",
)
known.edit(
    "overlap_of_sets",
    {SHARE: "len(set(asked) & seen) / len(set(asked) | seen) if asked else 0.0"},
    "You divide by the n-grams of both texts together. The size of the training text must not matter: divide by the "
    "number of places in the test.",
)
known.edit(
    "divided_by_tokens",
    {SHARE: "sum(n_gram in seen for n_gram in asked) / len(test) if asked else 0.0"},
    "You divide by the number of tokens of the test. It has len(test) - n + 1 places for an n-gram.",
)
known.edit(
    "counted",
    {SHARE: "float(sum(n_gram in seen for n_gram in asked))"},
    "You return how many n-grams were found. Divide by the number of places.",
)
known.edit(
    "not_found",
    {SHARE: "sum(n_gram not in seen for n_gram in asked) / len(asked) if asked else 0.0"},
    "You return the share of n-grams that were *not* found.",
)
known.edit(
    "any_found",
    {SHARE: "float(any(n_gram in seen for n_gram in asked))"},
    "You return 1 as soon as one n-gram is found. The task asks for their share.",
)
known.edit(
    "best_document",
    {SHARE: "max((sum(n_gram in {tuple(document[i : i + n]) for i in range(len(document) - n + 1)} "
     "for n_gram in asked) / len(asked) for document in training), default=0.0) if asked else 0.0"},
    "You take the document that shares most with the test. An n-gram counts if it stands in *some* document, and each "
    "may stand in another one.",
)  # fmt: skip
known.edit(
    "in_every_document",
    {SHARE: "sum(all(n_gram in {tuple(document[i : i + n]) for i in range(len(document) - n + 1)} "
     "for document in training) for n_gram in asked) / len(asked) if asked and training else 0.0"},
    "You ask for n-grams that stand in *every* document. One is enough.",
)  # fmt: skip
known.edit(
    "counted_for_each_document",
    {SHARE: "sum(n_gram in {tuple(document[i : i + n]) for i in range(len(document) - n + 1)} "
     "for document in training for n_gram in asked) / len(asked) if asked else 0.0"},
    "You count an n-gram once for each document that holds it, so that the share may pass 1. A place counts once, "
    "however many documents hold its n-gram.",
)  # fmt: skip
known.edit(
    "whole_documents_compared",
    {SHARE: "sum(list(n_gram) in training for n_gram in asked) / len(asked) if asked else 0.0"},
    "You compare an n-gram with whole documents. It has to stand somewhere *in* one: slide the window over each.",
)
known.edit(
    "mean_over_documents",
    {SHARE: "sum(sum(n_gram in {tuple(document[i : i + n]) for i in range(len(document) - n + 1)} "
     "for n_gram in asked) / len(asked) for document in training) / len(training) if asked and training else 0.0"},
    "You average the shares over the training documents, so that more documents make it smaller. An n-gram counts if "
    "it stands in some document.",
)  # fmt: skip
known.edit(
    "last_place_lost",
    {OF_TEST: "[tuple(test[start : start + n]) for start in range(len(test) - n)]"},
    "The last place of the test is missing: L tokens have L - n + 1 windows of n.",
)
known.edit(
    "last_place_of_documents_lost",
    {"for start in range(len(document) - n + 1)": "for start in range(len(document) - n)"},
    "The last n-gram of each training document is missing: L tokens have L - n + 1 windows of n.",
)
known.edit(
    "blocks",
    {OF_TEST: "[tuple(test[start : start + n]) for start in range(0, len(test) - n + 1, n)]"},
    "You cut the test into blocks. n-grams overlap: one begins at each place.",
)
known.edit(
    "documents_in_blocks",
    {OF_TRAINING: "{tuple(document[start : start + n]) for document in training "
     "for start in range(0, len(document) - n + 1, n)}"},
    "You cut the training documents into blocks. A copy may begin anywhere: slide the window on by one token.",
)  # fmt: skip
known.edit(
    "short_ends_counted",
    {OF_TEST: "[tuple(test[start : start + n]) for start in range(len(test))]",
     OF_TRAINING: "{tuple(document[start : start + n]) for document in training for start in range(len(document))}"},
    "At the end of a text you take windows of fewer than n tokens. There are len(test) - n + 1 full ones.",
)  # fmt: skip
known.edit(
    "one_token_less",
    {OF_TEST: "[tuple(test[start : start + n - 1]) for start in range(len(test) - n + 1)]",
     OF_TRAINING: "{tuple(document[start : start + n - 1]) for document in training "
     "for start in range(len(document) - n + 1)}"},
    "Your windows have n - 1 tokens. A slice [start : start + n] has n.",
)  # fmt: skip
known.edit(
    "first_document_only",
    {"for document in training": "for document in training[:1]"},
    "You look at the first training document only. Look for a return inside your loop.",
)
known.edit(
    "joined_as_text",
    {SHARE: "sum(any(''.join(map(str, n_gram)) in ''.join(map(str, document)) for document in training) "
     "for n_gram in asked) / len(asked) if asked else 0.0"},
    "You write the ids side by side as text, and 1, 12 looks like 11, 2. Compare lists or tuples of numbers.",
)  # fmt: skip
known.edit(
    "joined_with_a_sign_between",
    {SHARE: "sum(any(' '.join(map(str, n_gram)) in ' '.join(map(str, document)) for document in training) "
     "for n_gram in asked) / len(asked) if asked else 0.0"},
    "You write the ids as text with a sign between them, and find 1 2 in 11 23. Compare lists or tuples of numbers.",
)  # fmt: skip
known.edit(
    "short_test_divides_by_zero",
    {" if asked else 0.0": ""},
    "A test of fewer than n tokens has no n-gram, and you divide by 0. Return 0.0.",
)
known.edit(
    "short_test_contaminated",
    {"if asked else 0.0": "if asked else 1.0"},
    "You return 1 for a test of fewer than n tokens. It has no n-gram that could have been seen: 0.0.",
)
known.edit(
    "short_test_refused",
    {"    asked = [": "    if len(test) < n:\n        raise ValueError('too short')\n    asked = ["},
    "You refuse a test of fewer than n tokens. It has no n-gram that could have been seen: return 0.0.",
)
known.edit(
    "in_percent",
    {SHARE: "100 * sum(n_gram in seen for n_gram in asked) / len(asked) if asked else 0.0"},
    "Your result is in percent. A share is from 0 to 1.",
)
known.edit(
    "n_unchecked",
    {"if n < 1:": "if False:"},
    "You accept an n below 1. A window of no tokens stands everywhere: raise ValueError.",
)
known.edit(
    "n_raised_to_one",
    {"if n < 1:": "n = max(n, 1)\n    if False:"},
    "You take an n below 1 for 1. Raise ValueError.",
)
known.edit(
    "negative_n_accepted",
    {"if n < 1:": "if n == 0:"},
    "You refuse an n of 0, but not a negative one. Raise ValueError for both.",
)
known.edit(
    "last_places_lost",
    {
        OF_TEST: "[tuple(test[start : start + n]) for start in range(len(test) - n)]",
        "for start in range(len(document) - n + 1)": "for start in range(len(document) - n)",
    },
    "The last window is missing, in the test and in the documents: L tokens have L - n + 1 windows of n.",
)
known.edit(
    "share_of_documents",
    {SHARE: "sum(any(tuple(document[i : i + n]) in asked for i in range(len(document) - n + 1)) "
     "for document in training) / len(training) if training else 0.0"},
    "You return the share of the *documents* that have something in common with the test. The task asks for the "
    "share of the "
    "test's n-grams.",
)  # fmt: skip
known.edit(
    "tokens_covered",
    {SHARE: "len({start + i for start, n_gram in enumerate(asked) if n_gram in seen for i in range(n)}) / len(test)"
     " if asked else 0.0"},
    "You return the share of the test's tokens that lie in a found n-gram. The task asks for the share of its "
    "n-grams: a token "
    "lies in several.",
)  # fmt: skip
known.edit(
    "found_as_often_as_read",
    {SHARE: "sum(min(asked.count(n_gram), sum(tuple(document[i : i + n]) == n_gram for document in training "
     "for i in range(len(document) - n + 1))) for n_gram in set(asked)) / len(asked) if asked else 0.0"},
    "You count an n-gram of the test only as often as the training text has it. Each place of the test counts, however "
    "often its n-gram was read.",
)  # fmt: skip
known.edit(
    "shorter_n_grams_too",
    {SHARE: "(lambda windows: sum(any(window == tuple(document[i : i + len(window)]) for document in training "
     "for i in range(len(document))) for window in windows) / len(windows) if asked else 0.0)"
     "([tuple(test[i : i + m]) for m in range(1, n + 1) for i in range(len(test) - m + 1)])"},
    "You count shorter n-grams, too. The task is about runs of exactly n tokens.",
)  # fmt: skip
known.edit(
    "short_test_as_a_whole",
    {"    asked = ": "    n = min(n, len(test)) or n\n    asked = "},
    "A test shorter than n has no n-gram, and you look for all of it in place of one. Return 0.0.",
)
known.edit(
    "n_below_one_gives_zero",
    {'raise ValueError(f"n is at least 1, not {n}")': "return 0.0"},
    "You return 0.0 for an n below 1, as if nothing had been found. Raise ValueError.",
)


known.edit(
    "documents_joined_in_place",
    {"    seen = ": "    for document in training[1:]:\n        training[0] += document\n    seen = "},
    "You append the documents to the first one. That changes the list that you were given, and finds n-grams that no "
    "document holds.",
)


@known.function(
    "You count the test's tokens that stand anywhere in the training text. Nearly every token does: compare n of them "
    "in a row."
)
def tokens_of_a_test_that_is_long_enough(test: list[int], training: list[list[int]], n: int) -> float:
    if n < 1:
        raise ValueError("n is at least 1")
    if len(test) < n:
        return 0.0
    seen = {token for document in training for token in document}
    return sum(token in seen for token in test) / len(test)


def text(draw: Generator, length: int, vocabulary: int = 40) -> list[int]:
    found: list[int] = torch.randint(vocabulary, (length,), generator=draw).tolist()
    return found


def half_copied(draw: Generator, n: int) -> Arguments:
    """A test with a piece of each of two documents, one of them twice, and tokens of its own."""
    documents = [text(draw, length) for length in (19, 15, n - 1, 11, 0)]
    piece, other = documents[0][-n - 2 :], documents[1][3 : n + 4]
    own = [token + 100 for token in text(draw, 6)]
    test = [*own[:3], *piece, *own[3:], *piece, *other]
    return {"test": test, "training": documents, "n": n}


def renamed(test: list[int], training: list[list[int]], n: int) -> Callable[[Generator], Arguments]:
    """The same texts with other tokens: which of them are equal stays as it is."""

    def drawn(draw: Generator) -> Arguments:
        names = torch.randperm(90, generator=draw).tolist()
        return {
            "test": [names[token] for token in test],
            "training": [[names[token] for token in document] for document in training],
            "n": n,
        }

    return drawn


def across(draw: Generator) -> Arguments:
    """The test's only n-grams that are not new lie across the borders of the documents."""
    documents = [text(draw, 9) for _ in range(3)]
    test = [*documents[0][-2:], *documents[1][:2], 200, *documents[1][-1:], *documents[2][:3]]
    return {"test": test, "training": documents, "n": 3}


def drawn_short(draw: Generator) -> Arguments:
    test = text(draw, randint(draw, 1, 5))
    return {"test": test, "training": [[*test, *text(draw, 9)]], "n": len(test) + randint(draw, 1, 3)}


def refused(draw: Generator) -> Arguments:
    return {"test": text(draw, 5), "training": [text(draw, 9)], "n": -randint(draw, 1, 5)}


EXAMPLE = {"test": [5, 1, 2, 3, 9, 0], "training": [[3, 9, 4], [7, 1, 2, 3, 6], [8, 5, 1]], "n": 2}
TWICE = {"test": [1, 2, 1, 2, 1, 2, 9], "training": [[4, 1, 2, 5], [9, 2, 6, 6, 6, 7]], "n": 2}

EXERCISE = Exercise(
    reference=emergence.contamination,
    points=3,
    cases=(
        Case("example", given(**EXAMPLE), visible=True),
        Case("the same n-gram twice", given(**TWICE), visible=True),
        Case("trigrams", given(test=[7, 1, 2, 3, 8], training=[[1, 2, 9], [0, 1, 2, 3], [3, 8]], n=3), visible=True),
        Case("a test of n tokens", given(test=[1, 2, 3], training=[[4, 1, 2, 3]], n=3), visible=True),
        Case("single tokens, given", given(test=[3, 8, 3, 5, 6], training=[[1, 3], [9, 8]], n=1), visible=True),
        Case("trigrams, drawn", lambda draw: half_copied(draw, 3)),
        Case("longer n-grams, drawn", lambda draw: half_copied(draw, 5)),
        Case("in two documents", given(test=[4, 1, 2, 8], training=[[1, 2, 5], [6, 1, 2]], n=2), visible=True),
        Case("a document of n tokens", given(test=[1, 2, 9], training=[[1, 2], [8, 7]], n=2), visible=True),
        Case("single tokens", renamed(test=[3, 8, 3, 5], training=[[1, 3], [9, 8]], n=1)),
        Case("another order", given(test=[2, 1, 4, 3, 6], training=[[1, 2, 3], [5, 3, 4, 6]], n=2), visible=True),
        Case("far apart", renamed(test=[1, 2, 3], training=[[1, 9, 2, 9, 3], [3, 9, 2]], n=2)),
        Case("digits that run together", given(test=[1, 12, 7], training=[[11, 2, 5], [5, 6]], n=2), visible=True),
        Case("ids inside longer ones", given(test=[1, 2, 7], training=[[11, 23, 5], [5, 6]], n=2), visible=True),
        Case("across documents", given(test=[1, 2, 3, 4], training=[[9, 1, 2], [3, 4, 9]], n=3), visible=True),
        Case("a 0 at the border", given(test=[2, 0, 3, 4], training=[[9, 2], [3, 0]], n=2), visible=True),
        Case("across documents, drawn", across),
        Case("nothing in common", renamed(test=[1, 2, 3, 4], training=[[5, 6, 7], [8]], n=2)),
        Case("no training text", given(test=[1, 2, 3], training=[], n=2), visible=True),
        Case("all copied", renamed(test=[4, 5, 6, 7], training=[[1, 2], [3, 4, 5, 6, 7]], n=3)),
        Case("short test", given(test=[1, 2], training=[[1, 2, 3]], n=3), visible=True),
        Case("short new test", given(test=[1, 9], training=[[1, 2, 3]], n=3), visible=True),
        Case("empty test", given(test=[], training=[[1, 2, 3]], n=1), visible=True),
        Case("short test, drawn", drawn_short),
        Case("n is 0", given(test=[1, 2], training=[[1, 2, 3]], n=0), visible=True),
        Case("negative n", given(test=[1, 2], training=[[1, 2, 3]], n=-1), visible=True),
        Case("negative n, drawn", refused),
    ),
    properties=(
        Property(
            MAIN,
            (
                "example", "the same n-gram twice", "trigrams", "a test of n tokens", "single tokens, given",
                "trigrams, drawn", "longer n-grams, drawn", "in two documents",
                "a document of n tokens", "single tokens",
                "another order", "far apart", "digits that run together", "ids inside longer ones",
            ),
            "Look for the pairs of 5 1 2 3 9 0 in the documents 3 9 4, 7 1 2 3 6 and 8 5 1: of five, only 9 0 stands "
            "in none of them. That makes four fifths.",
            weight=4,
        ),
        Property(
            "An n-gram lies within one training document",
            ("across documents", "a 0 at the border", "across documents, drawn"),
            "Slide the window over each document by itself: what ends one and begins the next is no text.",
            needs=MAIN,
        ),
        Property(
            "It is 0 where nothing is in common, and 1 where all is copied",
            ("nothing in common", "no training text", "all copied"),
            "Without any training text nothing can have been seen. A test that stands in a document as a whole is all "
            "seen.",
            needs=MAIN,
        ),
        Property(
            "A test of fewer than n tokens gives 0.0",
            ("short test", "short new test", "empty test", "short test, drawn"),
            "Such a test has no n-gram: return 0.0 before you divide.",
            needs=MAIN,
        ),
        Property(
            "The arguments are left unchanged",
            ("example", "trigrams, drawn"),
            "Slice and build new tuples: the lists must be as they were.",
            observe=observe.changed,
            needs=MAIN,
        ),
        Property(
            "An n below 1 is refused with a ValueError",
            ("example", "n is 0", "negative n", "negative n, drawn"),
            "Raise ValueError for an n below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip
