"""The self-check question: options, of which the reader opens one and reads why it is right or not.

    ```{question} Why are the scores divided by the square root of d_k?
    :name: why-scale
    - [ ] To make the weights sum to 1.
      > Softmax already does that, whatever the scale.
    - [x] To keep the spread of the scores independent of d_k.
      > A sum of d_k products has a standard deviation that grows with the root of d_k.
    ```

A question with code in its own line needs the fence `:::`, as Markdown allows no backtick after three of them.
An option is a list item: one paragraph that starts with `[x]` (right) or `[ ]`, then a block quote that explains it.
Each becomes a `details` element, so a question needs no script; `questions.js` only remembers the choice.
"""

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

MARKS = {"[x] ": True, "[ ] ": False}


class question(nodes.General, nodes.Element):
    """A question: a `question_text`, then its options."""


class question_text(nodes.General, nodes.TextElement):
    """What is asked."""


class question_option(nodes.General, nodes.Element):
    """A possible answer: its text, then the blocks of its explanation. `right` says whether it is right."""


class question_option_text(nodes.General, nodes.TextElement):
    """What the answer says."""


class QuestionDirective(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        if "name" not in self.options:
            raise self.error(f"The question '{self.arguments[0]}' has no name: add a line such as `:name: why-scale`.")
        content = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, content)
        try:
            options = read_options(content)
        except ValueError as problem:
            raise self.error(f"The question '{self.options['name']}' {problem}") from None
        text, messages = self.parse_inline(self.arguments[0])
        node = question("", question_text("", "", *text), *options)
        self.set_source_info(node)
        self.add_name(node)
        return [node, *messages]


def read_options(content: nodes.Element) -> list[question_option]:
    """Turn a parsed bullet list into options; `ValueError` ends the sentence that starts with the question's name."""
    if len(content.children) != 1 or not isinstance(content[0], nodes.bullet_list):
        raise ValueError("must hold one list of options, each `- [x] ...` or `- [ ] ...`, and nothing else.")
    options = [read_option(item, number) for number, item in enumerate(content[0].children, start=1)]
    if not any(each["right"] for each in options):
        raise ValueError("has no right option: mark at least one with `[x]`.")
    return options


def read_option(item: nodes.Node, number: int) -> question_option:
    blocks = item.children
    text = blocks[0] if blocks else None
    first = text[0] if isinstance(text, nodes.paragraph) and text.children else None
    mark = str(first)[:4] if isinstance(first, nodes.Text) else ""
    if not isinstance(text, nodes.paragraph) or mark not in MARKS:
        raise ValueError(f"does not say whether option {number} is right: start it with `[x]` or `[ ]`.")
    if len(blocks) != 2 or not isinstance(blocks[1], nodes.block_quote):
        raise ValueError(
            f"has no explanation for option {number}: under the option's one paragraph put a block quote, only that."
        )
    answer = [nodes.Text(str(first)[4:]), *text.children[1:]]
    return question_option(
        "", question_option_text("", "", *answer), *with_verdict(blocks[1], MARKS[mark]), right=MARKS[mark]
    )


def with_verdict(explanation: nodes.Element, right: bool) -> list[nodes.Node]:
    """The explanation's blocks, opened by the verdict in words: color alone tells not everybody."""
    verdict = nodes.strong(text="Right." if right else "Not quite.")
    blocks = list(explanation.children)
    if isinstance(blocks[0], nodes.paragraph):
        blocks[0].insert(0, [verdict, nodes.Text(" ")])
    else:
        blocks.insert(0, nodes.paragraph("", "", verdict))
    return blocks


def visit_question(writer: HTML5Translator, node: question) -> None:
    name = node["ids"][0]
    place = f"{writer.docnames[-1]}#{name}"
    writer.body.append(f'<div class="question" id="{name}" data-place="{place}" role="group" ')
    writer.body.append(f'aria-labelledby="{name}-text">\n')


def depart_question(writer: HTML5Translator, node: question) -> None:
    writer.body.append("</div>\n")


def visit_question_text(writer: HTML5Translator, node: question_text) -> None:
    writer.body.append(f'<p class="question-text" id="{node.parent["ids"][0]}-text">')


def depart_question_text(writer: HTML5Translator, node: question_text) -> None:
    writer.body.append("</p>\n")


def visit_option(writer: HTML5Translator, node: question_option) -> None:
    kind = "right" if node["right"] else "wrong"
    # Options of one name close each other.
    writer.body.append(f'<details class="question-option {kind}" name="{node.parent["ids"][0]}">\n')


def depart_option(writer: HTML5Translator, node: question_option) -> None:
    writer.body.append("</div></details>\n")


def visit_option_text(writer: HTML5Translator, node: question_option_text) -> None:
    writer.body.append("<summary>")


def depart_option_text(writer: HTML5Translator, node: question_option_text) -> None:
    writer.body.append('</summary>\n<div class="question-explanation">\n')


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("question", QuestionDirective)
    app.add_node(question, html=(visit_question, depart_question))
    app.add_node(question_text, html=(visit_question_text, depart_question_text))
    app.add_node(question_option, html=(visit_option, depart_option))
    app.add_node(question_option_text, html=(visit_option_text, depart_option_text))
    app.add_js_file("questions.js", defer="defer")
    app.add_css_file("questions.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
