"""Answers that were copied are listed, however they were dressed up, and answers of one's own are not."""

import ast
import base64
import inspect
import itertools
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping

import pytest

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment
from autograder.reporting.similar import FEWEST, WHOLE, Pieces, Work, _share, groups_of, read_work
from tests.banks.right import alternatives
from tests.banks.submissions import fill, references, standalone

ATTENTION = assignments()["05_attention"]
NAMES = [exercise.name for exercise in ATTENTION.exercises]
LONG = ("scaled_dot_product_attention", "multi_head_attention", "flash_attention")
"""Those that are long enough to be compared."""
ANSWERS = references(ATTENTION)


def work(owner: str, sources: Mapping[str, str] | str) -> Work:
    return read_work(owner, {"Cell 1": sources} if isinstance(sources, str) else sources, NAMES)


def course_answers(assignment: Assignment) -> Work:
    module = inspect.getsource(sys.modules[assignment.exercises[0].reference.__module__])
    return read_work("the course", {"it": module}, [exercise.name for exercise in assignment.exercises])


def found(*works: Work) -> list[tuple[tuple[str, ...], set[str]]]:
    groups, _ = groups_of([course_answers(ATTENTION), *works], 0.8)
    return [(group.owners, set(group.functions)) for group in groups]


def without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [part for part in node.body if not isinstance(part, ast.Expr)]
    return ast.unparse(tree)


def with_other_names(source: str) -> str:
    tree = ast.parse(source)
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in own - {*NAMES}:
            node.id = f"my_{node.id}"
        elif isinstance(node, ast.arg):
            node.arg = f"my_{node.arg}"
    return ast.unparse(tree)


