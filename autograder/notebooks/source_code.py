"""What a learner's source says, by its syntax: which names a function uses. Nothing of it is run."""

import ast
import functools
from collections.abc import Collection, Mapping

MAX_SEARCHED = 50_000
"""Characters that are parsed: half a megabyte of nested strings or definitions would take a minute."""
WITH_OWN_NAMES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
"""Parts of a function that have names of their own, as the functions and classes in it have."""


@functools.lru_cache(maxsize=128)
def attributes_used(source: str, function: str) -> list[tuple[int, str]]:
    """The attributes that a function names, each with its line in the source."""
    return [(node.lineno, node.attr) for node in _nodes_of(source, function) if isinstance(node, ast.Attribute)]


def imports_used(source: str, function: str, imported: Mapping[str, str]) -> list[tuple[int, str]]:
    """What a function uses of the `imported` names, a dict as `imports_in` gives it, each with its line."""
    found = _nodes_of(source, function)
    names = [node for node in found if isinstance(node, ast.Name)]
    # A name that the function gives something itself is its own.
    own = {node.arg for node in found if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store) and node.id != function}
    return [(node.lineno, imported[node.id]) for node in names if node.id in imported and node.id not in own]


@functools.lru_cache(maxsize=128)
def imports_in(source: str) -> dict[str, str]:
    """The names that imports of a cell bind, also those within functions, and what each stands for, with its module."""
    found: dict[str, str] = {}
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Import):
            found |= {item.asname or item.name.partition(".")[0]: item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
    return found


def names_used(sources: Collection[str], function: str) -> frozenset[str]:
    """The names that a function uses, and those that are used by what it uses, as far as the sources define it.

    Where the sources are too long to be searched, there is none.
    """
    if sum(map(len, sources)) > MAX_SEARCHED:
        return frozenset()
    # Once for each: a notebook may have more cells than are kept, and more names than cells.
    tables = [_uses(source) for source in sources]
    reached: set[str] = set()
    waiting = [function]
    while waiting:
        name = waiting.pop()
        found = {used for table in tables for used in table.get(name, ())}
        waiting += found - reached
        reached |= found
    return frozenset(reached)


@functools.lru_cache(maxsize=128)
def _uses(source: str) -> dict[str, set[str]]:
    """By name: what a function, class or assignment of a cell uses of the notebook's names, and not of its own."""
    found: dict[str, set[str]] = {}
    # Each part with the names that the functions around it have of their own, and the definitions that it is in.
    waiting: list[tuple[ast.AST, frozenset[str], frozenset[str]]]
    waiting = [(node, frozenset(), _targets(node)) for node in _tree(source).body]
    while waiting:
        node, own, inside = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inside |= {node.name}
        if isinstance(node, ast.Name) and node.id not in own:
            for name in inside:
                found.setdefault(name, set()).add(node.id)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            within = _own_names(node, own)
            # What stands in its head, such as a default, is not yet in it.
            body = set[ast.AST](node.body)
            waiting += [(part, within if part in body else own, inside) for part in ast.iter_child_nodes(node)]
        else:
            waiting += [(part, own, inside) for part in ast.iter_child_nodes(node)]
    return found


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef, around: frozenset[str]) -> frozenset[str]:
    """The names that a function gives something for itself, and those `around` it that are the same within."""
    own = {part.arg for part in ast.iter_child_nodes(function.args) if isinstance(part, ast.arg)}
    others: set[str] = set()
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            own.add(node.id)
        elif isinstance(node, ast.Global):
            others.update(node.names)
        elif not isinstance(node, WITH_OWN_NAMES):
            waiting += ast.iter_child_nodes(node)
    return (around | own) - others


@functools.lru_cache(maxsize=32)
def _nodes_of(source: str, function: str) -> list[ast.AST]:
    """All that a function consists of, each part once. To walk through it takes longer than to look at the parts."""
    definitions = _definitions(source).get(function, ())
    return [*dict.fromkeys(node for definition in definitions for node in ast.walk(definition))]


@functools.lru_cache(maxsize=32)
def _definitions(source: str) -> dict[str, list[ast.stmt]]:
    """By name: the functions, classes and assignments of a cell. What is no Python defines nothing."""
    tree = _tree(source)
    found: dict[str, list[ast.stmt]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(node)
    # Not those within functions, whose names are their own.
    for node in tree.body:
        for name in _targets(node):
            found.setdefault(name, []).append(node)
    return found


def _targets(node: ast.stmt) -> frozenset[str]:
    """The names that an assignment gives something."""
    targets = node.targets if isinstance(node, ast.Assign) else ()
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
