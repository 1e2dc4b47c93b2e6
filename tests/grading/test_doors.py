"""One judge, four doors: the same verdict without a gradebook, on Gradescope and on GitHub."""

import base64
import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.doors import grade_one, gradescope
from autograder.doors.gradescope import results_in, results_of
from autograder.exercises.spec import Assignment
from autograder.judging.grade import not_graded
from autograder.records.result import GRADED, Result, in_points, read_result
from autograder.running.work import Job, Outcome, Task
from autograder.sandbox.zygote_client import SandboxError
from autograder.submissions.hand_in import HandIn
from tests.autograder.doors.container import Container, can_be_made
from tests.banks.submissions import fill, hand_in, references, wrong_answer
from tests.grading.conftest import Course

pytestmark = [pytest.mark.grading, pytest.mark.sandboxes]
NAME = "05_attention"
FORGES = "import IPython; IPython.get_ipython().displayhook(1.0)\ndef causal_mask(*arguments): return 1.0"
SPIES = """
import glob, os, torch
def causal_mask(n_queries, n_keys):
    words = ("assignment.json", "specification", "solutions", "results.json")
    found = [
        name
        for place in ("/autograder", "/tmp", "/var/tmp", "/proc/1/root/autograder")
        for folder, _, names in os.walk(place)
        for name in (os.path.join(folder, name) for name in names)
        if "/environment/" not in name and (any(word in name for word in words) or name.endswith(".ipynb"))
    ]
    for path in (
        "/autograder/source/assignment/assignment.json",
        "/autograder/source/course/solutions/attention.py",
        "/autograder/source/course/autograder/exercises/attention/causal_mask.py",
        "/autograder/submission/hw.ipynb",
        "/autograder/submission_metadata.json",
        "/autograder/results/results.json",
        *glob.glob("/proc/[0-9]*/environ"),
        *glob.glob("/proc/[0-9]*/mem"),
    ):
        try:
            is_own = os.path.dirname(path) == f"/proc/{os.getpid()}"
            found += [path] * (bool(open(path, "rb").read(1)) and not is_own)
        except OSError:
            pass
    for path in ("/autograder/results/results.json", "/autograder/run_autograder", "/autograder/results/other.json"):
        try:
            open(path, "w").write('{"score": 20}')
            found.append(f"wrote {path}")
        except OSError:
            pass
    assert not found
    return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries)
"""


def notebook(assignment: Assignment, **answers: str) -> dict[str, Any]:
    """A right hand-in, but for some answers."""
    return fill(assignment, {**references(assignment), **answers})


FIELDS = "name score max_score properties misunderstanding hint section advice case flags"
"""Of an exercise in the JSON, as the guide names them."""


@pytest.fixture(scope="module")
def bank(attention: Assignment) -> dict[str, dict[str, Any]]:
    attend = attention.exercise("scaled_dot_product_attention")
    return {
        "right": notebook(attention),
        "wrong": notebook(attention, **{attend.name: wrong_answer(attend, attend.mistakes[0])}),
        "empty": fill(attention, {}),
        "hostile": notebook(attention, causal_mask=FORGES),
    }


