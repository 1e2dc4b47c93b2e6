"""Ids that several exercises of this assignment draw."""

from torch import Generator

from autograder.exercises.drawing import randint


def drawn_ids(draw: Generator, alphabet: list[int], length: int) -> list[int]:
    return [alphabet[randint(draw, 0, len(alphabet) - 1)] for _ in range(length)]


SENTENCE = b"low lower lowest, slow slower slowest"
