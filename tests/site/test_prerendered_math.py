"""Formulas become KaTeX's HTML while the book is built."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from _ext.prerendered_math import KATEX, characters_in, copy_fonts, draw, fonts_used
from tests.site.conftest import Built


def test_only_fonts_of_one_format_are_shipped(site: Path) -> None:
    folder = site / "_static" / "katex"
    assert {file.suffix for file in (folder / "fonts").iterdir()} == {".woff2"}
    css = (folder / "katex.min.css").read_text(encoding="utf-8")
    assert ".woff2" in css
    assert ".ttf" not in css
    assert ".woff)" not in css


def test_unreadable_formula_is_a_warning_with_its_place(build: Callable[..., Built]) -> None:
    built = build({"index.md": "# Page\n\nBroken $\\frac{1$ here.\n"}, "_ext.prerendered_math")
    assert "index.md:3: WARNING: KaTeX cannot read `\\frac{1`" in built.warnings


def test_formulas_have_the_colors_of_the_diagram_language_and_nothing_else_of_html() -> None:
    colored, linked = draw([(r"\query{Q}\key{K}^\top", False), (r"\href{https://example.org}{x}", False)])
    assert "role-query" in colored["html"] and "role-key" in colored["html"]
    assert "href=" not in linked.get("html", "")


@pytest.mark.parametrize(
    ("tex", "font"),
    [
        ("x", "Math-Italic"),
        (r"\mathbb{R}", "AMS-Regular"),
        (r"\mathbf{x}", "Main-Bold"),
        (r"\mathcal{L}", "Caligraphic-Regular"),
        (r"\sum_i", "Size2-Regular"),
        (r"\big(x\big)", "Size1-Regular"),
        (r"\left(\frac{x^2}{\sqrt{y}}\right)", "Size3-Regular"),
    ],
)
def test_fonts_in_use_are_found(tex: str, font: str) -> None:
    html = draw([(tex, True)])[0]["html"]
    assert font in fonts_used(html)
    assert "Main-Regular" in fonts_used(html)


def test_fonts_hold_what_the_formulas_show_and_are_written_once(tmp_path: Path) -> None:
    formulas = [item["html"] for item in draw([(r"x < \text{y}", False), (r"\mathbb{R}", False)])]
    (tmp_path / "page.html").write_text(f"<p>{formulas[0]} z {formulas[1]}</p>", encoding="utf-8")
    characters = characters_in(tmp_path)
    assert (characters["Math-Italic"], characters["others"]) == ("x", "<Ry")
    copy_fonts(tmp_path, characters)
    font = tmp_path / "fonts" / "KaTeX_AMS-Regular.woff2"
    assert ord("R") in TTFont(font).getBestCmap()
    assert set(TTFont(tmp_path / "fonts" / "KaTeX_Math-Italic.woff2").getBestCmap()) == {ord("x")}
    assert font.stat().st_size < (KATEX / "fonts" / font.name).stat().st_size / 4
    written = font.stat().st_mtime_ns
    copy_fonts(tmp_path, characters)
    assert font.stat().st_mtime_ns == written
    copy_fonts(tmp_path, characters | {"others": "<≤Ry"})
    assert font.stat().st_mtime_ns != written
