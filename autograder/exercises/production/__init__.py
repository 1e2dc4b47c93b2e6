"""The assignment 15_production."""
