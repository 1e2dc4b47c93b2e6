"""The commands of llm-course by name. Each takes its options as arguments, and gives what is told, in sentences."""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterable

from sqlalchemy.exc import SAWarning

from autograder.course import drop, elsewhere, grading, outcomes, releasing, students
from autograder.course.course_folder import CONFIG_FILE
from autograder.records.refusal import Refusal
from autograder.records.unfinished import remove_unfinished

COMMANDS: dict[str, Callable[..., Iterable[str]]] = {
    "init": releasing.init,
    "release": releasing.release,
    "new-exercise": releasing.new_exercise,
    "try": releasing.try_exercises,
    "roster": students.roster,
    "drop": drop.drop,
    "extend": students.extend,
    "collect": students.collect,
    "history": students.history,
    "grade": grading.grade,
    "grade-one": elsewhere.grade_one,
    "gradescope": elsewhere.gradescope,
    "github": elsewhere.github,
    "feedback": outcomes.feedback,
    "report": outcomes.report,
    "similar": outcomes.similar,
    "export": outcomes.export,
}
NOT_GRADED = 2
"""The exit code of grade-one where there is no score."""


def run(options: argparse.Namespace) -> int:
    """Run `options.command`. Returns the exit code: 0, or 1 (of grade-one 2) with one sentence on stderr."""
    # nbgrader's own use of SQLAlchemy warns at each new submission; an instructor can do nothing about it.
    warnings.filterwarnings("ignore", category=SAWarning)
    arguments = vars(options)
    command = arguments.pop("command")
    if CONFIG_FILE.exists():
        remove_unfinished(CONFIG_FILE.parent)
    try:
        for line in COMMANDS[command](**arguments):
            print(line)
    except Refusal as error:
        print(f"llm-course: {error}", file=sys.stderr)
        return NOT_GRADED if command == "grade-one" else 1
    return 0
