"""Whose answers are alike, the course's own among them: a list for people to look at, and no verdict.

Each function that the judge calls is compared, with the helpers that it uses, and nothing else of a notebook. It counts
what the statements do, not how they are dressed: comments, docstrings, annotations, names and literals are taken away
first. Each statement stands for itself, so lines in between change little. Nothing leaves the machine, and the same
notebooks give the same figures.
"""

import ast
import builtins
import itertools
import re
import statistics
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.notebooks.source_code import MAX_SEARCHED

LENGTH = 6
"""Neighboring parts of a statement that are compared as one piece."""
FEWEST = 20
"""Pieces of a function from which on it is compared. Of right answers that were written apart, shorter ones have up to
85 percent in common, and longer ones 70 at most: tests/autograder/reporting/test_similar.py measures it."""
ENOUGH = 60
"""Pieces that two have in common at least, over all functions: one short function alone is no reason to look."""
MAX_IN_ALL = 500_000
"""Characters of code of one learner's."""
LONGEST = 10
"""How many times as long as others' a function may be: in a heap of code, everything can be found."""
WHOLE = "the notebook"
"""What is compared where no function is asked for."""
HIDING = {"exec", "eval", "compile", "globals", "locals", "vars", "__import__", "FunctionType", "marshal"}
"""Names by which code may come from where it cannot be read."""
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
"""A line for IPython, in the place of a statement."""
Pieces = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Work:
    """Whose code it is, the pieces of each function, and what of it cannot be compared, in sentences."""

    owner: str
    functions: Mapping[str, Pieces]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Who is alike, in which functions, and the smallest share that two of them have in common."""

    owners: tuple[str, ...]
    functions: tuple[str, ...]
    share: float


def read_work(owner: str, sources: Mapping[str, str], names: Collection[str], released: Iterable[str] = ()) -> Work:
    """Read code, given by what each part of it is called, as far as the functions of these names need it.

    Where no function is named, all of it is compared. What was `released` is nobody's own, and is not.
    """
    if sum(map(len, sources.values())) > MAX_IN_ALL:
        return Work(owner, {}, (f"It has more than {MAX_IN_ALL:,} characters of code and is not compared.",))
    notes: list[str] = []
    trees = [tree for place, source in sources.items() if (tree := _parse(place, source, notes))]
    if any(HIDING & _names_in(tree) for tree in trees):
        notes.append("Some of its code comes from texts or is looked up by name, and that cannot be compared.")
    known = [statement for source in released for statement in _parse("", source, [])]
    if not names:
        return Work(owner, {WHOLE: _pieces(itertools.chain(*trees)) - _pieces(known)}, tuple(notes))
    given = {ast.dump(statement) for statement in known}
    definitions = _definitions(
        item for item in itertools.chain(*trees) if ast.dump(item) not in given or getattr(item, "name", "") in names
    )
    if missing := [name for name in names if name not in definitions]:
        notes.append(f"It does not define {', '.join(missing)}.")
    functions = {name: _pieces(_needed(name, definitions, names)) for name in names if name in definitions}
    return Work(owner, functions, tuple(notes))


def groups_of(works: Sequence[Work], at_least: float) -> tuple[list[Group], list[str]]:
    """Who has functions that are alike by this share, most code first; and, in sentences, what is too long for it."""
    alike: dict[tuple[str, ...], dict[str, float]] = {}
    sizes: dict[str, int] = {}
    in_common: Counter[tuple[str, str]] = Counter()
    notes: list[str] = []
    for name in dict.fromkeys(name for work in works for name in work.functions):
        found = {work.owner: work.functions[name] for work in works if name in work.functions}
        found = {owner: pieces for owner, pieces in found.items() if pieces.total() >= FEWEST}
        sizes[name] = statistics.median_low([pieces.total() for pieces in found.values()] or [0])
        for owner in [owner for owner, pieces in found.items() if pieces.total() > LONGEST * sizes[name]]:
            notes.append(f"{owner}: {name} is over {LONGEST} times as long as others' and is not compared.")
            del found[owner]
        near = _near(found, at_least)
        in_common.update({pair: min(found[owner].total() for owner in pair) for pair in near})
        for owners in _clusters(found, near):
            alike.setdefault(owners, {})[name] = min(share for (one, _), share in near.items() if one in owners)
    groups = [
        Group(owners, tuple(shares), min(shares.values()))
        for owners, shares in alike.items()
        if max(in_common[pair] for pair in itertools.combinations(owners, 2)) >= ENOUGH
    ]
    return sorted(groups, key=lambda group: (-sum(map(sizes.__getitem__, group.functions)), group.owners)), notes


def _near(found: Mapping[str, Pieces], at_least: float) -> dict[tuple[str, str], float]:
    """The pairs that are alike, in the order of `found`, with their shares."""
    shares = ((pair, _share(found[pair[0]], found[pair[1]])) for pair in itertools.combinations(found, 2))
    return {pair: share for pair, share in shares if share >= at_least}


def _clusters(found: Iterable[str], near: Collection[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Owners who are alike, directly or by others in between."""
    left = list(found)
    while left:
        owners = {left[0]}
        while more := {owner for pair in near if owners & {*pair} for owner in pair} - owners:
            owners |= more
        left = [owner for owner in left if owner not in owners]
        if len(owners) > 1:
            yield tuple(owner for owner in found if owner in owners)


