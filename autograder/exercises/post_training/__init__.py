"""The assignment 09_post_training."""
