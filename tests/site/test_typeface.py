"""The fonts that the site ships."""

from pathlib import Path

from fontTools.ttLib import TTFont

from _ext import typeface


def test_fonts_are_small_and_hold_the_books_characters(tmp_path: Path) -> None:
    sizes = []
    for source in typeface.FACES.values():
        file = tmp_path / "font.woff2"
        typeface.cut_down(typeface.FONTS / source, file)
        sizes.append(file.stat().st_size)
        missing = {*map(ord, typeface.CHARACTERS)} - {*TTFont(file).getBestCmap()}
        assert {chr(code) for code in missing} <= set("−≈≤≥")
    assert sum(sizes) < 60_000
