"""The little Markdown that hints are written in."""

import html
import re


def code_to_html(text: str) -> str:
    """Escape a hint and turn `code` and *emphasis* into HTML."""
    escaped = html.escape(text, quote=False)
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])", r"<em>\1</em>", escaped)
