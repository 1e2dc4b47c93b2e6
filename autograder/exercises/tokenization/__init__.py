"""The assignment 02_tokenization."""

from autograder.exercises.spec import assignment_of

ASSIGNMENT = assignment_of(__name__, "02_tokenization", "merge_pair", "train_bpe", "encode", "decode")
