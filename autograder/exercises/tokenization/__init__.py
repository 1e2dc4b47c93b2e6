"""The assignment 02_tokenization."""

from autograder.exercises.spec import Assignment
from autograder.exercises.tokenization import decode, encode, merge_pair, train_bpe

ASSIGNMENT = Assignment("02_tokenization", (merge_pair.EXERCISE, train_bpe.EXERCISE, encode.EXERCISE, decode.EXERCISE))
