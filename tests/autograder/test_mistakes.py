"""An edit of a reference is what it says, or nothing at all."""

import pytest

from autograder.exercises.mistakes import Mistakes, without_docstrings
from solutions import language_models, peft


def known() -> Mistakes:
    return Mistakes(language_models.perplexity, section="somewhere")


def test_an_edit_compiles_beside_what_its_module_imports() -> None:
    mistakes = known()
    mistakes.edit("without_minus", {"-log_prob / n": "log_prob / n"}, "The minus sign is missing.")
    (mistake,) = mistakes
    assert mistake.function(-2.0, 1) == 1 / language_models.perplexity(-2.0, 1)
    assert (mistake.name, mistake.section) == ("without_minus", "somewhere")
    assert mistake.text.startswith("def perplexity(") and "Args:" not in mistake.text


def test_several_pieces_are_replaced_at_once() -> None:
    mistakes = known()
    mistakes.edit("swapped", {"-log_prob / n_predictions": "n_predictions / -log_prob", "math.exp": "float"}, "No.")
    (mistake,) = mistakes
    assert mistake.function(-2.0, 1) == 0.5


@pytest.mark.parametrize("piece", ["n_predictions", "torch.exp"])
def test_a_piece_that_does_not_stand_there_once_is_refused(piece: str) -> None:
    with pytest.raises(ValueError, match="stands in the reference"):
        known().edit("wrong", {piece: "1"}, "No.")


def test_a_function_is_named_by_its_own_name() -> None:
    mistakes = known()

    @mistakes.function("You return the loss.", section="elsewhere")
    def only_the_loss(log_prob: float, n_predictions: int) -> float:
        return -log_prob / n_predictions

    (mistake,) = mistakes
    assert (mistake.name, mistake.section, mistake.function) == ("only_the_loss", "elsewhere", only_the_loss)


def test_a_class_loses_the_docstrings_of_its_methods_too() -> None:
    text = without_docstrings(peft.LoRALinear)
    assert '"""' not in text
    assert text.startswith("class LoRALinear(nn.Module):")
