"""Which scripts a page keeps, and how they are loaded."""

import subprocess
from pathlib import Path

import pydata_sphinx_theme
import pytest
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES
from sphinx.builders.html._assets import _JavaScript
from sphinx.errors import ExtensionError

from _ext.joined_scripts import THEME_SCRIPT, join, measuring_no_places
from _ext.light_pages import COLORED_LIKE, simplified_code, waiting


def test_scripts_wait() -> None:
    assert waiting(_JavaScript("_static/a.js", priority=3)) == _JavaScript("_static/a.js", priority=3, defer="defer")
    inline = _JavaScript(None, body="DOCUMENTATION_OPTIONS.pagename = 'index'")
    assert waiting(inline).attributes["type"] == "module"
    data = _JavaScript(None, type="application/json", body="{}")
    assert waiting(data) == data


def test_code_keeps_only_elements_that_look_different() -> None:
    code = (
        '<pre><span></span><span class="k">def</span><span class="w"> </span><span class="n">f</span> <span class="o">='
        '</span> <span class="sa">f</span><span class="s2">&quot;</span><span class="si">{</span>x<span class="si">}'
        '</span> <span class="mi">3</span></pre>'
    )
    assert simplified_code(code) == (
        '<pre><span class="k">def</span> f <span class="s1">= f&quot;{</span>x<span class="s1">}</span> '
        '<span class="mi">3</span></pre>'
    )


@pytest.mark.parametrize("style", ["a11y-high-contrast-light", "a11y-high-contrast-dark"])
def test_code_is_colored_as_its_classes_were(style: str) -> None:
    tokens = {name: token for token, name in STANDARD_TYPES.items()}
    look = get_style_by_name(style).style_for_token
    for name, others in COLORED_LIKE.items():
        assert [look(tokens[other]) for other in others] == [look(tokens[name])] * len(others)


THEME_STATIC = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"


def test_a_theme_that_measures_in_a_new_way_is_noticed() -> None:
    with pytest.raises(ExtensionError, match="measures scrollable places in a new way"):
        measuring_no_places("const tall=e.scrollHeight>e.clientHeight")


def test_joined_scripts_run_in_their_order_and_share_their_names(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "first.js").write_text("/* a remark */ const lengthOf = (text) => text.length")
    (tmp_path / "second.js").write_text('{ const word = "héllo"; globalThis.found = lengthOf(word) }')
    (tmp_path / THEME_SCRIPT).write_text("(() => { console.log(globalThis.found, lengthOf(String.raw`a`)) })()")
    script = join(tmp_path, ["first.js", "second.js", THEME_SCRIPT])
    run = subprocess.run(["node", "--eval", script], capture_output=True, text=True, check=False)
    assert run.stdout == "5 1\n", run.stderr
    assert "remark" not in script


def test_two_joined_scripts_with_one_name_stop_the_build(tmp_path: Path) -> None:
    (tmp_path / THEME_SCRIPT).parent.mkdir()
    (tmp_path / THEME_SCRIPT).write_text("")
    for name in ("a.js", "b.js"):
        (tmp_path / name).write_text("function mark() {}\n")
    with pytest.raises(ExtensionError, match="two have mark"):
        join(tmp_path, ["a.js", "b.js", THEME_SCRIPT])


def test_a_script_that_cannot_be_read_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / THEME_SCRIPT).write_text("const = 3")
    with pytest.raises(ExtensionError, match="esbuild cannot read"):
        join(tmp_path, [THEME_SCRIPT])
