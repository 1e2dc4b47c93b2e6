"""The instructors' commands where no script stands for them: `python -m autograder grade 05_attention`."""

import sys

from autograder.cli import main

if __name__ == "__main__":
    sys.exit(main())
