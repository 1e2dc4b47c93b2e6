"""What learners wrote, as HTML for the browser of an instructor, who may change grades there, and of the learner.

Nothing of it runs, nothing of it is fetched, and it takes time in proportion to its length: what has markup without end
is shown as it was written. nbgrader's own templates would pass HTML in Markdown on, and formulas that are scripts.
"""

import html
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from latex2mathml.converter import Converter
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbconvert.filters.ansi import ansi2html
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.records.pictures import Picture, PictureError

MAX_LENGTH = 20_000
"""Characters of a text up to which it is drawn and not only shown."""
MAX_CELLS = 20_000
"""Of a table, each of whose rows the parser fills up to the width of its head."""
MAX_REFERENCES = 100
"""Lines such as "[a]: b", over which the parser goes as often as there are such lines."""
MAX_COLORS = 1_000
"""Changes of color in one text."""
MAX_FORMULA = 2_000
MAX_DEPTH = 40
"""Layers of one formula."""
DEFINITION = re.compile(r"\\(?:def|newcommand|newenvironment|DeclareMathOperator)\b")
"""Commands by which a short formula becomes an endless one."""
MATHML_TAGS = re.compile(
    "math|menclose|mfrac|mi|mmultiscripts|mn|mo|mover|mpadded|mphantom|mroot|mrow|ms|mspace|msqrt|mstyle|msub|msubsup"
    "|msup|mtable|mtd|mtext|mtr|munder|munderover|none|mprescripts"
)
MATHML_ATTRIBUTES = re.compile(
    "accent|accentunder|columnalign|columnlines|columnspacing|display|displaystyle|fence|form|largeop|linethickness"
    "|mathvariant|maxsize|minsize|movablelimits|notation|rowlines|rowspacing|scriptlevel|separator|stretchy|symmetric"
    "|width"
)
SMALL_SIZE = re.compile(r"-?[0-2]?(\.\d+)?(em|ex|pt)?")
"""Widths that cannot move a formula over something else."""
OWN_TAG = re.compile(r"</?(?:details|summary)>")
"""The tags, without attributes, of the hints that the course's own text folds away."""
PUBLIC_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+([a-z]{2,}|xn--[a-z0-9-]+)\.?(?::\d+)?")
COLOR = re.compile(r"\x1b\[[0-9;]{0,32}m")
CONTROL = re.compile(r"\x1b\[[0-?]{0,32}[ -/]{0,8}[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""All that only a terminal understands, and what turns the text after it around: code is read as it runs."""
PYTHON = PythonLexer(stripnl=False, ensurenl=False)
COLORS = HtmlFormatter(nowrap=True)
"""nbgrader's pages have colors for its classes."""
LOG = logging.getLogger(__name__)


def no_picture(address: str) -> Picture:
    """For texts in which no picture is expected."""
    raise PictureError("Here are no pictures.")


def markdown_to_html(source: str, find_picture: Callable[[str], Picture] = no_picture) -> str:
    """Markdown as HTML: HTML in it shows as text, pictures are part of the page, links lead only into the web.

    `find_picture` gives the picture that an address stands for, or raises PictureError.
    """
    if len(source) > MAX_LENGTH or source.count("]:") > MAX_REFERENCES:
        return as_written(source, f"This text has {len(source):,} characters; it is shown as it was written.")
    if _largest_table(source) > MAX_CELLS:
        return as_written(source, "A table of this text would be too large; it is shown as it was written.")
    try:
        return str(_PARSER.render(source, {"find_picture": find_picture}))
    except Exception:
        LOG.exception("Markdown that cannot be drawn")
        return as_written(source, "This text cannot be drawn; it is shown as it was written.")


def _largest_table(source: str) -> int:
    """The cells that a table of the text could have, at most."""
    lines = source.splitlines()
    return len(lines) * max((line.count("|") for line in lines), default=0)


def code_to_html(source: str) -> str:
    """Python in colors, in Pygments' classes; what is too long has none."""
    if len(source) > MAX_LENGTH:
        return f'<div class="highlight"><pre>{html.escape(_visible(source))}</pre></div>'
    # Blanks on empty lines are left out: looking for a string, the lexer would go over all of them at each of them.
    lines = (line if line.strip() else "" for line in _visible(source).split("\n"))
    # The formatter ends each line: here the last one has no end.
    colored = highlight("\n".join(lines) + "\n", PYTHON, COLORS).removesuffix("\n")
    return f'<div class="highlight"><pre>{colored}</pre></div>'


def text_to_html(text: str) -> str:
    """What was printed, in the colors of a terminal, to stand in a pre."""
    colors = COLOR.findall(text)
    if colors and len(colors) <= MAX_COLORS and len(text) <= MAX_LENGTH:
        # The sequences that are no colors would lead the converter to search the text again and again.
        plain = [CONTROL.sub("", piece) for piece in COLOR.split(text)]
        together = "".join(piece + color for piece, color in zip(plain, [*colors, ""], strict=True))
        try:
            return str(ansi2html(together))
        except (IndexError, ValueError):
            LOG.info("colors that are none: %r", colors[:10])
    return html.escape(_visible(COLOR.sub("", text)))


def formula_to_html(tex: str, display: bool) -> str:
    """A formula as MathML, which browsers draw without a script; what is no formula is shown as it was written."""
    written = f"$${tex}$$" if display else f"${tex}$"
    try:
        if len(tex) > MAX_FORMULA or DEFINITION.search(tex):
            raise ValueError("too long, or it defines something")
        # To text by `convert`, it would let tags in the formula stand as tags.
        root = Converter(display="block" if display else "inline").convert_to_element(tex)
        _keep_mathml(root)
        return ElementTree.tostring(root, encoding="unicode")
    except Exception as error:
        # The converter has a dozen kinds of error, and a formula is anything that stands between dollars.
        LOG.debug("a formula that cannot be drawn: %s", error)
        return f"<code>{html.escape(_visible(written))}</code>"


def harmless_name(name: str) -> str:
    """A name that can stand in HTML and in a string of a script, for templates that escape nothing.

    What would end either is written as scripts write it, such as \\u003c.
    """
    return "".join(char if char.isprintable() and char not in '<>"\\' else _in_script(char) for char in name)


def _in_script(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))


