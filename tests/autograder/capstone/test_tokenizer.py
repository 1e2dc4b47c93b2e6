"""Whole corpora are encoded and trained on as the course's own functions do it, text by text."""

import random

import pytest

from autograder.capstone.tensors import FileFault
from autograder.capstone.tokenizer import Vocabulary, pieces, read_merges, train
from llm_course.corpus.curriculum import validation_documents
from solutions import tokenization

TEXTS = list(validation_documents(6))


def test_training_is_that_of_the_course_within_pieces() -> None:
    word = "".join(random.Random(0).choices("ab", k=300))
    for text in (word, "aaaaabaaaa", "a", ""):
        assert list(train([text], 60)) == tokenization.train_bpe(text.encode(), 60)
    assert train(["ab ab", "ab"], 1) == ((97, 98),)
    assert train(["ab", " ba", " ba"], 1) == ((32, 98),), "pieces count as often as they stand there"


def test_encoding_is_that_of_the_course_and_decodes_to_the_text() -> None:
    vocabulary = Vocabulary(train(TEXTS, 150))
    texts = [*TEXTS, "", "aaaa naïve မြန်မာ", "aaaaaaaaa", "  two  spaces\n\n"]
    for text, ids in zip(texts, vocabulary.encode(texts), strict=True):
        expected = [token for piece in pieces(text) for token in tokenization.encode(piece, list(vocabulary.merges))]
        assert ids == expected
        assert vocabulary.decode(ids) == text.encode()
    assert vocabulary.encode([]) == []
    assert all(b"." not in token or token == b"." for token in vocabulary.tokens), "no merge crosses a piece"


@pytest.mark.parametrize(
    ("merges", "said"),
    [
        ({}, "a list"),
        ([[97, 98]] * 11, "at most 10"),
        ([[97, 98], [97, 98]], "twice"),
        ([[97]], "no pair"),
        ([[97, True]], "no pair"),
        ([[97, 256]], "no merge before it"),
        ([[-1, 97]], "no merge before it"),
        ([[97, 97], *([n, n] for n in range(256, 265))], "more than 256 bytes"),
    ],
)
def test_merges_of_others_are_checked(merges: object, said: str) -> None:
    with pytest.raises(FileFault, match=said):
        read_merges(merges, "tokenizer.json", 10)
