"""The one small stylesheet: which rules stay, where its addresses lead, which icons it draws."""

import base64
import io
from pathlib import Path

import pydata_sphinx_theme
import pytest
from fontTools.ttLib import TTFont

from _ext.stylesheets import purge, with_icons_inside, with_typeface_inside, without_unread_variables

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("p{color:red}", "p{color:red}"),
        (".used{color:red}", ".used{color:red}"),
        (".other{color:red}", ""),
        ("#used p{color:red}", "#used p{color:red}"),
        ("#other p{color:red}", ""),
        (".used .other{color:red}", ""),
        (".other, p.used{color:red}", "p.used{color:red}"),
        (".used:not(.other){color:red}", ".used:not(.other){color:red}"),
        ("p:is(.other, a){color:red}", "p:is(.other, a){color:red}"),
        ("[data-x='.other']{color:red}", '[data-x=".other"]{color:red}'),
        (r".w-25\%{width:25%}", r".w-25\%{width:25%}"),
        ("/* note */ p { color : red ; /* why */ }", "p{color : red ;}"),
        ("@media print{.other{color:red}}", ""),
        ("@media print{.used{color:red}.other{color:red}}", "@media print{.used{color:red}}"),
        ("@media print{@supports (x:y){.used{color:red}}}", "@media print{@supports (x:y){.used{color:red}}}"),
        ('@charset "utf-8";@import "x.css";p{color:red}', "p{color:red}"),
        ("@keyframes turn{to{color:red}}", "@keyframes turn{to{color:red}}"),
        ("p{--empty:;width:var(--empty)}", "p{--empty:;width:var(--empty)}"),
    ],
)
def test_purge_keeps_what_can_match(css: str, left: str) -> None:
    assert purge(css, {"used", "w-25%"}) == left


def test_unreadable_stylesheet_is_refused() -> None:
    with pytest.raises(ValueError, match="a stylesheet cannot be read"):
        purge("p{color:red} }", set())


def test_icon_font_is_cut_down_and_inside() -> None:
    css = (
        "@font-face{font-family:FA;src:url(vendor/webfonts/fa-solid-900.woff2)}"
        "@font-face{font-family:Brands;src:url(vendor/webfonts/fa-brands-400.woff2)}"
        "@font-face{font-family:KaTeX;src:url(katex/fonts/KaTeX_Main.woff2)}"
        '.fa-sun:before{content:"\uf185"}'
    )
    light = with_icons_inside(css, THEME / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.woff2")
    assert "fa-solid" not in light
    assert "Brands" not in light
    assert "KaTeX_Main.woff2" in light
    encoded = light.split("base64,")[1].split(")")[0]
    assert len(encoded) < 3000
    assert 0xF185 in TTFont(io.BytesIO(base64.b64decode(encoded))).getBestCmap()


def test_typeface_is_inside_and_other_fonts_stay(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "sans.woff2").write_bytes(b"a font")
    css = "@font-face{src:url(fonts/sans.woff2)}@font-face{src:url(katex/fonts/KaTeX_Main.woff2)}"
    inside = f"url(data:font/woff2;base64,{base64.b64encode(b'a font').decode()})"
    assert with_typeface_inside(css, tmp_path) == css.replace("url(fonts/sans.woff2)", inside)


def test_variables_that_nothing_reads_are_left_out() -> None:
    css = (
        "html{--read: 1px;--only-by-unread: 2;--unread: var(--only-by-unread);--by-a-page:url('data:image/svg;a{b}');"
        "--strange: url(data:x;y(z));color: red;--last: 3}p{margin: var(--read)}"
    )
    kept = "html{--read: 1px;--by-a-page:url('data:image/svg;a{b}');color: red;}p{margin: var(--read)}"
    assert without_unread_variables(css, {"--by-a-page"}) == kept
