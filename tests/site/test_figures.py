"""Captions have numbers, drawings have alt text and one language."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from _ext.drawings import DRAWINGS, canvas
from _ext.panels import PLOT, stack_panels
from llm_course import models, plotting
from tests.site.conftest import Built

CHAPTERS = Path(__file__).parents[2] / "chapters"


def test_captions_are_numbered_by_chapter(site: Path) -> None:
    for page in site.glob("chapters/[01]*/*.html"):
        text, chapter = page.read_text(encoding="utf-8"), int(page.parent.name[:2])
        numbers = re.findall(r'numbered-caption" id="figure-(\S+)"[^<]*<strong>Figure (\S+)\.<', text)
        own = [f"{chapter}.{i}" if page.stem == "chapter" else str(i) for i in range(1, len(numbers) + 1)]
        assert numbers == [(number.replace(".", "-"), number) for number in own], page


@pytest.mark.parametrize(
    ("directive", "fault"),
    [
        ("```{drawing} attentive\n:alt: Text.\n\nText.\n```", "There is no drawing 'attentive'"),
        ("```{drawing} attention\n\nText.\n```", "has no alt text"),
        ("```{drawing} attention\n:alt: Text.\n```", "Content block expected"),
        ("```{caption}\n```", "Content block expected"),
    ],
)
def test_what_a_figure_lacks_is_a_warning(build: Callable[..., Built], directive: str, fault: str) -> None:
    assert fault in build({"index.md": f"# Book\n\n{directive}\n"}, "_ext.figures").warnings


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_stays_on_its_canvas_and_speaks_the_language(name: str) -> None:
    svg = DRAWINGS[name]()
    assert svg.startswith("<svg viewBox=") and svg.endswith("</svg>")
    colors = {part.split('"')[0] for part in svg.split('stroke="')[1:]} - {"none", canvas.INK}
    assert colors <= {canvas.QUERY, canvas.KEY, canvas.VALUE, canvas.LEARNED}


def plot_of(*axes: tuple[float, float]) -> str:
    """A plot of 400 points, as `plotting.show` displays it, whose axes begin at and have these widths."""
    clips = "".join(f'<clipPath id="c"><rect x="{x}" y="9" width="{wide}" height="90"/></clipPath>' for x, wide in axes)
    plot = f'<svg style="min-width:30rem" viewBox="0 0 400 100"><g>{clips}<use xlink:href="#c"/></g></svg>'
    return f'<div class="figure" role="img" aria-label="A plot." tabindex="0" style="overflow-x:auto">{plot} </div>'


@pytest.mark.parametrize(
    ("axes", "boxes"),
    [
        ([(30, 360)], ["0 0 400 100"]),
        ([(30, 150), (230, 150)], ["0 0 182.5 100", "182.5 0 217.5 100"]),
        ([(30, 150), (230, 150), (30, 150), (230, 150)], ["0 0 182.5 100", "182.5 0 217.5 100"]),
        ([(30, 300), (350, 12)], ["0 0 400 100"]),  # a color bar
    ],
)
def test_panels_are_windows_on_one_plot(axes: list[tuple[float, float]], boxes: list[str]) -> None:
    stacked = PLOT.sub(stack_panels, f"<p>before</p>{plot_of(*axes)}<p>after</p>")
    assert re.findall('viewBox="([^"]*)"', stacked) == boxes
    assert stacked.count("<clipPath") == len(axes)  # once
    (name,) = set(re.findall('id="(plot-[^"]*)"', stacked))
    assert stacked.count(f'<use href="#{name}"/>') == len(boxes) - 1
    assert stacked.startswith('<p>before</p><div class="figure plot" role="img" aria-label="A plot.">')
    assert not re.search("xlink|min-width|tabindex", stacked)
    assert stacked.endswith("</div><p>after</p>")


def test_drawings_and_plots_have_the_same_colors() -> None:
    assert (canvas.QUERY, canvas.KEY, canvas.VALUE, canvas.LEARNED) == plotting.COLORS


def test_the_drawing_of_tokens_is_what_the_tokenizer_does() -> None:
    tokenizer, drawn = models.load("stories").tokenizer, DRAWINGS["text_to_ids"]()
    for number in tokenizer("The cat sat on the mat.").input_ids:
        assert f">{number}<" in drawn
        assert f">{tokenizer.decode([number]).replace(' ', '␣')}<" in drawn


def test_the_drawing_of_beams_is_the_example_of_its_chapter() -> None:
    page = (CHAPTERS / "11_decoding" / "further.md").read_text(encoding="utf-8")
    follows = ast.literal_eval(re.search(r"^follows = (\{.*?\}\})", page, re.DOTALL | re.MULTILINE)[1])
    drawn = DRAWINGS["beam_tree"]()
    assert all(f">{word}  {share:.2f}<" in drawn for word, share in follows["The"].items())
    for first, after in follows.items():
        if first != "The":
            products = {word: follows["The"][first] * share for word, share in after.items()}
            assert all(f">{word}  {product:.3f}<" in drawn for word, product in products.items())


def test_the_drawing_of_sinks_has_the_losses_of_its_chapter() -> None:
    chapter = (CHAPTERS / "10_context" / "further.md").read_text(encoding="utf-8")
    (told,) = re.findall(
        r"its loss is (\S+)\. .*?, and it is (\S+)\. .*?everything in view it is (\S+)\.\)", chapter, re.DOTALL
    )
    assert all(f">{loss}<" in DRAWINGS["sinks"]() for loss in told)
