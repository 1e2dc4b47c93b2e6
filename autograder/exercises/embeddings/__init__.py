"""The assignment 03_embeddings."""
