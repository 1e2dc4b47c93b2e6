"""Light pages: scripts that a page does not use are left out, the rest wait; one stylesheet holds only rules in use;
code has no elements that look like the text around them.

The theme links some 600 KB of styles and 1.8 MB of scripts on every page, most of which no page uses. The templates in
`_templates` link `light.css` instead, which is written here when all pages are.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from _ext import stylesheets
from _ext.assets import share_static_folder

# What the theme's templates link, before the stylesheets that Sphinx knows of.
THEME_STYLESHEETS = ["basic.css", "styles/pydata-sphinx-theme.css"]
ICON_FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"

# What the theme's templates run.
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"

# Scripts that only work on something: the pattern of its sign in the page's HTML.
NEEDED_BY = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "design-tabs.js": "sd-tab-set",
    "far_sections.js": r"</section>\s*<section",
    "scrollable.js": 'class="(?:highlight|output|katex-display|pst-scrollable)',
}

# The theme measures each place that may scroll, one after another, as soon as the page is read: that lays out
# the whole page. `scrollable.js` does the same without.
MEASURES_ALL_PLACES = re.compile(
    r'const e=\(\)=>\{document\.querySelectorAll\(\["pre",.*?'
    r'\.observe\(document\.getElementById\("main-content"\),\{subtree:!0,childList:!0\}\),e\(\)(?=\})'
)

# Names, punctuation and spaces in code, which the theme's styles color as the text around them.
PLAIN_SPAN = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>|<span></span>')


class LightPages:
    """What the pages of one build link."""

    def __init__(self) -> None:
        self.stylesheets: list[str] = []
        self.scripts = {THEME_SCRIPT}

    def trim(
        self, app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
    ) -> None:
        """Leave a page the scripts and the elements that it needs, and take note of its stylesheets."""
        self.stylesheets = [name for css in context["css_files"] if (name := static_name(css.filename))]
        context["css_files"] = []
        body = context["body"] = PLAIN_SPAN.sub(r"\1", context.get("body", ""))
        scripts = [script for script in context["script_files"] if is_needed(static_name(script.filename), body)]
        self.scripts |= {name for script in scripts if (name := static_name(script.filename))}
        context["script_files"] = [waiting(script) for script in scripts]

    def write_stylesheet(self, app: Sphinx, exception: Exception | None) -> None:
        if exception or app.builder.format != "html" or not self.stylesheets:  # none when no page had to be written
            return
        site = Path(app.outdir)
        static = site / "_static"
        css = stylesheets.join(static, [*THEME_STYLESHEETS, *self.stylesheets])
        css = stylesheets.purge(css, names_in_use(site, self.scripts))
        css = stylesheets.with_icons_inside(css, static / ICON_FONT)
        (static / "light.css").write_text(f'@charset "utf-8";\n{css}\n', encoding="utf-8")
        measure_no_places(static / THEME_SCRIPT)


def measure_no_places(script: Path) -> None:
    """Take the theme's measuring of all places that may scroll out of its script."""
    text = script.read_text(encoding="utf-8")
    lighter = MEASURES_ALL_PLACES.sub("", text)
    if "scrollHeight>" in lighter:
        raise ExtensionError(f"{script.name} measures scrollable places in a new way: mend MEASURES_ALL_PLACES.")
    if lighter != text:
        script.write_text(lighter, encoding="utf-8")


def static_name(filename: Any) -> str:
    """A file's name inside `_static`; empty for a script written into the page."""
    return str(filename or "").removeprefix("_static/")


def is_needed(name: str, body: str) -> bool:
    return bool(re.search(NEEDED_BY.get(name, ""), body))


def waiting(script: Any) -> Any:
    """The same script, run in its turn when the page has been read."""
    if script.filename:
        extra = {"defer": "defer"}
    elif "DOCUMENTATION_OPTIONS" in script.attributes.get("body", ""):
        extra = {"type": "module"}  # only a module can be inline and wait
    else:
        return script
    return type(script)(script.filename, priority=script.priority, **script.attributes | extra)


def names_in_use(site: Path, scripts: set[str]) -> set[str]:
    """Classes and ids in the site's pages, and every word of the scripts, which may set them."""
    names: set[str] = set()
    for page in site.rglob("*.html"):
        for value in re.findall(r'\b(?:class|id)="([^"]*)"', page.read_text(encoding="utf-8")):
            names.update(value.split())
    for script in scripts:
        names.update(re.findall(r"[\w-]+", (site / "_static" / script).read_text(encoding="utf-8")))
    return names


def setup(app: Sphinx) -> dict[str, Any]:
    pages = LightPages()
    app.connect("builder-inited", share_static_folder)
    app.add_js_file("far_sections.js")
    app.add_js_file("scrollable.js")
    app.connect("html-page-context", pages.trim, priority=900)  # after the theme and all who add files
    app.connect("build-finished", pages.write_stylesheet, priority=900)  # after all who write stylesheets
    return {"parallel_read_safe": True, "parallel_write_safe": False}
