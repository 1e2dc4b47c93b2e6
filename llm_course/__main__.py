"""The console command `llm-course`."""

import importlib
import importlib.util
import sys


def main() -> int:
    """Run the instructor's command line, which is there in a checkout of the course only."""
    if importlib.util.find_spec("autograder") is None:
        print("llm-course grades from a checkout of the course: clone it, and run `make env`.", file=sys.stderr)
        return 1
    return int(importlib.import_module("autograder.cli").main())


if __name__ == "__main__":
    sys.exit(main())
