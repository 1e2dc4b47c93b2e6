"""Notebooks as text: the source of an assignment, Markdown, code, an instructor's own exercises, harmless HTML."""
