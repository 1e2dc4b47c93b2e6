"""The assignment 01_language_models."""
