"""The assignment 12_emergence."""
