"""The commands for classes that are not in a course folder; see `autograder.doors`."""

import argparse
import json
import sys
from pathlib import Path

from autograder.course import course
from autograder.course.course_folder import CONFIG_FILE, CourseError, writing
from autograder.doors import github as github_door
from autograder.doors import grade_one as one
from autograder.doors import gradescope as gradescope_door
from autograder.doors.packed import unpack
from autograder.exercises import assignments
from autograder.records.result import GRADED, in_points
from autograder.running.work import Job
from autograder.submissions.hand_in import printable

NOT_GRADED = 2
"""The exit code of grade-one where there is no score."""


def grade_one(options: argparse.Namespace) -> int:
    """Grade one notebook. Returns 0, or 2 if it could not be graded."""
    job = _job(options.assignment, options.release)
    result = one.grade_one(job, one.read(options.notebook))
    if options.json:
        with writing(options.json):
            options.json.write_text(json.dumps(one.as_data(result, job), indent=1) + "\n", encoding="utf-8")
    if options.github:
        with writing(Path("what GitHub reads")):
            github_door.tell(result)
    if result.status != GRADED:
        print(f"llm-course: {printable(result.reason)}", file=sys.stderr)
        return NOT_GRADED
    for exercise in result.exercises:
        print(f"{exercise.name}: {in_points(exercise.score)} of {in_points(exercise.points)} points")
    print(f"{result.assignment}: {in_points(result.score)} of {in_points(result.points)} points")
    return 0


def gradescope(options: argparse.Namespace) -> int:
    """Make the zip that Gradescope takes."""
    job = course.job_of(options.assignment)
    with writing(options.output):
        gradescope_door.write_zip(job, options.output, options.any_sandbox, options.extra_index)
    print(f"Wrote {options.output}: upload it as the autograder of a programming assignment. It holds the answers.")
    return 0


def github(options: argparse.Namespace) -> int:
    """Make a template repository for GitHub."""
    job = course.job_of(options.assignment)
    released = Path("release") / options.assignment
    with writing(options.folder):
        github_door.write_template(job, released, options.folder, options.course)
    print(f"Wrote {options.folder}: push it as a template repository.")
    if not options.course:
        print("Set the organization's variable LLM_COURSE to the git address of the course: the workflow installs it.")
    return 0


def _job(name: str, release: Path | None) -> Job:
    """What is asked: as a template says it, as the course that is the current folder does, or as the book does."""
    if release:
        job = unpack(release)
        if job.assignment != name:
            raise CourseError(f"{release} holds {job.assignment}, not {name}.")
        return job
    if CONFIG_FILE.exists():
        return course.job_of(name)
    if name not in assignments():
        raise CourseError(f"There is no assignment {name!r}: the course has {', '.join(assignments())}.")
    return one.job_without_course(name)
