"""The commands for classes that are not in a course folder; see `autograder.doors`."""

import json
from collections.abc import Iterator
from pathlib import Path

from autograder.course.course_folder import CONFIG_FILE, CourseError, writing
from autograder.course.grading import job_of
from autograder.doors import github as github_door
from autograder.doors import grade_one as one
from autograder.doors import gradescope as gradescope_door
from autograder.doors.packed import unpack
from autograder.exercises import assignments
from autograder.records.result import GRADED, in_points
from autograder.running.work import Job
from autograder.submissions.hand_in import printable


def grade_one(name: str, notebook: Path, output: Path | None, release: Path | None, github: bool) -> Iterator[str]:
    """Grade one notebook. Raises CourseError with the reason if it could not be graded."""
    job = _job(name, release)
    result = one.grade_one(job, one.read(notebook))
    if output:
        with writing(output):
            output.write_text(json.dumps(one.as_data(result, job), indent=1) + "\n", encoding="utf-8")
    if github:
        with writing(Path("what GitHub reads")):
            github_door.tell(result)
    if result.status != GRADED:
        raise CourseError(printable(result.reason))
    for exercise in result.exercises:
        yield f"{exercise.name}: {in_points(exercise.score)} of {in_points(exercise.points)} points"
    yield f"{result.assignment}: {in_points(result.score)} of {in_points(result.points)} points"


def gradescope(name: str, output: Path, any_sandbox: bool, extra_index: str) -> Iterator[str]:
    """Make the zip that Gradescope takes."""
    job = job_of(name)
    with writing(output):
        gradescope_door.write_zip(job, output, any_sandbox, extra_index)
    yield f"Wrote {output}: upload it as the autograder of a programming assignment. It holds the answers."


def github(name: str, folder: Path, address: str) -> Iterator[str]:
    """Make a template repository for GitHub."""
    job = job_of(name)
    with writing(folder):
        github_door.write_template(job, Path("release") / name, folder, address)
    yield f"Wrote {folder}: push it as a template repository."
    if not address:
        yield "Set the organization's variable LLM_COURSE to the git address of the course: the workflow installs it."


def _job(name: str, release: Path | None) -> Job:
    """What is asked: as a template says it, as the course that is the current folder does, or as the book does."""
    if release:
        job = unpack(release)
        if job.assignment != name:
            raise CourseError(f"{release} holds {job.assignment}, not {name}.")
        return job
    if CONFIG_FILE.exists():
        return job_of(name)
    if name not in assignments():
        raise CourseError(f"There is no assignment {name!r}: the course has {', '.join(assignments())}.")
    return one.job_without_course(name)
