"""What is read off a learner's source takes time in proportion to its length."""

import pytest

from autograder.notebooks import source_code
from autograder.notebooks.source_code import names_used


def test_each_cell_is_parsed_once_however_many_names_there_are() -> None:
    cells = ["def f():\n    " + ";".join(f"a{number}" for number in range(100))]
    cells += [f"a{number} = b{number}" for number in range(50)]
    before = source_code._uses.cache_info().misses
    found = names_used(cells, "f")
    assert {"a0", "a99", "b49"} <= found and "b50" not in found
    assert source_code._uses.cache_info().misses - before == len(cells)


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("def f(a, g=h):\n    b = g(a)\n    return b", {"h"}),
        ("@wrap\ndef f(a: In) -> Out:\n    return a", {"wrap", "In", "Out"}),
        ("def f():\n    def h(): return k()\n    return h()", {"k"}),
        ("def f():\n    global h\n    def h(): return 1\n    return h()", {"h"}),
        ("def f():\n    a = [h for h in b]\n    return h(a)", {"h", "b"}),
        ("def f(h=lambda x: x): return x(h)", {"x"}),
        ("class f:\n    h = 1\n    def m(self): return h()", {"h"}),
        ("def f():\n    class C:\n        def h(self): return 1\n    return h(C)", {"h"}),
        ("def f(*a): return g(*a)\ng = h\nif True:\n    def h(): return i", {"g", "h", "i"}),
    ],
)
def test_a_name_of_a_functions_own_is_none_of_the_notebook(source: str, used: set[str]) -> None:
    assert names_used([source], "f") - {"f"} == used


def test_what_stands_within_another_function_is_not_the_notebooks() -> None:
    made = "def make():\n    def h(): return 1\n    def f(): return h()\n    return f"
    assert names_used([made, "f = make()"], "f") == {"f", "make"}
    told = "def make():\n    h = 1\n    def f():\n        global h\n        return h()\n    return f"
    assert "h" in names_used([told, "f = make()"], "f")
