"""The assignment 03_embeddings."""

from autograder.exercises.embeddings import analogy, embed, nearest_neighbours, tied_logits
from autograder.exercises.spec import Assignment

ASSIGNMENT = Assignment(
    "03_embeddings", (embed.EXERCISE, nearest_neighbours.EXERCISE, tied_logits.EXERCISE, analogy.EXERCISE)
)
