"""The assignment 18_frontier."""
