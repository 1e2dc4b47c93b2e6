"""The assignment 08_pretraining."""
