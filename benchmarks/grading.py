"""How fast grading is beside stock nbgrader: python -m benchmarks.grading [--help]

Each round grades the same submissions by stock nbgrader and by `llm-course grade`, one after the other, so that what
else the machine does weighs on both. Ours counts with its start-up and full sandbox. Stock counts without its start-up,
the difference of a run over many and a run over one, and its graded cells run the visible checks only.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from tests.banks.submissions import fill, hand_in, references, wrong_answer

STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}
"""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 1])\nplt.show()"


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds, and CPU seconds with all its processes."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Round:
    """What the same submissions cost both, one after the other: stock's for one, ours for `count` and for one."""

    stock: Cost
    ours: Cost
    one: Cost
    count: int

    @property
    def wall(self) -> float:
        """Of one of our submissions, with start-up."""
        return self.ours.wall / self.count

    @property
    def cpu(self) -> float:
        """Of one of our submissions, with start-up."""
        return self.ours.cpu / self.count

    @property
    def cpu_after_start(self) -> float:
        return (self.ours.cpu - self.one.cpu) / (self.count - 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the options ask for and print it."""
    options = _options(arguments)
    # nbgrader starts alembic by its name.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    assignment = assignments()[options.assignment]
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = Path(folder, "ours"), Path(folder, "stock")
        _make_course(ours, assignment)
        _make_stock(stock, ours, assignment)
        print(f"{assignment.name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
        _compare(ours, stock, assignment, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.grading", description=__doc__.split("\n")[0])
    parser.add_argument("--assignment", default="05_attention", choices=assignments())
    parser.add_argument("--submissions", type=int, default=200, help="that ours grades in a round (default: 200)")
    parser.add_argument("--stock", type=int, default=8, help="that stock nbgrader grades in a round (default: 8)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args(arguments)


def _compare(ours: Path, stock: Path, assignment: Assignment, options: argparse.Namespace) -> None:
    _hand_in(ours, assignment, options.submissions)
    rounds = []
    for number in range(options.rounds):
        rounds.append(
            Round(
                stock=_stock_cost(stock, assignment, options.stock),
                one=_grade(ours, assignment, options.workers, student=_student(0)),
                ours=_grade(ours, assignment, options.workers),
                count=options.submissions,
            )
        )
        last = rounds[-1]
        print(
            f"round {number + 1}: stock {last.stock.wall:.2f} s and {last.stock.cpu:.2f} CPU s a submission; ours "
            f"{1000 * last.wall:.0f} ms and {1000 * last.cpu:.0f} CPU ms over {last.count}, start-up included, "
            f"{1000 * last.cpu_after_start:.0f} CPU ms without",
            flush=True,
        )
    wall = statistics.median(item.stock.wall / item.wall for item in rounds)
    cpu = statistics.median(item.stock.cpu / item.cpu for item in rounds)
    cpu_after_start = statistics.median(item.stock.cpu / item.cpu_after_start for item in rounds)
    print(
        f"medians: {wall:.0f} times stock's wall throughput with {options.workers} workers, {cpu:.0f} "
        f"times less CPU; without start-up, as stock is counted, {cpu_after_start:.0f} times less CPU"
    )
    again = _run(ours, _command(assignment, options.workers))
    print(f"a second run over {options.submissions} unchanged: {again.wall:.1f} s", flush=True)
    first = _grade(ours, assignment, 1, student=_student(0))
    print(f"first answer, one submission: {first.wall:.1f} s")


def _make_course(folder: Path, assignment: Assignment) -> None:
    _run_plainly(folder.parent, "-m", "autograder", "init", folder.name)
    _run_plainly(folder, "-m", "autograder", "release", assignment.name)


def _make_stock(folder: Path, ours: Path, assignment: Assignment) -> None:
    shutil.copytree(ours / "source" / assignment.name, folder / "source" / assignment.name)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG, encoding="utf-8")
    _run_plainly(folder, "-m", "nbgrader", "generate_assignment", assignment.name)


def _hand_in(folder: Path, assignment: Assignment, count: int) -> None:
    shutil.rmtree(folder / "submitted", ignore_errors=True)
    notebooks = _notebooks(assignment)
    for number in range(count):
        hand_in(folder, _student(number), assignment.name, notebooks[number % len(notebooks)])


def _notebooks(assignment: Assignment) -> list[dict[str, Any]]:
    """Right, untouched, three kinds of wrong, and one with a plot."""
    right = references(assignment)
    wrong = [
        right
        | {
            exercise.name: wrong_answer(exercise, exercise.mistakes[number])
            for exercise in assignment.exercises
            if number < len(exercise.mistakes)
        }
        for number in range(3)
    ]
    return [*(fill(assignment, answers) for answers in (right, {}, *wrong)), fill(assignment, right, extra={2: PLOT})]


def _student(number: int) -> str:
    return f"student-{number:05d}"


def _stock_cost(folder: Path, assignment: Assignment, count: int) -> Cost:
    """Of one submission, without start-up."""
    _hand_in(folder, assignment, count)
    costs = []
    for student in ("*", _student(0)):
        shutil.rmtree(folder / "autograded", ignore_errors=True)
        costs.append(_run(folder, ["-m", "nbgrader", "autograde", assignment.name, "--student", student]))
    many, one = costs
    return Cost((many.wall - one.wall) / (count - 1), (many.cpu - one.cpu) / (count - 1))


def _grade(folder: Path, assignment: Assignment, workers: int, student: str = "*") -> Cost:
    """Of a first grading of all submissions, or of one."""
    _forget(folder)
    return _run(folder, _command(assignment, workers, student))


def _command(assignment: Assignment, workers: int, student: str = "*") -> list[str]:
    return ["-m", "autograder", "grade", assignment.name, "--workers", str(workers), "--student", student]


def _forget(folder: Path) -> None:
    """Take back all grades."""
    for name in ("results", "autograded"):
        shutil.rmtree(folder / name, ignore_errors=True)
    released = folder / "released.db"
    if released.exists():
        shutil.copy(released, folder / "gradebook.db")
    else:
        shutil.copy(folder / "gradebook.db", released)


def _run(folder: Path, arguments: list[str]) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{output.decode(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def _run_plainly(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
