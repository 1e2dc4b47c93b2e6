"""Which pages are run: those whose code, modules or data, or whose claims, are others than when outputs were kept."""

import ast
import re
from itertools import takewhile
from pathlib import Path

import jupytext
import nbformat

from _ext import kept_outputs
from _ext.sources import key_of

ROOT = Path(__file__).parents[2]
CLAIMS = Path(__file__).parent / "claims"


def claims_of(page: Path) -> list[str]:
    """What a chapter's page claims of its outputs: code, each after a comment that quotes the claim.

    Those of `05_attention/chapter.md` stand in `05_attention.py`, of its `further.md` in `05_attention_further.py`.
    """
    file = CLAIMS / f"{page.parent.name}{'' if page.stem == 'chapter' else f'_{page.stem}'}.py"
    return split_claims(file) if file.is_file() else []


def split_claims(file: Path) -> list[str]:
    """The claims of a file: a comment that begins with a quotation begins a claim."""
    return re.split(r"\n(?=# \")", file.read_text(encoding="utf-8"))[1:]


def quotes_of(file: Path) -> list[str]:
    """What the comments of a file's claims quote; a quotation mark inside one is written `\\"`."""
    comments = [
        " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), claim.splitlines()))
        for claim in split_claims(file)
    ]
    return [quote.replace('\\"', '"') for comment in comments for quote in re.findall(r'"((?:[^"\\]|\\.)*)"', comment)]


def note(page: Path) -> dict[str, str]:
    """The key of a page's outputs, and that of its claims, which run after the page and see its variables.

    The words that a claim quotes are held by `test_claims.py`, and are not part of the key.
    """
    codes = [ast.unparse(ast.parse(claim)) for claim in claims_of(page)]
    claims = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, codes)))
    return {"key": key_of(jupytext.read(page), page, ROOT), "claims": key_of(claims, page, ROOT)}


def is_current(page: Path) -> bool:
    """Whether a page's outputs were kept when the page and its claims were as they are."""
    return kept_outputs.note_of(page) == note(page)
