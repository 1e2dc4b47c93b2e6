"""The learner's command: `python -m llm_course lab`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from llm_course import lab


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command in the current folder. Returns the exit code: 0, or 1 with one sentence on stderr."""
    options, for_jupyterlab = _parser().parse_known_args(arguments)
    try:
        if options.reset:
            print(f"Reset {options.reset[1]} in {lab.reset(Path(), *options.reset)}.")
            return 0
        made = lab.lay_out(Path())
        print(f"Laid out {len(made)} new notebooks in {Path.cwd()}; your own work is as it was.", flush=True)
        return 0 if options.lay_out else lab.open_jupyterlab(for_jupyterlab)
    except lab.LabError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m llm_course", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    laid_out = commands.add_parser(
        "lab",
        help="open JupyterLab with the assignments laid out in this folder",
        description="Lay the assignments out in this folder, where they are not there yet, and open JupyterLab. "
        "Other options, such as --no-browser, are JupyterLab's own.",
        allow_abbrev=False,
    )
    laid_out.add_argument(
        "--reset", nargs=2, metavar=("ASSIGNMENT", "EXERCISE"), help="put one answer back to its stub, and end"
    )
    laid_out.add_argument("--lay-out", action="store_true", help="lay the assignments out, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
