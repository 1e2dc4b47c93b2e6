"""Light pages: one script, which waits, and one stylesheet with only the rules in use; code has no elements that look
like what is around them.

The theme links some 600 KB of styles and 1.8 MB of scripts on every page, most of which no page uses. The templates in
`_templates` link `light.css` and `light.js` instead, which are written here when all pages are.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from _ext import joined_scripts, stylesheets
from _ext.asset_versions import IN_SCRIPT, IN_STYLESHEET, with_versions, write_versions
from _ext.assets import minified

# What the theme's templates link, before the stylesheets that Sphinx knows of.
THEME_STYLESHEETS = ["basic.css", "styles/pydata-sphinx-theme.css"]
ICON_FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"

# Sphinx's own marking of searched words: the book's search leads to sections. In place of the last, `clipboard.js`.
UNUSED_SCRIPTS = {"doctools.js", "sphinx_highlight.js", "clipboard.min.js"}

# Scripts that few pages run: the pattern of their sign in a page's HTML.
SEPARATE_SCRIPTS = {
    "design-tabs.js": "sd-tab-set",
    "exercise-index.js": "exercise-index",
    "solve.js": "data-exercise",
    "widgets/host.js": "llm-widget-place",
}

# Names, punctuation and spaces in code, which the theme's styles color as the text around them.
PLAIN_SPAN = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>|<span></span>')


# Classes of code that the theme's styles color alike, by the one that stands for all.
COLORED_LIKE = {"k": ["kc", "kn", "ow"], "s1": ["o", "s2", "si", "sa", "se"], "mi": ["mf", "nb", "bp"], "nf": ["fm"]}
STANDS_FOR = {name: look for look, names in COLORED_LIKE.items() for name in names}
NEIGHBORS = re.compile(rf'(<span class="({"|".join(COLORED_LIKE)})">[^<]*)</span>( *)<span class="\2">')


def simplified_code(body: str) -> str:
    """HTML whose code has no elements that look like the text around them or like their neighbors."""
    body = PLAIN_SPAN.sub(r"\1", body)
    body = re.sub(r'(?<=<span class=")\w+(?=">)', lambda name: STANDS_FOR.get(name[0], name[0]), body)
    joined = 1
    while joined:
        body, joined = NEIGHBORS.subn(r"\1\3", body)
    return body


class LightPages:
    """What the pages of one build link."""

    def __init__(self) -> None:
        self.stylesheets: list[str] = []
        self.scripts: list[str] = []

    def trim(
        self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
    ) -> None:
        """Leave a page the scripts and the elements that it needs, and take note of its stylesheets."""
        self.stylesheets = [name for css in context["css_files"] if (name := static_name(css.filename))]
        context["css_files"] = []
        body = context["body"] = simplified_code(context.get("body", ""))
        scripts = sorted(context["script_files"], key=lambda script: script.priority)
        names = [static_name(script.filename) for script in scripts]
        self.scripts = [name for name in names if name and name not in UNUSED_SCRIPTS | SEPARATE_SCRIPTS.keys()]
        context["script_files"] = [
            waiting(script) for script, name in zip(scripts, names, strict=True) if stands_alone(name, body)
        ]

    def write(self, app: Sphinx, exception: Exception | None) -> None:
        if exception or app.builder.format != "html" or not self.stylesheets:  # none when no page had to be written
            return
        site = Path(app.outdir)
        static = site / "_static"
        script = joined_scripts.join(static, [*self.scripts, joined_scripts.THEME_SCRIPT])
        (static / "light.js").write_text(with_versions(script, IN_SCRIPT, static), encoding="utf-8")
        css = stylesheets.join(static, [*THEME_STYLESHEETS, *self.stylesheets])
        css = minified(stylesheets.purge(css, site, ["light.js", *SEPARATE_SCRIPTS]), "css")
        css = stylesheets.with_icons_inside(css, static / ICON_FONT)
        css = stylesheets.with_typeface_inside(css, static)
        css = with_versions(css, IN_STYLESHEET, static)
        (static / "light.css").write_text(f'@charset "utf-8";\n{css}', encoding="utf-8")
        write_versions(site)


def static_name(filename: Any) -> str:
    """A file's name inside `_static`; empty for a script written into the page."""
    return str(filename or "").removeprefix("_static/")


def stands_alone(name: str, body: str) -> bool:
    """Whether a page with this body links the script itself; one without a name is written into the page."""
    return not name or (name in SEPARATE_SCRIPTS and SEPARATE_SCRIPTS[name] in body)


def waiting(script: Any) -> Any:
    """The same script, run in its turn when the page has been read."""
    if script.filename:
        extra = {"defer": "defer"}
    elif "DOCUMENTATION_OPTIONS" in script.attributes.get("body", ""):
        extra = {"type": "module"}  # only a module can be inline and wait
    else:
        return script
    return type(script)(script.filename, priority=script.priority, **script.attributes | extra)


def setup(app: Sphinx) -> dict[str, Any]:
    pages = LightPages()
    app.add_js_file("clipboard.js", priority=400)  # before sphinx-copybutton
    app.add_js_file("far_sections.js")
    app.add_js_file("scrollable.js")
    app.connect("html-page-context", pages.trim, priority=900)  # after the theme and all who add files
    app.connect("build-finished", pages.write, priority=900)  # after all who write scripts and stylesheets
    # All pages know of the same scripts and stylesheets, and the first and the last are written in this process.
    return {"parallel_read_safe": True, "parallel_write_safe": True}
