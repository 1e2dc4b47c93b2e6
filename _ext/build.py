"""Builds the book as `jupyter-book build` does, a second quicker: `python -m _ext.build`, or `make site`."""

from autograder.running.quick_imports import skip_grammar_of_addresses

if __name__ == "__main__":
    skip_grammar_of_addresses()
    from jupyter_book.cli.main import main

    main(["build", "-W", "--keep-going", "-n", "."])
