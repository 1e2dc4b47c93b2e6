"""masked_diffusion_loss: from guessing a few hidden tokens to generating all of them."""

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint, randn
from llm_course.checking import observe
from solutions import architectures

known = Mistakes(architectures.masked_diffusion_loss, section="architectures-diffusion")

CHECK = "if not ((t > 0) & (t <= 1)).all():"
LOG_PROBS = "functional.log_softmax(logits, dim=-1)"
LOSSES = "-log_probs.gather(-1, ids.long().unsqueeze(-1)).squeeze(-1)"
KEPT = "losses.masked_fill(~masked, 0.0)"
SUM = f"{KEPT}.sum(dim=-1)"
WEIGHTED = f"{SUM} / t.to(losses.dtype)"
RESULT = "per_example.mean() / ids.shape[-1]"

known.edit(
    "no_weight",
    {" / t.to(losses.dtype)": ""},
    "You do not divide by t. An example with few hidden tokens adds as much as one with many only if its sum is "
    "divided by the share that was hidden.",
)
known.edit(
    "times_t",
    {" / t.to(losses.dtype)": " * t.to(losses.dtype)"},
    "You multiply by t. Divide: the fewer tokens were hidden, the more each of them counts.",
)
known.edit(
    "one_minus_t",
    {" / t.to(losses.dtype)": " / (1 - t).clamp(min=1e-3).to(losses.dtype)"},
    "You divide by 1 - t. t is the share that is *hidden*, and the weight is 1 / t.",
)
known.edit(
    "divided_by_number_masked",
    {SUM: f"{KEPT}.sum(dim=-1) / masked.sum(dim=-1).clamp(min=1)", RESULT: "per_example.mean()"},
    "You divide by the number of hidden tokens. Divide by the number of *all* positions: 1 / t makes up for the rest.",
)
known.edit(
    "mean_of_masked",
    {SUM: f"{KEPT}.sum(dim=-1) / masked.sum(dim=-1)", RESULT: "per_example.mean()"},
    "You take the mean over the hidden tokens, which is NaN where there are none. Divide by the number of *all* "
    "positions: 1 / t makes up for the rest.",
)
known.edit(
    "mean_over_masked_and_time",
    {SUM: f"{KEPT}.sum(dim=-1) / masked.sum(dim=-1).clamp(min=1)"},
    "You divide by the number of hidden tokens and by the time as well. Divide by the time only.",
)
known.edit(
    "mean_over_the_masked_of_the_batch",
    {
        "    per_example =": "    losses = losses / t.to(losses.dtype)[:, None]\n    per_example =",
        WEIGHTED: KEPT,
        RESULT: "per_example.sum() / masked.sum().clamp(min=1)",
    },
    "You take the mean over the hidden tokens of the whole batch. Each example's sum is divided by the time, and the "
    "mean is over examples.",
)
known.edit(
    "plain_masked_loss",
    {WEIGHTED: KEPT, RESULT: "per_example.sum() / masked.sum().clamp(min=1)"},
    "That is BERT's loss: the mean over the hidden tokens, whatever t is. Here each example's sum is divided by t and "
    "by the time.",
    "architectures-masked",
)
known.edit(
    "all_positions",
    {KEPT: "losses"},
    "You count all positions. What was not hidden stands in the input, so guessing it teaches nothing: sum over the "
    "hidden ones only.",
)
known.edit(
    "unmasked_positions",
    {KEPT: "losses.masked_fill(masked, 0.0)"},
    "You count the positions that were *not* hidden. `masked` is True where a token was hidden and has to be guessed.",
)
known.edit(
    "shifted",
    {KEPT: "torch.nn.functional.pad(-log_probs[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)"
     ".masked_fill(~masked[:, 1:], 0.0), (0, 1))"},
    "You shift: logits at t against the token at t + 1, as a decoder does. Here the logits at a position are about the "
    "token that was hidden at that very position.",
)  # fmt: skip
known.edit(
    "shifted_and_shortened",
    {KEPT: "torch.nn.functional.pad(-log_probs[:, :-1].gather(-1, ids[:, 1:, None]).squeeze(-1)"
     ".masked_fill(~masked[:, 1:], 0.0), (0, 1))",
     RESULT: "per_example.mean() / (ids.shape[-1] - 1)"},
    "You shift, as a decoder does, and lose a position. Here the logits at a position are about the token that was "
    "hidden at that very position, and all positions count.",
)  # fmt: skip
known.edit(
    "summed_over_the_batch",
    {RESULT: "per_example.sum() / ids.shape[-1]"},
    "You add up the examples. Take the mean over the batch.",
)
known.edit(
    "divided_by_time_twice",
    {"/ ids.shape[-1]": "/ ids.shape[-1] ** 2"},
    "You divide by the time twice, as with a mean over positions and another division. Take the sum over the hidden "
    "positions, and divide it once.",
)
known.edit(
    "not_divided_by_time",
    {RESULT: "per_example.mean()"},
    "You do not divide by the time: the loss grows with the length of the text. Divide by the number of positions.",
)
known.edit(
    "per_example_returned",
    {RESULT: "per_example / ids.shape[-1]"},
    "You return a loss for each example. The task asks for their mean, a single number.",
)
known.edit(
    "divided_by_vocabulary",
    {RESULT: "per_example.mean() / logits.shape[-1]"},
    "You divide by the size of the vocabulary, the last dimension of the logits. Divide by the time.",
)
known.edit(
    "one_weight_for_all",
    {"t.to(losses.dtype)": "t.to(losses.dtype)[0]"},
    "All of your examples get the weight of the first. Each has a t of its own.",
)
known.edit(
    "mean_t",
    {"t.to(losses.dtype)": "t.to(losses.dtype).mean()"},
    "You divide by the mean of t. Each example is divided by its own t before the mean is taken.",
)
known.edit(
    "mean_of_weights",
    {WEIGHTED: f"{SUM} * (1 / t.to(losses.dtype)).mean()"},
    "You average the weights and the losses separately, or divide [batch] by [batch, 1], which pairs every example "
    "with every t. Divide each example's sum by its own t before the mean is taken.",
)
known.edit(
    "share_that_was_masked",
    {"t.to(losses.dtype)": "masked.to(losses.dtype).mean(dim=-1).clamp(min=1e-6)"},
    "You divide by the share of tokens that *happened* to be hidden. t is the chance with which they were hidden, and "
    "is given.",
)
known.edit(
    "weight_along_time",
    {WEIGHTED: f"({KEPT} / t.to(losses.dtype)).sum(dim=-1)"},
    "Your weights run along time: Tensor[batch, time] / Tensor[batch] lines t up with the last dimension, and raises "
    "unless both are equal. Sum first, or write t[:, None].",
)
known.edit(
    "minus_forgotten",
    {"losses = -log": "losses = log"},
    "Your loss is negative: it is *minus* the logarithm of the probability.",
)
known.edit(
    "probabilities",
    {LOG_PROBS: "torch.softmax(logits, dim=-1)", LOSSES: f"1 {LOSSES}"},
    "You sum 1 - p. The loss is -log p.",
)
known.edit(
    "softmax_without_logarithm",
    {LOG_PROBS: "torch.softmax(logits, dim=-1)"},
    "You leave out the logarithm: softmax gives probabilities, the loss is -log p.",
)
known.edit(
    "logits_taken_for_log_probs",
    {LOG_PROBS: "logits"},
    "You take the logits for log probabilities. They become that by log_softmax.",
)
known.edit(
    "softmax_over_time",
    {LOG_PROBS: "functional.log_softmax(logits, dim=1)"},
    "Your softmax runs over the positions. It runs over the vocabulary, the last dimension.",
)
known.edit(
    "in_bits",
    {LOSSES: f"{LOSSES} / 0.6931471805599453"},
    "Your loss is in bits. The task asks for the natural logarithm, as log_softmax gives it.",
)
known.edit(
    "logarithm_of_softmax",
    {LOG_PROBS: "torch.softmax(logits, dim=-1).log()"},
    "You take the logarithm of a softmax. With logits of 1000 a probability is rounded to 0, and its logarithm is "
    "-inf: log_softmax does both in one step.",
)
known.edit(
    "exponentials",
    {LOG_PROBS: "logits - logits.exp().sum(dim=-1, keepdim=True).log()"},
    "You take exponentials of the logits as they are, which overflow at 1000. log_softmax subtracts the largest first.",
)
known.edit(
    "clamped_logarithm",
    {LOG_PROBS: "torch.softmax(logits, dim=-1).clamp(min=1e-9).log()"},
    "You keep the logarithm finite by a smallest probability. That cuts large losses and stops their gradient: "
    "log_softmax needs no such number.",
)
known.edit(
    "nothing_masked_is_nan",
    {SUM: f"{KEPT}.sum(dim=-1) * masked.sum(dim=-1) / masked.sum(dim=-1)"},
    "An example without a hidden token makes your loss NaN: somewhere you divide by their number. It adds 0.",
)
known.edit(
    "empty_examples_not_counted",
    {RESULT: "per_example.sum() / masked.any(dim=-1).sum().clamp(min=1) / ids.shape[-1]"},
    "You leave examples without a hidden token out of the mean. They add 0, and count.",
)
known.edit(
    "not_checked",
    {CHECK: "if False:"},
    "You accept any t. A share of 0 hides nothing and divides by zero, one above 1 is none: raise ValueError unless "
    "every t is above 0 and at most 1.",
)
known.edit(
    "zero_accepted",
    {CHECK: "if not ((t >= 0) & (t <= 1)).all():"},
    "You accept a t of 0, by which nothing can be divided. Raise ValueError: t is *above* 0.",
)
known.edit(
    "above_one_accepted",
    {CHECK: "if not (t > 0).all():"},
    "You accept a t above 1. It is a share: raise ValueError.",
)
known.edit(
    "one_refused",
    {CHECK: "if not ((t > 0) & (t < 1)).all():"},
    "You refuse a t of 1. All tokens may be hidden: that is where generation starts.",
)
known.edit(
    "any_for_all",
    {CHECK: "if not ((t > 0) & (t <= 1)).any():"},
    "You accept a batch if any t makes sense. Every one has to: all, not any.",
)
known.edit(
    "first_t_checked",
    {CHECK: "if not 0 < t[0] <= 1:"},
    "You check the t of the first example only. Every one has to be above 0 and at most 1.",
)
known.edit(
    "t_clamped",
    {CHECK: "t = t.clamp(1e-3, 1)\n    if False:"},
    "You pull t back into its range without a word. Outside (0, 1] it is a mistake of the caller: raise ValueError.",
)
known.edit(
    "in_float32",
    {RESULT: f"({RESULT}).float()"},
    "Logits in float64 give a loss in float32: keep the dtype. Look for float(), torch.zeros and torch.tensor.",
)
known.edit(
    "dtype_of_t",
    {"t.to(losses.dtype)": "t"},
    "Divided by a t of more digits, your loss takes the dtype of t. Convert it to that of the logits.",
)
known.edit(
    "small_t_raised",
    {"t.to(losses.dtype)": "t.clamp(min=1e-2).to(losses.dtype)"},
    "You divide by no less than a small number of your own. Every t above 0 makes sense: divide by t itself.",
)
known.edit(
    "history_cut",
    {RESULT: "per_example.mean().detach() / ids.shape[-1]"},
    "The loss is right, but no gradient flows back to the logits: work on tensors, without item, tolist or detach.",
)
known.edit(
    "weights_normalized",
    {RESULT: "per_example.sum() / (1 / t.to(losses.dtype)).sum() / ids.shape[-1]"},
    "You divide by the sum of the weights 1 / t, as in a weighted mean. Then 1 / t no longer makes up for the tokens "
    "that were not hidden: take the plain mean over the examples.",
)
known.asserted()


