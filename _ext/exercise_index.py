"""The directive `{exercise-index}`: a table of all exercises of the book, made from the exercise pages themselves.

What an exercise asks for is the first line of its function's description, how long it takes stands under its title.
`exercise-index.js` filters the table; without scripts all of it is there to read.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from _ext.exercise_pages import PageExercise, exercises_on
from _ext.released_notebooks import EXERCISES
from _ext.solve.site_files import can_be_solved

FILTER = """<form class="exercise-filter pst-js-only" role="search" aria-label="Filter the exercises">
<label>Find <input type="search" name="words" autocomplete="off" placeholder="mask, loss, sampling"></label>
<label>Difficulty <select name="difficulty"><option value="">any</option><option>easy</option><option>medium</option>
<option>hard</option></select></label>
<label><input type="checkbox" name="plain"> no install needed</label>
<output>{count} exercises</output>
</form>
"""
PLAIN = ' <small class="plain">no install</small>'
HEAD = (
    '<thead><tr><th scope="col">Exercise</th><th scope="col">Minutes</th><th scope="col">Difficulty</th></tr></thead>'
)


class exercise_index(nodes.General, nodes.Element):
    """The table."""


class ExerciseIndexDirective(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for page in pages_of_exercises(self.env):
            self.env.note_dependency(self.env.doc2path(page))
        return [exercise_index()]


def pages_of_exercises(env: BuildEnvironment) -> list[str]:
    return sorted(filter(EXERCISES.fullmatch, env.found_docs))


def visit_index(writer: HTML5Translator, node: exercise_index) -> None:
    env, builder = writer.builder.env, writer.builder
    exercises = {page: [*exercises_on(Path(env.doc2path(page)))] for page in pages_of_exercises(env)}
    writer.body.append(FILTER.format(count=sum(map(len, exercises.values()))))
    writer.body.append(f'<table class="exercise-index">{HEAD}\n')
    for page, on_page in exercises.items():
        address = builder.get_relative_uri(builder.current_docname, page)
        title = env.titles[page.replace("exercises", "chapter")].astext()
        writer.body.append(chapter_rows(title, address, [row(exercise, page, address) for exercise in on_page]))
    writer.body.append("</table>\n")
    raise nodes.SkipNode


def chapter_rows(title: str, address: str, rows: Iterable[str]) -> str:
    heading = f'<th scope="rowgroup" colspan="3"><a href="{address}">{escape(title)}</a></th>'
    return f"<tbody>\n<tr>{heading}</tr>\n{''.join(rows)}</tbody>\n"


def row(exercise: PageExercise, page: str, address: str) -> str:
    is_in_page = can_be_solved(f"{page.split('/')[1]}/{exercise.name}")
    return (
        f'<tr data-difficulty="{exercise.difficulty}"{" data-plain" if is_in_page else ""}>'
        f'<th scope="row"><a href="{address}#{exercise.place}"><code>{escape(exercise.name)}</code></a>'
        f"{PLAIN if is_in_page else ''}<span>{escape(exercise.asks)}</span></th>"
        f"<td>{exercise.minutes}</td><td>{exercise.difficulty}</td></tr>\n"
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise-index", ExerciseIndexDirective)
    app.add_node(exercise_index, html=(visit_index, None))
    app.add_css_file("exercise-index.css")
    app.add_js_file("exercise-index.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
