"""An edit of a reference is what it says, or nothing at all."""

from typing import Any

import pytest
import torch

from autograder.exercises import assignments
from autograder.exercises.mistakes import Mistakes, without_docstrings
from llm_course.checking.calls import describe
from llm_course.checking.feedback import in_steps
from solutions import attention, frontier, language_models, peft, responsible_use
from tests.banks.submissions import standalone, wrong_answer

known = Mistakes(language_models.perplexity, section="somewhere")


@known.function("You return the loss.", section="elsewhere")
def only_the_loss(log_prob: float, n_predictions: int) -> float:
    return -log_prob / n_predictions


def fresh() -> Mistakes:
    return Mistakes(language_models.perplexity, section="somewhere")


def test_an_edit_compiles_beside_what_its_module_imports() -> None:
    mistakes = fresh()
    mistakes.edit("without_minus", {"-log_prob / n": "log_prob / n"}, "The minus sign is missing.")
    (mistake,) = mistakes
    assert mistake.function(-2.0, 1) == 1 / language_models.perplexity(-2.0, 1)
    assert (mistake.name, mistake.section) == ("without_minus", "somewhere")
    assert mistake.text.startswith("def perplexity(") and "Args:" not in mistake.text


def test_an_edit_that_raises_is_described_with_its_own_line() -> None:
    mistakes = fresh()
    mistakes.edit("divided_by_nothing", {"/ n_predictions)": "/ 0)"}, "No.")
    (mistake,) = mistakes
    with pytest.raises(ZeroDivisionError) as caught:
        mistake.function(-2.0, 1)
    assert describe(caught.value, mistake.function).source == "return math.exp(-log_prob / 0)"


def test_several_pieces_are_replaced_at_once() -> None:
    mistakes = fresh()
    mistakes.edit("swapped", {"-log_prob / n_predictions": "n_predictions / -log_prob", "math.exp": "float"}, "No.")
    (mistake,) = mistakes
    assert mistake.function(-2.0, 1) == 0.5


@pytest.mark.parametrize("piece", ["n_predictions", "torch.exp"])
def test_a_piece_that_does_not_stand_there_once_is_refused(piece: str) -> None:
    with pytest.raises(ValueError, match="stands in the reference"):
        fresh().edit("wrong", {piece: "1"}, "No.")


def test_all_checks_become_assertions() -> None:
    mistakes = Mistakes(frontier.unpatchify, section="somewhere")
    mistakes.asserted()
    (mistake,) = mistakes
    assert (mistake.name, mistake.section) == ("asserted", "somewhere")
    for patches, patch in [(torch.zeros(1, 4), 0), (torch.zeros(2, 4), 2)]:
        with pytest.raises(AssertionError):
            mistake.function(patches, channels=1, height=2, width=2, patch=patch)


def test_a_reference_that_refuses_nothing_has_no_checks_to_assert() -> None:
    with pytest.raises(ValueError, match="redact raises no ValueError"):
        Mistakes(responsible_use.redact).asserted()


def test_a_function_is_named_by_its_own_name() -> None:
    (mistake,) = known
    assert (mistake.name, mistake.section, mistake.function) == ("only_the_loss", "elsewhere", only_the_loss)


def test_the_cell_of_a_function_leaves_its_hint_out() -> None:
    cell: dict[str, Any] = {}
    exec(standalone(only_the_loss, "perplexity"), cell)
    assert cell["perplexity"](-3.0, 2) == 1.5
    assert "known" not in cell


def test_the_cell_of_an_edit_does_not_depend_on_the_other_answers() -> None:
    mistakes = Mistakes(attention.multi_head_attention, section="somewhere")
    mistakes.edit("not_projected", {" @ w_o.T": ""}, "The heads are never mixed.")
    (mistake,) = mistakes
    cell: dict[str, Any] = {"scaled_dot_product_attention": None}
    exec(wrong_answer(assignments()["05_attention"].exercise("multi_head_attention"), mistake), cell)
    arguments = torch.randn(2, 3, 4), *torch.randn(4, 4, 4), 2
    assert cell["multi_head_attention"](*arguments).equal(mistake.function(*arguments))
    assert cell["scaled_dot_product_attention"] is None


@pytest.mark.parametrize("name", assignments())
def test_who_cuts_gradients_off_is_told_what_to_do(name: str) -> None:
    known = [mistake for exercise in assignments()[name].exercises for mistake in exercise.mistakes]
    assert [mistake.hint for mistake in known if "detached" in mistake.name and not in_steps(mistake.hint)[1]] == []


def test_a_class_loses_the_docstrings_of_its_methods_too() -> None:
    text = without_docstrings(peft.LoRALinear)
    assert '"""' not in text
    assert text.startswith("class LoRALinear(nn.Module):")
