"""A form of a misunderstanding is what its file says, or the file is refused with its line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.exercises import assignments
from autograder.exercises.misunderstandings import (
    Mistake,
    MisunderstandingsError,
    equivalent_edits,
    misunderstandings,
    without_docstrings,
)
from llm_course.checking.invocation import describe
from solutions import attention, frontier, language_models, peft
from tests.banks.submissions import standalone, wrong_answer

PERPLEXITY = language_models.perplexity


@pytest.fixture
def forms(tmp_path: Path) -> Callable[..., tuple[Mistake, ...]]:
    """The forms that are read from a file with a title and this text."""

    def read(text: str, reference: Callable[..., Any] = PERPLEXITY) -> tuple[Mistake, ...]:
        specification = tmp_path / "exercise.py"
        specification.with_suffix(".md").write_text(f"# {reference.__name__} {{somewhere}}\n\n{text}", encoding="utf-8")
        return misunderstandings(reference, specification)

    return read


def form_of(edit: str) -> str:
    return f"## wrong\nNo.\n- {edit}\n"


def test_an_edit_compiles_beside_what_its_module_imports(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms("## without_minus\nThe minus\nsign is missing.\n\n- `-log_prob / n` → `log_prob / n`\n")
    assert mistake.function(-2.0, 1) == 1 / PERPLEXITY(-2.0, 1)
    assert (mistake.name, mistake.hint, mistake.section) == ("without_minus", "The minus sign is missing.", "somewhere")
    assert mistake.text.startswith("def perplexity(") and "Args:" not in mistake.text
    assert mistake.place == "exercise.md, line 7"


def test_a_misunderstanding_has_many_forms(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    found = forms(
        "## loss {elsewhere}\nYou return the loss.\n- without `math.exp`\n"
        "```python\ndef perplexity(log_prob, n_predictions):\n    return -log_prob / n_predictions\n```\n"
    )
    assert [(mistake.name, mistake.section, mistake.function(-3.0, 2)) for mistake in found] == [
        ("loss", "elsewhere", 1.5)
    ] * 2


def test_an_edit_that_raises_is_described_with_its_own_line(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms(form_of("`/ n_predictions)` → `/ 0)`"))
    with pytest.raises(ZeroDivisionError) as caught:
        mistake.function(-2.0, 1)
    assert describe(caught.value, mistake.function).source == "return math.exp(-log_prob / 0)"


def test_several_pieces_are_replaced_at_once(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms(form_of("`-log_prob / n_predictions` → `n_predictions / -log_prob`; `math.exp` → `float`"))
    assert mistake.function(-2.0, 1) == 0.5


def test_a_new_line_is_indented_as_the_piece_is(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms(form_of("`return math` → `if n_predictions:⏎    log_prob *= 2⏎return math`"))
    assert mistake.function(-2.0, 1) == PERPLEXITY(-4.0, 1)
    (mistake,) = forms(form_of("`if log_prob > 0:⏎raise` → `if log_prob > 9:⏎    raise`"))
    assert mistake.function(1.0, 1) == PERPLEXITY(-1.0, 1) ** -1


def test_every_place_may_be_changed(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms(form_of("every `raise ValueError(` → `raise AssertionError(`"), frontier.unpatchify)
    for patches, patch in [(torch.zeros(1, 4), 0), (torch.zeros(2, 4), 2)]:
        with pytest.raises(AssertionError):
            mistake.function(patches, channels=1, height=2, width=2, patch=patch)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (form_of("`n_predictions` → `1`"), 5, "'n_predictions' stands in the reference"),
        (form_of("`torch.exp` → `1`"), 5, "stands in the reference 0 times, not once"),
        (form_of("`math.exp` → `(`"), 5, "no Python that runs"),
        (form_of("math.exp → float"), 5, "is no edit"),
        (form_of("`math.exp` → `float` and so on"), 5, "separate edits by a semicolon"),
        (form_of("`math.exp` → `float`; `.exp(-` → `.exp(`"), 5, "change the same characters"),
        ("## wrong\n- `math.exp` → `float`\n", 3, "needs a hint"),
        ("## wrong\nNo.\n", 3, "at least one form"),
        ("## wrong or not\nNo.\n", 3, "is no heading"),
        (form_of("without `math.exp`") * 2, 3, "stands there twice"),
        ("## wrong\nNo.\n```python\ndef perplexity(a, b):\n", 5, "does not end"),
        ("## wrong\nNo.\n```python\ndef other(a, b):\n    pass\n```\n", 5, "does not define perplexity"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_line(
    forms: Callable[..., tuple[Mistake, ...]], text: str, line: int, problem: str
) -> None:
    with pytest.raises(MisunderstandingsError, match=rf"exercise.md, line {line}: .*{problem}"):
        forms(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MisunderstandingsError, match=r"perplexity.md is missing"):
        misunderstandings(PERPLEXITY, tmp_path / "perplexity.py")


def test_equivalent_edits_are_no_misunderstandings(tmp_path: Path) -> None:
    specification = tmp_path / "exercise.py"
    text = "# perplexity\n\n" + form_of("without `math.exp`") + "\n# equivalent\n- `-log_prob` → `-1 * log_prob`\n"
    specification.with_suffix(".md").write_text(text, encoding="utf-8")
    assert [mistake.name for mistake in misunderstandings(PERPLEXITY, specification)] == ["wrong"]
    (edited,) = equivalent_edits(PERPLEXITY, specification)
    assert "math.exp(-1 * log_prob" in edited


def test_the_cell_of_a_form_does_not_depend_on_the_other_answers(forms: Callable[..., tuple[Mistake, ...]]) -> None:
    (mistake,) = forms(form_of("without ` @ w_o.T`"), attention.multi_head_attention)
    cell: dict[str, Any] = {"scaled_dot_product_attention": None}
    exec(wrong_answer(assignments()["05_attention"].exercise("multi_head_attention"), mistake), cell)
    arguments = torch.randn(2, 3, 4), *torch.randn(4, 4, 4), 2
    assert cell["multi_head_attention"](*arguments).equal(mistake.function(*arguments))
    assert cell["scaled_dot_product_attention"] is None


def test_the_cell_of_a_function_is_its_source() -> None:
    cell: dict[str, Any] = {}
    exec(standalone(language_models.perplexity, "perplexity"), cell)
    assert cell["perplexity"](-3.0, 2) == PERPLEXITY(-3.0, 2)


def test_a_class_loses_the_docstrings_of_its_methods_too() -> None:
    text = without_docstrings(peft.LoRALinear)
    assert '"""' not in text
    assert text.startswith("class LoRALinear(nn.Module):")
