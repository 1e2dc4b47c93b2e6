"""The assignment 14_architectures."""
