"""Plants faults, one at a time, and says which of them the tests catch: `python -m tests.planted_faults [NAME ...]`.

A fault is an edit of one file in the checkout, which is taken back whatever happens. The tests that ought to catch it
are run before, when they must pass, and with the fault, when they must fail. Nothing may be uncommitted in the files
that are edited.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TIMEOUT = 900


@dataclass(frozen=True)
class Fault:
    """Text that stands once in a file, what takes its place, and the tests that ought to notice."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    command: str = ""
    """What makes the tests see the edit, where something is built from the file."""


FAULTS = {
    "a dtype is lost in the wire": Fault(
        "llm_course/checking/values.py",
        "    return torch.frombuffer(data, dtype=dtype)\n",
        "    return torch.frombuffer(data, dtype=dtype).float()\n",
        ("tests/grading/test_travel.py", "-k", "rms_norm or differing"),
    ),
    "a hint is missing in the feedback": Fault(
        "autograder/result.py",
        'lines += ["", *self.hint.splitlines()]',
        "lines += []",
        ("tests/grading/test_banks.py", "-k", "feedback and 05_attention"),
    ),
    "a score is off by one property in the gradebook": Fault(
        "autograder/autograded.py",
        'data = {"text/plain": repr(exercise.score)}',
        'data = {"text/plain": repr(exercise.score - exercise.points / 10)}',
        ("tests/grading/test_banks.py", "-k", "scores and 05_attention"),
    ),
    "a chapter claims what its output does not show": Fault(
        "chapters/01_language_models/chapter.md",
        'text = "| the cat sat | a cat ran | the dog sat |".split()',
        'text = "| the cat sat | a cat ran | the dog ran |".split()',
        ("tests/chapters/test_notebooks.py", "-k", "01_language_models and runs and not exercises"),
    ),
    "a widget is dead": Fault(
        "llm_course/widgets/bpe_stepper.js",
        'const tables = element("div", { class: "llm-row" });',
        'const tables = element("div", { class: "llm-row" }); throw new Error("dead");',
        ("tests/widgets/test_browser.py", "-k", "bpe_stepper"),
        "make widgets",
    ),
    "a widget disagrees with torch": Fault(
        "llm_course/widgets/js/decoder.js",
        "const scale = 1 / Math.sqrt(squares / vector.length + epsilon);",
        "const scale = 1 / (Math.sqrt(squares / vector.length) + epsilon * 1e3);",
        ("tests/widgets/test_parity.py", "-k", "logits"),
        "make widgets",
    ),
    "a page asks another host": Fault(
        "chapters/notation.md",
        "# Notation\n",
        "# Notation\n\n<img src='http://example.org/seen.png' alt='seen'>\n",
        ("tests/site/test_browser.py", "-k", "notation and sound"),
    ),
    "known mistakes pass": Fault(
        "autograder/exercises/language_models/perplexity.py",
        '("ten predictions", "drawn"),\n            "Try a fair die',
        '("one prediction",),\n            "Try a fair die',
        ("tests/autograder/exercises/test_verdicts.py", "-k", "mistake and perplexity"),
    ),
    "right alternatives lose marks": Fault(
        "llm_course/checking/compare.py",
        "MINIMUM_SLACK = 64.0",
        "MINIMUM_SLACK = 0.0",
        ("tests/autograder/exercises/test_verdicts.py", "-k", "right and (layer_norm or feed_forward)"),
    ),
    "a room sees the whole repository": Fault(
        "autograder/sandbox/jail.py",
        "return [*outside, *inside, LLM_COURSE]",
        "return [*outside, *inside, LLM_COURSE, *(path for path in REPOSITORY.iterdir() if path.name != '.venv')]",
        ("tests/autograder/sandbox/test_room_hostile.py", "-k", "repository or imported"),
    ),
    "a changed judge regrades nothing": Fault(
        "autograder/fingerprint.py",
        "for file in sorted({*JUDGING, *_asking(assignment)}):",
        "for file in sorted({*_asking(assignment)}):",
        ("tests/autograder/test_fingerprint.py",),
    ),
    "an answer is shown to learners": Fault(
        "autograder/notebooks.py",
        'markers = ("### BEGIN SOLUTION", "### END SOLUTION")',
        'markers = ("# BEGIN SOLUTION", "# END SOLUTION")',
        ("tests/autograder/test_assignment_notebooks.py", "-k", "release"),
    ),
    "a shipped model is damaged": Fault(
        "llm_course/weights/checksums.json",
        '"stories/model.safetensors": "',
        '"stories/model.safetensors": "0',
        ("tests/llm_course/test_models.py", "-k", "stories"),
    ),
    "an import runs up a floor": Fault(
        "autograder/judge.py",
        "import copy\n",
        "import copy\nimport autograder.report  # noqa: F401\n",
        ("tests/test_architecture.py", "-k", "floor"),
    ),
}


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The checkout with a fault in it. Raises ValueError where its place is not found once."""
    path = ROOT / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise ValueError(
            f"{fault.file} holds {fault.old!r} {text.count(fault.old)} times: mend tests/planted_faults.py"
        )
    try:
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def passes(fault: Fault) -> bool:
    """Whether the tests pass that ought to notice the fault. Raises ValueError where there are none."""
    if fault.command:
        subprocess.run(fault.command.split(), cwd=ROOT, check=True, capture_output=True)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *fault.tests]
    status = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=TIMEOUT).returncode
    if status not in (0, 1):
        raise ValueError(f"pytest {' '.join(fault.tests)} ended with {status}: no test was run")
    return status == 0


def verdict(fault: Fault) -> str:
    """Whether a fault is caught."""
    if not passes(fault):
        return "NOT TRIED: its tests fail without it"
    with planted(fault):
        caught = not passes(fault)
    if fault.command:
        subprocess.run(fault.command.split(), cwd=ROOT, check=True, capture_output=True)
    return "caught" if caught else "NOT CAUGHT"


def main() -> int:
    """Plant the named faults, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *FAULTS], metavar="NAME")
    names = parser.parse_args().names or list(FAULTS)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
    if touched := [FAULTS[name].file for name in names if FAULTS[name].file in changed]:
        print(f"Commit what you changed in {', '.join(touched)} first: faults are planted there and taken back.")
        return 1
    verdicts = {}
    for name in names:
        verdicts[name] = verdict(FAULTS[name])
        print(f"{name}: {verdicts[name]}", flush=True)
    caught = sum(found == "caught" for found in verdicts.values())
    print(f"{caught} of {len(verdicts)} faults were caught.")
    return 0 if caught == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
