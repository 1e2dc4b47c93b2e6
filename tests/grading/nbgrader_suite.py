"""nbgrader's own tests, run with the course's configuration, and where they tell it from stock nbgrader.

    python -m tests.grading.nbgrader_suite [FILE ...]

Of the tests that nbgrader installs, those in `nbgrader.tests.apps` start its commands and so read a configuration; the
others never do. The course's comes from a folder on JUPYTER_CONFIG_PATH, before what a test configures itself, as a
course's own settings come after `configure`. `nbgrader_plugin.py` lets an assignment have several notebooks, as
those of the tests have.

A difference is a test that fails so and passes without any of this. Those that are meant stand in DIFFERENCES.
"""

import getpass
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from nbgrader.tests import apps

from tests.grading import nbgrader_plugin

ROOT = Path(__file__).parents[2]
FOLDER = Path(apps.__file__).parent
CONFIG = "from autograder.course.configuration import configure\n\nconfigure(get_config())\n"

MENDED = (
    "It expects that a submission whose cells are not those of the release stops with an error. The course mends it, "
    "flags it for the instructor, and grades it."
)
PYTHON = (
    "It expects an error where a submission, or the source, asks for an unknown kernel. The course is in Python, and "
    "no Jupyter kernel is started: what a submission asks for is not looked at."
)
SANDBOX = (
    "It expects that what learners' code writes beside the notebook is there after grading. It runs in a sandbox, and "
    "nothing that it writes reaches the instructor's disk."
)
NO_CELL = (
    "It hands in a notebook without any answer or graded cell. The course does not grade what is not the released "
    "notebook. That an endless loop ends is seen by the course's own tests."
)
OUTPUTS = (
    "It expects that --no-execute keeps the outputs that were handed in and believes them. The course never does: it "
    "grades, and a warning says so."
)
UNSEEN = (
    "It expects that code sees NBGRADER_EXECUTION while it is graded. In a sandbox nothing tells learners' code "
    "that it is being graded."
)
OLD_FORMAT = (
    "It expects an error until `nbgrader update` has run over submissions with nbgrader's old metadata. The course "
    "gives each cell the metadata of the release, so they are graded at once."
)

DIFFERENCES = {
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_side_effects": SANDBOX,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_handle_failure": MENDED,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_handle_failure_single_notebook": MENDED,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_missing_source_kernelspec": PYTHON,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_incorrect_source_kernelspec": PYTHON,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_no_execute": OUTPUTS,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_infinite_loop": NO_CELL,
    "test_nbgrader_autograde.py::TestNbGraderAutograde::test_grade_with_validating_envvar": UNSEEN,
    "test_nbgrader_update.py::TestNbGraderUpdate::test_update_autograde": OLD_FORMAT,
    "test_nbgrader_update.py::TestNbGraderUpdate::test_update_autograde_old_assign": OLD_FORMAT,
}
"""The tests whose expectation the course does not meet, named as pytest does from nbgrader's folder on, and why."""


@dataclass(frozen=True)
class Run:
    """The outcomes of a run: "passed", "failed" or "skipped" by test, and how many conversions it saw."""

    outcomes: dict[str, str]
    ours: int
    stock: int

    @property
    def failed(self) -> set[str]:
        return {test for test, outcome in self.outcomes.items() if outcome == "failed"}


class SuiteError(Exception):
    """pytest could not run the tests; the message is the end of what it wrote."""


def run(tests: list[str], configuration: str = CONFIG, *, plugin: bool = True) -> Run:
    """Run tests, by file or by name, in a process of their own. Raises SuiteError."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        Path(folder, "nbgrader_config.py").write_text(configuration, encoding="utf-8")
        environment = {
            **os.environ,
            # nbgrader starts alembic by its name, and one of its tests asks for the name of the user.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "USER": getpass.getuser(),
            "JUPYTER_CONFIG_PATH": folder,
            # What the user of this machine has configured has no say.
            "JUPYTER_CONFIG_DIR": str(Path(folder, "none")),
            "JUPYTER_PREFER_ENV_PATH": "1",
        }
        options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", "--timeout", "600", "-c", os.devnull]
        options += ["-p", nbgrader_plugin.__name__] if plugin else []
        options += [f"--rootdir={FOLDER}", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *(str(FOLDER / test) for test in tests)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        # 1 says that a test failed.
        if done.returncode not in (0, 1):
            raise SuiteError((done.stdout + done.stderr)[-2000:])
        return read_report(report)


def read_report(path: Path) -> Run:
    """Read what pytest's --junitxml wrote."""
    outcomes: dict[str, str] = {}
    counts = {nbgrader_plugin.OURS: 0, nbgrader_plugin.STOCK: 0}
    for case in ElementTree.parse(path).iter("testcase"):
        module, _, inside = case.attrib["classname"].partition(".")
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        outcomes["::".join(part for part in (f"{module}.py", inside, case.attrib["name"]) if part)] = outcome
        for item in case.iter("property"):
            counts[item.attrib["name"]] += int(item.attrib["value"])
    return Run(outcomes, counts[nbgrader_plugin.OURS], counts[nbgrader_plugin.STOCK])


def find_problems(files: list[str]) -> tuple[Run, list[str]]:
    """Run files of tests with the course's configuration and say, in sentences, what is not as DIFFERENCES has it.

    A test that fails is run once more by stock nbgrader: one that fails anyway says nothing about the course.
    """
    done = run(files)
    if done.stock or not done.ours:
        return done, [f"{done.stock} of {done.stock + done.ours} conversions did not go the course's way."]
    anyway = run(sorted(done.failed), configuration="", plugin=False).failed if done.failed else set()
    listed = {test: reason for test, reason in DIFFERENCES.items() if test.split("::")[0] in files}
    return done, compare(done.failed - anyway, listed)


def compare(differences: set[str], listed: dict[str, str]) -> list[str]:
    """What the found and the listed differences do not have in common, in sentences."""
    return [
        *(f"{test} passes with stock nbgrader and fails with ours." for test in sorted(differences - set(listed))),
        *(f"{test} is listed as a difference and is none." for test in sorted(set(listed) - differences)),
    ]


def main() -> int:
    """Compare the files that are named, or all, and print each difference with its reason."""
    done, problems = find_problems(sys.argv[1:] or sorted(path.name for path in FOLDER.glob("test_*.py")))
    passed = sum(outcome == "passed" for outcome in done.outcomes.values())
    print(f"Of {len(done.outcomes)} tests {passed} pass. All {done.ours} conversions went the course's way.")
    for reason in dict.fromkeys(DIFFERENCES.values()):
        tests = [test for test in sorted(done.failed) if DIFFERENCES.get(test) == reason]
        if tests:
            print(f"\n{reason}", *(f"    {test}" for test in tests), sep="\n")
    print(*problems, sep="\n", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
