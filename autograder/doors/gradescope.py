"""Gradescope: the zip that it takes, and what runs there for each submission.

    /autograder/source/            the zip: setup.sh, run_autograder, course/, assignment/
                submission/        what a learner handed in
                submission_metadata.json
                results/results.json

It runs `python -m autograder.doors.gradescope /autograder` as root, in a container that makes no namespaces.
"""

import json
import logging
import shlex
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.doors.grade_one import by_hand, grade_one
from autograder.doors.handed_in import find_hand_in
from autograder.doors.markdown import escaped, exercise_as_markdown
from autograder.doors.packed import pack, unpack
from autograder.judging.grade import not_graded
from autograder.judging.variants import VARIANTS, first_variant
from autograder.records.refusal import Refusal
from autograder.records.result import GRADED, ExerciseResult, Result, in_points
from autograder.records.unfinished import in_one_step, write_in_one_step
from autograder.running.work import DEFECT, Job
from autograder.sandbox.zygote_client import NOT_HELD, TIERS, SandboxError
from autograder.submissions.hand_in import HandIn, NotGradable, printable

REPOSITORY = Path(__file__).parents[2]
TEMPLATES = Path(__file__).with_name("templates")
NEEDED = ("LICENSE", "README.md", "pyproject.toml", "constraints.txt", "instructor/*", "llm_course/**/*")
"""What of the checkout the judge needs besides the files of the instructor's wheel."""
LEFT_OUT = {"__pycache__", "site", "browser.bin"}
"""Names in these folders of what only pages need."""
WEAKEST = "landlock"
"""The weakest sandbox from which the tests cannot be read, whoever the grader is."""
ASSIGNMENT = "assignment"
ASK = "Please tell your instructor."
LOG = logging.getLogger(__name__)


class NoCheckout(Refusal):
    """The course's source is not here; the message says so in one sentence."""


def write_zip(job: Job, path: Path, any_sandbox: bool, extra_index: str) -> None:
    """Write what Gradescope takes for an assignment. Raises NoCheckout and OSError.

    With `any_sandbox` it grades also where learners' code cannot be kept from all else in the container.
    """
    if not (REPOSITORY / "pyproject.toml").exists():
        raise NoCheckout("Gradescope is given the course's source: run this in a checkout of it.")
    if not any_sandbox:
        demanded = min(job.rules.minimum_tier, WEAKEST, key=TIERS.index)
        job = replace(job, rules=replace(job.rules, minimum_tier=demanded))
    set_up = (TEMPLATES / "setup.sh").read_text(encoding="utf-8").replace("@EXTRA_INDEX@", shlex.quote(extra_index))
    with (
        tempfile.TemporaryDirectory() as folder,
        in_one_step(path) as unfinished,
        zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as bundle,
    ):
        pack(job, Path(folder), for_graders=True)
        _write_script(bundle, "setup.sh", set_up)
        _write_script(bundle, "run_autograder", (TEMPLATES / "run_autograder").read_text(encoding="utf-8"))
        for file in _course_files():
            bundle.write(file, Path("course", file.relative_to(REPOSITORY)))
        for file in sorted(file for file in Path(folder).rglob("*") if file.is_file()):
            bundle.write(file, Path(ASSIGNMENT, file.relative_to(folder)))


def _write_script(bundle: zipfile.ZipFile, name: str, text: str) -> None:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o755 << 16
    bundle.writestr(info, text, zipfile.ZIP_DEFLATED)


