"""Puts the code and the state of a page's widgets beside the page: a first load asks for no widget that is far down.

myst-nb writes the state of all widgets into their page, and with each of them its whole code and style. Here the page
keeps their pictures and views alone. `_static/widgets/host.js` loads the state when the first of them comes near, and
the code of a widget when that one does: all are scripts that hand over what they hold, since a page opened from a file
may run scripts beside it, but not fetch them.
"""

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

STATE_TYPE = "application/vnd.jupyter.widget-state+json"
FOLDER = "_static/widgets"
HOST = f"{FOLDER}/host.js"
STYLE = "style"


def move_widgets(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the files of a page's widgets, and tell the host where their state is."""
    scripts = context["script_files"]
    state = next((script for script in scripts if script.attributes.get("type") == STATE_TYPE), None)
    if state is None:
        return
    folder = Path(app.outdir, FOLDER)
    models = json.loads(state.attributes["body"])["state"]
    for model in models.values():
        move_texts(folder, model["state"])
    write(folder, f"pages/{pagename}", models)
    context["script_files"] = [
        with_state(script, f"pages/{pagename}") if script.filename == HOST else script
        for script in scripts
        if script is not state
    ]


def move_texts(folder: Path, state: dict[str, Any]) -> None:
    """Write the code and the style of a course widget into files, and leave the files' names in its state."""
    if "_name" not in state:
        return
    beside = {"_esm": state["_name"], "_css": STYLE}
    for trait, name in beside.items():
        write(folder, name, state.pop(trait))
    state["_beside"] = beside


def write(folder: Path, name: str, value: Any) -> None:
    """A script that hands `value` to the host, unless it is there."""
    file = folder / f"{name}.js"
    text = f"llmCourse.receive({json.dumps(name)},{json.dumps(value, ensure_ascii=False)})\n"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def with_state(script: Any, name: str) -> Any:
    return type(script)(script.filename, priority=script.priority, **script.attributes, **{"data-state": name})


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", move_widgets, priority=800)  # after myst-nb, before light_pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}
