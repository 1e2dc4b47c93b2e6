"""What came from a learner's code is text on a page of another's, whatever it looks like."""

from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from autograder.doors.markdown import as_markdown, escaped, exercise_as_markdown, fenced
from autograder.judging.grade import not_graded
from autograder.records.result import ExerciseResult

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TEXT = {"text", "text_special", "code_inline", "softbreak"}
HOSTILE = [
    "<img src=x onerror=1> [a](http://x.example) ![a](b) **b** _i_ ~~s~~ $x$ &lt; @somebody",
    '`raise ValueError("` <script>1</script> ")` it\'s',
    "``<b>`` \\` <b> \\\\` `",
    "a\n# heading\n\n- item\n> quote\n```\n<b>\n",
    "<!-- <b> --> <http://x.example> https://x.example",
]


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from leaves(token.children) if token.children else [token]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_one_paragraph_of_text_and_code(text: str) -> None:
    tokens = PARSER.parse(escaped(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {token.type for token in leaves(tokens[1:2])} <= TEXT


@pytest.mark.parametrize("text", [*HOSTILE, "````\n<b>\n`````"])
def test_what_stands_behind_fences_stays_there(text: str) -> None:
    (token,) = PARSER.parse(fenced(text.splitlines()))
    assert (token.type, token.content.splitlines()) == ("fence", text.splitlines())


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_an_exercise_or_a_reason_is_markup(text: str) -> None:
    exercise = ExerciseResult("f", 2, 1, (), None, text, "", (), text, case=tuple(text.splitlines()))
    for shown in (exercise_as_markdown(exercise), as_markdown(not_graded("05_attention", text))):
        kinds = {token.type for token in leaves(PARSER.parse(shown))}
        assert not kinds & {"html_inline", "html_block", "link_open", "image"}