def as_written(text: str, why: str) -> str:
    """A text as it is, and before it the sentence that says why."""
    return f"{note(why)}<pre>{html.escape(_visible(text))}</pre>"


def note(sentence: str) -> str:
    """A sentence of the course in the place of what is not shown."""
    return f'<p class="llm-course-note"><em>{html.escape(sentence)}</em></p>'


def _keep_mathml(root: ElementTree.Element) -> None:
    """Leave nothing but known elements and attributes. Raises ValueError."""
    layer, depth = [root], 0
    while layer:
        depth += 1
        if depth > MAX_DEPTH or not all(MATHML_TAGS.fullmatch(element.tag) for element in layer):
            raise ValueError("too many layers, or an element that is none of MathML's")
        for element in layer:
            # Symbols come as entities, and escaping would make them text.
            element.text = html.unescape(element.text) if element.text else None
            element.attrib = {name: value for name, value in element.attrib.items() if _is_kept(name, value)}
        layer = [child for element in layer for child in element]


def _is_kept(name: str, value: str) -> bool:
    return bool(MATHML_ATTRIBUTES.fullmatch(name)) and (name != "width" or bool(SMALL_SIZE.fullmatch(value)))


def _visible(text: str) -> str:
    return CONTROL.sub("", text)


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_digits=False,
        double_inline=True,
        renderer=lambda tex, how: formula_to_html(tex, how["display_mode"]),
    )
    parser.use(amsmath_plugin, renderer=lambda tex: formula_to_html(tex, True))
    # Our own rules look at each address, and say what is not shown.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    rules = {"image": _image, "link_open": _link, "html_block": _tags, "html_inline": _tags, "fence": _code}
    for name, rule in rules.items():
        parser.add_render_rule(name, rule)
    return parser


def _image(self: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    alternative = self.renderInlineAsText(token.children, options, environment)
    try:
        picture = environment["find_picture"](str(token.attrs["src"]))
    except PictureError as reason:
        return f"<em>[The picture {html.escape(alternative)!r} is not shown. {html.escape(str(reason))}]</em>"
    return f'<img src="{picture.address}" alt="{html.escape(alternative)}">'


def _link(self: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    address = str(tokens[index].attrs["href"])
    if not _leads_into_the_web(address):
        return "<a>"
    # The page that is left names a submission, which is nobody's business.
    return f'<a href="{html.escape(address)}" rel="noopener noreferrer" target="_blank">'


def _leads_into_the_web(address: str) -> bool:
    """Whether a link leads to another server. One to this server would act in the name of the instructor."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    # What stands before an "@", or a backslash, browsers and Python take for different parts of an address.
    is_plain = address.isascii() and "\\" not in address and "@" not in parts.netloc
    return parts.scheme == "mailto" or (parts.scheme in ("http", "https") and is_plain and _is_public(parts.netloc))


def _is_public(place: str) -> bool:
    """Whether a host has a name of the web: no number, nor one of this machine or of the house."""
    found = PUBLIC_HOST.fullmatch(place.lower())
    return found is not None and found[1] not in ("localhost", "local", "internal", "home", "lan")


def _tags(self: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    text = tokens[index].content
    pieces = [html.escape(piece) for piece in OWN_TAG.split(text)]
    return "".join(piece + tag for piece, tag in zip(pieces, [*OWN_TAG.findall(text), ""], strict=True))


def _code(self: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    return f"<pre><code>{html.escape(tokens[index].content)}</code></pre>\n"


_PARSER = _make_parser()