def _course_files() -> Iterator[Path]:
    instructor = tomllib.loads((REPOSITORY / "instructor/pyproject.toml").read_text(encoding="utf-8"))
    of_wheel = instructor["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["files"]
    for pattern in (*NEEDED, *of_wheel):
        for file in sorted(REPOSITORY.glob(pattern)):
            if file.is_file() and LEFT_OUT.isdisjoint(file.relative_to(REPOSITORY).parts):
                yield file


def main(arguments: list[str]) -> int:
    """Grade what lies in Gradescope's folder, and write its results, whatever goes wrong."""
    folder = Path(arguments[0])
    write_in_one_step(folder / "results" / "results.json", json.dumps(results_in(folder), indent=1) + "\n")
    return 0


def results_in(folder: Path) -> dict[str, Any]:
    """What is told of the submission in Gradescope's folder. What is printed only the instructor sees."""
    try:
        job = unpack(folder / "source" / ASSIGNMENT)
        student, earlier = _who(folder / "submission_metadata.json")
        result = grade_one(job, _hand_in(folder / "submission", job), student, _before(job, student, earlier))
    except SandboxError as error:
        print(f"{error}. `llm-course gradescope --any-sandbox` makes a zip that grades here all the same.")
        return refusal(f"The grader cannot work here. {ASK}")
    except Exception as error:
        # A learner reads one sentence of it, the instructor all.
        LOG.exception("the submission")
        return refusal(f"{DEFECT.format(type(error).__name__)} {ASK}")
    for line in _for_instructor(result):
        print(printable(line))
    return results_of(result, by_hand(job)) if result.status == GRADED else refusal(result.reason)


def results_of(result: Result, left_to_hand: list[str]) -> dict[str, Any]:
    """A result in Gradescope's form."""
    total = f"{in_points(result.score)} of {in_points(result.points)} points"
    waiting = f" Your instructor grades {escaped(', '.join(left_to_hand))}." if left_to_hand else ""
    busy = "" if result.final else " Something was stopped while the machine was busy: hand it in again."
    results = {
        **_told(f"{escaped(result.assignment)}: {total}.{waiting}{busy}"),
        "score": round(result.score, 4),
        "test_output_format": "md",
        "tests": [_test(number, exercise) for number, exercise in enumerate(result.exercises, 1)],
    }
    if places := _leaderboard(result):
        results["leaderboard"] = places
    return results


def refusal(reason: str) -> dict[str, Any]:
    """What is told of a submission that cannot be graded. Gradescope wants a score."""
    return {**_told(f"Not graded, so there are no points yet. {escaped(reason)}"), "score": 0, "tests": []}


def _told(text: str) -> dict[str, Any]:
    return {"output": text, "output_format": "md", "visibility": "visible", "stdout_visibility": "hidden"}


def _test(number: int, exercise: ExerciseResult) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": exercise.name,
        "score": exercise.score,
        "max_score": exercise.points,
        "status": "passed" if exercise.score >= exercise.points else "failed",
        "output": exercise_as_markdown(exercise),
        "output_format": "md",
        "visibility": "visible",
    }


def _leaderboard(result: Result) -> list[dict[str, Any]]:
    """What was measured in a model."""
    if not result.figures:
        return []
    # It loads what draws, which no other assignment needs.
    from autograder.capstone.board import board

    return [
        {"name": name, "value": value, "order": "asc"}
        for line in board({"": result}, {})
        for name, value in (
            ("Bits per byte", line.bits_per_byte),
            ("Million tokens seen", line.million_tokens),
            ("Parameters", line.parameters),
        )
        if value is not None
    ]


def _for_instructor(result: Result) -> Iterator[str]:
    held = NOT_HELD.get(result.tier, "")
    if result.tier:
        yield f"Sandbox: {result.tier}.{f' It does not hold everything: {held}.' if held else ''}"
    yield f"Graded in {result.seconds:.1f} seconds, attempt {result.attempt}."
    yield from result.flags
    for exercise in result.exercises:
        yield from (f"{exercise.name}: {flag}" for flag in exercise.flags)


def _hand_in(folder: Path, job: Job) -> HandIn | NotGradable:
    with tempfile.TemporaryDirectory() as empty:
        try:
            return find_hand_in(folder, job.released, Path(empty))
        except NotGradable as reason:
            return reason


def _who(metadata: Path) -> tuple[str, int]:
    """Whose submission it is, as one text, and how many came before; nobody and none where nothing says so."""
    try:
        said = json.loads(metadata.read_text(encoding="utf-8"))
        users = sorted(str(user["id"]) for user in said["users"])
        return "+".join(users), len(said.get("previous_submissions") or ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", 0


def _before(job: Job, student: str, earlier: int) -> Result | None:
    """What stands for the attempts before this one: the inputs are those of the next variant."""
    if not earlier:
        return None
    draw = (first_variant(job.secret, job.assignment, student) + earlier - 1) % VARIANTS
    return replace(not_graded(job.assignment, ""), attempt=earlier, draw=draw)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
