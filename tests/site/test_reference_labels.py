"""A reference's label is what the text cites."""

import re
from collections.abc import Callable
from html import unescape

from tests.site.conftest import Built

SOURCES = """
@misc{su2021roformer, title={{RoFormer}}, author={Su, Jianlin and Lu, Yu and Pan, Shengfeng}, year={2021}}
@misc{shaw2018self, title={{Self}}, author={Shaw, Peter and Uszkoreit, Jakob}, year={2018}}
@misc{shazeer2019fast, title={{Fast}}, author={Shazeer, Noam}, year={2019}}
@misc{allal2025smol, title={{Smol}}, author={Ben Allal, Loubna}, year={2025}}
@misc{openai2024b, title={{B}}, author={{OpenAI}}, year={2024}}
@misc{openai2024a, title={{A}}, author={{OpenAI}}, year={2024}}
"""


def test_labels_are_citations_and_a_letter_tells_apart_what_would_be_the_same(build: Callable[..., Built]) -> None:
    keys = "su2021roformer,shaw2018self,shazeer2019fast,allal2025smol,openai2024a,openai2024b"
    page = f"# Page\n\n{{cite}}`{keys}`\n\n```{{bibliography}}\n```\n"
    settings = {"bibtex_bibfiles": ["a.bib"], "bibtex_default_style": "author_year"}
    extensions = ("_ext.reference_labels", "sphinxcontrib.bibtex")
    built = build({"index.md": page, "a.bib": SOURCES}, *extensions, bibtex_reference_style="author_year", **settings)
    html = built.page("index")
    text = unescape(re.sub(r"<[^>]+>", "", html)).replace("\xa0", " ")
    for label in ("Su et al., 2021", "Shaw and Uszkoreit, 2018", "Shazeer, 2019", "Ben Allal, 2025"):
        assert text.count(label) == 2, label
    assert "[OpenAI, 2024a]\n\nOpenAI. A." in re.sub(r"\n+", "\n\n", text)
    assert "OpenAI, 2024b" in text
    assert built.warnings == ""
