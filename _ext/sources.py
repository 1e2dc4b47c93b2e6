"""The key of a page's outputs: a digest of its code and of the project's modules and data that its cells import.

It is the same on every machine: neither packages nor the processor are part of it.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

PACKAGES = ("llm_course", "solutions", "autograder")
NOT_PUT_OUT = ("checks", "assignments", "jupyter", "widgets")
"""Data of `llm_course` that no page puts out: what exercises are checked by, and the JavaScript of the widgets."""


def key_of(content: NotebookNode, path: Path, root: Path) -> str:
    """The key of what a notebook puts out that lies at `path` in the project at `root`.

    Part of it are the code of the cells, the project's modules that they import, directly or through others, the data
    files of these modules' packages, and the files beside the notebook.
    """
    cells = [cell.source for cell in content.cells if cell.cell_type == "code"]
    modules = reachable_modules(imported_names(python_of(cells)), root)
    beside = {file for file in path.parent.iterdir() if file.is_file() and file.suffix not in (".md", ".ipynb")}
    whole = hashlib.sha256("\0".join(cells).encode())
    files = {file.relative_to(root).as_posix(): file for file in modules | package_data(modules, root) | beside}
    for name, file in sorted(files.items()):
        whole.update(f"\0{name} {digest_file(file, file.stat().st_mtime_ns)}".encode())
    return whole.hexdigest()


def python_of(cells: Iterable[str]) -> str:
    """The cells as plain Python, with IPython's magics turned into calls."""
    transform = TransformerManager().transform_cell
    return "\n".join(transform(cell) for cell in cells)


def imported_names(code: str, package: str = "") -> set[str]:
    """What import statements anywhere in the code ask for: names with their modules, and `module.*` for all of one.

    `package` resolves the relative ones.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:  # the kernel will say it better
        return set()
    return {name for node in ast.walk(tree) for name in bound_by(node, package).values()}


def bound_by(node: ast.AST, package: str) -> dict[str, str]:
    """Names that a statement binds by an import, each with what it asks for."""
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name: f"{alias.name}.*" for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return {}
    parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*parents, *([node.module] if node.module else [])])
    return {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}


def reachable_modules(names: Iterable[str], root: Path) -> set[Path]:
    """Files of the project's modules that these names come from, directly or through other modules.

    Of a package that only gathers names for its readers, as that of the widgets does, no more than the asked one's.
    """
    found: set[Path] = set()
    waiting, met = set(names), set(names)
    while waiting:
        for file, asked in module_files(waiting.pop(), root).items():
            found.add(file)
            package = ".".join(file.relative_to(root).parent.parts)
            new = names_in_file(file, package, asked, file.stat().st_mtime_ns) - met
            waiting |= new
            met |= new
    return found


@cache
def names_in_file(file: Path, package: str, asked: str, modified: int) -> frozenset[str]:
    """What a module imports when `asked` is taken from it; `modified` is part of the key, as the file's state."""
    code = file.read_text(encoding="utf-8")
    gathered = gathered_names(code, package) if file.name == "__init__.py" and asked != "*" else None
    if gathered is None:
        return frozenset(imported_names(code, package))
    return frozenset({gathered[asked]} if asked in gathered else ())


def gathered_names(code: str, package: str) -> dict[str, str] | None:
    """The names of a package that only imports names of others, each with what it asks for; None if it does more."""
    gathered: dict[str, str] = {}
    for node in ast.parse(code).body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.ImportFrom):
            gathered |= bound_by(node, package)
        elif not is_text and not ast.unparse(node).startswith("__all__ ="):
            return None
    return None if "*" in gathered else gathered


def module_files(name: str, root: Path) -> dict[Path, str]:
    """The files of a dotted name and of the packages above it, each with the name that is taken from it, `*` for all.

    Of `llm_course.checking.compare.Report`, two packages and a module.
    """
    parts = name.split(".")
    if parts[0] not in PACKAGES:
        return {}
    asked = {root.joinpath(*parts[: length + 1]): part for length, part in enumerate([*parts[1:], "*"])}
    files = {file: part for stem, part in asked.items() for file in (stem / "__init__.py", stem.with_suffix(".py"))}
    return {file: part for file, part in files.items() if file.is_file()}


def package_data(modules: set[Path], root: Path) -> set[Path]:
    """Files that are not Python and lie in the packages of these modules, as far as outputs depend on them: weights."""
    found = {file for package in {module.parent for module in modules} for file in data_below(package)}
    unread = {root / "llm_course" / folder for folder in NOT_PUT_OUT}
    return {file for file in found if unread.isdisjoint(file.parents)}


def data_below(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_file() and entry.suffix != ".py":
            yield entry
        elif entry.is_dir() and entry.name != "__pycache__" and not (entry / "__init__.py").exists():
            yield from data_below(entry)


@cache
def digest_file(file: Path, modified: int) -> str:
    """Digest of a file's bytes; `modified` is part of the key, so that a file is read once a build."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
