"""The assignment 03_embeddings."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(__name__, "03_embeddings", "embed", "nearest_neighbours", "tied_logits", "analogy")
