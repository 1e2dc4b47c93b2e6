"""apply_temperature: sharper or flatter."""

import torch
from torch import Generator, Tensor

from autograder.exercises.decoding.filters import filter_properties
from autograder.exercises.decoding.inputs import rows
from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import decoding

LOGITS = "decoding-logits"

known = Mistakes(decoding.apply_temperature, section="decoding-temperature")

START = "if temperature < 0:"
DIVIDED = "logits / temperature"
OTHERS = "torch.ones_like(logits, dtype=torch.bool).scatter(-1, logits.argmax(-1, keepdim=True), False)"
WINNER_ALONE = "logits.masked_fill(others, -torch.inf)"

known.edit(
    "multiplied",
    {DIVIDED: "logits * temperature"},
    "You multiply by the temperature, so a low one flattens the distribution. Divide.",
)
known.edit(
    "temperature_ignored", {DIVIDED: "logits.clone()"}, "Above 0, your result does not depend on the temperature."
)
known.edit(
    "divided_by_zero",
    {"temperature == 0": "False"},
    "At temperature 0 you divide by 0 and get infinities and NaN, or an error. Treat 0 on its own: it is the limit in "
    "which the largest logit takes all.",
)
# What comes out at 0 depends on the tiny number: these are the usual ones.
for exponent in (3, 4, 5, 6, 8, 9, 10, 12):
    known.edit(
        f"tiny_for_zero_{exponent}",
        {"temperature == 0": "False", DIVIDED: f"logits / max(temperature, 1e-{exponent})"},
        f"You put a tiny temperature, such as 1e-{exponent}, in place of 0. Two largest logits still share, and the "
        "others are far away, but not gone: keep one logit and set the others to -inf.",
    )
known.edit(
    "zero_changes_nothing",
    {WINNER_ALONE: "logits.clone()"},
    "At temperature 0 you return the logits as they are. That is temperature 1: at 0 only the largest is left.",
)
known.edit(
    "all_largest_kept",
    {OTHERS: "logits < logits.amax(-1, keepdim=True)"},
    "At temperature 0 you keep every logit that is largest. If two are, the first one wins.",
)
known.edit(
    "last_largest_kept",
    {"logits.argmax(-1, keepdim=True)": "logits.shape[-1] - 1 - logits.flip(-1).argmax(-1, keepdim=True)"},
    "At temperature 0, if two logits are largest, you keep the last. The first one wins.",
)
known.edit(
    "one_hot",
    {WINNER_ALONE: "(~others).to(logits.dtype)"},
    "At temperature 0 you return 1 for the winner and 0 for the others: as logits these still leave every token a "
    "chance. The others have to be -inf, and the winner keeps its logit.",
)
known.edit(
    "largest_as_zero",
    {WINNER_ALONE: "torch.zeros_like(logits).masked_fill(others, -torch.inf)"},
    "At temperature 0 you set the winner's logit to 0. Its distribution is right, but the logit is to be kept.",
)
known.edit(
    "zeros_for_infinity",
    {"-torch.inf": "0.0"},
    "At temperature 0 you set the losers to 0. A logit of 0 is not a probability of 0: only -inf is.",
    LOGITS,
)
known.edit(
    "one_winner_in_the_batch",
    {OTHERS: "torch.arange(logits.numel()).view(logits.shape) != logits.argmax()"},
    "At temperature 0 you keep the largest logit of the whole batch. Each row has a winner of its own: `argmax` needs "
    "its dimension.",
)


@known.function(
    "At temperature 0 you go through the rows of a matrix. Logits are [..., vocab], one row alone or a batch of texts "
    "as well: `argmax(-1, keepdim=True)` and `scatter` take them all.",
)
def zero_row_by_row(logits: Tensor, temperature: float) -> Tensor:
    if temperature != 0:
        return decoding.apply_temperature(logits, temperature)
    kept = torch.full_like(logits, -torch.inf)
    for row in range(logits.shape[0]):
        winner = logits[row].argmax()
        kept[row, winner] = logits[row, winner]
    return kept


