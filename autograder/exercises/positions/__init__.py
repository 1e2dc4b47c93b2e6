"""The assignment 04_positions."""
