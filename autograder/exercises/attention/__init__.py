"""The assignment 05_attention."""
