"""Runs the book's notebooks in parallel before they are read, and only those whose outputs are stale.

myst-nb keeps executed notebooks in a cache, addressed by their code, and runs what is missing one after the other.
This extension fills the cache beforehand, a notebook per core, each in a fork of one process that has imported what
they import (`warm_kernels.py`). Code alone does not say whether an output still holds:
it also depends on the modules that the cells import. So each cached notebook carries a digest of its sources (the
project's modules reached by import statements, the data files of their packages, and the files beside the notebook),
and is run again when that changes. What is missing is first looked for beside the page (`kept_outputs.py`).
"""

import ast
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from jupyter_client import AsyncKernelManager
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import logging

from _ext import kept_outputs
from _ext.warm_kernels import WarmKernelManager

logger = logging.getLogger(__name__)

PACKAGES = ("llm_course", "solutions", "autograder")
READ_BY = {"llm_course/checks": "llm_course/check.py"}
"""Data that one module of its package alone reads: a chapter's page does not depend on the exercises' checks."""
NOT_PUT_OUT = ("llm_course/widgets",)
"""Data that no output holds: the JavaScript of the widgets, which the built site has from there."""


@dataclass(frozen=True)
class Notebook:
    """A notebook of the book, with the digest of what its outputs depend on besides its own code."""

    docname: str
    path: Path
    content: NotebookNode
    sources: str


def refresh(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Run the stale notebooks and return their names, so that Sphinx reads them again.

    A notebook that fails stays out of the cache: myst-nb then runs it once more and reports it as a warning.
    """
    folder = Path(env.mystnb_config.execution_cache_path)
    seen, state = folder / "all_fresh.txt", state_of_files(env)
    if seen.is_file() and seen.read_text(encoding="utf-8") == state:
        return []
    store = get_cache(folder)
    stale = [book for book in find_notebooks(env) if not is_fresh(store, book) and not take_kept(store, book)]
    if stale:
        workers = min(len(stale), os.cpu_count() or 1)
        logger.info("Running %d notebook(s), %d at a time", len(stale), workers)
        with ThreadPoolExecutor(workers) as pool:
            jobs = {pool.submit(run, notebook, env.mystnb_config.execution_timeout): notebook for notebook in stale}
            for job in as_completed(jobs):
                keep(store, jobs[job], job.result())
    if all(is_fresh(store, notebook) for notebook in stale):
        folder.mkdir(parents=True, exist_ok=True)
        seen.write_text(state, encoding="utf-8")
    return [notebook.docname for notebook in stale]


def state_of_files(env: Any) -> str:
    """A digest of the names, sizes and times of all files that outputs may depend on, their contents unread."""
    root = Path(env.srcdir)
    beside = {file for name in env.found_docs for file in Path(env.doc2path(name)).parent.iterdir()}
    inside = {file for package in PACKAGES for file in (root / package).rglob("*") if "__pycache__" not in file.parts}
    whole = hashlib.sha256()
    for file in sorted(file for file in beside | inside if file.is_file()):
        known = file.stat()
        whole.update(f"{file} {known.st_size} {known.st_mtime_ns}\n".encode())
    return whole.hexdigest()


def find_notebooks(env: Any) -> Iterator[Notebook]:
    """The documents that myst-nb would run."""
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        text = path.read_text(encoding="utf-8")
        reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
        if reader is None:
            continue
        content = reader.read(text)
        mode = content.metadata.get("mystnb", {}).get("execution_mode", env.mystnb_config.execution_mode)
        if mode == "cache":
            yield Notebook(docname, path, content, digest_sources(content, path, Path(env.srcdir)))


def is_fresh(store: JupyterCacheAbstract, notebook: Notebook) -> bool:
    """Whether the cache holds the notebook with these sources; an entry with other sources is dropped."""
    try:
        record = store.match_cache_notebook(notebook.content)
    except KeyError:
        return False
    if record.data.get("sources") == notebook.sources:
        return True
    store.remove_cache(record.pk)
    return False


def take_kept(store: JupyterCacheAbstract, notebook: Notebook) -> bool:
    """Put into the cache what is kept beside the page, if that is of this code and of these sources."""
    kept = kept_outputs.find(notebook.path, notebook.content, notebook.sources)
    if kept is None:
        return False
    put(store, notebook, kept, {})
    return True


def run(notebook: Notebook, timeout: int, kernel: AsyncKernelManager | None = None) -> ExecutionResult:
    """Run a notebook in `kernel`, which then goes on, or in one of its own."""
    return single_nb_execution(
        notebook.content,
        km=kernel,
        kernel_manager_class=WarmKernelManager,
        cwd=str(notebook.path.parent),
        timeout=timeout,
        allow_errors=False,
        coalesce_streams=True,  # lines that a cell prints slowly arrive in pieces
        extra_arguments=["--log-level=ERROR"],  # a kernel warns that it listens on this machine
    )


def keep(store: JupyterCacheAbstract, notebook: Notebook, result: ExecutionResult) -> None:
    if result.err is not None:
        logger.info("%s failed after %.1f s", notebook.docname, result.time)
        return
    put(store, notebook, notebook.content, {"execution_seconds": result.time})
    logger.info("%s ran in %.1f s", notebook.docname, result.time)


def put(store: JupyterCacheAbstract, notebook: Notebook, content: NotebookNode, data: dict[str, Any]) -> None:
    """Put a notebook with its outputs into the cache."""
    bundle = CacheBundleIn(content, str(notebook.path), data={**data, "sources": notebook.sources})
    store.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def digest_sources(content: NotebookNode, path: Path, root: Path) -> str:
    """Digest of the files that the notebook's outputs depend on besides its own code."""
    cells = [cell.source for cell in content.cells if cell.cell_type == "code"]
    modules = reachable_modules(imported_names(python_of(cells)), root)
    beside = {file for file in path.parent.iterdir() if file.is_file() and file.suffix not in (".md", ".ipynb")}
    whole = hashlib.sha256()
    for file in sorted(modules | package_data(modules, root) | beside):
        whole.update(f"{file.relative_to(root)} {digest_file(file, file.stat().st_mtime_ns)}\n".encode())
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
    others = [folder for folder, reader in READ_BY.items() if root / reader not in modules]
    unread = [root / folder for folder in (*others, *NOT_PUT_OUT)]
    return {file for file in found if not any(folder in file.parents for folder in unread)}


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


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", refresh)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