@known.function("You write into the logits that you were given: work on new tensors.")
def in_place(logits: Tensor, ids: Tensor, masked: Tensor, t: Tensor) -> Tensor:
    found = architectures.masked_diffusion_loss(logits, ids, masked, t)
    with torch.no_grad():
        logits -= logits.logsumexp(dim=-1, keepdim=True)
    return found


def example(
    draw: Generator, batch: int = 3, time: int = 5, vocab: int = 7, dtype: torch.dtype = torch.float32
) -> Arguments:
    """Every example has hidden tokens and others, another number of them in each. Logits are not contiguous."""
    order = torch.rand(batch, time, generator=draw).argsort(dim=-1)
    return {
        "logits": 2 * randn(draw, vocab, batch, time, dtype=dtype).permute(1, 2, 0),
        "ids": torch.randint(vocab, (batch, time), generator=draw),
        "masked": order < torch.arange(batch)[:, None] % (time - 1) + 1,
        # Eighths, in float32 exact, and none of them the share of the tokens that is hidden.
        "t": (torch.randperm(7, generator=draw)[:batch] + 1) / 8,
    }


def drawn(draw: Generator) -> Arguments:
    return example(draw, batch=randint(draw, 4, 6), time=randint(draw, 7, 9), vocab=randint(draw, 10, 13))


