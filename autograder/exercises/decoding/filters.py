"""What is asked of any filter, from logits to logits, beside which tokens it keeps."""

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Property
from llm_course.checking import observe

LOGITS = "decoding-logits"


def filter_properties(needs: str, gradients: tuple[str, ...] = ("gradients",)) -> tuple[Property, ...]:
    """The properties, once the one that `needs` names holds. `gradients` are the cases that ask for them."""
    return (
        Property(
            "The dtype is kept, and the arguments are left unchanged",
            ("float64", "drawn"),
            "Logits in float64 must come back in float64, and the tensor that you were given must be as it was.",
            observe=observe.dtype_and_changed,
            needs=needs,
        ),
        Property(
            "Gradients reach the logits that survive",
            gradients,
            "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
            observe=observe.gradients_where_finite,
        ),
    )


def add_filter_mistakes(
    known: Mistakes, filtered: str, start: str = "", dropped: str = "", unfiltered: str = ""
) -> None:
    """Add what can go wrong once the right tokens are found.

    The arguments quote the reference: `filtered` is what it returns, `unfiltered` what it returns if nothing is cut. A
    filter that takes several rows also has a `start`, the head of its first statement, and the mask `dropped`.
    """
    returned = [expression for expression in (filtered, unfiltered) if expression]

    def wrapped(before: str, after: str) -> dict[str, str]:
        return {expression: f"{before}{expression}{after}" for expression in returned}

    known.edit(
        "zeros_for_infinity",
        {filtered: filtered.replace("-torch.inf", "0.0")},
        "You set the logits that go to 0. A logit of 0 is no probability of 0: e⁰ = 1, so those tokens may even become "
        "likelier. Only -inf has the probability 0.",
        LOGITS,
    )
    known.edit(
        "low_but_finite",
        {filtered: filtered.replace("-torch.inf", "-1e9")},
        "You set the logits that go to a very low number. -inf is asked for: a later filter, or a high temperature, "
        "must never bring such a token back.",
        LOGITS,
    )
    known.edit(
        "probabilities_returned",
        wrapped("torch.softmax(", ", dim=-1)"),
        "You return probabilities. A filter takes logits and gives logits, so that filters can follow one another and "
        "one softmax comes at the end.",
        LOGITS,
    )
    known.edit(
        "log_probabilities_returned",
        wrapped("torch.log_softmax(", ", dim=-1)"),
        "You return log-probabilities. Their distribution is right, but the logits that survive are to be kept as they "
        "are: one softmax at the end does the rest.",
        LOGITS,
    )
    if start:
        known.edit(
            "log_softmax_first",
            {start: f"logits = torch.log_softmax(logits, dim=-1)\n    {start}"},
            "You take the log-softmax first and filter its numbers. The tokens are the right ones, but the logits that "
            "survive are to be kept as they are.",
            LOGITS,
        )
    if dropped:
        known.edit(
            "left_sorted",
            # Where nothing is cut, many return early.
            {filtered: f"logits.clone() if not ({dropped}).any() else {filtered}.sort(dim=-1, descending=True).values"},
            "Your result is sorted. Place i belongs to token i: bring each logit back to where it stood.",
        )
    known.edit(
        "survivors_marked",
        wrapped("", " > -torch.inf"),
        "You return which tokens survive. The logits are asked for, with -inf in place of those that do not.",
    )
    if dropped:
        known.edit(
            "first_row_for_all",
            {filtered: f"logits.masked_fill(({dropped}).reshape(-1, logits.shape[-1])[0], -torch.inf)"},
            "All your rows keep the tokens that the first row keeps. Each row is a distribution of its own.",
        )
        known.edit(
            "whole_batch_as_one_row",
            {start: f"shape, logits = logits.shape, logits.flatten()\n    {start}", **wrapped("", ".view(shape)")},
            "You treat the batch as one long row, so that some rows keep too much and others nothing at all. Work "
            "along the last dimension.",
        )
    known.edit(
        "changed_in_place",
        wrapped("logits.copy_(", ")"),
        "Your function writes into the logits that it was given. Whoever called it still needs them: return a new "
        "tensor, as `masked_fill` does and `masked_fill_` does not.",
        LOGITS,
    )
    known.edit(
        "changed_in_place_without_gradients",
        wrapped("(logits.data.copy_(", "), logits)[1]"),
        "Your function writes into the logits that it was given, by no_grad or .data, and returns them. Whoever called "
        "it still needs them: return a new tensor.",
        LOGITS,
    )
    known.edit(
        "in_float32",
        wrapped("", ".float()"),
        "Your result is float32 whatever came in. Return the dtype of the logits.",
        LOGITS,
    )
    known.edit(
        "detached",
        wrapped("", ".detach()"),
        "Your result has lost its history: no detach, no no_grad, no way through NumPy or plain numbers.",
        LOGITS,
    )
