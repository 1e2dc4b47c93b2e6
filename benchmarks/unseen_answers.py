"""Prints what the graders make of answers that they have not seen. `make unseen-answers ARGUMENTS=folder`.

The folder has `<assignment>/<exercise>/w1.py, w2.py, ...`, wrong answers whose first line is a comment that says what
is wrong, and `r1.py, ...`, right ones. Each is a whole file that defines the exercise's function; the assignment's
other functions are there, and right. An answer is killed if it loses points, and named if it is told a known mistake.
Whether what it is told is true of it, people have to read: FOLDER/verdicts.md has both side by side. Rules against
shortcuts are not tried here.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import torch

from autograder.authoring.trial import visible_part
from autograder.exercises import assignments
from autograder.exercises.spec import Assignment, Exercise
from autograder.judging.judge import derive_seed, judge, local_answer, make_answer_key
from llm_course.checking.evaluate import Verdict, evaluate
from llm_course.checking.invocation import invoke

SECONDS = 60
"""How long an answer may take, its key included."""
SEEDS = tuple(derive_seed(b"unseen answers", str(number)) for number in range(4))
"""A grader's variants of the inputs: the first gives the verdict, the others what a known mistake loses elsewhere."""


@dataclass(frozen=True)
class Outcome:
    """What an answer got: the share of the points, a known mistake or None, and what it is told.

    The share is None where a file gave no answer that could be judged: it counts nowhere. `seen` is what the
    learner's own checks tell of it: a known mistake, "passed", or "failed".
    """

    file: Path
    comment: str
    fraction: float | None
    mistake: str | None
    hint: str
    seen: str

    @property
    def right(self) -> bool:
        """Whether its writer says that it is right."""
        return self.file.name.startswith("r")


def outcome(assignment: str, exercise: str, file: Path) -> Outcome:
    """Judge one answer."""
    found = assignments()[assignment]
    spec = found.exercise(exercise)
    text = file.read_text(encoding="utf-8")
    comment = text.partition("\n")[0].lstrip("# ").removeprefix("misconception:").strip()
    try:
        function = _function(found, spec, text)
    except Exception as error:  # Whatever an unseen file may raise.
        return Outcome(file, comment, None, None, f"The file does not run: {error}", "failed")
    verdict = judge(spec, local_answer(function), *SEEDS)
    return Outcome(file, comment, verdict.fraction, verdict.mistake, verdict.hint, _seen(spec, function))


def _function(assignment: Assignment, exercise: Exercise, text: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {item.name: item.reference for item in assignment.exercises}
    namespace["__name__"] = "answer"
    exec(compile(text, exercise.name, "exec"), namespace)
    function: Callable[..., Any] = namespace[exercise.name]
    if function is exercise.reference:
        raise NameError(f"{exercise.name} is not defined")
    return function


def _seen(exercise: Exercise, function: Callable[..., Any]) -> str:
    key = visible_part(exercise, make_answer_key(exercise, SEEDS[0]))
    verdict: Verdict = evaluate(key, {name: invoke(function, item.call) for name, item in key.items.items()})
    return verdict.mistake or ("passed" if verdict.fraction == 1 else "failed")


def outcomes(folder: Path) -> Iterator[tuple[str, list[Outcome]]]:
    """The outcomes of each exercise that the folder has answers to."""
    pool = _pool()
    for path in sorted(item for item in folder.glob("*/*") if item.is_dir()):
        found = []
        for file in sorted(path.glob("[wr]*.py")):
            try:
                found.append(pool.apply_async(outcome, (path.parent.name, path.name, file)).get(SECONDS))
            except multiprocessing.TimeoutError:
                pool.terminate()
                pool = _pool()
                found.append(Outcome(file, "", None, None, f"No verdict within {SECONDS} seconds.", "failed"))
        for item in found:
            if item.fraction is None:
                print(f"{item.file} is left out. {item.hint}", file=sys.stderr)
        yield path.name, [item for item in found if item.fraction is not None]
    pool.terminate()


def _pool() -> Pool:
    # Forked, so that torch is there at once; each process keeps the keys that it made.
    return multiprocessing.get_context("fork").Pool(1, torch.set_num_threads, (1,))


def line(name: str, found: Sequence[Outcome]) -> str:
    """A row of the table: right answers and those with full marks, wrong ones, killed, named, and named at once."""
    right = [item for item in found if item.right]
    wrong = [item for item in found if not item.right]
    killed = [item for item in wrong if item.fraction != 1]
    named = [item for item in killed if item.mistake]
    at_once = [item for item in wrong if item.seen not in ("passed", "failed")]
    kept = sum(item.fraction == 1 for item in right)
    return f"| `{name}` | {kept} of {len(right)} | {len(wrong)} | {len(killed)} | {len(named)} | {len(at_once)} |"


def told(name: str, item: Outcome) -> str:
    """An answer, its writer's word and ours, side by side."""
    kind = "right" if item.right else "wrong"
    return (
        f"- `{name}/{item.file.name}` ({kind}): {item.comment}\n"
        f"  - {item.fraction:.2f}, {item.mistake or 'no name'}; own checks: {item.seen}\n"
        f"  - {item.hint}"
    )


HEADER = """\
| Exercise | right kept | wrong | killed | named | named by the learner's checks |
|---|---|--:|--:|--:|--:|"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge all answers of a folder; print the table, and write what each was told beside them."""
    parser = argparse.ArgumentParser(prog="benchmarks.unseen_answers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="<assignment>/<exercise>/w1.py and so on")
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        print(f"{folder} is no folder. Name one with <assignment>/<exercise>/w1.py in it.", file=sys.stderr)
        return 2
    everything: list[Outcome] = []
    lines: list[str] = []
    print(HEADER)
    for name, found in outcomes(folder):
        print(line(name, found), flush=True)
        lines.extend(told(name, item) for item in found)
        everything.extend(found)
    if not everything:
        print(f"{folder} has no answers that can be judged: name them <assignment>/<exercise>/w1.py.", file=sys.stderr)
        return 2
    print(line("all", everything))
    (folder / "verdicts.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
