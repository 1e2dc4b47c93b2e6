"""Puts the code and the state of a page's widgets beside the page: a first load asks for no widget that is far down.

myst-nb writes the state of all widgets into their page, and with each of them its whole code and style. Here the page
keeps their pictures and views alone. `_static/widgets/host.js` loads the state when the first of them comes near, and
the code of a widget, as it was last built, when that one does: all are scripts that hand over what they hold, since a
page opened from a file may run scripts beside it, but not fetch them. The host knows the versions that stand in their
addresses.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from _ext.asset_versions import version
from _ext.kept_outputs import STATE_TYPE, drop_code

BUILT = Path(__file__).parents[1] / "llm_course" / "widgets" / "built"
FOLDER = "_static/widgets"
HOST = f"{FOLDER}/host.js"
DECODER_MAP = "decoder_map"
"""Its style is a third of all, and most pages have no map: they get the style of the others."""


def move_widgets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the files of a page's widgets, and tell the host where their state is."""
    scripts = context["script_files"]
    state = next((script for script in scripts if script.attributes.get("type") == STATE_TYPE), None)
    if state is None:
        return
    folder, name = Path(app.outdir, FOLDER), f"pages/{pagename}"
    models = json.loads(state.attributes["body"])["state"]
    texts = dict(text for model in models.values() for text in texts_of(model["state"]))
    versions = {each: write(folder, each, value) for each, value in {**texts, name: models}.items()}
    for_host = {"data-state": name, "data-versions": json.dumps(versions | versions_of_ready_files(app))}
    context["script_files"] = [
        with_attributes(script, for_host) if script.filename == HOST else script
        for script in scripts
        if script is not state
    ]


def texts_of(state: dict[str, Any]) -> list[tuple[str, str]]:
    """In the state of a course widget, names take the place of its code and its style; these names, and the texts."""
    if "_name" not in state:
        return []
    drop_code(state)
    name = state["_name"]
    style = "style" if name == DECODER_MAP else "style_without_map"
    state["_beside"] = {"_esm": name, "_css": style}
    return [(name, text_of(f"{name}.js")), (style, text_of(f"{style}.css"))]


def text_of(file: str) -> str:
    return (BUILT / file).read_text(encoding="utf-8")


def write(folder: Path, name: str, value: Any) -> str:
    """Write a script that hands `value` to the host, unless it is there; its version."""
    file = folder / f"{name}.js"
    text = f"llmCourse.receive({json.dumps(name)},{json.dumps(value, ensure_ascii=False)})\n"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return version(text.encode())


def versions_of_ready_files(app: Sphinx) -> dict[str, str]:
    """The versions of the files that lie ready for the site: models that widgets run in the page, and the host."""
    folders = [Path(app.srcdir, folder, FOLDER) for folder in app.config.html_extra_path]
    return {file.stem: version(file.read_bytes()) for folder in folders for file in sorted(folder.glob("*.js"))}


def with_attributes(script: Any, added: dict[str, str]) -> Any:
    return type(script)(script.filename, priority=script.priority, **script.attributes | added)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", move_widgets, priority=800)  # after myst-nb, before light_pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}
