"""Makes one small stylesheet out of many: what its pages use, with icons and fonts inside."""

import base64
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from _ext.assets import run_tool
from _ext.typeface import cut_down

PURGE = Path(__file__).with_name("purge_styles.js")
ICONS = re.compile("[\ue000-\uf8ff]")  # where icon fonts keep their glyphs


def join(folder: Path, names: Iterable[str]) -> str:
    """The stylesheets one after the other, with their addresses made relative to the folder."""
    return "\n".join(with_addresses((folder / name).read_text(encoding="utf-8"), name) for name in names)


def with_addresses(css: str, name: str) -> str:
    """CSS of the file `name`, as it must read in a file at the top of the same folder."""

    def moved(match: re.Match[str]) -> str:
        return f"url({posixpath.normpath(posixpath.join(posixpath.dirname(name), match[2]))})"

    return re.sub(r"url\(\s*(['\"]?)(?!data:|#|https?:)([^'\")]+)\1\s*\)", moved, css)


def purge(css: str, site: Path, scripts: Iterable[str]) -> str:
    """The CSS without what neither the pages of a site nor these scripts of its `_static` use."""
    command = ["node", PURGE, *(f"_static/{name}" for name in scripts)]
    return run_tool(command, "PurgeCSS cannot read the stylesheets", css, site)


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
