"""Sandboxes for the tests, and the check after each test that nothing is left of them.

LLM_COURSE_TEST_TIER names the tier to test, "namespaces" if unset. A test that is marked `promised_by` runs in the
tiers that promise what it checks; elsewhere it is deselected, not skipped.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox.sandbox import Sandbox, open_sandbox
from autograder.sandbox.zygote_client import ZygoteClient
from tests.autograder.sandbox.sandboxes import PATIENCE, TIER, count_mounts, leftovers, zygote_of

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promised_by(*tiers): what the test checks is promised by these tiers only")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.sandboxes)

    def promised(item: pytest.Item) -> bool:
        marker = item.get_closest_marker("promised_by")
        return marker is None or TIER in marker.args

    elsewhere = [item for item in items if not promised(item)]
    items[:] = [item for item in items if promised(item)]
    config.hook.pytest_deselected(items=elsewhere)


@pytest.fixture(scope="session")
def server() -> Iterator[ZygoteClient]:
    server = ZygoteClient((TIER,))
    assert server.tier == TIER
    yield server
    server.close()


@pytest.fixture
def sandbox(server: ZygoteClient) -> Iterator[Sandbox]:
    with open_sandbox(server=server) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def nothing_is_left(server: ZygoteClient) -> Iterator[None]:
    """After each test there is no process, mount or file that was not there before."""
    zygote = zygote_of(server)
    mounts = count_mounts(zygote)
    yield
    zygote = zygote_of(server)
    end = time.monotonic() + PATIENCE
    while (left := leftovers(zygote, server._token)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left
    assert count_mounts(zygote) == mounts
