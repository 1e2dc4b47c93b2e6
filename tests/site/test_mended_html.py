"""The faults that are mended are still written by the extensions, and gone after the mend."""

import re
from collections.abc import Callable

import nbformat

from _ext.mended_html import MENDED
from tests.site.conftest import Built

PAGE = """---
file_format: mystnb
---
# Page

```{code-cell}
:tags: [hide-input]
1
```

{cite}`key`

```{bibliography}
```
"""


def test_each_fault_is_written_and_mended(build: Callable[..., Built]) -> None:
    book = {"index.md": PAGE, "a.bib": "@misc{key, title={Title}, author={A. Author}, year={2020}}"}
    settings = {"bibtex_bibfiles": ["a.bib"]}
    faulty = build(book, "sphinxcontrib.bibtex", **settings).page("index")
    mended = build(book, "sphinxcontrib.bibtex", "_ext.mended_html", **settings).page("index")
    for fault in MENDED:
        assert fault in faulty
        assert fault not in mended


def test_table_with_an_empty_corner_has_heads_of_rows(build: Callable[..., Built]) -> None:
    html = build({"index.md": "# Page\n\n|   | a |\n|---|---|\n| b | c |\n"}, "_ext.mended_html").page("index")
    assert '<th class="stub"><p>b</p></th>' in html
    assert "<td><p>c</p></td>" in html
    assert '<td></td>\n<th class="head"><p>a</p></th>' in html
    html = build({"index.md": "# Page\n\n| x | a |\n|---|---|\n| b | c |\n"}, "_ext.mended_html").page("index")
    assert "<td><p>b</p></td>" in html


def test_prose_in_an_output_wraps_and_a_table_keeps_its_lines(build: Callable[..., Built]) -> None:
    story, row = "One day, Anna lost her ball. " * 6, "model    loss 0.25   "
    outputs = [nbformat.v4.new_output("stream", text=text) for text in (story, 4 * row, 5 * row, 8 * row)]
    cells = [nbformat.v4.new_code_cell("print(text)", outputs=[output]) for output in outputs]
    page = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Page"), *cells]))
    html = build({"index.ipynb": page}, "_ext.mended_html").page("index")
    shown = re.findall(r'<div class="(output[^"]*)">.*?<pre>', html, re.DOTALL)
    assert [{"prose", "wide"} & set(classes.split()) for classes in shown] == [{"prose"}, set(), {"wide"}, set()]
