"""Reads and writes pages in as many processes as there are processors, for which Jupyter Book has no option."""

import os
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

UNDECLARED = "sphinx_multitoc_numbering"
"""An extension that does not say that pages may be read side by side: it numbers sections when all are read."""


def declare_safe(app: Sphinx, config: Config) -> None:
    if UNDECLARED in app.extensions:
        app.extensions[UNDECLARED].parallel_read_safe = True


def setup(app: Sphinx) -> dict[str, Any]:
    # One more: while pages are written, Sphinx counts the process that loads them.
    app.parallel = (os.cpu_count() or 1) + 1
    app.connect("config-inited", declare_safe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
