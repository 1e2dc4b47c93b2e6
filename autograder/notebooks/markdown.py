"""MyST Markdown to plain Markdown, for notebooks that learners open in JupyterLab.

exercises.md may use what is handled here and nothing more; what is left over raises MarkdownError, so that no role or
directive ever shows raw in a learner's notebook.
"""

import re

from autograder.records.refusal import Refusal

FENCE = re.compile(r"^(:{3,}|`{3,})\{([\w-]+)\}(.*)\n((?:.*\n)*?)\1[ \t]*$", re.MULTILINE)
LABEL = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
REFERENCE = re.compile(r"\{(?:ref|doc|term|numref)\}`([^`<]+?)\s*(?:<[^`>]*>)?`")
LEFT_OVER = re.compile(r"\{[\w:-]+\}`|^(?::{3,}|`{3,})\{", re.MULTILINE)


class MarkdownError(Refusal):
    """The text uses MyST that has no plain form here."""


def plain_markdown(text: str) -> str:
    """Turn labels, references and directives into plain Markdown. Raises MarkdownError for any other MyST."""
    text = LABEL.sub("", text)
    text = REFERENCE.sub(r"\1", text)
    text = FENCE.sub(_plain_directive, text + "\n").rstrip("\n")
    if found := LEFT_OVER.search(text):
        raise MarkdownError(f"{text[found.start() : found.start() + 60]!r} has no plain Markdown form")
    return text


def _plain_directive(match: re.Match[str]) -> str:
    _, name, title, body = match.groups()
    # Options such as `:class: tip` come first and mean nothing outside the book.
    body = re.sub(r"\A(?::[\w-]+:.*\n)+\n?", "", body).strip("\n")
    if name == "dropdown":
        return f"<details>\n<summary>{title.strip()}</summary>\n\n{body}\n\n</details>"
    if name in ("note", "tip", "warning", "important", "admonition"):
        heading = title.strip() if name == "admonition" else name.capitalize()
        return "\n".join(f"> {line}".rstrip() for line in [f"**{heading}**", "", *body.splitlines()])
    if name == "math":
        return f"$$\n{body}\n$$"
    raise MarkdownError(f"the directive {name} has no plain Markdown form")
