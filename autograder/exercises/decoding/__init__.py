"""The assignment 11_decoding."""
