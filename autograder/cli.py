"""llm-course: an instructor's day, from the release to the grades."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import SAWarning
from tqdm import tqdm

from autograder import course
from autograder.cluster import ClusterError
from autograder.gradebook import SecretError
from autograder.markdown import MarkdownError
from autograder.notebooks import NotebookError
from autograder.result import GRADED, ResultError
from autograder.sandbox.fork_server import SandboxError
from autograder.writer import WriterError

FAILURES = (
    course.CourseError,
    ClusterError,
    NotebookError,
    MarkdownError,
    ResultError,
    SandboxError,
    SecretError,
    WriterError,
)
"""What a command answers with one sentence."""
COMMANDS = """\
a course, step by step:
  llm-course init my-course && cd my-course
  llm-course release 05_attention          hand out release/05_attention.zip
  llm-course grade 05_attention            submissions lie in submitted/<student>/05_attention/
  llm-course feedback 05_attention
  llm-course export grades.csv
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0, or 1 with one sentence on stderr."""
    # nbgrader starts alembic by its name, which lies beside this interpreter; its folder need not be on the PATH.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    # nbgrader's own use of SQLAlchemy warns at each new submission; an instructor can do nothing about it.
    warnings.filterwarnings("ignore", category=SAWarning)
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except FAILURES as error:
        print(f"llm-course: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("llm-course: interrupted; run the same command again to go on.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "llm-course", description=__doc__, epilog=COMMANDS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="make a course folder with the sources of all assignments")
    init.add_argument("folder", type=Path, metavar="DIR")
    init.set_defaults(run=_init)

    release = commands.add_parser("release", help="release an assignment to a class")
    release.add_argument("assignment", metavar="ASSIGNMENT")
    release.set_defaults(run=_release)

    grade = commands.add_parser("grade", help="grade the submissions of an assignment")
    grade.add_argument("assignment", metavar="ASSIGNMENT")
    grade.add_argument("--student", default="*", help="one student's id, or a pattern (default: all)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    grade.add_argument("--workers", type=_count, default=cores, metavar="N", help=f"processes (default: {cores})")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on the Dask cluster there, such as tcp://head:8786"
    )
    grade.add_argument("--again", action="store_true", help="grade also what has not changed, on the same inputs")
    grade.set_defaults(run=_grade)

    feedback = commands.add_parser("feedback", help="make the learners' feedback pages")
    feedback.add_argument("assignment", metavar="ASSIGNMENT")
    feedback.set_defaults(run=_feedback)

    export = commands.add_parser("export", help="write all scores as CSV")
    export.add_argument("file", type=Path, metavar="FILE.csv")
    export.set_defaults(run=_export)
    return parser


def _init(options: argparse.Namespace) -> int:
    course.init_course(options.folder)
    print(f"Made the course folder {options.folder}: change into it, then `llm-course release 05_attention`.")
    return 0


def _release(options: argparse.Namespace) -> int:
    notebook, archive = course.release(options.assignment)
    print(f"Released {notebook}; for a class: {archive}.")
    return 0


def _grade(options: argparse.Namespace) -> int:
    total = course.count_submissions(options.assignment, options.student)
    # On a terminal only: how far it is, how fast, how long still. Its own thread would be in the way of forks.
    tqdm.monitor_interval = 0
    with tqdm(total=total, unit="submission", disable=None) as progress:

        def report(line: course.Graded) -> None:
            for text in _words(line):
                progress.write(text)
            sys.stdout.flush()
            progress.update()

        lines = course.grade_all(
            options.assignment, options.student, report, options.workers, options.scheduler, options.again
        )
    graded = [line for line in lines if line.result.status == GRADED]
    print(f"Graded {len(graded)} of {len(lines)} submissions of {options.assignment}.")
    if len(graded) < len(lines):
        raise course.CourseError(f"{len(lines) - len(graded)} could not be graded; the reasons stand above.")
    return 0


def _words(line: course.Graded) -> list[str]:
    result = line.result
    notes = [f"  note: {flag}" for flag in result.flags]
    if result.status == GRADED:
        return [f"{line.student}: {result.score:g} of {result.points:g} points", *notes]
    return [f"{line.student}: not graded. {result.reason}", *notes]


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _feedback(options: argparse.Namespace) -> int:
    pages = course.feedback(options.assignment)
    print(f"Made {len(pages)} feedback pages in feedback/.")
    return 0


def _export(options: argparse.Namespace) -> int:
    rows = course.export(options.file)
    print(f"Wrote {rows} rows to {options.file}.")
    return 0