def _share(one: Pieces, other: Pieces) -> float:
    """The share of the shorter that stands in the longer."""
    smaller, larger = sorted((one, other), key=Counter.total)
    return sum(min(count, larger[piece]) for piece, count in smaller.items()) / smaller.total()


def _parse(place: str, source: str, notes: list[str]) -> list[ast.stmt]:
    if len(source) > MAX_SEARCHED:
        notes.append(f"{place} is too long to be compared.")
        return []
    try:
        return ast.parse(MAGIC.sub(r"\1pass", source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        notes.append(f"{place} is not compared: it is no Python that can be read.")
        return []


def _definitions(statements: Iterable[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """By name: what defines it last, also under a condition; and what was before, where the last makes use of it."""
    found: dict[str, list[ast.stmt]] = {}
    waiting = [*statements][::-1]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[statement.name] = [statement]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            before = _names_in(statement.value) if statement.value else set()
            for name in {name for target in targets for name in _names_in(target)}:
                found[name] = [*(found.get(name, []) if name in before else []), statement]
        else:
            waiting += [part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.stmt)][::-1]
    return found


def _needed(name: str, definitions: Mapping[str, list[ast.stmt]], names: Collection[str]) -> Iterator[ast.stmt]:
    """What a function consists of: its definition, and those of its helpers, but not of others that are asked for."""
    reached, waiting = {name}, [name]
    while waiting:
        for statement in definitions[waiting.pop(0)]:
            yield statement
            new = sorted((_names_from_outside(statement) & definitions.keys()) - reached - {*names})
            reached.update(new)
            waiting += new


def _names_from_outside(statement: ast.stmt) -> set[str]:
    """The names that a statement finds around it. A parameter is none of these, though its default may be."""
    if isinstance(statement, ast.ClassDef):
        around = [*statement.bases, *statement.keywords, *statement.decorator_list]
        return _names_in(around).union(*map(_names_from_outside, statement.body))
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return _names_in(statement)
    given = statement.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    parameters = {parameter.arg for parameter in named if parameter}
    return (_names_in(statement.body) - parameters) | _names_in([given, *statement.decorator_list])


def _names_in(node: ast.AST | Iterable[ast.AST]) -> set[str]:
    nodes = ast.walk(node) if isinstance(node, ast.AST) else itertools.chain(*map(ast.walk, node))
    return {
        found.id if isinstance(found, ast.Name) else found.attr
        for found in nodes
        if isinstance(found, ast.Name | ast.Attribute)
    }


def _pieces(statements: Iterable[ast.stmt]) -> Pieces:
    pieces: Pieces = Counter()
    for parts in _parts_of(statements):
        ends = range(min(LENGTH, len(parts)), len(parts) + 1)
        pieces.update(tuple(parts[max(0, end - LENGTH) : end]) for end in ends)
    return pieces


def _parts_of(statements: Iterable[ast.stmt]) -> Iterator[list[str]]:
    """The parts of each statement, without the statements in it: what stands there, but names of one's own."""
    waiting = [*statements]
    while waiting:
        statement = waiting.pop()
        parts: list[str] = []
        inner: list[ast.AST] = [statement]
        while inner:
            node = inner.pop()
            if isinstance(node, ast.stmt) and node is not statement:
                waiting.append(node)
            elif isinstance(node, ast.arguments):
                inner += [*_defaults(node)][::-1]
            elif not isinstance(node, ast.expr_context):
                parts += _part(node)
                inner += [] if _is_literal(node) else [*_children(node)][::-1]
        if not _does_nothing(statement):
            yield parts


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    """The defaults that are more than a literal: a whole function may stand there."""
    defaults = (*arguments.defaults, *arguments.kw_defaults)
    return (value for value in defaults if value is not None and not _is_literal(value))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What a node consists of, but annotations."""
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns", "type_params"):
            yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST))


def _part(node: ast.AST) -> list[str]:
    if _is_literal(node):
        return ["literal"]
    if isinstance(node, ast.Name):
        return [node.id if hasattr(builtins, node.id) else "name"]
    if isinstance(node, ast.Attribute):
        return ["attribute", node.attr]
    return [type(node).__name__, *([node.arg or ""] if isinstance(node, ast.keyword) else [])]


def _is_literal(node: ast.AST) -> bool:
    """Whether it is a number, a text, or a table of such, however long."""
    kinds = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp, ast.unaryop, ast.expr_context)
    return isinstance(node, kinds[:6]) and all(isinstance(part, kinds) for part in ast.walk(node))


def _does_nothing(statement: ast.stmt) -> bool:
    """Whether it is a docstring, an import or a `pass`."""
    is_text = isinstance(statement, ast.Expr) and _is_literal(statement.value)
    return is_text or isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom)
