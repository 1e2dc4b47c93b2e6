"""Tests that share what is dear to make have one group, and so one process."""

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.conftest import APART, BY_EXERCISE, group_of


def asked(file: str, **parameters: object) -> pytest.Item:
    """What `group_of` looks at of a test in a file below tests/, with its parameters."""
    callspec = SimpleNamespace(id="-".join(map(str, parameters.values())), params=parameters)
    return cast(pytest.Item, SimpleNamespace(path=Path("tests", file), callspec=callspec))


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (asked("widgets/test_plot.py", width=1), asked("widgets/test_plot.py", width=2), True),
        (asked("widgets/test_plot.py", width=1), asked("widgets/test_address.py", width=1), False),
        (
            asked("grading/test_banks.py", topic="attention"),
            asked("grading/test_banks.py", topic="moe"),
            False,
        ),
        (asked("grading/test_travel.py", name="softmax"), asked("autograder/test_trust.py", name="softmax"), True),
        (asked("grading/test_travel.py", name="softmax"), asked("grading/test_travel.py", name="rms_norm"), False),
        (asked("capstone/test_steps.py", step=1), asked("grading/test_capstone.py", tier="jail"), True),
    ],
)
def test_two_tests_share_a_process_or_need_not(one: pytest.Item, other: pytest.Item, together: bool) -> None:
    assert (group_of(one) == group_of(other)) is together


def test_tests_of_a_file_stay_in_one_process(request: pytest.FixtureRequest) -> None:
    groups = defaultdict(set)
    for item in request.session.items:
        mark = item.get_closest_marker("xdist_group")
        groups[item.path].add(mark.args[0] if mark else None)
    assert {path: names for path, names in groups.items() if None in names} == {}
    whole = {path: names for path, names in groups.items() if path.name not in APART | BY_EXERCISE}
    assert {path: names for path, names in whole.items() if len(names) > 1} == {}
