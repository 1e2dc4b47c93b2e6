"""What learners wrote runs nothing and fetches nothing in a browser, takes no long time, and looks like what it is."""

import math
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from autograder.notebooks.harmless import (
    MAX_LENGTH,
    code_to_html,
    formula_to_html,
    harmless_name,
    markdown_to_html,
    text_to_html,
)
from autograder.records.pictures import read_picture
from tests.banks.hostile.serving import FORMULAS, HTML, LINKS, PICTURES, RUN, png

EXPECTED_TAGS = re.compile(
    # Of a text, of the course's own hints, of a formula.
    "p|h[1-3]|ul|ol|li|em|strong|s|code|pre|a|br|hr|blockquote|table|thead|tbody|tr|th|td|details|summary"
    "|math|mrow|mi|mn|mo|mtext|msup|msub|mfrac|msqrt|mstyle|mspace|mpadded|mtable|mtr|mtd|span|div"
)


class Tags(HTMLParser):
    """All tags of a page, and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attributes}


def check_harmless(page: str) -> None:
    tags = Tags(page)
    assert not [name for name in tags.names if not EXPECTED_TAGS.fullmatch(name)], page
    for tag, name, value in tags.attributes:
        if (tag, name) == ("a", "href"):
            assert re.match(r"https?://[^/]|mailto:", value), value
        else:
            assert name in {"rel", "target", "class", "start", "style", "display"} or tag.startswith("m"), (tag, name)
            assert name != "style" or value.startswith("text-align:")


@pytest.mark.parametrize("source", HTML)
def test_html_shows_as_text(source: str) -> None:
    for around in ("{}", "a {} b", "# {}", "- {}", "> {}", "|{}|\n|-|\n|{}|", "[{}](http://x.org)", "<details>\n{}"):
        page = markdown_to_html(around.replace("{}", source))
        check_harmless(page)
        assert "canary" in page or "logout" in page


@pytest.mark.parametrize("address", LINKS)
def test_links_lead_into_the_web_or_nowhere(address: str) -> None:
    for source in (f"[x]({address})", f"[x](<{address}>)", f"<{address}>", f"[x]\n\n[x]: {address}"):
        check_harmless(markdown_to_html(source))


def test_a_link_tells_the_other_server_nothing() -> None:
    page = markdown_to_html("[x](https://example.org/a?b=c&d#e) <mailto:a@b.org>")
    assert page.count('rel="noopener noreferrer" target="_blank"') == 2
    assert 'href="https://example.org/a?b=c&amp;d#e"' in page and 'href="mailto:a@b.org"' in page


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8888",
        "hub.localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.0x1",
        "2130706433",
        "[::1]:8888",
        "jupyter",
        "hub.local.",
        "a.\uff4cocalhost",
        "localhost\\@x.org",
        "x.org@localhost",
        "user@x.org",
    ],
)
def test_no_link_leads_to_a_server_of_the_instructors_own(host: str) -> None:
    for source in (f"[x](http://{host}/logout)", f"[x](<http://{host}/logout>)", f"[x]\n\n[x]: http://{host}/logout"):
        assert "href" not in markdown_to_html(source)


@pytest.mark.parametrize("host", ["x.org", "a-b.example.co.uk:8080", "xn--e1afmkfd.xn--p1ai", "arxiv.org."])
def test_links_into_the_web_stay(host: str) -> None:
    assert f'href="https://{host}/a"' in markdown_to_html(f"[x](https://{host}/a)")


@pytest.mark.parametrize("address", PICTURES)
def test_pictures_are_part_of_the_page_or_a_sentence(address: str) -> None:
    page = markdown_to_html(f"![my picture]({address}) ![my picture][a]\n\n[a]: {address}")
    check_harmless(page)
    assert "my picture" in page


def test_a_picture_stands_in_the_page() -> None:
    picture = read_picture(png(4, 4))
    page = markdown_to_html('![a "b" < c](x.png)', lambda address: {"x.png": picture}[address])
    ((_, _, alternative), (_, _, source)) = sorted(Tags(page).attributes)
    assert (alternative, source) == ('a "b" < c', picture.address)


@pytest.mark.parametrize("tex", FORMULAS)
def test_formulas_make_no_link_no_tag_and_no_endless_text(tex: str) -> None:
    for page in (formula_to_html(tex, True), markdown_to_html(f"${tex}$"), markdown_to_html(f"$$\n{tex}\n$$")):
        check_harmless(page)
        assert len(page) < 20_000
    names = {name for _, name, _ in Tags(formula_to_html(tex, True)).attributes}
    assert not names & {"href", "style", "class", "id", "mathbackground", "mathcolor", "height"}
    assert "999em" not in "".join(value for _, _, value in Tags(formula_to_html(tex, True)).attributes)


def test_a_formula_is_drawn_and_what_is_none_is_shown() -> None:
    page = markdown_to_html(r"$a_1 < \frac{x}{\sqrt{d}}$ and $x^2^3$")
    assert {"math", "msub", "mfrac", "msqrt"} <= Tags(page).names
    assert "<mo>&lt;</mo>" in page
    assert "<code>$x^2^3$</code>" in page
    assert "<math" not in markdown_to_html("It costs $5 or $6, at most $7.")


def test_code_is_colored_and_whole() -> None:
    source = "def f(x):  # <b>\n    return rf'{x}' + \"\\\"\" + '''a\n''' if x else 0x1f\nclass_of = None\nb'\\'"
    page = code_to_html(source)
    assert Tags(page).names == {"div", "pre", "span"}
    assert text_in(page) == source
    assert text_in(code_to_html("\n\nx = 1\n\n")) == "\n\nx = 1\n\n"


def test_blank_lines_are_empty_for_the_lexer_goes_over_their_blanks_again_and_again() -> None:
    assert text_in(code_to_html("x\n \t\n\xa0\n  y ")) == "x\n\n\n  y "


def test_printed_text_has_its_colors_and_nothing_else_of_a_terminal() -> None:
    assert 'class="ansi-red-fg"' in text_to_html("\x1b[31mred\x1b[0m")
    assert text_to_html("\x1b]0;title\x07a\x1b[2J<b>\x08") == "]0;titlea&lt;b&gt;"


@pytest.mark.parametrize("code", ["38", "48", "38;5", "38;5;999", "38;2;300;0;0", "48;2;1", ";;;", "9" * 30, "38;5;38"])
def test_colors_that_are_none_cost_only_the_color(code: str) -> None:
    assert text_in(text_to_html(f"a\x1b[{code}mb")) == "ab"


def test_names_end_neither_a_tag_nor_a_string() -> None:
    assert harmless_name("O'Brien Ü") == "O'Brien Ü"
    assert harmless_name('"<\\\n\u202e') == r"\u0022\u003c\u005c\u000a\u202e"


def text_in(page: str) -> str:
    pieces: list[str] = []
    parser = HTMLParser()
    parser.handle_data = pieces.append  # type: ignore[method-assign]
    parser.feed(page)
    parser.close()
    return "".join(pieces)


UNITS = (
    " \n", "\xa0\n", "\\[a ", "$a", "$$\n", "\\begin{align}\n", "[a]: b\n", "[", "![", "*a ", "_a__", "|a",
    "a|b\n-|-\n", "`a``", "<a ", "<!--", "> ", "- ", "~", "&#1", "$\\text{a}$", "a.", "...", "'", '"""', "'''\\", "f'{",
    "0x1.", "\x1b[1ma", "\x1b[0;", "\x1b[", "\x1b[38m", "#",
)  # fmt: skip
"""What texts are made of that some parser reads again and again."""
MANY_TIMES = 60
"""Of what honest text of the same length takes: a parser that reads all again at each character takes thousands."""


