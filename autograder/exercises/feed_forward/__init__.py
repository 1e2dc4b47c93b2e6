"""The assignment 06_feed_forward."""
