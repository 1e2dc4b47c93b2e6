"""The assignment 02_tokenization."""
