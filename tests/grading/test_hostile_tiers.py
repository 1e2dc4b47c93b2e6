"""The hostile bank in the weaker sandbox tiers: what a tier does not hold is named here, and told to the instructor.

All families, as an ordinary user and, where the tests run as root, as root too.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import zygote_client
from autograder.sandbox.zygote_client import TIERS
from tests.grading.conftest import CourseOfAShell, Run, folder_for_attacks
from tests.grading.test_hostile import (
    Attacked,
    files_left,
    grade_the_honest,
    test_each_attack_ends_in_a_grade_or_a_sentence,
    test_no_attack_earns_a_point,
    test_no_other_grade_is_touched,
    test_nothing_is_left,
)

__all__ = [
    "test_each_attack_ends_in_a_grade_or_a_sentence",
    "test_no_attack_earns_a_point",
    "test_no_other_grade_is_touched",
    "test_nothing_is_left",
]

pytestmark = [pytest.mark.grading, pytest.mark.slow]
AS_USER = Path(__file__).parents[1] / "autograder" / "sandbox" / "as_user.py"
IN_TIER = Path(__file__).parent / "in_tier.py"
ORDINARY = 54321
USERS = ["ordinary", "root"] if os.geteuid() == 0 else ["ordinary"]
NOT_HELD = {
    "landlock": set(),
    "process": {"the solutions are searched for on the disk"},
}
NOT_HELD_FOR_ONE_USER = {
    "landlock": set(),
    # The code of learners runs as the grader's own user.
    "process": {"every process is killed", "files are left where all may write"},
}
FILES_ARE_LEFT = ("ordinary", "process")
"""The user and tier in which that code may leave files wherever the grader may write."""


class TierCourse(CourseOfAShell):
    """A course whose commands run on a machine that allows one tier only, as a user."""

    def __init__(self, folder: Path, user: str, tier: str) -> None:
        super().__init__(folder)
        self.user, self.tier = user, tier

    def llm_course(self, *arguments: str) -> Run:
        if os.geteuid() == 0 and self.user == "ordinary":
            subprocess.run(["chown", "-R", "--no-dereference", f"{ORDINARY}:{ORDINARY}", self.folder], check=True)
        number = {"root": 0, "ordinary": ORDINARY}[self.user]
        return self._run(sys.executable, str(AS_USER), str(number), sys.executable, str(IN_TIER), self.tier, *arguments)


@contextlib.contextmanager
def turn(alone: bool) -> Iterator[None]:
    """Side by side with those in other processes, or `alone`: where one may leave files, all look for what is left."""
    with Path(tempfile.gettempdir(), "hostile-tiers.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


PLACES = [
    pytest.param((user, tier), id=f"{user}-{tier}", marks=pytest.mark.xdist_group(f"attacks on {tier} by {user}"))
    for tier in TIERS[1:]
    for user in USERS
]


@pytest.fixture(scope="module", params=PLACES)
def attacked(request: pytest.FixtureRequest, released_course: Path) -> Iterator[Attacked]:
    """A course in one tier, graded before and after the attacks."""
    user, tier = request.param
    leaves_files = (user, tier) == FILES_ARE_LEFT
    with turn(alone=leaves_files), folder_for_attacks() as folder, pytest.MonkeyPatch.context() as patch:
        sandboxes = folder / "sandboxes"
        sandboxes.mkdir()
        sandboxes.chmod(0o1777)
        patch.setenv("TMPDIR", str(sandboxes))
        patch.setattr(tempfile, "tempdir", None)
        course = TierCourse(folder / "course", user, tier)
        shutil.copytree(released_course, course.folder)
        first = grade_the_honest(course)
        assert f"weaker sandbox tier {tier!r}: {zygote_client.NOT_HELD[tier]}." in first.stderr
        mine = NOT_HELD_FOR_ONE_USER[tier] if user == "ordinary" else set()
        found = Attacked(course, NOT_HELD[tier] | mine)
        if leaves_files:
            for path in files_left():  # which the instructor is warned of; all else is still looked for
                path.unlink()
        yield found
