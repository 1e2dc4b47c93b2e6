"""The extensions' own scripts and stylesheets, from `_ext/static`."""

from pathlib import Path

from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def share_static_folder(app: Sphinx) -> None:
    """Let Sphinx copy `_ext/static`, once however many extensions ask for it."""
    if str(STATIC) not in app.config.html_static_path:
        app.config.html_static_path.append(str(STATIC))
