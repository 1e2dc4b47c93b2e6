"""Which scripts a page keeps, and how they are loaded."""

from pathlib import Path

import pydata_sphinx_theme
import pytest
from sphinx.builders.html._assets import _JavaScript
from sphinx.errors import ExtensionError

from _ext.light_pages import PLAIN_SPAN, THEME_SCRIPT, is_needed, measure_no_places, names_in_use, waiting


@pytest.mark.parametrize(
    ("script", "body", "needed"),
    [
        ("copybutton.js", '<div class="highlight-python">', True),
        ("copybutton.js", "<p>prose</p>", False),
        ("design-tabs.js", '<div class="sd-tab-set">', True),
        ("design-tabs.js", '<div class="highlight">', False),
        ("far_sections.js", '<section id="a"><section id="b"></section>\n<section id="c"></section></section>', True),
        ("far_sections.js", '<section id="a"><h1>Title</h1></section>', False),
        ("scrollable.js", '<div class="katex-display">', True),
        ("scrollable.js", "<p>prose</p>", False),
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
    assert {"one", "two", "three", "six-seven"} <= names
    assert names.isdisjoint({"five", "eight"})


THEME_STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"


def test_theme_measures_no_places(tmp_path: Path) -> None:
    theme = (THEME_STATIC / THEME_SCRIPT).read_text(encoding="utf-8")
    script = tmp_path / "theme.js"
    script.write_text(theme, encoding="utf-8")
    measure_no_places(script)
    lighter = script.read_text(encoding="utf-8")
    assert "scrollHeight>" in theme
    assert "scrollHeight>" not in lighter
    assert 0 < len(theme) - len(lighter) < 500
    measure_no_places(script)  # a second build finds its work done
    assert script.read_text(encoding="utf-8") == lighter


def test_a_theme_that_measures_in_a_new_way_is_noticed(tmp_path: Path) -> None:
    script = tmp_path / "theme.js"
    script.write_text("const tall=e.scrollHeight>e.clientHeight", encoding="utf-8")
    with pytest.raises(ExtensionError, match="measures scrollable places in a new way"):
        measure_no_places(script)