def with_lines_between(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [part for line in node.body for part in (line, *ast.parse("step = str(1); print(step)").body)]
    return ast.unparse(tree)


def with_a_table(source: str) -> str:
    rows = ",\n".join(f"    [{number}, {number * 7}]" for number in range(2_000))
    return f"TABLE = [\n{rows}\n]\n" + source.replace("    return", "    assert TABLE\n    return")


def with_a_helper(source: str) -> str:
    name = ast.parse(source).body[0].name  # type: ignore[attr-defined]
    return source.replace(f"def {name}(", "def inner(") + f"\n\ndef {name}(*a, **k):\n    return inner(*a, **k)"


DRESSES: dict[str, Callable[[str], str]] = {
    "verbatim": str,
    "without docstrings": without_docstrings,
    "with a docstring of 40 KB": lambda source: source.replace('"""', '"""' + "x " * 20_000, 1),
    "with other names": with_other_names,
    "with lines between": with_lines_between,
    "with a table of 2,000 lines": with_a_table,
    "with a text of base64": lambda source: f"DATA = {base64.b64encode(b'x' * 20_000)!r}\n{source}",
    "by a helper": with_a_helper,
    "under a condition": lambda source: "if True:\n" + "\n".join(f"    {line}" for line in source.splitlines()),
    "by another name": lambda source: (
        with_a_helper(source).rpartition("\n\ndef")[0] + f"\n{ast.parse(source).body[0].name} = inner"
    ),  # type: ignore[attr-defined]
    "with lines for IPython": lambda source: f"%matplotlib inline\n!ls\n{source}",
    "behind a decoy": lambda source: source.partition(":\n")[0].split("->")[0] + ":\n    return 1\n\n" + source,
}


@pytest.mark.parametrize("dress", DRESSES)
def test_the_courses_own_answers_are_found_however_dressed(dress: str) -> None:
    cells = {f"Cell {number}": DRESSES[dress](source) for number, source in enumerate(ANSWERS.values())}
    copied = work("ada", {name: source.replace("inner", f"inner_{name[-1]}") for name, source in cells.items()})
    assert copied.notes == ()
    assert found(copied) == [(("the course", "ada"), set(LONG))]


def test_a_copy_of_a_neighbors_is_found_and_three_who_have_one_are_one_group() -> None:
    own = {name: standalone(alternatives(name)[0], name) for name in NAMES}
    dressed = {name: with_other_names(without_docstrings(source)) for name, source in own.items()}
    file = {"helper.py": "\n".join(own.values()), "Cell 2": "from helper import *"}
    groups = found(work("ada", own), work("bob", dressed), work("cleo", file), work("dora", "print(1)"))
    assert [owners for owners, _ in groups] == [("ada", "bob", "cleo")] and groups[0][1] >= {*LONG}


@pytest.mark.parametrize("head", ["@(lambda _: {})\ndef {}(*a): pass", "def {1}(*a, run={0}): return run(*a)"])
def test_what_stands_in_the_head_of_a_function_is_compared(head: str) -> None:
    """All of it as one expression, as a decorator or a default, so that its body holds nothing."""
    attention = (
        "lambda query, key, value, mask: ((weights := (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5)"
        ".masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0).to(value.dtype)) @ value, weights)"
    )
    source = "\n".join(head.format(attention, name) for name in LONG)
    assert found(work("ada", source), work("bob", with_other_names(source))) == [(("ada", "bob"), set(LONG))]


def written_apart(name: str, others: Collection[str]) -> list[Pieces]:
    """The right alternatives of an exercise, among the names of which others are compared on their own."""
    names = [name, *others]
    works = [read_work("", {"it": standalone(function, name)}, names) for function in alternatives(name)]
    # Those of `sample` call one and the same function of the bank, which is found, and rightly.
    return [found.functions[name] for found in works] if name != "sample" else []


def test_the_threshold_lies_above_what_right_answers_have_in_common() -> None:
    shares: dict[bool, list[float]] = {True: [], False: []}
    for known in (course_answers(assignment) for assignment in assignments().values() if assignment.exercises):
        for name, pieces in known.functions.items():
            for one, other in itertools.combinations([pieces, *written_apart(name, known.functions)], 2):
                shares[min(one.total(), other.total()) >= FEWEST].append(_share(one, other))
    assert len(shares[True]) > 100
    assert max(shares[True]) < 0.71
    assert max(shares[False]) > 0.8


def test_what_the_release_brought_counts_for_nothing() -> None:
    released = [cell["source"] for cell in fill(ATTENTION, {})["cells"] if cell["cell_type"] == "code"]
    cells = {f"Cell {number}": source for number, source in enumerate(released)}
    assert found(work("ada", cells), work("bob", cells), work("cleo", ""), work("dora", "")) == []
    # A stub that nobody has filled in is there all the same.
    assert read_work("ada", cells, NAMES, released).notes == ()
    whole = [read_work(owner, cells, [], released) for owner in ("ada", "bob")]
    assert groups_of(whole, 0.8) == ([], [])
    more = {**cells, "Cell 99": "\n\n".join(ANSWERS.values())}
    (group,), _ = groups_of([read_work(owner, more, [], released) for owner in ("ada", "bob")], 0.8)
    assert (group.owners, group.functions, group.share) == (("ada", "bob"), (WHOLE,), 1.0)


def test_neither_a_parameter_nor_what_was_released_is_a_helper() -> None:
    own = {"Cell 1": "def flash_attention(query, scale):\n    return attend(query, scale * unit)"}
    table = "query = unit = [one(row) + two(row) for row in range(9) if row > 3]"
    alone = read_work("ada", own, ["flash_attention"])
    assert read_work("ada", {**own, "Cell 2": table}, ["flash_attention"], [table]) == alone
    assert read_work("ada", {**own, "Cell 2": table.replace("unit", "other")}, ["flash_attention"]) == alone


@pytest.mark.parametrize("parameter", ["attend=attend", "other=lambda attend: 0"])
def test_a_helper_is_compared_however_its_name_is_given(parameter: str) -> None:
    own = f"def flash_attention(rows, {parameter}):\n    return attend(rows)\n"
    helper = "def attend(rows):\n    return [one(row) + two(row) for row in rows if row > 3]\n"
    alone, used = (
        read_work("ada", {"Cell 1": source}, ["flash_attention"]).functions["flash_attention"].total()
        for source in (own, own + helper)
    )
    assert used > 2 * alone


ATTENTION_ANSWER = ANSWERS["scaled_dot_product_attention"]


@pytest.mark.parametrize(
    ("source", "note"),
    [
        (f"exec({ATTENTION_ANSWER!r})", "Some of its code comes from texts"),
        (f"import builtins\nbuiltins.exec({ATTENTION_ANSWER!r})", "Some of its code comes from texts"),
        ("globals()['flash_attention'] = 1", "Some of its code comes from texts"),
        ("def flash_attention(:", "Cell 1 is not compared: it is no Python that can be read."),
        ("x = " + "(" * 5_000 + ")" * 5_000, "Cell 1 is not compared: it is no Python that can be read."),
        ("#" * 50_001, "Cell 1 is too long to be compared."),
        ("#" * 500_001, "It has more than 500,000 characters of code and is not compared."),
        ("pass", "It does not define causal_mask, scaled_dot_product_attention"),
    ],
)
def test_what_cannot_be_compared_is_told(source: str, note: str) -> None:
    assert any(told.startswith(note) for told in work("ada", source).notes)


def test_a_heap_of_code_is_like_nobodys() -> None:
    heap = "\n".join(f"    {line.strip()}" for line in ATTENTION_ANSWER.splitlines()[-6:] if "=" in line)
    longer = ATTENTION_ANSWER + "\n" + "\n".join([heap] * 200)
    groups, notes = groups_of([course_answers(ATTENTION), work("bob", ATTENTION_ANSWER), work("ada", longer)], 0.5)
    assert notes == [
        "ada: scaled_dot_product_attention is over 10 times as long as others' and is not compared.",
    ]
    assert "ada" not in {owner for group in groups for owner in group.owners}


def flash_written_apart() -> list[Work]:
    own = [work(function.__name__, standalone(function, LONG[2])) for function in alternatives(LONG[2])]
    return [course_answers(ATTENTION), *own]


def test_each_process_has_the_same_figures() -> None:
    code = (
        "from tests.autograder.reporting.test_similar import flash_written_apart, groups_of\n"
        "print(groups_of(flash_written_apart(), 0.05), end='')"
    )
    settings = {"PYTHONHASHSEED": "1", "PYTHONPATH": "."}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)
    assert done.stdout == str(groups_of(flash_written_apart(), 0.05)) and "Group" in done.stdout
