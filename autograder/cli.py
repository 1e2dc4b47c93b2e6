"""An instructor's day, from the release of an assignment to the grades. `llm-course COMMAND --help` says more."""

# What the commands do stands in `course`: `--help` need not wait until that is loaded. An option is called as there.

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from autograder.running.quick_imports import skip_grammar_of_addresses
from autograder.sandbox.zygote_client import shared_zygote

COMMANDS = """\
a course, step by step:
  llm-course init my-course && cd my-course
  llm-course roster students.csv           names, and who hands in nothing
  llm-course release 05_attention          hand out release/05_attention.zip
  llm-course collect downloads.zip         into submitted/<student>/05_attention/
  llm-course grade 05_attention
  llm-course feedback 05_attention
  llm-course report report.html
  llm-course export grades.csv

where a class is elsewhere:
  llm-course gradescope 05_attention --output autograder.zip
  llm-course github 05_attention template  a repository whose workflow grades
  llm-course grade-one 05_attention notebook.ipynb --json result.json

now and then:
  llm-course extend 05_attention ada --days 3   give more time
  llm-course drop ada                           remove who has left, and keep all that there was
  llm-course history 05_attention               see all hand-ins, with times
  llm-course similar 05_attention               look at who has much the same answers
  llm-course grade 05_attention --dry-run       see what would change, and why
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code: 0, or 1 (of grade-one 2) with one sentence on stderr."""
    # nbgrader starts alembic by its name, which lies beside this interpreter; its folder need not be on the PATH.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print("llm-course: interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read what is told has gone, such as `head`. Python would say so once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print("llm-course: nobody reads on; run the same command again to go on.", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    here = options.command == "grade-one" or (options.command == "grade" and not options.scheduler)
    if here and sys.platform == "linux":
        # It gets ready while this process imports the rest.
        shared_zygote().start()
    skip_grammar_of_addresses()
    # What is imported stays: looking for what of it is not used any more costs a second.
    gc.disable()
    commands = importlib.import_module("autograder.course.commands")
    gc.freeze()
    gc.enable()
    return int(commands.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "llm-course", description=__doc__, epilog=COMMANDS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="make a course folder with the sources of all assignments")
    init.add_argument("folder", type=Path, metavar="DIR")
    init.add_argument("--database", metavar="URL", help="the gradebook, such as postgresql://user@host/grades")

    release = commands.add_parser("release", help="release an assignment to a class")
    release.add_argument("name", metavar="ASSIGNMENT")
    release.add_argument(
        "--regenerate", action="store_true", help="make an edited source anew, and keep a copy of it with its date"
    )
    release.add_argument("--due", type=_time, metavar="TIME", help="when it is due, such as 2026-12-01T23:59+01:00")

    roster = commands.add_parser("roster", help="add the students of a CSV to the gradebook, or list them")
    roster.add_argument("file", type=Path, nargs="?", metavar="FILE.csv")

    drop = commands.add_parser(
        "drop",
        help="remove a student who has left, and keep all that there was",
        description="Remove a student who has left from the gradebook and from all folders. Scores, comments, hand-ins "
        "and feedback are kept in dropped/STUDENT/. They count nowhere until --undo brings the student back.",
    )
    drop.add_argument("student", metavar="STUDENT", help="the student's id, as `llm-course roster` lists it")
    drop.add_argument(
        "--undo", action="store_true", help="bring back a student who was dropped, with all that was kept"
    )

    extend = commands.add_parser("extend", help="give a student more time for an assignment")
    extend.add_argument("name", metavar="ASSIGNMENT")
    extend.add_argument("student", metavar="STUDENT")
    more = extend.add_mutually_exclusive_group(required=True)
    more.add_argument("--days", type=float, help="how many; 0 takes an extension back")
    more.add_argument("--until", type=_time, metavar="TIME", help="until when, such as 2026-12-05T12:00")
    extend.add_argument("--reason", default="", help="stands in every table")

    new = commands.add_parser("new-exercise", help="begin an assignment of your own: a working example to be changed")
    new.add_argument("name", metavar="ASSIGNMENT")

    trial = commands.add_parser("try", help="try exercises of your own: is right told from wrong?")
    trial.add_argument("name", metavar="ASSIGNMENT")

    collect = commands.add_parser("collect", help="take what was handed in from a platform's archive or a folder")
    collect.add_argument("path", type=Path, metavar="ZIP-OR-FOLDER")
    collect.add_argument("--at", type=_time, metavar="TIME", help="when all of it was handed in")
    collect.add_argument(
        "--worksheet", type=Path, metavar="FILE.csv", help="Moodle's grading worksheet, which says when each came"
    )
    collect.add_argument(
        "--prefix", default="", metavar="TEXT", help="what each folder's name begins with: repositories' 05-attention-"
    )
    collect.add_argument("--yes", action="store_true", help="agree to what would be asked")

    history = commands.add_parser("history", help="list what was handed in of an assignment, and when")
    history.add_argument("name", metavar="ASSIGNMENT")
    history.add_argument("--student", default="*", help="one student's id, or a pattern (default: all)")

    grade = commands.add_parser("grade", help="grade the submissions of an assignment")
    grade.add_argument("name", metavar="ASSIGNMENT")
    grade.add_argument("--student", default="*", help="one student's id, or a pattern (default: all)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    grade.add_argument("--workers", type=_count, default=cores, metavar="N", help=f"processes (default: {cores})")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="grade on the Dask cluster there, such as tcp://head:8786"
    )
    grade.add_argument("--again", action="store_true", help="grade also what has not changed, on the same inputs")
    grade.add_argument("--dry-run", action="store_true", help="say whose score would change and why, and write nothing")

    one = commands.add_parser(
        "grade-one",
        help="grade one notebook, without a gradebook",
        description="Grade one notebook and the files beside it, as `grade` would, and write no gradebook. In a course "
        "folder the assignment is as it was released there. Ends with 0 if it was graded, whatever its score, and with "
        "2 if it could not be.",
    )
    one.add_argument("name", metavar="ASSIGNMENT")
    one.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    one.add_argument("--json", dest="output", type=Path, metavar="FILE", help="write the result there")
    one.add_argument("--release", type=Path, metavar="DIR", help="the assignment as `github` wrote it")
    one.add_argument("--github", action="store_true", help="also tell the job of GitHub's in which this runs")

    gradescope = commands.add_parser("gradescope", help="make the autograder that Gradescope runs")
    gradescope.add_argument("name", metavar="ASSIGNMENT")
    gradescope.add_argument("--output", type=Path, default=Path("autograder.zip"), metavar="FILE.zip")
    gradescope.add_argument(
        "--any-sandbox", action="store_true", help="grade also where only a plain process keeps learners' code"
    )
    gradescope.add_argument(
        "--extra-index", default="", metavar="URL", help="where pip finds a smaller torch, besides its own index"
    )

    github = commands.add_parser("github", help="make a template repository whose workflow grades")
    github.add_argument("name", metavar="ASSIGNMENT")
    github.add_argument("folder", type=Path, metavar="DIRECTORY")
    github.add_argument(
        "--course", dest="address", default="", metavar="URL", help="the git address of the course, with its graders"
    )

    feedback = commands.add_parser("feedback", help="make the learners' feedback pages")
    feedback.add_argument("name", metavar="ASSIGNMENT")
    feedback.add_argument(
        "--zip", dest="archive", type=Path, metavar="FILE.zip", help="also pack all pages, a folder for each student"
    )

    report = commands.add_parser(
        "report", help="write the class report: scores, misunderstandings, what to teach again"
    )
    report.add_argument("file", type=Path, metavar="FILE.html")

    similar = commands.add_parser(
        "similar",
        help="list who has much the same answers, for you to look at",
        description="List who has much the same answers: learners, and the course's own solutions. Other names, "
        "comments, literals and added lines do not hide a copy. Very short functions are left out, because right "
        "answers that short are all alike. What cannot be compared is listed too. The list is no verdict.",
    )
    similar.add_argument("name", metavar="ASSIGNMENT")
    similar.add_argument(
        "--share", type=_percent, default=80, metavar="PERCENT", help="of the shorter one (default: 80)"
    )

    export = commands.add_parser("export", help="write all scores as CSV, or as JSON for a program")
    export.add_argument("file", type=Path, metavar="FILE.csv")
    tables = ("plain", "cells", "canvas", "moodle")
    export.add_argument("--table", choices=tables, default="plain", help="which platform is to import it")
    export.add_argument(
        "--assignment", dest="name", default="", metavar="ASSIGNMENT", help="only this one (default: all)"
    )
    export.add_argument("--column", default="", metavar="NAME", help='what the platform calls it: "Attention (9001)"')
    export.add_argument(
        "--canvas-list", type=Path, metavar="FILE.csv", help="what Canvas exported: its ids and columns are kept"
    )
    return parser


def _time(text: str) -> datetime:
    """A time by ISO 8601; one that names no zone is this machine's."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-12-01T23:59") from error


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _percent(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100")
    return int(text)
