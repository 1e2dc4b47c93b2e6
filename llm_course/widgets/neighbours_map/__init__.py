"""Words as rows of numbers: which rows lie near each other, in all dimensions and in a flat picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from traitlets import List, Unicode

from ..models.course_model import word_vectors
from ..ui.base import CourseWidget, numbers
from ..ui.picture import bars

WORDS = [
    "red",
    "blue",
    "green",
    "yellow",
    "Anna",
    "Tom",
    "Zoe",
    "cat",
    "dog",
    "bird",
    "horse",
    "owl",
    "one",
    "two",
    "three",
    "four",
    "happy",
    "sad",
    "afraid",
    "big",
    "small",
    "garden",
    "school",
    "river",
    "ball",
    "box",
    "lamp",
    "ran",
    "went",
    "said",
    "asked",
    "found",
    "France",
    "Paris",
    "Italy",
    "Rome",
    "mother",
    "father",
    "day",
    "night",
    "hot",
    "cold",
]


class NeighboursMap(CourseWidget):
    """The neighbors of a word in the course model's embedding table, or in a learner's own vectors.

    >>> NeighboursMap(["king", "queen", "apple"], vectors)

    Args:
        words: Of the map. Of the course model's, those that are one token with a space before.
        vectors: [words, d] in place of the course model's table.
        word: The word that is looked at first.

    Raises:
        ValueError: If vectors are not as many as words, or there are fewer than three words.
    """

    words = List(Unicode()).tag(sync=True)
    vectors: List[Any] = List(allow_none=True).tag(sync=True)
    word = Unicode().tag(sync=True)

    def __init__(self, words: Sequence[str] = WORDS, vectors: Any = None, *, word: str | None = None) -> None:
        if len(words) < 3:
            raise ValueError(f"There are {len(words)} words: give three or more to compare.")
        if vectors is not None:
            table = numbers("vectors", vectors, dimensions=2)
            if len(table) != len(words):
                raise ValueError(f"There are {len(words)} words but {len(table)} vectors: each word has one.")
            vectors = table.tolist()
        super().__init__(words=list(words), vectors=vectors, word=words[0] if word is None else word)

    def picture(self) -> str:
        """The words nearest to the one looked at."""
        words, vectors = (self.words, np.array(self.vectors)) if self.vectors else word_vectors(self.words)
        place = words.index(self.word) if self.word in words else 0
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarities = unit @ unit[place]
        ranked = [index for index in np.argsort(-similarities) if index != place][:8]
        caption = f"Cosine with “{words[place]}”, in percent, of the words on the map nearest to it"
        return bars(caption, [words[index] for index in ranked], np.maximum(similarities[ranked], 0))
