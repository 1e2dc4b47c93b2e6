"""Runs the book's notebooks in parallel before they are read, and only those whose outputs are stale.

myst-nb keeps executed notebooks in a cache, addressed by their code, and runs what is missing one after the other.
This extension fills the cache beforehand, a notebook per core. Code alone does not say whether an output still holds:
it also depends on the modules that the cells import. So each cached notebook carries the key of its outputs
(`sources.py`), and is run again when that changes. What is missing is first looked for beside the page
(`kept_outputs.py`).
"""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from jupyter_client import AsyncKernelManager
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import logging

from _ext import kept_outputs, real_size
from _ext.sources import PACKAGES, key_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notebook:
    """A notebook of the book, with the key of its outputs."""

    docname: str
    path: Path
    content: NotebookNode
    key: str


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
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # notebooks run side by side, each on one processor
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
            yield Notebook(docname, path, content, key_of(content, path, Path(env.srcdir)))


def is_fresh(store: JupyterCacheAbstract, notebook: Notebook) -> bool:
    """Whether the cache holds the notebook with this key; an entry with another is dropped."""
    try:
        record = store.match_cache_notebook(notebook.content)
    except KeyError:
        return False
    if record.data.get("key") == notebook.key:
        return True
    store.remove_cache(record.pk)
    return False


def take_kept(store: JupyterCacheAbstract, notebook: Notebook) -> bool:
    """Put into the cache what is kept beside the page, if it has the page's key."""
    kept = kept_outputs.find(notebook.path, notebook.key)
    if kept is None:
        return False
    # The cache finds a notebook by its cells' tags, too, which say nothing about outputs.
    of_page = (cell for cell in notebook.content.cells if cell.cell_type == "code")
    for cell, current in zip(kept.cells, of_page, strict=True):
        cell.metadata = current.metadata
    put(store, notebook, kept, {})
    return True


def run(notebook: Notebook, timeout: int, kernel: AsyncKernelManager | None = None) -> ExecutionResult:
    """Run a notebook in `kernel`, which then goes on, or in one of its own; what is at real size only if it is new."""
    options = {"skip_cells_with_tag": real_size.TAG} if real_size.take_kept(notebook.content, notebook.path) else {}
    return single_nb_execution(
        notebook.content,
        km=kernel,
        cwd=str(notebook.path.parent),
        timeout=timeout,
        allow_errors=False,
        coalesce_streams=True,  # lines that a cell prints slowly arrive in pieces
        extra_arguments=["--log-level=ERROR"],  # a kernel warns that it listens on this machine
        **options,
    )


def keep(store: JupyterCacheAbstract, notebook: Notebook, result: ExecutionResult) -> None:
    if result.err is not None:
        logger.info("%s failed after %.1f s", notebook.docname, result.time)
        return
    put(store, notebook, notebook.content, {"execution_seconds": result.time})
    logger.info("%s ran in %.1f s", notebook.docname, result.time)


def put(store: JupyterCacheAbstract, notebook: Notebook, content: NotebookNode, data: dict[str, Any]) -> None:
    """Put a notebook with its outputs into the cache."""
    bundle = CacheBundleIn(content, str(notebook.path), data={**data, "key": notebook.key})
    store.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", refresh)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
