"""Builds the book as `jupyter-book build` does, a second quicker: `python -m _ext.build`, or `make site`."""

import sys
from types import ModuleType
from typing import cast

if __name__ == "__main__":
    # As `llm-course` does: with it, jsonschema builds a grammar of international addresses, which no setting is.
    sys.modules.setdefault("rfc3987_syntax", cast(ModuleType, None))
    from jupyter_book.cli.main import main

    main(["build", "-W", "--keep-going", "-n", "."])
