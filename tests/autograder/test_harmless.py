"""What learners wrote runs nothing in the instructor's browser, and still looks like what they wrote."""

from html.parser import HTMLParser

import pytest

from autograder.harmless import harmless_html

ATTACKS = [
    "<script>alert(1)</script>",
    "text <script>alert(1)</script> text",
    "<img src=x onerror='alert(1)'>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<svg/onload=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    '![a" onerror="alert(1)](x.png "t" onload="alert(1)")',
    "$<script>alert(1)</script>$ and $$<img src=x onerror=alert(1)>$$",
    "\\begin{align}<script>alert(1)</script>\\end{align}",
    '```html" onclick="alert(1)\n</code><script>alert(1)</script>\n```',
    "# <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|---|\n| <iframe src=javascript:alert(1)> |",
    "> <meta http-equiv=refresh content=0;url=javascript:alert(1)>",
]


class Tags(HTMLParser):
    """All tags of a page, and the addresses they lead to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name: value or "" for name, value in attributes}


@pytest.mark.parametrize("source", ATTACKS)
def test_nothing_runs(source: str) -> None:
    tags = Tags(harmless_html(source))
    assert not tags.names & {"script", "iframe", "svg", "meta", "object", "embed", "form", "style"}
    assert not [name for name in tags.attributes if name.startswith("on")]
    for name in ("href", "src"):
        assert not tags.attributes.get(name, "").lower().strip().startswith(("javascript:", "data:text", "vbscript:"))


def test_a_formula_makes_no_link() -> None:
    assert "href{" not in harmless_html(r"$\href{javascript:alert(1)}{x}$").replace("<a href", "")


def test_prose_looks_as_before() -> None:
    source = "# Title\n\n**bold** $a_1 < b$ `x < 1`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[link](https://example.org)"
    page = harmless_html(source)
    assert {"h1", "strong", "code", "table", "a"} <= Tags(page).names
    assert "https://example.org" in page and "$a_1 &lt; b$" in page


def test_the_courses_own_hints_fold() -> None:
    assert {"details", "summary"} <= Tags(
        harmless_html("<details>\n<summary>Hint</summary>\n\nLook.\n\n</details>")
    ).names
