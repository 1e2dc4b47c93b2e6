"""The assignment 16_serving."""
