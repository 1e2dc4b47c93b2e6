"""The built book for the browser tests, and tiny books for the tests of single extensions."""

import functools
import io
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from _ext import serve

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """A tiny book after its build."""

    folder: Path
    warnings: str

    def page(self, name: str) -> str:
        return (self.folder / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Built]:
    """Build a book of these pages with these extensions; called again, it builds what has changed since."""
    return functools.partial(build_book, tmp_path)


def build_book(folder: Path, pages: dict[str, str], *extensions: str, **config: Any) -> Built:
    """Build a tiny book in a folder."""
    source = folder / "source"
    for name, text in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    settings = {
        "extensions": ["myst_nb", *extensions],
        "root_doc": "index",
        "html_theme": "basic",
        "html_static_path": [str(ROOT / "_ext" / "static")],
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
        "nb_ipywidgets_js": {},
        **config,
    }
    warnings, output = io.StringIO(), folder / "html"
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            str(source),
            None,
            str(output),
            str(folder / "doctrees"),
            "html",
            settings,
            status=io.StringIO(),
            warning=warnings,
        )
        app.build()
    return Built(output, re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the book, built as readers build it; once, however many processes test."""
    shared = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    built = shared / "site-is-built"
    with FileLock(shared / "site.lock"):
        if not built.exists():
            make_site()
            built.touch()
    return ROOT / "_build" / "html"


def make_site() -> None:
    result = subprocess.run(["make", "site"], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail(f"`make site` failed:\n{result.stdout[-4000:]}{result.stderr[-4000:]}", pytrace=False)


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address of the book over http."""
    with serve.served(site) as address:
        yield address
