"""This book's Sphinx extensions, each named for what it does."""
