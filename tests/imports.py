"""What files of the project import of it."""

import ast
import functools
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]
Found = TypeVar("Found")
PACKAGES = ("llm_course", "solutions", "autograder", "tests", "_ext")


def once_as_it_stands(ask: Callable[[Path], Found]) -> Callable[[Path], Found]:
    """The function of a file, asked once for each state of it: many parts of the suite depend on the same files."""

    @functools.cache
    def asked(path: Path, changed: int, size: int) -> Found:
        return ask(path)

    @functools.wraps(ask)
    def of(path: Path) -> Found:
        state = path.stat()
        return asked(path, state.st_mtime_ns, state.st_size)

    return of


@once_as_it_stands
def digest_of(path: Path) -> str:
    """A digest of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@once_as_it_stands
def imports_of(path: Path) -> set[str]:
    """The full names of the project's modules that a file imports, wherever in the file; none where it is no Python."""
    names: set[str] = set()
    if path.suffix != ".py":
        return names
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in PACKAGES}


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements of a file, those in others too; expressions, most of a tree, hold none."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, field, [])


def with_all_they_import(paths: Iterable[Path], root: Path = ROOT, apart: Collection[Path] = ()) -> set[Path]:
    """Files of the project, and those of its files that they import, and so on; but none that is reached by `apart`."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in found and path not in apart:
            found.add(path)
            waiting += [file for name in imports_of(path) for file in _files_of(name, root)]
    return found


@functools.cache
def _files_of(name: str, root: Path) -> list[Path]:
    """The files that importing a module runs; none where the name is one of a module's own."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[: number + 1], "__init__.py") for number in range(len(parts))]
    return [file for file in [root.joinpath(*parts).with_suffix(".py"), *packages] if file.is_file()]
