"""Words as rows of numbers: which rows lie near each other, in all dimensions and in a flat picture."""

import numpy as np
from traitlets import List, Unicode

from ..models.course_model import word_vectors
from ..ui.base import CourseWidget
from ..ui.picture import bars

WORDS = [
    *("red", "blue", "green", "yellow"),
    *("Anna", "Tom", "Zoe"),
    *("cat", "dog", "bird", "horse", "owl"),
    *("one", "two", "three", "four"),
    *("happy", "sad", "afraid", "big", "small"),
    *("garden", "school", "river"),
    *("ball", "box", "lamp"),
    *("ran", "went", "said", "asked", "found"),
    *("France", "Paris", "Italy", "Rome"),
    *("mother", "father"),
    *("day", "night"),
    *("hot", "cold"),
]


class NeighboursMap(CourseWidget):
    """The neighbors of a word in the course model's embedding table.

    Args:
        word: The word that is looked at first.
    """

    words = List(Unicode(), WORDS).tag(sync=True)  # of the map, those that are one token with a space before
    word = Unicode(WORDS[0]).tag(sync=True)

    def picture(self) -> str:
        """The words nearest to the one looked at."""
        words, vectors = word_vectors(self.words)
        place = words.index(self.word) if self.word in words else 0
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarities = unit @ unit[place]
        ranked = [index for index in np.argsort(-similarities) if index != place][:8]
        caption = f"Cosine with “{words[place]}”, in percent, of the words on the map nearest to it"
        return bars(caption, [words[index] for index in ranked], np.maximum(similarities[ranked], 0))
