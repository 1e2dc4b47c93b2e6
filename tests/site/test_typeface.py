"""The fonts that the site ships."""

from pathlib import Path

from fontTools.ttLib import TTFont

from _ext import typeface


def test_fonts_are_small_and_hold_the_books_characters(tmp_path: Path) -> None:
    sizes = []
    for name, source in typeface.FACES.items():
        characters = typeface.characters_of(name)
        file = tmp_path / "font.woff2"
        typeface.cut_down(typeface.FONTS / source, file, characters)
        sizes.append(file.stat().st_size)
        missing = {*map(ord, characters)} - {*TTFont(file).getBestCmap()}
        assert {chr(code) for code in missing} <= set("−≈≤≥")
    assert sum(sizes) < 40_000
