"""The pages that make up the book. A draft that is not in _toc.yml is no chapter yet."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pages_of_chapters() -> list[Path]:
    """The chapter.md and further.md files that _toc.yml names, in its order."""
    entries = re.findall(r"file: (chapters/\d\d_\w+/(?:chapter|further))$", _contents(), flags=re.MULTILINE)
    return [ROOT / f"{entry}.md" for entry in entries]


def _contents() -> str:
    return (ROOT / "_toc.yml").read_text(encoding="utf-8")
