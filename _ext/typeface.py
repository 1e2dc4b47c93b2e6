"""The book's typefaces, Source Sans and Source Serif (SIL Open Font License), cut down to the characters of its text.

They come from `node_modules`, where `npm ci` puts the versions of package-lock.json.
"""

import io
import logging
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FONTS = Path(__file__).parent.parent / "node_modules" / "@fontsource"
FACES = {
    "fonts/sans.woff2": "source-sans-3/files/source-sans-3-latin-400-normal.woff2",
    "fonts/sans-italic.woff2": "source-sans-3/files/source-sans-3-latin-400-italic.woff2",
    "fonts/sans-bold.woff2": "source-sans-3/files/source-sans-3-latin-600-normal.woff2",
    "fonts/serif-bold.woff2": "source-serif-4/files/source-serif-4-latin-600-normal.woff2",
}
"""The files of `typeface.css` in `_static`, and what they are made from."""
LATIN = "".join(map(chr, range(0x20, 0x7F)))
CHARACTERS = LATIN + "äöüéèêçñßÄÖÜÉ§°±²³µ·×÷–—‘’“”…−≈≤≥"
CHARACTERS_OF_HEADINGS = LATIN + "é³×–—’“”…"


def check(app: Sphinx) -> None:
    if not FONTS.is_dir():
        raise ExtensionError("The book's fonts are not installed: run `npm ci` in its folder (`make site` does it).")


def write_fonts(app: Sphinx, exception: Exception | None) -> None:
    """Put the fonts into the site, unless they are there."""
    if exception or app.builder.format != "html":
        return
    for name, source in FACES.items():
        file = Path(app.outdir, "_static", name)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(cut_down(FONTS / source, characters_of(name)))


def characters_of(name: str) -> str:
    return CHARACTERS_OF_HEADINGS if "serif" in name else CHARACTERS


def cut_down(source: Path, text: str) -> bytes:
    """A woff2 font with these characters only."""
    from fontTools import subset  # only here: most builds cut no font, and it is a large module

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # Sphinx shows what others log as information
    options = subset.Options(flavor="woff2", hinting=False, layout_features=["kern", "liga", "mark", "tnum"])
    options.drop_tables += ["BASE", "STAT", "gasp"]  # for vertical lines, other weights, and screens of long ago
    font, small = subset.load_font(str(source), options), io.BytesIO()
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    subset.save_font(font, small, options)
    return small.getvalue()


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", check)
    app.connect("build-finished", write_fonts)
    app.add_css_file("typeface.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
