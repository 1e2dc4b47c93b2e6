"""The judge without a gradebook: one notebook on the command line, on Gradescope, on GitHub."""
