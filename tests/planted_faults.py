"""Plants faults, one at a time, and says which of them the tests catch: `python -m tests.planted_faults [NAME ...]`.

A fault is an edit of one file. It is planted in a copy of the checkout that has an environment of its own, and nothing
is ever changed in the checkout. The tests that ought to catch it are run there before, when they must pass, and with
the fault, when they must fail.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = ROOT / "_build" / "planted_faults"
BUILT = ("llm_course/checks", "llm_course/widgets/built", "_build/.jupyter_cache")
TIMEOUT = 1800


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
        ("tests/grading/test_round_trip.py", "-k", "rms_norm"),
    ),
    "a hint is missing in the feedback": Fault(
        "llm_course/checking/feedback.py",
        'shown += ["", *self.hint.splitlines()]',
        "shown += []",
        ("tests/grading/test_banks.py", "-k", "feedback and 05_attention"),
    ),
    "a score is off by one property in the gradebook": Fault(
        "autograder/running/autograded.py",
        'data = {"text/plain": repr(exercise.score)}',
        'data = {"text/plain": repr(exercise.score - exercise.points / 10)}',
        ("tests/grading/test_banks.py", "-k", "scores and 05_attention"),
    ),
    "a chapter claims what its output does not show": Fault(
        "chapters/01_language_models/chapter.md",
        'text = "| the cat sat | a cat ran | the dog sat |".split()',
        'text = "| the cat sat | a cat ran | the dog ran |".split()',
        ("tests/chapters/test_notebooks.py", "-k", "01_language_models"),
    ),
    "a widget is dead": Fault(
        "llm_course/widgets/bpe_stepper/widget.ts",
        'const tables = element("div", { class: "llm-row" });',
        'const tables = element("div", { class: "llm-row" }); throw new Error("dead");',
        ("tests/widgets/test_every_widget.py", "-k", "bpe_stepper"),
        "make widgets",
    ),
    "a widget disagrees with torch": Fault(
        "llm_course/widgets/models/decoder.ts",
        "const scale = 1 / Math.sqrt(squares / vector.length + epsilon);",
        "const scale = 1 / (Math.sqrt(squares / vector.length) + epsilon * 1e3);",
        ("tests/widgets/test_parity.py", "-k", "logits"),
        "make widgets",
    ),
    "a page asks another host": Fault(
        "chapters/glossary.md",
        "# Glossary\n",
        "# Glossary\n\n<img src='http://example.org/seen.png' alt='seen'>\n",
        ("tests/site/test_every_page.py", "-k", "glossary"),
    ),
    "known mistakes pass": Fault(
        "llm_course/checking/compare.py",
        "MINIMUM_SLACK = 64.0",
        "MINIMUM_SLACK = 1e12",
        ("tests/autograder/exercises/test_verdicts.py", "-k", "mistake and perplexity"),
    ),
    "right alternatives lose marks": Fault(
        "llm_course/checking/compare.py",
        "MINIMUM_SLACK = 64.0",
        "MINIMUM_SLACK = 0.0",
        (
            "tests/autograder/exercises/test_verdicts.py",
            "-k",
            "right and (bigram_probabilities or sinusoidal_encoding)",
        ),
    ),
    "a sandbox sees the whole repository": Fault(
        "autograder/sandbox/jail.py",
        "(*SYSTEM, *SETTINGS, *ENVIRONMENT, LLM_COURSE) for",
        "(*SYSTEM, *SETTINGS, *ENVIRONMENT, *REPOSITORY.iterdir()) for",
        ("tests/autograder/sandbox/test_sandbox_reaching.py", "-k", "repository or imported"),
    ),
    "a changed judge regrades nothing": Fault(
        "autograder/judging/fingerprint.py",
        "for file in sorted({*JUDGING, *_asking(assignment)}):",
        "for file in sorted({*_asking(assignment)}):",
        ("tests/autograder/judging/test_fingerprint.py",),
    ),
    "a run that goes on loses what was not in the gradebook yet": Fault(
        "autograder/running/work.py",
        "if result == task.stored and task.is_written:",
        "if result == task.stored:",
        ("tests/grading/test_gradebook.py", "-k", "kills_at_random"),
    ),
    "an answer is shown to learners": Fault(
        "autograder/notebooks/notebooks.py",
        'lambda body, indent: [f"{indent}{markers[0]}", *body, f"{indent}{markers[1]}"]',
        'lambda body, indent: [*body, f"{indent}{markers[0]}", f"{indent}{markers[1]}"]',
        ("tests/autograder/notebooks/test_assignment_notebooks.py", "-k", "release"),
    ),
    "a shipped model is damaged": Fault(
        "llm_course/weights/checksums.json",
        '"stories/model.safetensors": "',
        '"stories/model.safetensors": "0',
        ("tests/llm_course/test_models.py", "-k", "stories"),
    ),
    "an import runs up a floor": Fault(
        "autograder/judging/judge.py",
        "import copy\n",
        "import copy\nimport autograder.reporting.report  # noqa: F401\n",
        ("tests/test_architecture.py", "-k", "floor"),
    ),
}


def copy_checkout() -> None:
    """Copy the checkout: its files, what is built from them, and its environment, whose files are linked."""
    shutil.rmtree(COPY, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in [ROOT / name for name in listed.split("\0") if (ROOT / name).is_file()]:
        copied = COPY / file.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copied)
    for built in [name for name in BUILT if (ROOT / name).exists()]:
        shutil.copytree(ROOT / built, COPY / built)
    shutil.copytree(ROOT / "node_modules", COPY / "node_modules", symlinks=True, copy_function=os.link)
    copy_environment(ROOT / ".venv", COPY / ".venv")


def copy_environment(environment: Path, copied: Path) -> None:
    """Link all files of an environment, but for those that say where it is: they get a text of their own."""
    shutil.copytree(environment, copied, symlinks=True, copy_function=os.link)
    for path in [copied / "pyvenv.cfg", *copied.glob("bin/*"), *copied.glob("lib/*/site-packages/*.pth")]:
        content = path.read_bytes()
        if not path.is_symlink() and str(ROOT).encode() in content:
            mode = path.stat().st_mode
            path.unlink()
            path.write_bytes(content.replace(str(ROOT).encode(), str(COPY).encode()))
            path.chmod(mode)


@contextlib.contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """The copy with a fault in it. Raises ValueError where its place is not found once."""
    path = COPY / fault.file
    text = path.read_text(encoding="utf-8")
    if (count := text.count(fault.old)) != 1:
        raise ValueError(f"{fault.file} holds {fault.old!r} {count} times: mend tests/planted_faults.py")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def first_failure(fault: Fault) -> str | None:
    """The first test that fails of those that ought to notice the fault. Raises ValueError where none is run."""
    run([*fault.command.split()] or ["true"])
    command = [str(COPY / ".venv/bin/python"), "-m", "pytest", "-x", "-p", "no:cacheprovider", *fault.tests]
    found = run(command)
    if found.returncode not in (0, 1):
        raise ValueError(f"pytest {' '.join(fault.tests)} ended with {found.returncode}:\n{found.stdout[-2000:]}")
    failed = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(\S+)", found.stdout, re.MULTILINE)
    return failed[1] if failed else None


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(command, cwd=COPY, env=environment, capture_output=True, text=True, timeout=TIMEOUT)


def verdict(fault: Fault) -> str:
    """What catches a fault, or that nothing does."""
    if failed := first_failure(fault):
        return f"NOT TRIED: {failed} fails without it"
    with planted(fault):
        failed = first_failure(fault)
    return f"caught by {failed}" if failed else "NOT CAUGHT"


def main() -> int:
    """Plant the named faults, or all, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *FAULTS], metavar="NAME")
    names = parser.parse_args().names or list(FAULTS)
    copy_checkout()
    verdicts = {}
    try:
        for name in names:
            verdicts[name] = verdict(FAULTS[name])
            print(f"{name} | {verdicts[name]}", flush=True)
    finally:
        shutil.rmtree(COPY)
    caught = sum(found.startswith("caught by ") for found in verdicts.values())
    print(f"{caught} of {len(verdicts)} faults were caught.")
    return 0 if caught == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
