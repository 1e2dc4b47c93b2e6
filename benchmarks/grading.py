"""How fast grading is beside stock nbgrader: python -m benchmarks.grading [--help]

Each round grades the same submissions by stock nbgrader and by `llm-course grade`, one after the other, so that what
else the machine does weighs on both. Ours counts with its start-up and full sandbox. Stock counts without its start-up,
the difference of a run over many and a run over one, and its graded cells run the visible checks only.
"""

import argparse
import copy
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbgrader
from traitlets.config import Config

from autograder.course.course_folder import course_directory, released_assignment
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.nbgrader_bridge.gradebook import Writer
from autograder.running.work import Job, Task, work
from autograder.sandbox.zygote_client import shared_zygote
from autograder.submissions.course_files import course_secret
from autograder.submissions.hand_in import read_hand_in
from tests.banks.submissions import fill, hand_in, references, wrong_answer

STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}
"""
PLAIN = "ps1"
EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source" / PLAIN / "problem1.ipynb"
"""The notebook of nbgrader's documentation."""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 1])\nplt.show()"
# What a notebook of a later chapter begins with: most of stock nbgrader's time is these imports.
LIBRARIES = """\
import matplotlib.pyplot as plt
import torch
from transformers import GPT2Config, GPT2LMHeadModel

model = GPT2LMHeadModel(GPT2Config(vocab_size=100, n_positions=32, n_embd=32, n_layer=2, n_head=2))
plt.plot(model(torch.arange(8)[None]).logits[0, -1].detach())
plt.show()
"""


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds, CPU seconds with all its processes, MiB of all its processes at their most."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Workload:
    """The submissions that both grade."""

    assignment: Assignment
    libraries: bool

    @property
    def name(self) -> str:
        return self.assignment.name

    def notebooks(self) -> list[dict[str, Any]]:
        """Right, untouched, three kinds of wrong, and one with a plot."""
        right = references(self.assignment)
        wrong = [
            right
            | {
                exercise.name: wrong_answer(exercise, exercise.mistakes[number])
                for exercise in self.assignment.exercises
                if number < len(exercise.mistakes)
            }
            for number in range(3)
        ]
        extra = {2: LIBRARIES} if self.libraries else {}
        plotted = fill(self.assignment, right, extra=extra or {2: PLOT})
        return [*(fill(self.assignment, answers, extra=extra) for answers in (right, {}, *wrong)), plotted]


