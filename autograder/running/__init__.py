"""Grades many submissions: one unit of work, workers, the autograded notebook."""
