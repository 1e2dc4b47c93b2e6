"""The class report: one HTML file with the scores, how common each misunderstanding is, and what to teach again."""

import io
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.capstone import board
from autograder.capstone.copies import copies
from autograder.records.result import GRADED, NOT_GRADED, ExerciseResult, Result
from autograder.reporting.scores import NOT_HANDED_IN, CellScore, Score, flags_of, read_results
from autograder.students.by_hand import HandScore, kept_scores
from llm_course.capstone.format import MAX_TOKENS
from llm_course.checking.feedback import hint_to_html

TEMPLATE = Path(__file__).with_name("class_report.html.jinja")


@dataclass(frozen=True)
class Share:
    """How many of those who handed in are concerned."""

    what: str
    where: str
    count: int
    of: int

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of)


def class_report(course_id: str, scores: Sequence[Score], made: datetime) -> str:
    """The report as a self-contained HTML page. `scores` are those of the gradebook; results are read from results/."""
    names = sorted({score.assignment for score in scores})
    reports = [_assignment_report(name, [score for score in scores if score.assignment == name]) for name in names]
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["hint"] = lambda text: Markup(hint_to_html(text))
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(course_id=course_id, assignments=reports, made=made.strftime("%Y-%m-%d %H:%M"))


def _assignment_report(name: str, scores: list[Score]) -> dict[str, Any]:
    """What the template tells of an assignment over a class."""
    # Those of the gradebook, and no others: there may be results of students who have left.
    results, by_hand = read_results(name, {score.student_id for score in scores}), kept_scores(name)
    graded = [result for result in results.values() if result.status == GRADED]
    values = [score.score for score in scores if score.score is not None]
    lines = board.board(results, board.reference())
    return {
        "name": name,
        "scores": scores,
        "max_score": max(score.max_score for score in scores),
        "mean": statistics.mean(values) if values else None,
        "median": statistics.median(values) if values else None,
        "histogram": _histogram(values, max(score.max_score for score in scores), salt=name),
        "exercises": _exercise_reports(graded, scores),
        "teach_again": _teach_again(graded),
        "refused": [(score.student_id, score.reason) for score in scores if score.status == NOT_GRADED],
        "missing": [score.name or score.student_id for score in scores if score.status == NOT_HANDED_IN],
        "flags": [
            *(
                (student, flag)
                for student, result in results.items()
                for flag in _flags(result, by_hand.get(student, {}))
            ),
            *((f"{copy.one}, {copy.other}", f"They {copy.message()}.") for copy in copies(results)),
        ],
        "audit": _audit(graded),
        "board": lines,
        "board_picture": _board_picture(lines, salt=name) if lines else "",
    }


def _exercise_reports(graded: Iterable[Result], scores: Iterable[Score]) -> list[dict[str, Any]]:
    """What the gradebook has for each cell, also for those that a person grades, and what the results say of it."""
    # By name: results may be from before an exercise was added or left out.
    answers: dict[str, list[ExerciseResult]] = {}
    for exercise in (exercise for result in graded for exercise in result.exercises):
        answers.setdefault(exercise.name, []).append(exercise)
    cells: dict[str, list[CellScore]] = {}
    for cell in (cell for score in scores for cell in score.cells):
        cells.setdefault(cell.name, []).append(cell)
    # In the order of the notebook, then those that a person grades.
    names = [*(name for name in answers if name in cells), *(name for name in cells if name not in answers)]
    return [_exercise_report(cells[name], answers.get(name, [])) for name in names]


def _exercise_report(cells: Sequence[CellScore], answers: Sequence[ExerciseResult]) -> dict[str, Any]:
    """What the template tells of a graded cell: the gradebook's scores; the properties that fail and the mistakes.

    Where an instructor's own tests say what it is worth there are no properties, and what they told is in `mistakes`.
    What is not tested either a person grades.
    """
    given = [cell.score for cell in cells if cell.score is not None]
    failing = Counter(item.name for answer in answers for item in answer.properties if not (item.holds or item.waits))
    is_judged = any(answer.properties for answer in answers)
    explained = [answer for answer in answers if answer.mistake or (answer.hint and not is_judged)]
    mistakes = Counter((answer.hint, answer.section) for answer in explained)
    return {
        "name": cells[0].title,
        "points": cells[0].max_score,
        "mean": statistics.mean(given) if given else None,
        "by_hand": sum(cell.by_hand for cell in cells),
        "waiting": len(cells) - len(given),
        "is_judged": is_judged,
        "is_tested": bool(answers),
        "failing": [Share(name, "", count, len(answers)) for name, count in failing.most_common()],
        "mistakes": [Share(hint, section, count, len(answers)) for (hint, section), count in mistakes.most_common()],
    }


def _teach_again(graded: Sequence[Result]) -> list[Share]:
    """Sections that known mistakes point to, by how many learners made one of them."""
    learners = Counter(
        section
        for result in graded
        for section in {exercise.section for exercise in result.exercises if exercise.mistake and exercise.section}
    )
    return [Share(section, "", count, len(graded)) for section, count in learners.most_common(5)]


def _flags(result: Result, by_hand: Mapping[str, HandScore]) -> Iterable[str]:
    yield from flags_of(result, by_hand)
    for exercise in result.exercises:
        yield from (f"{exercise.name}: {flag}" for flag in exercise.flags)


def _audit(graded: Sequence[Result]) -> list[tuple[str, str]]:
    """With what, by whom and when all this was graded."""
    if not graded:
        return []
    started = sorted(result.started for result in graded)
    facts = {
        "graded": {f"{started[0]} to {started[-1]}"},
        "by": {result.grader for result in graded},
        "sandbox": {result.tier or "no code was run" for result in graded},
        "versions": {", ".join(f"{name} {version}" for name, version in result.versions.items()) for result in graded},
    }
    return [(name, "; ".join(sorted(found))) for name, found in facts.items()]


def _histogram(values: Sequence[float], maximum: float, salt: str) -> str:
    """How many learners have how many points, as SVG. The table says the same in words."""
    figure = Figure(figsize=(7, 2.4), layout="constrained")
    axes = figure.add_subplot()
    bins = min(20, max(1, round(maximum)))
    axes.hist(values, bins=bins, range=(0, maximum), color="#4477AA", edgecolor="white")
    axes.set(xlabel="points", ylabel="learners", xlim=(0, maximum))
    # Of nobody's points, matplotlib begins the axis below 0.
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return _svg(figure, salt)


def _board_picture(lines: list[board.Line], salt: str) -> str:
    """Bits per byte against tokens, as SVG. The table says whose each mark is."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for line in lines:
        if line.million_tokens is not None:
            fill = "none" if line.name == board.REFERENCE else "full"
            axes.plot(line.million_tokens, line.bits_per_byte, "o", color="#4477AA", fillstyle=fill)
    axes.set(xlabel="million tokens seen", ylabel="bits per byte", xlim=(0, MAX_TOKENS / 1e6 * 1.05))
    axes.set_ylim(bottom=0)
    return _svg(figure, f"board of {salt}")


def _svg(figure: Figure, salt: str) -> str:
    figure.axes[0].spines[["top", "right"]].set_visible(False)
    picture = io.StringIO()
    # With a salt and no date, the same class gives the same file; ids of two pictures differ.
    with matplotlib.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        figure.savefig(picture, format="svg", metadata={"Date": None}, transparent=True)
    return picture.getvalue().partition("<svg")[1] + picture.getvalue().partition("<svg")[2]
