"""The directive `{exercise-index}`: a table of all exercises of the book, made from the exercise pages themselves.

What an exercise asks for is the first line of its function's description, how long it takes stands under its title.
`exercise-index.js` filters the table; without scripts all of it is there to read.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from _ext.assets import share_static_folder
from _ext.released_notebooks import EXERCISES
from _ext.solve.site_files import can_be_solved

METADATA, SHOWN_ON = "exercises", "exercise_index"
EFFORT = re.compile(r"\d+ points?, (\d+) minutes, (easy|medium|hard)")
FILTER = """<form class="exercise-filter pst-js-only" role="search" aria-label="Filter the exercises">
<label>Find <input type="search" name="words" autocomplete="off" placeholder="mask, loss, sampling"></label>
<label>Difficulty <select name="difficulty"><option value="">any</option><option>easy</option><option>medium</option>
<option>hard</option></select></label>
<label><input type="checkbox" name="plain"> no install needed</label>
<output>{count} exercises</output>
</form>
"""
HEAD = (
    '<thead><tr><th scope="col">Exercise</th><th scope="col">Minutes</th><th scope="col">Difficulty</th></tr></thead>'
)


@dataclass(frozen=True)
class Listed:
    """An exercise as the table has it, and the id of its section on its page."""

    name: str
    asks: str
    minutes: int
    difficulty: str
    place: str
    is_in_page: bool
    """Whether it can be solved in the page (`solve/`)."""


class exercise_index(nodes.General, nodes.Element):
    """The table."""


class ExerciseIndexDirective(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname][SHOWN_ON] = True
        return [exercise_index()]


def note_exercises(app: Sphinx, doctree: nodes.document) -> None:
    """Keep with an exercises page what the table says of it."""
    if EXERCISES.fullmatch(app.env.docname):
        _, chapter, _ = app.env.docname.split("/")
        app.env.metadata[app.env.docname][METADATA] = [*exercises_on(doctree, chapter)]


def exercises_on(doctree: nodes.document, chapter: str) -> Iterator[Listed]:
    """The exercises of a chapter's page: sections with an effort and a function, or a class, to write."""
    for section in doctree.findall(nodes.section):
        effort = next(
            (found for text in section.findall(nodes.emphasis) if (found := EFFORT.match(text.astext()))), None
        )
        stub = next(
            (code for code in section.findall(nodes.literal_block) if "NotImplementedError" in code.astext()), None
        )
        if section.parent is not doctree and effort and stub:
            code = stub.astext()
            name, asks = named_and_described(code)
            is_in_page = can_be_solved(f"{chapter}/{name}")
            yield Listed(name, asks, int(effort[1]), effort[2], section["ids"][-1], is_in_page)


def named_and_described(stub: str) -> tuple[str, str]:
    """The name of what is to be written, and the first line of its description."""
    definition = [item for item in ast.parse(stub).body if isinstance(item, ast.FunctionDef | ast.ClassDef)][-1]
    first, *_ = (ast.get_docstring(definition) or "").split("\n\n")
    return definition.name, " ".join(first.split())


def all_exercises(env: BuildEnvironment) -> list[tuple[str, Listed]]:
    """The exercises of the book in its order, each with the name of its page."""
    pages = sorted(page for page in env.metadata if METADATA in env.metadata[page])
    return [(page, exercise) for page in pages for exercise in env.metadata[page][METADATA]]


def outdated_index(app: Sphinx, env: Any) -> list[str]:
    """The pages with the table, if it has changed since the last build."""
    now, before = all_exercises(env), getattr(env, "listed_exercises", None)
    env.listed_exercises = now
    return [page for page in env.found_docs if SHOWN_ON in env.metadata[page]] if now != before else []


def visit_index(writer: HTML5Translator, node: exercise_index) -> None:
    env, builder = writer.builder.env, writer.builder
    exercises = all_exercises(env)
    writer.body.append(FILTER.format(count=len(exercises)))
    writer.body.append(f'<table class="exercise-index">{HEAD}\n')
    for page, group in groupby(exercises, lambda exercise: exercise[0]):
        address = builder.get_relative_uri(builder.current_docname, page)
        title = env.titles[page.replace("exercises", "chapter")].astext()
        writer.body.append(chapter_rows(title, address, [exercise for _, exercise in group]))
    writer.body.append("</table>\n")
    raise nodes.SkipNode


def chapter_rows(title: str, address: str, exercises: Iterable[Listed]) -> str:
    rows = "".join(row(exercise, f"{address}#{exercise.place}") for exercise in exercises)
    heading = f'<th scope="rowgroup" colspan="3"><a href="{address}">{escape(title)}</a></th>'
    return f"<tbody>\n<tr>{heading}</tr>\n{rows}</tbody>\n"


def row(exercise: Listed, address: str) -> str:
    return (
        f'<tr data-difficulty="{exercise.difficulty}"{" data-plain" if exercise.is_in_page else ""}>'
        f'<th scope="row"><a href="{address}"><code>{escape(exercise.name)}</code></a>{mark(exercise)}'
        f"<span>{escape(exercise.asks)}</span></th>"
        f"<td>{exercise.minutes}</td><td>{exercise.difficulty}</td></tr>\n"
    )


def mark(exercise: Listed) -> str:
    """What stands beside an exercise's name."""
    return ' <small class="plain">no install</small>' if exercise.is_in_page else ""


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise-index", ExerciseIndexDirective)
    app.add_node(exercise_index, html=(visit_index, None))
    app.connect("builder-inited", share_static_folder)
    app.connect("doctree-read", note_exercises)
    app.connect("env-updated", outdated_index)
    app.add_css_file("exercise-index.css")
    app.add_js_file("exercise-index.js", defer="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
