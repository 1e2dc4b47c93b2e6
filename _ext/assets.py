"""The extensions' own scripts and stylesheets, from `_ext/static`, and fonts that a page loads early."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"

# A font that arrives after the first paint moves the text. From file:// a preload only logs an error.
PRELOAD = """<script>
if (location.protocol !== "file:") for (const href of {fonts}) document.head.append(Object.assign(
  document.createElement("link"), {{rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href}}));
</script>
"""


def share_static_folder(app: Sphinx) -> None:
    """Let Sphinx copy `_ext/static`, once however many extensions ask for it."""
    if str(STATIC) not in app.config.html_static_path:
        app.config.html_static_path.append(str(STATIC))


def preload(context: dict[str, Any], fonts: Iterable[str]) -> None:
    """Let a page load these woff2 files early, by their names in `_static`."""
    if addresses := [context["pathto"](f"_static/{font}", 1) for font in fonts]:
        context["metatags"] = context.get("metatags", "") + PRELOAD.format(fonts=json.dumps(addresses))
