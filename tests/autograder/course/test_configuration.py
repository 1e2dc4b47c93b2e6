"""What the course makes of settings that are nbgrader's own."""

import pytest
from traitlets.config import Config

from autograder.judging.rules import RULES
from autograder.nbgrader_bridge.converters import TrustedGrade


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        (Config(), RULES.cell_deadline),
        (Config(Execute={"timeout": 7}), 7),
        (Config(Execute={"timeout": None}), RULES.cell_deadline),
        (Config(Execute={"timeout": -1}), RULES.cell_deadline),
        (Config(Execute={"timeout": 7}, TrustedGrade={"cell_deadline": 5}), 5),
    ],
    ids=["nothing set", "nbgrader's timeout", "no timeout", "no timeout, as -1", "both set"],
)
def test_the_timeout_that_nbgrader_knows_is_the_deadline_of_a_cell(config: Config, seconds: float) -> None:
    assert TrustedGrade(config=config).rules.cell_deadline == seconds
