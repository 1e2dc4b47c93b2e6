"""GitHub: a template repository for a class, whose workflow grades what a learner pushes."""

import base64
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.doors.markdown import as_markdown
from autograder.doors.packed import pack
from autograder.exercises import assignments
from autograder.records.refusal import Refusal
from autograder.records.result import GRADED, Result
from autograder.running.work import Job

TEMPLATES = Path(__file__).with_name("templates") / "github"
PACKED = Path(".github", "assignment")
RESULT = "result"
"""The step's output that GitHub Classroom's reporter reads."""


class NotForGitHub(Refusal):
    """An assignment cannot be a public template; the message says why in one sentence."""


def write_template(job: Job, released: Path, folder: Path, course: str) -> None:
    """Write a template repository into a new folder: what was released, with a workflow and what it grades by.

    `course` is the git address of the course. Raises NotForGitHub and OSError.
    """
    name = job.assignment
    if job.released.tests or job.released.folder or name not in assignments():
        raise NotForGitHub(
            f"{name} has tests or answers of your own, which would lie open in each learner's repository: collect the "
            "repositories and run `llm-course grade`."
        )
    if folder.exists():
        raise NotForGitHub(f"{folder} is there already: name a new folder.")
    shutil.copytree(released, folder)
    pack(job, folder / PACKED, for_graders=False)
    for template in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
        text = template.read_text(encoding="utf-8").replace("@ASSIGNMENT@", name).replace("@COURSE@", course)
        path = folder / template.relative_to(TEMPLATES)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def tell(result: Result, environment: Mapping[str, str] = os.environ) -> None:
    """Tell GitHub's job of a result: its summary as Markdown, and its points. Raises OSError."""
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(as_markdown(result))
    if output := environment.get("GITHUB_OUTPUT"):
        points = base64.b64encode(json.dumps(for_classroom(result)).encode()).decode()
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"{RESULT}={points}\n")


def for_classroom(result: Result) -> dict[str, Any]:
    """A result as GitHub Classroom's autograding reporter reads it."""
    tests = [
        {
            "name": exercise.name,
            "status": "pass" if exercise.score >= exercise.points else "fail",
            "score": exercise.score,
            "message": exercise.hint,
            "test_code": "",
            "filename": "",
            "line_no": 0,
        }
        for exercise in result.exercises
    ]
    if result.status != GRADED:
        tests = [{"name": result.assignment, "status": "error", "score": 0, "message": result.reason, "line_no": 0}]
    passed = all(test["status"] == "pass" for test in tests)
    status = "error" if result.status != GRADED else "pass" if passed else "fail"
    return {"version": 1, "status": status, "max_score": result.points, "tests": tests}
