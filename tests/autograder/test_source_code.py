"""What is read off a learner's source takes time in proportion to its length."""

from autograder import source_code
from autograder.source_code import names_used


def test_each_cell_is_parsed_once_however_many_names_there_are() -> None:
    cells = ["def f():\n    " + ";".join(f"a{number}" for number in range(100))]
    cells += [f"a{number} = b{number}" for number in range(50)]
    before = source_code._definitions.cache_info().misses
    found = names_used(cells, "f")
    assert {"a0", "a99", "b49"} <= found and "b50" not in found
    assert source_code._definitions.cache_info().misses - before == len(cells)
