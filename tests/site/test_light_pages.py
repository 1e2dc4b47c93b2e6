"""Which scripts a page keeps, and how they are loaded."""

from pathlib import Path

import pytest
from sphinx.builders.html._assets import _JavaScript

from _ext.light_pages import PLAIN_SPAN, is_needed, names_in_use, waiting


@pytest.mark.parametrize(
    ("script", "body", "needed"),
    [
        ("copybutton.js", '<div class="highlight-python">', True),
        ("copybutton.js", "<p>prose</p>", False),
        ("design-tabs.js", '<div class="sd-tab-set">', True),
        ("design-tabs.js", '<div class="highlight">', False),
        ("doctools.js", "<p>prose</p>", True),
        ("", "<p>prose</p>", True),
    ],
)
def test_script_is_kept_where_its_sign_is(script: str, body: str, needed: bool) -> None:
    assert is_needed(script, body) == needed


def test_scripts_wait() -> None:
    assert waiting(_JavaScript("_static/a.js", priority=3)) == _JavaScript("_static/a.js", priority=3, defer="defer")
    inline = _JavaScript(None, body="DOCUMENTATION_OPTIONS.pagename = 'index'")
    assert waiting(inline).attributes["type"] == "module"
    data = _JavaScript(None, type="application/json", body="{}")
    assert waiting(data) == data


def test_code_keeps_only_elements_that_look_different() -> None:
    code = '<pre><span></span><span class="k">def</span><span class="w"> </span><span class="n">f</span></pre>'
    assert PLAIN_SPAN.sub(r"\1", code) == '<pre><span class="k">def</span> f</pre>'


def test_names_come_from_pages_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "index.html").write_text('<p class="one two" id="three" data-class="four">five</p>')
    (tmp_path / "_static" / "a.js").write_text('element.classList.add("six-seven")')
    (tmp_path / "_static" / "b.js").write_text('"eight"')
    names = names_in_use(tmp_path, {"a.js"})
    assert {"one", "two", "three", "six-seven", "tooltip"} <= names
    assert names.isdisjoint({"five", "eight"})