known.edit(
    "zero_detached",
    {WINNER_ALONE: "logits.detach().masked_fill(others, -torch.inf)"},
    "At temperature 0 no gradient reaches the logit that is left. Its history must be kept there, too: no detach, no "
    "no_grad, no way through plain numbers.",
    LOGITS,
)
known.edit(
    "zero_refused",
    {START: "if temperature <= 0:"},
    "You refuse temperature 0. It makes sense, as the limit in which the largest logit takes all.",
)
known.edit(
    "sign_unchecked",
    {START: "if False:"},
    "You accept a negative temperature, which turns the order around: the least probable token becomes the most "
    "probable. Raise ValueError.",
)
known.edit(
    "probabilities_divided",
    {START: f"logits = torch.softmax(logits, dim=-1)\n    {START}"},
    "You take the softmax first and divide the probabilities. The temperature divides logits; on probabilities it "
    "does something else, and the softmax is not yours to take here.",
    LOGITS,
)
known.edit(
    "probabilities_returned",
    {DIVIDED: f"torch.softmax({DIVIDED}, dim=-1)"},
    "You return probabilities. Give logits back: the filters come next, and one softmax at the end.",
    LOGITS,
)
known.edit(
    "one_minus",
    {"temperature == 0": "False", DIVIDED: "logits * (1 - temperature)"},
    "You multiply by 1 minus the temperature. Divide by the temperature: 1 changes nothing, 2 halves the distances "
    "between logits.",
)
known.edit(
    "changed_in_place",
    {DIVIDED: "logits.div_(temperature)"},
    "Your function writes into the logits that it was given: `/=` changes the tensor in place, and whoever called you "
    "still needs it.",
    LOGITS,
)
known.edit(
    "in_float32",
    {START: f"logits = logits.float()\n    {START}"},
    "Your result is float32 whatever came in. Return the dtype of the logits.",
    LOGITS,
)
known.edit(
    "detached",
    {START: f"logits = logits.detach()\n    {START}"},
    "Your result has lost its history: no detach, no no_grad, no way through NumPy or plain numbers.",
    LOGITS,
)


def drawn_temperature(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=6), "temperature": 0.3 + 0.1 * randint(draw, 0, 4)}


def drawn_zero(draw: Generator) -> Arguments:
    logits = rows(draw, 3, vocab=6)
    logits[1, 4] = logits[1, 2] = logits[1].max() + 1
    return {"logits": logits, "temperature": 0.0}


def one_row(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 1, vocab=7), "temperature": 2.5}


def no_batch_at_zero(draw: Generator) -> Arguments:
    return {"logits": rows(draw, vocab=6), "temperature": 0}


def texts_at_zero(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, 3, vocab=6), "temperature": 0.0}


def temperature_in_float64(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5).double(), "temperature": 1.7}


def negative_temperature(draw: Generator) -> Arguments:
    return {"logits": rows(draw, 2, vocab=5), "temperature": -0.2 * randint(draw, 1, 9)}


TWO_ROWS = torch.tensor([[0.5, 2.0, -1.0, 2.0, 0.0], [3.0, -0.5, 1.0, 0.0, 3.5]])

EXERCISE = Exercise(
    reference=decoding.apply_temperature,
    points=2,
    cases=(
        Case("two rows", given(logits=TWO_ROWS, temperature=0.5), visible=True),
        Case("drawn", drawn_temperature, visible=True),
        Case("one row", one_row),
        Case("zero", given(logits=TWO_ROWS, temperature=0.0), visible=True),
        Case("zero, drawn", drawn_zero),
        Case("zero, no batch", no_batch_at_zero, visible=True),
        Case("zero, a batch of texts", texts_at_zero, visible=True),
        Case("float64", temperature_in_float64, visible=True),
        Case("gradients", drawn_temperature, visible=True, gradients=("logits",)),
        Case("gradients at zero", texts_at_zero, visible=True, gradients=("logits",)),
        Case("negative", given(logits=TWO_ROWS, temperature=-1.0), visible=True),
        Case("negative, drawn", negative_temperature),
    ),
    properties=(
        Property(
            "Logits are divided by the temperature",
            ("two rows", "drawn", "one row"),
            "At temperature 0.5 a logit of 2 becomes 4: the distances between logits double, the distribution gets "
            "sharper.",
            weight=2,
        ),
        Property(
            "At temperature 0 only the first largest logit of each row survives",
            ("zero", "zero, drawn", "zero, no batch", "zero, a batch of texts"),
            "Keep the largest logit as it is and set the others to -inf. If two are largest, the first one wins: look "
            "at `argmax`.",
            weight=2,
        ),
        Property(
            "A negative temperature is refused with a ValueError",
            ("two rows", "drawn", "negative", "negative, drawn"),
            "Raise ValueError for a temperature below 0.",
            observe=observe.refusal,
            needs="Logits are divided by the temperature",
        ),
        *filter_properties(needs="Logits are divided by the temperature", gradients=("gradients", "gradients at zero")),
    ),
    mistakes=tuple(known),
)