def test_one_notebook_gets_the_verdict_that_a_class_gets(course: Course, bank: Mapping[str, Any]) -> None:
    for student, handed_in in bank.items():
        hand_in(course.folder, student, NAME, handed_in)
    course.done("grade", NAME, "--workers", "1")
    for student in bank:
        course.done("grade-one", NAME, f"submitted/{student}/{NAME}/{NAME}.ipynb", "--json", "one.json")
        one = json.loads((course.folder / "one.json").read_text())
        graded = read_result(course.folder / "results" / NAME / f"{student}.json")
        assert (one["status"], one["sandbox"]) == ("graded", graded.tier)
        assert (one["score"], one["max_score"]) == (round(graded.score, 4), graded.points)
        assert one["exercises"] == [grade_one.exercise_as_data(exercise) for exercise in graded.exercises]
        assert {*one["exercises"][0]} == {*FIELDS.split()}
        assert graded.seed not in json.dumps(one)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([NAME, "gone.ipynb"], "There is no gone.ipynb: name a notebook."),
        ([NAME, "."], "is not a regular file"),
        ([NAME, "nowhere/hw.ipynb"], "There is no nowhere/hw.ipynb: name a notebook."),
        ([NAME, "text.ipynb"], "is not valid JSON"),
        (["05_nothing", "hw.ipynb"], "There is no assignment '05_nothing'"),
        ([NAME, "hw.ipynb", "--release", "nowhere"], "nowhere/assignment.json cannot be read"),
        ([NAME, "hw.ipynb", "--json", "/dev/full"], "/dev/full cannot be written: No space left on device."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_graded_is_one_sentence(
    tmp_path: Path, bank: Mapping[str, Any], arguments: list[str], sentence: str
) -> None:
    (tmp_path / "text.ipynb").write_text("text")
    (tmp_path / "hw.ipynb").write_text(json.dumps(bank["empty"]))
    run = Course(tmp_path).llm_course("grade-one", *arguments)
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (2, 1), run.stderr
    assert sentence in run.stderr


@pytest.fixture(scope="module")
def archive(released_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for Gradescope."""
    path = tmp_path_factory.mktemp("gradescope") / "autograder.zip"
    Course(released_course).done("gradescope", NAME, "--output", str(path))
    return path


def unpacked(archive: Path, folder: Path) -> Job:
    """The assignment in a zip, which lies in Gradescope's folder from then on."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "source", [name for name in packed.namelist() if name.startswith("assignment/")])
    return gradescope.unpack(folder / "source" / "assignment")


def graded(folder: Path, files: Mapping[str, Any]) -> dict[str, Any]:
    """What files that are handed in get in Gradescope's folder, in this process and its strongest sandbox."""
    (folder / "submission").mkdir()
    for name, content in files.items():
        (folder / "submission" / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return results_in(folder)


@pytest.fixture
def platform(archive: Path, tmp_path: Path) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Grades what is handed in on Gradescope."""
    unpacked(archive, tmp_path)
    return functools.partial(graded, tmp_path)


def test_gradescope_is_told_in_its_own_form(platform: Callable[..., Any], bank: Mapping[str, Any]) -> None:
    results = platform({"my work (1).ipynb": bank["wrong"]})
    assert 16 < results["score"] < 17  # by what the hidden inputs happen to show
    assert results["output_format"] == results["test_output_format"] == "md"
    assert (results["visibility"], results["stdout_visibility"]) == ("visible", "hidden")
    assert "leaderboard" not in results
    assert sum(test["score"] for test in results["tests"]) == pytest.approx(results["score"])
    assert sum(test["max_score"] for test in results["tests"]) == 20
    test = results["tests"][1]
    assert (test["number"], test["name"], test["status"]) == ("2", "scaled_dot_product_attention", "failed")
    assert "**You do not scale the scores.**" in test["output"]
    assert "```text\nThe case “small”:" in test["output"]
    assert "*What to do:* A score is a sum" in test["output"]


def test_gradescope_is_told_why_there_is_no_score(platform: Callable[..., Any]) -> None:
    results = platform({"a.ipynb": "{}", "b.ipynb": "{}"})
    assert (results["score"], results["tests"]) == (0, [])
    assert results["output"].startswith("Not graded, so there are no points yet.")
    assert "There are 2 notebooks" in results["output"]


def test_where_no_sandbox_holds_learners_are_told_to_ask(
    platform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(job: Job, *arguments: Any) -> Result:
        assert job.rules.minimum_tier == "landlock"
        raise SandboxError("why")

    monkeypatch.setattr(gradescope, "grade_one", refuse)
    assert "The grader cannot work here. Please tell your instructor." in platform({"hw.ipynb": "{}"})["output"]
    assert capsys.readouterr().out.startswith("why. `llm-course gradescope --any-sandbox` makes a zip")


def test_a_defect_of_ours_is_one_sentence_for_learners(
    platform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradescope, "grade_one", lambda *arguments: 1 / 0)
    results = platform({"hw.ipynb": "{}"})
    assert "ZeroDivisionError" in results["output"]
    assert "Traceback" not in json.dumps(results)


def test_a_grader_that_is_stopped_leaves_results(archive: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        script = packed.read("run_autograder").decode()
        assert packed.getinfo("run_autograder").external_attr >> 16 == 0o755
    left = json.loads(script.partition("<< 'RESULTS'\n")[2].partition("\nRESULTS\n")[0])
    assert (left["score"], left["tests"], left["stdout_visibility"]) == (0, [], "hidden")
    assert left["output"].startswith("Not graded")


def test_what_was_stopped_on_a_busy_machine_is_graded_once_more(
    bank: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Task] = []

    @contextlib.contextmanager
    def workers(*arguments: Any) -> Iterator[Callable[[list[Task]], list[Outcome]]]:
        def grading(tasks: list[Task]) -> list[Outcome]:
            given.extend(tasks)
            return [Outcome("", replace(not_graded(NAME, ""), status=GRADED, final=False))]

        yield grading

    monkeypatch.setattr(grade_one, "local_workers", workers)
    result = grade_one.grade_one(grade_one.job_without_course(NAME), HandIn(json.dumps(bank["right"]).encode()))
    assert [task.alone for task in given] == [True, True]
    assert (given[0].stored, given[1].stored) == (None, result)
    assert results_of(result, [])["output"].endswith("while the machine was busy: hand it in again.")


def test_a_model_stands_on_the_leaderboard() -> None:
    figures = {"bits_per_byte": 1.25, "parameters": 390_000, "tokens": None}
    result = replace(not_graded("19_capstone", ""), status=GRADED, figures=figures)
    assert results_of(result, ["essay"])["leaderboard"] == [
        {"name": "Bits per byte", "value": 1.25, "order": "asc"},
        {"name": "Parameters", "value": 390_000, "order": "asc"},
    ]
    assert results_of(result, ["essay"])["output"].endswith("Your instructor grades essay.")


def test_another_attempt_meets_other_inputs(archive: Path, tmp_path: Path) -> None:
    metadata = tmp_path / "submission_metadata.json"
    assert gradescope._who(metadata) == ("", 0)
    for text in ("[]", '{"users": null}', "\0"):
        metadata.write_text(text)
        assert gradescope._who(metadata) == ("", 0)
    metadata.write_text(json.dumps({"users": [{"id": 2}, {"id": 1}], "previous_submissions": [{}, {}]}))
    assert gradescope._who(metadata) == ("1+2", 2)
    job = unpacked(archive, tmp_path)
    first, second = (gradescope._before(job, "1+2", earlier) for earlier in (1, 2))
    assert first is not None and second is not None
    assert second.draw == (first.draw + 1) % 4
    assert (first.attempt, second.attempt) == (1, 2)


def test_own_points_and_own_exercises_travel_along(course: Course, tmp_path: Path) -> None:
    course.done("new-exercise", "sorting")
    path = course.folder / "exercises/sorting/specification.py"
    path.write_text(re.sub(r"points=\d+", "points=7", path.read_text()))
    course.done("release", "sorting", "--regenerate")
    assert "lie open in each learner's repository" in course.refused("github", "sorting", "template")
    course.done("gradescope", "sorting", "--output", str(tmp_path / "autograder.zip"))
    job = unpacked(tmp_path / "autograder.zip", tmp_path)
    results = graded(tmp_path, {"hw.ipynb": fill(job.released, references(job.released))})
    assert [test["max_score"] for test in results["tests"]] == [7]
    assert results["score"] == 7


def said_of_a_spy(archive: Path, folder: Path, attention: Assignment, tier: str = "") -> str:
    """What is printed in Gradescope's container where an answer that looks for what is not its own is right."""
    if not can_be_made():
        pytest.skip("only root can make a container")
    for place in (folder, folder.parent, folder.parent.parent):
        place.chmod(0o755)
    results, said = Container(folder, archive).grade(notebook(attention, causal_mask=SPIES), tier)
    assert results["score"] == 20, results["tests"][0]["output"]
    return said


def test_nobody_reads_or_writes_what_is_not_theirs(archive: Path, tmp_path: Path, attention: Assignment) -> None:
    assert "Sandbox: landlock." in said_of_a_spy(archive, tmp_path, attention)


@pytest.mark.slow
def test_where_nothing_holds_files_are_still_kept_if_it_is_graded_all_the_same(
    released_course: Path, tmp_path: Path, attention: Assignment
) -> None:
    archive = tmp_path / "autograder.zip"
    Course(released_course).done("gradescope", NAME, "--output", str(archive), "--any-sandbox")
    assert "Sandbox: process." in said_of_a_spy(archive, tmp_path, attention, tier="process")


@pytest.fixture
def template(course: Course) -> Path:
    """A learner's repository, made of the template."""
    course.done("github", NAME, "template")
    return course.folder / "template"


def test_the_template_holds_no_answer_and_no_secret(course: Course, template: Path) -> None:
    text = "\n".join(path.read_text() for path in template.rglob("*") if path.is_file())
    assert (course.folder / ".llm_course_secret").read_text().strip() not in text
    assert "HIDDEN TESTS" not in text
    assert "@ASSIGNMENT@" not in text
    assert "is there already" in course.refused("github", NAME, "template")


def steps_of(template: Path) -> Iterator[tuple[str, str]]:
    workflow = yaml.safe_load((template / ".github/workflows/grade.yml").read_text())
    for step in workflow["jobs"]["grade"]["steps"]:
        if "run" in step:
            yield step["name"], step["run"]


@pytest.mark.parametrize(("answer", "status"), [("wrong", "fail"), ("none", "error")])
def test_the_workflow_grades(template: Path, tmp_path: Path, bank: Mapping[str, Any], answer: str, status: str) -> None:
    if answer in bank:
        (template / f"{NAME}.ipynb").write_text(json.dumps(bank[answer]))
    else:
        (template / f"{NAME}.ipynb").unlink()
    (tmp_path / "environment").symlink_to(sys.prefix)
    (tmp_path / "sudo").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (tmp_path / "sudo").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", dict(steps_of(template))["Grade"]], cwd=template, env=environment, capture_output=True
    )
    assert done.returncode == (0 if answer in bank else 2), done.stderr
    name, _, points = (tmp_path / "output").read_text().strip().partition("=")
    told = json.loads(base64.b64decode(points))
    # What the reporter reads, by its own source.
    assert (name, told["status"]) == ("result", status)
    assert all({"name", "status", "score", "line_no"} <= test.keys() for test in told["tests"])
    result = json.loads((template / "result.json").read_text())
    assert sum(test["score"] for test in told["tests"]) == pytest.approx(result["score"] or 0)
    summary = (tmp_path / "summary").read_text()
    if answer in bank:
        assert told["max_score"] == 20
        assert rf"## 05\_attention: {in_points(result['score'])} of 20 points" in summary
        assert 16 < result["score"] < 17
        assert "<details><summary>What to do</summary>" in summary
    else:
        assert "not graded" in summary
        assert "There is no" in summary
