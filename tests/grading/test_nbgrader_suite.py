"""nbgrader's own tests with the course's configuration in effect."""

import pytest

from tests.grading.nbgrader_suite import DIFFERENCES, FOLDER, compare, find_problems, run

pytestmark = [pytest.mark.grading, pytest.mark.timeout(7200)]
FILES = sorted(path.name for path in FOLDER.glob("test_*.py"))


@pytest.mark.slow
def test_the_course_differs_from_stock_nbgrader_only_where_it_is_meant_to() -> None:
    done, problems = find_problems(FILES)
    assert problems == []
    assert len(done.outcomes) >= 57
    assert done.ours > 100


@pytest.mark.slow
def test_a_run_sees_whose_configuration_is_in_effect() -> None:
    test = "test_nbgrader_autograde.py::TestNbGraderAutograde::test_skip_extra_notebooks"
    # nbgrader converts a submission twice: it cleans it, then grades it.
    ours, stock = run([test]), run([test], configuration="")
    assert (ours.ours, ours.stock) == (2, 0)
    assert (stock.ours, stock.stock) == (0, 2)


def test_what_is_not_listed_and_what_is_listed_in_vain_is_said() -> None:
    assert compare({"a", "b"}, {"b": "meant", "c": "meant"}) == [
        "a passes with stock nbgrader and fails with ours.",
        "c is listed as a difference and is none.",
    ]
    assert compare({"b"}, {"b": "meant"}) == []


def test_each_difference_names_a_test_that_nbgrader_has() -> None:
    for name in DIFFERENCES:
        file, _, test = name.split("::")
        assert f"    def {test}(" in (FOLDER / file).read_text(encoding="utf-8"), name