def small(draw: Generator, dtype: torch.dtype = torch.float32) -> Arguments:
    return example(draw, batch=2, time=3, vocab=4, dtype=dtype)


def small_share(draw: Generator) -> Arguments:
    """A t below what some code does not go below."""
    return {**small(draw), "t": torch.tensor([0.0004, 0.5])}


def single(draw: Generator) -> Arguments:
    return example(draw, batch=1, time=6, vocab=5)


def as_many_examples_as_positions(draw: Generator) -> Arguments:
    return example(draw, batch=4, time=4, vocab=6)


def large(draw: Generator) -> Arguments:
    """Logits of 1000 for wrong tokens where something is hidden: a large loss, and a finite one."""
    arguments = example(draw)
    wrong = (arguments["ids"] + 1) % 7
    hidden = arguments["masked"][..., None]
    return {
        **arguments,
        "logits": torch.where(hidden, arguments["logits"].scatter(-1, wrong[..., None], 1000.0), arguments["logits"]),
    }


def one_without(draw: Generator) -> Arguments:
    arguments = example(draw)
    masked = arguments["masked"].clone()
    masked[1] = False
    return {**arguments, "masked": masked}


def all_without(draw: Generator) -> Arguments:
    arguments = example(draw)
    return {**arguments, "masked": torch.zeros_like(arguments["masked"])}


