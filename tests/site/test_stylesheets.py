"""The one small stylesheet: which rules stay, where its addresses lead, which icons it draws."""

import base64
import io
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

from _ext.stylesheets import purge, with_addresses

PAGE = """<p class="used w-25%" id="here" style="color: var(--by-a-page)">other</p>"""
KEPT = (
    "p{color:red}",
    ".used{color:red}",
    "#here p{color:red}",
    "p.used{color:red}",
    ".used:not(.other){color:red}",
    "fieldset[data-x='other']{color:red}",
    r".w-25\%{width:25%}",
    ".by-a-script{color:red}",
    ":focus-visible{color:red}",
    "a:is(:hover, :focus-visible){color:red}",
    "@media print{@supports (x:y){.used{color:red}}}",
    "@keyframes turn{to{color:red}}",
    "p{--read: 1px;--by-a-page:url('data:image/svg;a{b}');margin:var(--read)}",
)
GONE = (
    ".other{color:red}",
    "#other p{color:red}",
    ".used .other{color:red}",
    ".other:hover{color:red}",
    "@media print{.other{color:red}}",
)


@pytest.fixture
def small_site(tmp_path: Path) -> Path:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "light.js").write_text("mark('by-a-script')")
    (tmp_path / "index.html").write_text(PAGE)
    return tmp_path


def test_only_rules_that_can_match_stay(small_site: Path) -> None:
    css = "\n".join(
        (*GONE, *KEPT, ".other, p.used{color:blue}", "a{--only-by-unread:2;--unread:var(--only-by-unread)}")
    )
    left = [rule.strip() for rule in purge(css, small_site, ["light.js"]).splitlines()]
    assert left == [*KEPT, "p.used{color:blue}", "a{}"]


def test_unreadable_stylesheet_is_refused(small_site: Path) -> None:
    with pytest.raises(ExtensionError, match=r"PurgeCSS cannot read the stylesheets: CssSyntaxError: .*1:14"):
        purge("p{color:red} }", small_site, [])


def test_addresses_lead_from_the_top_of_the_folder() -> None:
    css = "a{b:url('../fonts/x.woff2')} c{d:url(data:image/svg+xml;a)} e{f:url(y.png)}"
    assert with_addresses(css, "styles/deep/a.css") == (
        "a{b:url(styles/fonts/x.woff2)} c{d:url(data:image/svg+xml;a)} e{f:url(styles/deep/y.png)}"
    )


def test_the_font_inside_has_the_icons(site: Path) -> None:
    css = (site / "_static" / "light.css").read_text(encoding="utf-8")
    (font,) = re.findall(r"Font Awesome[^}]*base64,([^)]*)", css)
    assert {0xF002, 0xF042, 0xF0C9} < TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap().keys()
