"""Each wheel in an empty environment outside the checkout: a learner's first hour, and an instructor's."""

import csv
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
NAME = "05_attention"
RIGHT = "return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries)"
STEALS = """for path in sys.path + ["{package}"]:
        try:
            exec(open(path + "/solutions/attention.py").read(), globals())
        except OSError:
            pass
    from solutions.attention import causal_mask as answer
    return answer(n_queries, n_keys)"""


def test_the_two_packages_are_one_version() -> None:
    learner, instructor = (
        tomllib.loads((ROOT / name).read_text(encoding="utf-8"))["project"]
        for name in ("pyproject.toml", "instructor/pyproject.toml")
    )
    assert learner["version"] == instructor["version"]
    assert learner["requires-python"] == instructor["requires-python"]
    assert f"llm-course[lab]=={learner['version']}" in instructor["dependencies"]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the wheels, built from the checkout as it is."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    with FileLock(shared / "site.lock"):  # `make site` builds the learner's, too
        done = subprocess.run(["make", "wheels"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "_build" / "wheels"


def environment(folder: Path, *wheels: Path) -> Path:
    """The Python of a new environment with these wheels, and with copies of all else that this one has installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python, here = folder / "bin" / "python", Path(sysconfig.get_path("purelib"))
    packages = folder / here.relative_to(sys.prefix)
    shutil.copytree(
        here,
        packages,
        symlinks=True,
        copy_function=link,
        ignore=shutil.ignore_patterns("_llm_course*", "llm_course*", "__pycache__"),
        dirs_exist_ok=True,
    )
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, *wheels], check=True)
    return python


def link(source: str, target: str) -> None:
    """Gigabytes need no second place where a file may have two names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def run(python: Path, folder: Path, *arguments: str | Path, code: int = 0) -> str:
    """What a command of an environment puts out, run in a folder as a user runs it there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))}
    kept |= {"JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter"))}
    # nbgrader starts alembic, whose script is beside this Python alone.
    kept |= {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}
    done = subprocess.run([python, *arguments], cwd=folder, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + (done.stderr if code else "")


@pytest.mark.slow
@pytest.mark.notebooks
def test_a_learners_first_hour(wheels: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment", *wheels.glob("llm_course-*.whl"))
    for package in ("autograder", "solutions"):
        run(python, tmp_path, "-c", f"import {package}", code=1)
    lab = tmp_path / "lab"
    lab.mkdir()
    shutil.copy(ROOT / "tests" / "first_hour.py", tmp_path)
    shown = json.loads(run(python, lab, tmp_path / "first_hour.py", lab))
    assert Path(shown["where"][0]["text"].strip()).is_relative_to(tmp_path)
    assert "is not right yet" in str(shown["wrong"]) and "are the *last* `n_queries`" in str(shown["wrong"])
    assert "1 of 5 exercises of 05_attention pass" in str(shown["right"])
    assert shown["kept"] == [".llm_course_progress.json", f"{NAME}.ipynb"]
    assert "application/vnd.jupyter.widget-view+json" in shown["widget"][0]["data"]
    assert shown["code"] > 10_000


@pytest.mark.slow
@pytest.mark.grading
@pytest.mark.sandboxes
def test_an_instructors_first_hour(wheels: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "environment", *wheels.glob("*.whl"))
    command, course = python.with_name("llm-course"), tmp_path / "course"
    shown = run(
        python, tmp_path, "-c", "import autograder, llm_course\nprint(autograder.__file__, llm_course.__path__)"
    )
    assert str(ROOT) not in shown
    package = Path(shown.split()[0]).parents[1]
    run(command, tmp_path, "init", course)
    run(command, course, "release", NAME)
    hand_in(course, "ada", RIGHT)
    hand_in(course, "mallory", "import sys\n    " + STEALS.format(package=package))
    run(command, course, "grade", NAME)
    run(command, course, "export", "scores.csv")
    with (course / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ada": 2.0, "mallory": 0.0}


def hand_in(course: Path, student: str, answer: str) -> None:
    """Hand in the released notebook with an answer to its first exercise."""
    notebook = nbformat.read(course / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    (cell,) = (c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "causal_mask-answer")
    assert "# YOUR CODE HERE\n    raise NotImplementedError()" in cell.source
    cell.source = cell.source.replace("# YOUR CODE HERE\n    raise NotImplementedError()", answer)
    file = course / "submitted" / student / NAME / f"{NAME}.ipynb"
    file.parent.mkdir(parents=True)
    nbformat.write(notebook, file)