def all_hidden(draw: Generator) -> Arguments:
    arguments = example(draw, batch=2, time=4)
    return {**arguments, "masked": torch.ones_like(arguments["masked"]), "t": torch.tensor([1.0, 0.75])}


def with_t(*t: float) -> Arguments:
    """A batch with these shares, drawn from a seed of its own: what is drawn here is not looked at."""
    return {**example(torch.Generator().manual_seed(7), batch=len(t)), "t": torch.tensor(t)}


def refused(draw: Generator) -> Arguments:
    arguments = drawn(draw)
    place = randint(draw, 1, len(arguments["t"]) - 1)
    return {**arguments, "t": arguments["t"].index_fill(0, torch.tensor(place), 1 + randint(draw, 1, 8) / 8)}


EQUAL = {
    "logits": torch.zeros(1, 4, 2),
    "ids": torch.tensor([[0, 1, 1, 0]]),
    "masked": torch.tensor([[False, True, False, False]]),
    "t": torch.tensor([0.5]),
}
MAIN = "It is the mean over examples of the sum over hidden tokens of -log p, divided by t and by the time"

EXERCISE = Exercise(
    reference=architectures.masked_diffusion_loss,
    points=3,
    cases=(
        Case("two equal logits", given(**EQUAL), visible=True),
        Case("three examples", example, visible=True),
        Case("drawn", drawn),
        Case("one example, drawn", single),
        Case("as many examples as positions", as_many_examples_as_positions, visible=True),
        Case("all hidden", all_hidden, visible=True),
        Case("a small share", small_share, visible=True),
        Case("a small share, drawn", small_share),
        Case("large logits", large, visible=True),
        Case("nothing hidden in one", one_without, visible=True),
        Case("nothing hidden", all_without),
        Case("float64", lambda draw: example(draw, dtype=torch.float64), visible=True),
        Case("bfloat16, t in float32", lambda draw: small(draw, torch.bfloat16), visible=True),
        Case("gradients", small, visible=True, gradients=("logits",)),
        Case("gradients of large logits", large, visible=True, gradients=("logits",)),
        Case("t of 1", given(**with_t(0.5, 1.0)), visible=True),
        Case("t of 0", given(**with_t(0.5, 0.0, 0.25)), visible=True),
        Case("t of 0 first", given(**with_t(0.0, 0.5)), visible=True),
        Case("t above 1", given(**with_t(0.5, 1.5)), visible=True),
        Case("t above 1, drawn", refused),
        Case("negative t", given(**with_t(0.25, -0.5)), visible=True),
        Case("no t makes sense", given(**with_t(2.0, 3.0)), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            (
                "two equal logits",
                "three examples",
                "drawn",
                "one example, drawn",
                "as many examples as positions",
                "all hidden",
                "a small share",
                "a small share, drawn",
            ),
            "One hidden token of four, two equal logits, t = 0.5: the loss of that token is log 2 = 0.693, divided by "
            "0.5 and by 4 it is 0.347.",
            weight=4,
        ),
        Property(
            "Logits of 1000 give a large loss, and a finite one",
            ("large logits", "gradients of large logits"),
            "Use log_softmax: the logarithm of a softmax is -inf where the probability is rounded to 0.",
            needs=MAIN,
        ),
        Property(
            "An example without hidden tokens adds 0 and counts",
            ("nothing hidden in one", "nothing hidden"),
            "The sum over no tokens is 0. Do not divide by their number.",
            needs=MAIN,
        ),
        Property(
            "The dtype is that of the logits, and the arguments are left unchanged",
            ("float64", "bfloat16, t in float32", "three examples"),
            "Logits in float64 give a loss in float64, those in bfloat16 one in bfloat16 whatever t is, and no "
            "argument may differ after the call.",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "Gradients reach the logits",
            ("gradients",),
            "Pick the log probabilities by gather and sum with torch: item and tolist lose the history.",
            observe=observe.gradients,
            needs=MAIN,
        ),
        Property(
            "A t outside (0, 1] is refused with a ValueError, in any example",
            (
                "three examples",
                "t of 1",
                "t of 0",
                "t of 0 first",
                "t above 1",
                "t above 1, drawn",
                "negative t",
                "no t makes sense",
            ),
            "Raise ValueError unless every entry of t is above 0 and at most 1; 1 itself is allowed.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)
