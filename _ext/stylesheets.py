"""Makes one small stylesheet out of many: the rules whose classes and ids occur in the site, and what they use."""

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import tinycss2

from _ext.typeface import cut_down

Tokens = list[Any]

NESTING = ("media", "supports", "container", "layer")
# A variable that is set; in its value a semicolon or a brace may stand between quotes or parentheses.
VARIABLE = re.compile(
    r"""(?<=[{;])\s*(--[\w-]+)\s*:(?:[^;{}"'()]|"[^"]*"|'[^']*'|\((?:[^()"']|"[^"]*"|'[^']*'|\([^()]*\))*\))*(?:;|(?=\}))"""
)
ICONS = re.compile("[\ue000-\uf8ff]")  # where icon fonts keep their glyphs


def join(folder: Path, names: Iterable[str]) -> str:
    """The stylesheets one after the other, with their addresses made relative to the folder."""
    return "\n".join(with_addresses((folder / name).read_text(encoding="utf-8"), name) for name in names)


def with_addresses(css: str, name: str) -> str:
    """CSS of the file `name`, as it must read in a file at the top of the same folder."""

    def moved(match: re.Match[str]) -> str:
        parts: list[str] = []
        for part in (PurePosixPath(name).parent / match[2]).parts:
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        return f"url({'/'.join(parts)})"

    return re.sub(r"url\(\s*(['\"]?)(?!data:|#|https?:)([^'\")]+)\1\s*\)", moved, css)


def purge(css: str, used: set[str]) -> str:
    """The CSS without selectors that ask for a class or an id that is not in `used`, nor unread variables."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return without_unread_variables("\n".join(kept_rules(rules, used)), used)


def without_unread_variables(css: str, used: set[str]) -> str:
    """A variable may be read only to set another, so that several rounds are needed."""
    read = used | set(re.findall(r"var\(\s*(--[\w-]+)", css))
    smaller = VARIABLE.sub(lambda variable: variable[0] if variable[1] in read else "", css)
    return smaller if smaller == css else without_unread_variables(smaller, used)


def kept_rules(rules: Iterable[Any], used: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"a stylesheet cannot be read: {rule.message} (line {rule.source_line})")
        if rule.type == "qualified-rule":
            asked = [selector for selector in selectors(rule.prelude) if names_asked(selector) <= used]
            if asked:
                yield f"{','.join(map(compact, asked))}{{{compact(rule.content)}}}"
        elif rule.lower_at_keyword in NESTING and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if kept := list(kept_rules(inner, used)):
                yield f"@{rule.at_keyword} {compact(rule.prelude)}{{{''.join(kept)}}}"
        elif rule.lower_at_keyword not in ("charset", "import"):
            yield rule.serialize()


def selectors(prelude: Tokens) -> Iterator[Tokens]:
    """The selectors of a list, which its commas part."""
    selector: Tokens = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def names_asked(selector: Tokens) -> set[str]:
    """Classes and ids that must be there for the selector to match; those inside `:not(...)` do not count."""
    names = {token.value for token in selector if token.type == "hash"}
    for before, token in pairwise(selector):
        if before == "." and token.type == "ident":
            names.add(token.value)
    return names


def compact(tokens: Tokens) -> str:
    text: str = tinycss2.serialize([token for token in tokens if token.type != "comment"])
    return " ".join(text.split())


def with_icons_inside(css: str, font: Path) -> str:
    """The CSS with Font Awesome's solid font inside, cut down to the icons in use, and without its other fonts."""
    icons = "".join(sorted(set(ICONS.findall(css))))

    def replaced(match: re.Match[str]) -> str:
        if "fa-solid" not in match[0]:
            return ""
        source = f'src:url({as_data(cut_down(font, icons))}) format("woff2")'
        return re.sub(r"src:[^}]*", lambda _: source, match[0])

    return re.sub(r"@font-face\s*\{[^}]*?/fa-[^}]*\}", replaced, css)


def with_typeface_inside(css: str, folder: Path) -> str:
    """The CSS with the book's own fonts, `fonts/*.woff2` of the folder, inside.

    A font that is fetched comes after the first paint: it moves the text, or is left out.
    """

    def inside(address: re.Match[str]) -> str:
        return f"url({as_data((folder / address[1]).read_bytes())})"

    return re.sub(r"url\((fonts/[\w-]+\.woff2)\)", inside, css)


def as_data(font: bytes) -> str:
    """The address of a woff2 font that stands in a stylesheet."""
    return f"data:font/woff2;base64,{base64.b64encode(font).decode()}"
