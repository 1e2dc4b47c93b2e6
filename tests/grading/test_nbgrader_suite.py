"""nbgrader's own tests with the course's configuration in effect."""

import pytest

from tests.grading.nbgrader_suite import FOLDER, find_problems

pytestmark = [pytest.mark.grading, pytest.mark.timeout(7200)]
FILES = sorted(path.name for path in FOLDER.glob("test_*.py"))


@pytest.mark.slow
def test_the_course_differs_from_stock_nbgrader_only_where_it_is_meant_to() -> None:
    done, problems = find_problems(FILES)
    assert problems == []
    assert len(done.outcomes) >= 57
    assert done.ours > 100
