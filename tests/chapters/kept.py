"""Which pages are due to run: those of which something is another than when their outputs were kept, and two a day.

A page is not run again in each `make test`: what its cells put out and its claims depend on is noted with its outputs,
and as long as none of it is another, they would say the same.
"""

import hashlib
import os
import platform
import re
from importlib import metadata
from pathlib import Path

import jupytext
import nbformat
import pytest
import torch

from _ext import kept_outputs
from _ext.notebook_cache import digest_sources
from tests.of_the_day import drawn
from tests.soak import ALL

ROOT = Path(__file__).parents[2]
CLAIMS = Path(__file__).parent / "claims"
PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "numpy", "matplotlib", "ipywidgets", "ipython")
A_DAY = 2
KEEP = os.environ.get("LLM_COURSE_KEEP_OUTPUTS") == "1"


def claims_of(page: Path) -> list[str]:
    """What a chapter's page claims of its outputs: code, each after a comment that quotes the claim."""
    file = CLAIMS / f"{page.parent.name}.py"
    return re.split(r"\n(?=# \")", file.read_text(encoding="utf-8"))[1:] if file.is_file() else []


def note(page: Path) -> dict[str, str]:
    """Digests of all that a page's outputs and claims depend on."""
    content, claims = jupytext.read(page), claims_of(page)
    of_claims = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, claims)))
    parts = [
        *kept_outputs.code_of(content),
        *claims,
        digest_sources(of_claims, page, ROOT),
        f"Python {platform.python_version()} {torch.backends.cpu.get_cpu_capability()}",
        *(f"{package} {metadata.version(package)}" for package in PACKAGES),
    ]
    whole = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return {"sources": digest_sources(content, page, ROOT), "code, claims and packages": whole}


def due(pages: list[Path], seed: str) -> list[Path]:
    """The pages that changed since their outputs were kept, and some that did not, others with each seed."""
    since = changed(pages)
    again = drawn([str(page.relative_to(ROOT)) for page in pages if page not in since], A_DAY, seed)
    return [page for page in pages if page in since or str(page.relative_to(ROOT)) in again]


def changed(pages: list[Path]) -> list[Path]:
    """The pages that changed since their outputs were kept."""
    return [page for page in pages if kept_outputs.note_of(page) != note(page)]


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the pages that are not due; pytest counts them as deselected."""
    pages = {item: item.callspec.params["page"] for item in items if item.get_closest_marker("page")}  # type: ignore
    if not pages or ALL:
        return
    run = due(list(pages.values()), os.environ["LLM_COURSE_SEED"])
    left = {item for item, page in pages.items() if page not in run}
    if left:
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]
