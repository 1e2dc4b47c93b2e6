"""Formulas drawn by KaTeX while the book is built: a page needs no script and no other host for them.

KaTeX comes from `node_modules`, where `npm ci` puts the version of package-lock.json. All formulas of a page are drawn
at once when it is read, and kept with it. A formula that KaTeX cannot read is a warning with its place in the source.
"""

import json
import re
import shutil
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from _ext.assets import is_stale, preload, run_tool
from _ext.typeface import cut_down

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
KATEX = FOLDER.parent / "node_modules" / "katex" / "dist"

# The font files a page needs, by what KaTeX writes into it.
FONTS = {
    "Main-Regular": 'class="katex"',
    "Main-Bold": "mathbf",
    "Math-Italic": "mathnormal",
    "AMS-Regular": "mathbb|amsrm",
    "Caligraphic-Regular": "mathcal",
    "Size1-Regular": "small-op|delimsizing size1|delim-size1",
    "Size2-Regular": "large-op|delimsizing size2",
    "Size3-Regular": "delimsizing size3",
    "Size4-Regular": "delimsizing size4|delim-size4",
}

# The part of a page's HTML that may show on the first screen.
FIRST_SCREEN = 6000


def configure(app: Sphinx, config: Config) -> None:
    if not KATEX.is_dir():
        raise ExtensionError("KaTeX is not installed: run `npm ci` in the book's folder (`make site` does it).")
    if not shutil.which("node"):
        raise ExtensionError("Node.js was not found: the book's formulas need Node.js 18 or later while it is built.")
    config.html_math_renderer = "katex"
    config.myst_update_mathjax = False


def draw(formulas: list[tuple[str, bool]]) -> list[dict[str, str]]:
    """Draw (TeX, display) pairs: each becomes {"html": ...}, or {"error": ...} where KaTeX cannot read it."""
    job = json.dumps([{"tex": tex, "display": display} for tex, display in formulas])
    drawn: list[dict[str, str]] = json.loads(run_tool(["node", FOLDER / "render_formulas.js"], "KaTeX failed", job))
    return drawn


def draw_formulas(app: Sphinx, doctree: nodes.document) -> None:
    """Draw all formulas of a page and keep each with its node."""
    formulas = [*doctree.findall(nodes.math), *doctree.findall(nodes.math_block)]
    for node, drawn in zip(formulas, draw([source(node) for node in formulas]) if formulas else [], strict=True):
        if "error" in drawn:
            logger.warning("KaTeX cannot read `%s`: %s", node.astext().strip(), drawn["error"], location=node)
        node["drawn"] = drawn.get("html", escape(node.astext()))


def source(node: nodes.Element) -> tuple[str, bool]:
    """TeX as KaTeX wants it, and whether it stands on lines of its own."""
    tex = node.astext()
    if not isinstance(node, nodes.math_block):
        return tex, False
    if r"\\" in tex and r"\begin" not in tex:  # several lines without an environment, which TeX does not allow
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    return tex, True


def visit_math(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(f'<span class="math">{node["drawn"]}</span>')
    raise nodes.SkipNode


def visit_math_block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append(f"{node['drawn']}</div>\n")
    raise nodes.SkipNode


def fonts_used(body: str) -> list[str]:
    """Names of KaTeX's fonts that the formulas of a page's HTML draw with."""
    return [name for name, sign in FONTS.items() if 'class="katex"' in body and re.search(sign, body)]


def preload_fonts(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Let a page load the fonts of its first screen early."""
    body = context.get("body", "")
    preload(context, [f"katex/fonts/KaTeX_{name}.woff2" for name in fonts_used(body[:FIRST_SCREEN])])


def copy_katex(app: Sphinx, exception: Exception | None) -> None:
    """Put KaTeX's stylesheet and its woff2 fonts, which every browser reads, into the site."""
    if exception or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "katex"
    if not is_stale(folder / "katex.min.css", app):
        return
    copy_fonts(folder, characters_in(Path(app.outdir)))
    css = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)', "", css)
    (folder / "katex.min.css").write_text(css, encoding="utf-8")


def characters_in(site: Path) -> dict[str, str]:
    """The characters of the formulas in the site's pages, in order: those in Math-Italic, and those in other fonts."""
    drawn = "".join(formula for page in site.rglob("*.html") for formula in formulas_in(page.read_text("utf-8")))
    texts = {"Math-Italic": r"<[^>]*\bmathnormal\b[^>]*>([^<]+)", "others": r"<(?![^>]*\bmathnormal\b)[^>]*>([^<]+)"}
    return {font: "".join(sorted(set(unescape("".join(re.findall(text, drawn)))))) for font, text in texts.items()}


def formulas_in(page: str) -> Iterator[str]:
    """What KaTeX drew of each formula, from its first tag to its last."""
    for formula in re.finditer('<span class="katex-html"', page):
        depth = 0
        for tag in re.compile("<(/?)span").finditer(page, formula.start()):
            depth += -1 if tag[1] else 1
            if not depth:
                yield page[formula.start() : tag.end()]
                break


def copy_fonts(folder: Path, characters: dict[str, str]) -> None:
    """Write KaTeX's fonts with these characters, unless they hold them already."""
    held, text = folder / "characters.json", json.dumps(characters)
    if held.is_file() and held.read_text(encoding="utf-8") == text:
        return
    (folder / "fonts").mkdir(parents=True, exist_ok=True)
    for font in (KATEX / "fonts").glob("*.woff2"):
        name = font.stem.removeprefix("KaTeX_")
        (folder / "fonts" / font.name).write_bytes(cut_down(font, characters.get(name, characters["others"])))
    held.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.connect("config-inited", configure)
    app.connect("doctree-read", draw_formulas, priority=100)  # before titles are copied into tables of contents
    app.connect("html-page-context", preload_fonts)
    app.connect("build-finished", copy_katex)
    app.add_css_file("katex/katex.min.css")
    app.add_css_file("prerendered-math.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
