"""The assignment 10_context."""
