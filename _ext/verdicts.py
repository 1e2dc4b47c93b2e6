"""The directive `{verdict} 02_tokenization merge_pair either_order`: a wrong answer, and what its learner is told.

The answer is the first form of a known misunderstanding. The graders' own judge reaches the verdict when the page is
read, and it looks as in a learner's notebook.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class VerdictDirective(SphinxDirective):
    required_arguments = 3

    def run(self) -> list[nodes.Node]:
        # The graders take seconds to import, and most builds need them not.
        from autograder.exercises import assignments

        assignment, name, misunderstanding = self.arguments
        if assignment not in assignments():
            raise self.error(f"There is no assignment {assignment!r}: choose one of {', '.join(assignments())}.")
        exercises = {exercise.name: exercise for exercise in assignments()[assignment].exercises}
        if name not in exercises:
            raise self.error(f"{assignment} has no exercise {name!r}: choose one of {', '.join(exercises)}.")
        forms = {mistake.name: mistake for mistake in reversed(exercises[name].mistakes)}
        if misunderstanding not in forms:
            raise self.error(f"{name} has no misunderstanding {misunderstanding!r}: choose one of {', '.join(forms)}.")
        form = forms[misunderstanding]
        self.env.note_dependency(str(Path(self.env.srcdir, "autograder", "exercises", assignment[3:], f"{name}.md")))
        answer = nodes.literal_block(form.text, form.text.strip(), language="python")
        return [answer, nodes.raw("", feedback_on(assignment, exercises[name], form), format="html")]


def feedback_on(assignment: str, exercise: Any, form: Any) -> str:
    """What the learner reads whose answer is this form of a misunderstanding, as HTML."""
    from autograder.judging.judge import SHIPPED, judge, local_answer
    from autograder.notebooks.notebooks import section_titles
    from autograder.records.result import in_points
    from llm_course.checking.feedback import Feedback, place_in

    verdict = judge(exercise, local_answer(form.function), SHIPPED)
    summary = f"{in_points(verdict.fraction * exercise.points)} of {in_points(exercise.points)} points"
    place = place_in(assignment, section_titles(assignment)[verdict.section])
    told = Feedback(exercise.name, summary, verdict.findings, verdict.hint, place, verdict.advice)
    return f'<div class="verdict">{told.html.replace("<details>", "<details open>")}</div>\n'


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("verdict", VerdictDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
