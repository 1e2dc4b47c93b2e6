"""Gives the addresses of scripts, stylesheets and fonts a digest of their content: `light.js?v=1a2b3c4d`.

Hosts and browsers keep files for a while. An address that changes with what it stands for never brings a page of today
a script of last month.
"""

import hashlib
import re
from pathlib import Path

IN_PAGE, IN_STYLESHEET, IN_SCRIPT = "_static/", "url(", '"'
"""What stands before the address of a file of `_static`, as it reads from there."""
ADDRESS = r"([\w./-]+\.(?:js|css|woff2))(?:\?v=\w+)?\b"


def version(content: bytes) -> str:
    """The digest that stands in an address."""
    return hashlib.sha256(content).hexdigest()[:8]


def with_versions(text: str, before: str, static: Path, known: dict[str, str] | None = None) -> str:
    """The text with the versions of the files of `static` that it names; `known` has those that were read already."""
    versions = {} if known is None else known

    def versioned(match: re.Match[str]) -> str:
        name = match[1]
        if name not in versions:
            file = static / name
            versions[name] = f"?v={version(file.read_bytes())}" if file.is_file() else ""
        return name + versions[name]

    return re.sub(rf"(?<={re.escape(before)}){ADDRESS}", versioned, text)


def write_versions(site: Path) -> None:
    """Give the addresses in all pages of a site the versions of today's files."""
    known: dict[str, str] = {}
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        today = with_versions(text, IN_PAGE, site / "_static", known)
        if today != text:
            page.write_text(today, encoding="utf-8")
