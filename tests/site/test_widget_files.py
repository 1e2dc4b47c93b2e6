"""Widgets' code and state stand beside the pages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _ext.kept_outputs import STATE_TYPE
from _ext.widget_files import BUILT
from tests.site.conftest import Built

VIEW = '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "a"}</script>'
STYLE = "style_without_map"  # of all widgets but the map, which has more style than all others
COURSE_WIDGET = {"_name": "norm_lab", "_esm": 'export default "é</script>"', "_css": "p { color: red }", "row": [1, 2]}
OTHER_WIDGET = {"_esm": "export default 2", "_css": ""}


def page(states: dict[str, dict[str, Any]]) -> str:
    models = {name: {"model_name": "AnyModel", "state": state} for name, state in states.items()}
    output = {"output_type": "display_data", "data": {"text/html": VIEW}, "metadata": {}}
    cell = {"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {}, "outputs": [output], "source": "1"}
    title = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# A page"}
    metadata = {"widgets": {STATE_TYPE: {"state": models, "version_major": 2, "version_minor": 0}}}
    return json.dumps({"cells": [title, cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def received(site: Path, name: str) -> Any:
    """What the script of this name hands to the host."""
    text = (site / "_static" / "widgets" / f"{name}.js").read_text(encoding="utf-8")
    start = f'llmCourse.receive("{name}",'
    assert text.startswith(start) and text.endswith(")\n")
    return json.loads(text.removeprefix(start)[:-2])


def test_a_page_keeps_neither_code_nor_state(build: Callable[..., Built]) -> None:
    pages = {"index.ipynb": page({"a": COURSE_WIDGET, "b": OTHER_WIDGET})}
    built = build(pages, "_ext.widget_files", nb_ipywidgets_js={"widgets/host.js": {}})
    html = built.page("index")
    assert STATE_TYPE not in html and "export default" not in html
    assert 'data-state="pages/index"' in html
    # As they were built last: a page's outputs are older.
    assert received(built.folder, "norm_lab") == (BUILT / "norm_lab.js").read_text(encoding="utf-8")
    assert received(built.folder, STYLE) == (BUILT / f"{STYLE}.css").read_text(encoding="utf-8")
    models = received(built.folder, "pages/index")
    beside = {"_esm": "norm_lab", "_css": STYLE}
    assert models["a"]["state"] == {"_name": "norm_lab", "row": [1, 2], "_beside": beside}
    assert models["b"]["state"] == OTHER_WIDGET


def test_a_page_without_widgets_stays_as_it_is(build: Callable[..., Built]) -> None:
    built = build({"index.md": "# A page"}, "_ext.widget_files", nb_ipywidgets_js={"widgets/host.js": {}})
    assert "host.js" not in built.page("index")
    assert not (built.folder / "_static" / "widgets").exists()
