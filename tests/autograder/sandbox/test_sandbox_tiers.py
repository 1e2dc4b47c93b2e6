"""The same promises in each tier, for root and for an ordinary user: the tests of sandboxes, run again in a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.zygote_client import TIERS

HERE = Path(__file__).parent
# The kernel counts the processes of a user: tests that run side by side need users of their own.
USERS = {"root": 0, "ordinary": 50_000 + os.getpid() % 10_000}
OURS = "root" if os.geteuid() == 0 else "ordinary"
# In the strongest tier of our own user, the tests of sandboxes run themselves.
PLACES = [
    pytest.param(user, tier, marks=pytest.mark.xdist_group(f"sandboxes in {tier} by {user}"))
    for user in sorted({OURS, "ordinary"})
    for tier in TIERS
    if (user, tier) != (OURS, "namespaces")
]


@pytest.mark.grading
@pytest.mark.slow
@pytest.mark.parametrize(("user", "tier"), PLACES)
def test_sandboxes_keep_their_promises(user: str, tier: str) -> None:
    tests = map(str, sorted({*HERE.glob("test_sandbox_*.py")} - {Path(__file__)}))
    pytest_command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", *tests]
    finished = subprocess.run(
        [sys.executable, str(HERE / "as_user.py"), str(USERS[user]), *pytest_command],
        env={**os.environ, "LLM_COURSE_TEST_TIER": tier},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-5000:] + finished.stderr[-2000:]


def test_an_environment_below_a_link_is_found_in_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sys.prefix)
    code = "from autograder.sandbox.zygote_client import shared_zygote\nprint(shared_zygote().tier)"
    command = [tmp_path / "link" / "bin" / "python", "-W", "ignore", "-c", code]
    finished = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert finished.stdout.strip() in TIERS, finished.stderr
