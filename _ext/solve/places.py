"""Where an exercise can be solved: below its stub on a page of exercises, and where a chapter asks for it."""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from _ext.exercise_pages import PageExercise, exercises_on
from _ext.released_notebooks import EXERCISES
from _ext.solve.site_files import SCRIPT, can_be_solved

STUB = re.compile(r"(?:def|class) (\w+)")


class solve(nodes.General, nodes.Element):
    """The button that loads an editor into its place. `exercise` is such as "02_tokenization/merge_pair"."""


def add_to_exercises(app: Sphinx, doctree: nodes.document) -> None:
    """Put a button below the stub of each exercise of the page that can be solved in it."""
    page = EXERCISES.fullmatch(app.env.docname)
    if not page:
        return
    for block in list(doctree.findall(nodes.literal_block)):
        stub = STUB.match(block.astext())
        if stub and can_be_solved(exercise := f"{page[1]}/{stub[1]}"):
            cell = block.parent.parent
            cell.parent.insert(cell.parent.index(cell) + 1, solve(exercise=exercise))


class SolveDirective(SphinxDirective):
    """An exercise of the chapter, by the name of what is to be written."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        page = Path(self.env.doc2path(self.env.docname)).with_name("exercises.md")
        self.env.note_dependency(str(page))
        found = [exercise for exercise in exercises_on(page) if exercise.name == name] if page.exists() else []
        if not found:
            raise self.error(f"{page.parent.name}/exercises.md has no exercise '{name}': name a function of it.")
        if not can_be_solved(f"{page.parent.name}/{name}"):
            raise self.error(
                f"'{name}' cannot be solved in the page: it needs tensors. Choose another, or run `make env`."
            )
        box = nodes.container(classes=["exercise-here"])
        box += self._title(found[0])
        self.state.nested_parse(StringList(found[0].text.splitlines(), str(page)), 0, box)
        box += solve(exercise=f"{page.parent.name}/{name}")
        return [box]

    def _title(self, exercise: PageExercise) -> nodes.Node:
        """The exercise's title, which leads to its page, and what it takes."""
        link = nodes.reference("", exercise.title, refuri=f"exercises.html#{exercise.place}", internal=True)
        return nodes.paragraph("", "Exercise: ", link, nodes.Text(f" ({exercise.facts})"), classes=["exercise-title"])


def visit(writer: HTML5Translator, node: solve) -> None:
    script = relative_uri(f"{writer.docnames[-1]}.html", SCRIPT)
    label = node["exercise"].rpartition("/")[2]
    writer.body.append(
        f'<div class="solve pst-js-only" data-exercise="{node["exercise"]}" data-script="{script}">'
        f'<p><button type="button" aria-label="Solve it here: {label}">Solve it here</button> '
        '<span role="status">It runs in your browser. Nothing to install.</span></p></div>\n'
    )


def depart(writer: HTML5Translator, node: solve) -> None:
    """It holds nothing."""