@pytest.mark.parametrize("convert", [markdown_to_html, code_to_html, text_to_html], ids=["Markdown", "code", "prints"])
def test_no_text_takes_much_longer_than_an_honest_one(convert: Callable[[str], str]) -> None:
    honest = ("A *line* of `text` and $x^2$.\n\ndef f(x):\n    return [x, 'a']\n\n" * MAX_LENGTH)[:MAX_LENGTH]
    usual = max(seconds(convert, honest), seconds(markdown_to_html, honest) / 10)
    enough = MANY_TIMES * usual
    slow = {unit: seconds(convert, (unit * MAX_LENGTH)[:MAX_LENGTH], enough) / usual for unit in UNITS}
    assert {unit: times for unit, times in slow.items() if times > MANY_TIMES} == {}


def seconds(convert: Callable[[str], str], source: str, enough: float = 0.0) -> float:
    """Of this process, for others may have the processors: the least of three, or the first that is short enough."""
    least = math.inf
    for _ in range(3):
        start = time.process_time()
        convert(source)
        least = min(least, time.process_time() - start)
        if least <= enough:
            break
    return least


def test_a_table_is_drawn_unless_its_rows_would_be_filled_up_without_end() -> None:
    honest = "|a|b|c|\n|-|-|-|\n" + "|1|2|3|\n" * 500
    assert "<td>" in markdown_to_html(honest)
    short_rows = "|a" * 2000 + "\n" + "|-" * 2000 + "\n" + "|\n" * 1000
    page = markdown_to_html(short_rows)
    assert "would be too large" in page and "<td>" not in page


@pytest.mark.parametrize("length", [MAX_LENGTH + 1, 1_000_000])
def test_a_long_text_is_shown_as_it_was_written(length: int) -> None:
    source = ("*a* <script>" * length)[:length]
    page = markdown_to_html(source)
    assert "This text has" in page and "it is shown as it was written" in page
    assert Tags(page).names == {"p", "em", "pre"}
    assert text_in(page).endswith(source)
    assert text_in(code_to_html(source)) == source and text_in(text_to_html(source)) == source


def test_text_of_a_script_is_left_readable() -> None:
    assert RUN in text_in(markdown_to_html(f"<script>{RUN}</script>"))


@pytest.mark.parametrize("show", [code_to_html, text_to_html])
def test_nothing_turns_the_text_around(show: Callable[[str], str]) -> None:
    page = show("raise ValueError  # \u202e02 : 02\u2066 \x1b[31mשלום")
    assert "02 : 02" in page and "שלום" in page
    assert not set(page) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
