"""Run an `llm-course` command as on a machine that allows one sandbox tier only.

python tests/grading/in_tier.py TIER COMMAND ...
"""

import sys

from autograder import cli
from autograder.sandbox.zygote_client import TIERS, ZygoteClient

if __name__ == "__main__":
    tier, *arguments = sys.argv[1:]
    # No jail has the first name, so the machine is found to be too weak for it, and the command says so.
    ZygoteClient.__init__.__defaults__ = ((TIERS[0] + " refused", tier),)
    sys.exit(cli.main(arguments))
