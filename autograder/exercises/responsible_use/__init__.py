"""The assignment 17_responsible_use."""