@dataclass(frozen=True)
class PlainWorkload(Workload):
    """nbgrader's own example, with its tests: no specification of ours."""

    def notebooks(self) -> list[dict[str, Any]]:
        """Right, untouched, and wrong."""
        right = json.loads(EXAMPLE.read_text(encoding="utf-8"))
        found = []
        for squares in (None, "raise NotImplementedError()", "def squares(n):\n    return [0] * n"):
            found.append(copy.deepcopy(right))
            for cell in found[-1]["cells"] if squares else ():
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == "squares":
                    cell["source"] = squares
        return found


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
    workload = _workload(options)
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = Path(folder, "ours"), Path(folder, "stock")
        _make_course(ours, workload)
        _make_stock(stock, ours, workload)
        libraries = ", each notebook with transformers and matplotlib" if workload.libraries else ""
        print(f"{workload.name}{libraries}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
        _compare(ours, stock, workload, options)
        if options.sizes:
            _print_sizes(ours, workload, options)
        _print_scaling(ours, workload, options)
        _print_writer(ours, workload, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.grading", description=__doc__.split("\n")[0])
    parser.add_argument("--assignment", default="05_attention", choices=[*assignments(), PLAIN])
    parser.add_argument("--submissions", type=int, default=200, help="that ours grades in a round (default: 200)")
    parser.add_argument("--stock", type=int, default=8, help="that stock nbgrader grades in a round (default: 8)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--libraries", action="store_true", help="let each notebook import transformers and matplotlib and use them"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[20, 200, 2000], help="sizes of growing classes")
    return parser.parse_args(arguments)


def _workload(options: argparse.Namespace) -> Workload:
    if options.assignment == PLAIN:
        return PlainWorkload(Assignment(PLAIN), libraries=False)
    return Workload(assignments()[options.assignment], options.libraries)


def _compare(ours: Path, stock: Path, workload: Workload, options: argparse.Namespace) -> None:
    _hand_in(ours, workload, options.submissions)
    rounds = []
    for number in range(options.rounds):
        rounds.append(
            Round(
                stock=_stock_cost(stock, workload, options.stock),
                one=_grade(ours, workload, options.workers, student=_student(0)),
                ours=_grade(ours, workload, options.workers),
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
    print(
        f"memory at most: stock {max(item.stock.memory for item in rounds):.0f} MiB, "
        f"ours {max(item.ours.memory for item in rounds):.0f} MiB"
    )
    again = _run(ours, _command(workload, options.workers))
    print(f"a second run over {options.submissions} unchanged: {again.wall:.1f} s", flush=True)
    first = _grade(ours, workload, 1, student=_student(0))
    print(f"first answer, one submission: {first.wall:.1f} s")


def _print_sizes(ours: Path, workload: Workload, options: argparse.Namespace) -> None:
    for size in options.sizes:
        _hand_in(ours, workload, size)
        cost = _grade(ours, workload, options.workers)
        print(
            f"{size} submissions: {cost.wall:.1f} s, {1000 * cost.wall / size:.0f} ms and "
            f"{1000 * cost.cpu / size:.0f} CPU ms a submission, {cost.memory:.0f} MiB",
            flush=True,
        )


def _print_scaling(ours: Path, workload: Workload, options: argparse.Namespace) -> None:
    _hand_in(ours, workload, options.submissions)
    rates = {}
    for workers in (1, options.workers):
        # Without start-up: the difference to a run over one.
        whole, one = _grade(ours, workload, workers), _grade(ours, workload, workers, student=_student(0))
        rates[workers] = (options.submissions - 1) / (whole.wall - one.wall)
        print(f"{workers} worker(s): {rates[workers]:.1f} submissions a second after the start", flush=True)
    print(f"from 1 to {options.workers} workers: {rates[options.workers] / rates[1]:.2f} times")


def _print_writer(ours: Path, workload: Workload, options: argparse.Namespace) -> None:
    os.chdir(ours)
    _forget(ours)
    directory, config = course_directory()
    job = Job(workload.name, course_secret(), released_assignment(directory, workload.name).cells, Config())
    task = Task("", read_hand_in(Path("submitted", _student(0), workload.name, f"{workload.name}.ipynb")))
    outcome = work(job, task)
    shared_zygote().close()
    started, cpu = time.perf_counter(), time.process_time()
    with Writer(directory, config, workload.name) as writer:
        for number in range(options.submissions):
            writer.add(dataclasses.replace(outcome, student=_student(number)), task)
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"the writer alone: {1000 * wall / options.submissions:.1f} ms and "
        f"{1000 * cpu / options.submissions:.1f} CPU ms a submission"
    )


def _make_course(folder: Path, workload: Workload) -> None:
    _run_plainly(folder.parent, "-m", "autograder", "init", folder.name)
    if workload.name == PLAIN:
        source = folder / "source" / PLAIN / f"{PLAIN}.ipynb"
        source.parent.mkdir()
        shutil.copy(EXAMPLE, source)
    _run_plainly(folder, "-m", "autograder", "release", workload.name)


def _make_stock(folder: Path, ours: Path, workload: Workload) -> None:
    shutil.copytree(ours / "source" / workload.name, folder / "source" / workload.name)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG, encoding="utf-8")
    _run_plainly(folder, "-m", "nbgrader", "generate_assignment", workload.name)


def _hand_in(folder: Path, workload: Workload, count: int) -> None:
    shutil.rmtree(folder / "submitted", ignore_errors=True)
    notebooks = workload.notebooks()
    for number in range(count):
        hand_in(folder, _student(number), workload.name, notebooks[number % len(notebooks)])


def _student(number: int) -> str:
    return f"student-{number:05d}"


def _stock_cost(folder: Path, workload: Workload, count: int) -> Cost:
    """Of one submission, without start-up."""
    _hand_in(folder, workload, count)
    costs = []
    for student in ("*", _student(0)):
        shutil.rmtree(folder / "autograded", ignore_errors=True)
        costs.append(_run(folder, ["-m", "nbgrader", "autograde", workload.name, "--student", student]))
    many, one = costs
    return Cost((many.wall - one.wall) / (count - 1), (many.cpu - one.cpu) / (count - 1), many.memory)


def _grade(folder: Path, workload: Workload, workers: int, student: str = "*") -> Cost:
    """Of a first grading of all submissions, or of one."""
    _forget(folder)
    return _run(folder, _command(workload, workers, student))


def _command(workload: Workload, workers: int, student: str = "*") -> list[str]:
    return ["-m", "autograder", "grade", workload.name, "--workers", str(workers), "--student", student]


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
    memory = _MemoryMeter(process.pid)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{output.decode(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory.most())


class _MemoryMeter:
    """The memory of a process and all its descendants, shared pages counted once, looked at every second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._ended = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def most(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._most / 1024

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            self._most = max(self._most, sum(map(_proportional_memory, _family(self._pid))))


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(descendant for child in children for descendant in _family(int(child)))]


def _proportional_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _run_plainly(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
