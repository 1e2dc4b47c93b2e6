"""Run an `llm-course` command as on a machine that allows one sandbox tier only.

python tests/grading/in_tier.py TIER COMMAND ...
"""

import sys

from autograder import cli
from autograder.sandbox.zygote_client import TIERS, ZygoteClient


def main(tier: str, arguments: list[str]) -> int:
    """Run the command. Returns its exit code."""
    # No jail has the first name, so the machine is found to be too weak for it, and the command says so.
    ZygoteClient.__init__.__defaults__ = ((TIERS[0] + " refused", tier),)
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
