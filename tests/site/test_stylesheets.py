"""The one small stylesheet: which rules stay, where its addresses lead, which icons it draws."""

from pathlib import Path

import pydata_sphinx_theme
import pytest

from _ext.stylesheets import purge, without_unread_variables

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"


@pytest.mark.parametrize(
    ("css", "left"),
    [
        ("p{color:red}", "p{color:red}"),
        (".used{color:red}", ".used{color:red}"),
        (".other{color:red}", ""),
        ("#used p{color:red}", "#used p{color:red}"),
        ("#other p{color:red}", ""),
        (".used .other{color:red}", ""),
        (".other, p.used{color:red}", "p.used{color:red}"),
        (".used:not(.other){color:red}", ".used:not(.other){color:red}"),
        ("p:is(.other, a){color:red}", "p:is(.other, a){color:red}"),
        ("[data-x='.other']{color:red}", '[data-x=".other"]{color:red}'),
        (r".w-25\%{width:25%}", r".w-25\%{width:25%}"),
        ("/* note */ p { color : red ; /* why */ }", "p{color : red ;}"),
        ("@media print{.other{color:red}}", ""),
        ("@media print{.used{color:red}.other{color:red}}", "@media print{.used{color:red}}"),
        ("@media print{@supports (x:y){.used{color:red}}}", "@media print{@supports (x:y){.used{color:red}}}"),
        ('@charset "utf-8";@import "x.css";p{color:red}', "p{color:red}"),
        ("@keyframes turn{to{color:red}}", "@keyframes turn{to{color:red}}"),
        ("p{--empty:;width:var(--empty)}", "p{--empty:;width:var(--empty)}"),
    ],
)
def test_purge_keeps_what_can_match(css: str, left: str) -> None:
    assert purge(css, {"used", "w-25%"}) == left


def test_unreadable_stylesheet_is_refused() -> None:
    with pytest.raises(ValueError, match="a stylesheet cannot be read"):
        purge("p{color:red} }", set())


def test_variables_that_nothing_reads_are_left_out() -> None:
    css = (
        "html{--read: 1px;--only-by-unread: 2;--unread: var(--only-by-unread);--by-a-page:url('data:image/svg;a{b}');"
        "--strange: url(data:x;y(z));color: red;--last: 3}p{margin: var(--read)}"
    )
    kept = "html{--read: 1px;--by-a-page:url('data:image/svg;a{b}');color: red;}p{margin: var(--read)}"
    assert without_unread_variables(css, {"--by-a-page"}) == kept
