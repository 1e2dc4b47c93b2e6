"""The assignment 07_normalization."""
