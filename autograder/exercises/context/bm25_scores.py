"""bm25_scores: which documents a question is about, by the words they share."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, leaves_arguments, refuses, requires, shown
from solutions import context

WORDS = ("red", "ball", "hat", "anna", "garden", "key", "found")


def text(draw: Generator, length: int) -> list[str]:
    return [WORDS[randint(draw, 0, len(WORDS) - 1)] for _ in range(length)]


def once_each(draw: Generator) -> Arguments:
    """Documents of one length, no two alike, in which no word stands twice: what is left is the idf."""
    documents = [["red", "hat", "was", where] for where in ("here", "near", "far", "below", "behind")]
    places = [randint(draw, 0, 2) for _ in range(2)]
    documents += [
        [*document[:place], "ball", *document[place + 1 :]] for document, place in zip(documents, places, strict=False)
    ]
    documents += [["red", "key", "was", "there"], ["a", "blue", "hat", "fell"]]
    return {"query": ["ball", "red", "key"], "documents": documents[randint(draw, 0, 2) :]}


def counted(draw: Generator) -> Arguments:
    """Documents of one length, one word of the query in each, more or less often."""
    times = [1, 2, 3 + randint(draw, 0, 1), 5 + randint(draw, 0, 2), 0]
    return {"query": ["ball"], "documents": [["ball"] * count + ["hat"] * (9 - count) for count in times]}


def drawn(draw: Generator) -> Arguments:
    documents = [text(draw, length) for length in (4, 9, 6, 14, randint(draw, 20, 30))]
    return {
        "query": ["ball", "key", "anna"],
        "documents": [*documents, ["hat", "hat", "found"], ["ball", "key", "red"]],
    }


def drawn_settings(draw: Generator) -> Arguments:
    return drawn(draw) | {"k1": 0.4 + 0.1 * randint(draw, 0, 4), "b": 0.2 + 0.05 * randint(draw, 0, 4)}


def drawn_ends(draw: Generator) -> Arguments:
    end = ({"b": 0.0}, {"b": 1.0}, {"k1": 0.0})[randint(draw, 0, 2)]
    return drawn(draw) | end


def drawn_missing(draw: Generator) -> Arguments:
    made = drawn(draw)
    documents = [[], *made["documents"]]
    return {"query": ["dragon", *made["query"], "witch"], "documents": [*documents[randint(draw, 0, 2) :], []]}


def drawn_equal_documents(draw: Generator) -> Arguments:
    made = drawn(draw)
    documents = [*made["documents"], ["ball", "key", "red"]]
    documents.insert(randint(draw, 0, 3), documents[3])
    return made | {"documents": documents}


def drawn_refusal(draw: Generator) -> Arguments:
    wrong = ({"k1": -0.1}, {"b": -0.2}, {"b": 1.1})[randint(draw, 0, 2)]
    return drawn(draw) | wrong


SMALL = [
    ["anna", "has", "a", "red", "ball"],
    ["the", "red", "hat", "and", "the", "red", "ball", "and", "the", "red", "key"],
    ["a", "key"],
    ["tom", "has", "the", "hat"],
]
EQUAL = [["a", "red", "ball"], ["a", "red", "hat"], ["a", "blue", "key"], ["a", "red", "key"]]
REPEATED = [SMALL[0], SMALL[2], SMALL[0], SMALL[3], SMALL[2]]
CAPITALS = [["Anna", "has", "a", "Red", "ball"], ["anna", "Anna", "red"], ["a", "Red", "red", "key"]]
EMPTY_AMONG = [["red", "ball", "ball"], [], ["red", "hat"], []]

EXERCISE = exercise(
    context.bm25_scores,
    __file__,
    requires(
        "A rare word weighs more than a common one",
        shown("each word once, equal lengths", query=["red", "ball"], documents=EQUAL),
        Case("each word once, drawn", once_each),
        advice="All lengths are equal and no word stands twice, so the fraction is 1 and only idf is left: with n of N "
        "documents holding the word, ln(1 + (N - n + 0.5) / (n + 0.5)).",
        weight=2,
        fails="Where nothing else counts, your scores are not the sum of the words' ln(1 + (N - n + 0.5) / (n + 0.5)).",
    ),
    requires(
        "Further occurrences count less and less",
        shown(
            "more and more often",
            query=["red"],
            documents=[["red"] * count + ["hat"] * (8 - count) for count in (0, 1, 2, 4, 7)],
        ),
        Case("more and more often, drawn", counted),
        advice="All lengths are equal: what is left of the fraction is f (k1 + 1) / (f + k1), 1 for the first "
        "occurrence and never more than k1 + 1. And n of the idf counts documents: one that holds the word twice is "
        "one.",
        weight=2,
        fails="You do not weigh the number of occurrences as BM25 does.",
    ),
    requires(
        "A long document has to make up for its length",
        shown("different lengths", query=["red", "key"], documents=SMALL),
        Case("different lengths, drawn", drawn),
        shown("a single document", query=["red"], documents=[["red", "hat"]]),
        shown(
            "a word inside another",
            query=["car", "red"],
            documents=[["carpet", "red"], ["a", "car", "stood"], ["scared", "red", "red"]],
        ),
        shown("capital letters", query=["Anna", "red"], documents=CAPITALS),
        advice="k1 is multiplied by 1 - b + b · len / average: len counts all the terms of this document, average is "
        "over all documents.",
        weight=2,
        fails="With documents of different lengths, your scores are not those with k1 · (1 - b + b · len / average).",
    ),
    requires(
        "k1 and b set how much",
        shown("other settings", query=["red", "key"], documents=SMALL, k1=0.8, b=0.3),
        shown("a large k1", query=["red", "key"], documents=SMALL, k1=4.0),
        Case("other settings, drawn", drawn_settings),
        advice="1.5 and 0.75 are only defaults: work out one score by hand with another k1 and b.",
        fails="With k1 or b other than the defaults, your scores are not those of the formula with that k1 and b.",
    ),
    requires(
        "A word counts as often as it stands in the query",
        shown("a word twice in the query", query=["red", "key", "red"], documents=SMALL),
        Case(
            "a word twice in the query, drawn",
            lambda draw: drawn(draw) | {"query": ["ball", "key", "ball", "anna", "ball"]},
        ),
        advice="The sum runs over the terms of the query, one by one, repeated ones too.",
        fails="Where a word stands twice in the query, your scores are not sums over all its terms, both included.",
    ),
    requires(
        "b = 0, b = 1 and k1 = 0 make sense",
        shown("lengths do not matter", query=["red", "key"], documents=SMALL, b=0.0),
        shown("lengths matter in full", query=["red", "key"], documents=SMALL, b=1.0),
        shown("the first occurrence is all", query=["red", "key"], documents=SMALL, k1=0.0),
        Case("settings at their ends, drawn", drawn_ends),
        advice="With k1 = 0 the fraction is 1 for any word that stands in the document, and such a word only.",
        fails="With b of 0 or 1, or k1 of 0, your function fails, or its scores are not the formula's.",
    ),
    requires(
        "Words and documents that are missing add nothing",
        shown("a word that no document holds", query=["dragon", "witch"], documents=SMALL),
        shown("an empty document among them", query=["red", "ball"], documents=EMPTY_AMONG),
        shown("only empty documents", query=["red"], documents=[[], []]),
        shown("no documents", query=["red"], documents=[]),
        shown("no query", query=[], documents=SMALL),
        Case("words and documents that are missing, drawn", drawn_missing),
        advice="Try a word that no document holds, a document without words, and no documents at all.",
        fails="Where words or documents are missing, your function fails, or a score is not the formula's with 0 for "
        "them.",
    ),
    requires(
        "Documents that are equal have equal scores",
        shown("equal documents", query=["red", "key"], documents=REPEATED),
        Case("equal documents, drawn", drawn_equal_documents),
        advice="The same words may stand in two documents. Each has its own place, and its own score.",
        fails="Where two documents are equal, your list does not hold the score of each, both alike.",
    ),
    leaves_arguments(
        ("different lengths", "different lengths, drawn"),
        advice="Count in new dictionaries; do not sort or shorten the lists that you were given.",
        name="Query and documents are left unchanged",
        fails="You change the query or a document that you were given.",
    ),
    refuses(
        ("different lengths", "different lengths, drawn", "other settings"),
        shown("negative k1", query=["red"], documents=SMALL, k1=-0.5),
        shown("b above 1", query=["red"], documents=SMALL, b=1.2),
        shown("b below 0", query=["red"], documents=SMALL, b=-0.1),
        Case("no such k1 or b, drawn", drawn_refusal),
        advice="Raise ValueError for a negative k1 and for a b below 0 or above 1, and for nothing else.",
        name="An invalid k1 or b raises ValueError",
        fails="You accept an invalid k1 or b, refuse a valid one, or raise something other than ValueError.",
    ),
    points=5,
    shortcuts=("rank_bm25", "BM25Okapi", "bm25s", "TfidfVectorizer"),
)
