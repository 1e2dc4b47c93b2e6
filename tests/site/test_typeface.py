"""The fonts that the site ships."""

import io

from fontTools.ttLib import TTFont

from _ext import typeface


def test_fonts_are_small_and_hold_the_books_characters() -> None:
    sizes = []
    for name, source in typeface.FACES.items():
        characters = typeface.characters_of(name)
        font = typeface.cut_down(typeface.FONTS / source, characters)
        sizes.append(len(font))
        missing = {*map(ord, characters)} - {*TTFont(io.BytesIO(font)).getBestCmap()}
        assert {chr(code) for code in missing} <= set("−≈≤≥")
    assert sum(sizes) < 40_000
