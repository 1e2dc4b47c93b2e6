"""nbgrader's own tests with the course's configuration in effect."""

import pytest

from tests.grading.nbgrader_suite import run


@pytest.mark.grading
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_course_differs_from_stock_nbgrader_only_where_it_is_meant_to() -> None:
    assert run([]) == 0
