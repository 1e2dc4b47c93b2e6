"""next_token_loss: each position predicts the next token; the mean over the targets that count."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import pretraining

SHIFT = "pretraining-shift"
BY_HAND = "pretraining-by-hand"

known = Mistakes(pretraining.next_token_loss, section="pretraining-mean")

CHECK = "logits.shape[:2] != ids.shape"
PREDICTED, WANTED = "logits[:, :-1]", "ids[:, 1:]"
PREDICTIONS, TARGETS = f"{PREDICTED}.flatten(0, 1)", f"{WANTED}.flatten()"
TOTAL = 'functional.cross_entropy(predictions, targets, ignore_index=ignore_index, reduction="sum")'
EACH = TOTAL.replace('"sum"', '"none"')
COUNTED = "(targets != ignore_index).sum().clamp(min=1)"
LOSS = f"total / {COUNTED}"

known.edit(
    "not_shifted",
    {PREDICTED: "logits", WANTED: "ids"},
    "You compare the logits of a position with the token at that same position. A model that copies its input would "
    "have the loss 0.",
    SHIFT,
)
known.edit(
    "not_shifted_last_left_out",
    {WANTED: "ids[:, :-1]"},
    "You leave out the last position and the last token: what is left is not shifted. Leave out the *first* token.",
    SHIFT,
)
known.edit(
    "not_shifted_first_left_out",
    {PREDICTED: "logits[:, 1:]"},
    "You leave out the first position and the first token: what is left is not shifted. Leave out the *last* position.",
    SHIFT,
)
known.edit(
    "shifted_twice",
    {PREDICTED: "logits[:, :-2]", WANTED: "ids[:, 2:]"},
    "You train position t to predict the token at t + 2: the shift is there twice.",
    SHIFT,
)
known.edit(
    "shifted_backward",
    {PREDICTED: "logits[:, 1:]", WANTED: "ids[:, :-1]"},
    "You shift the wrong way: position t predicts the token at t - 1, which it has seen.",
    SHIFT,
)
known.edit(
    "rolled",
    {PREDICTED: "logits", WANTED: "ids.roll(-1, dims=1)"},
    "You roll the ids, so the last position predicts the first token. It predicts nothing: leave it out.",
    SHIFT,
)
known.edit(
    "shifted_after_flattening",
    {PREDICTIONS: "logits.flatten(0, 1)[:-1]", TARGETS: "ids.flatten()[1:]"},
    "You flatten before you shift, so the end of one text predicts the beginning of the next.",
    SHIFT,
)
known.edit(
    "last_target_lost",
    {PREDICTED: "logits[:, :-2]", WANTED: "ids[:, 1:-1]"},
    "The last target is lost: a text of n tokens has n - 1 targets.",
    SHIFT,
)
known.edit(
    "first_target_lost",
    {PREDICTED: "logits[:, 1:-1]", WANTED: "ids[:, 2:]"},
    "The first target is lost: the token at position 1, which position 0 predicts.",
    SHIFT,
)
known.edit(
    "summed",
    {LOSS: "total"},
    "You add the losses up. Asked for is their mean, or the loss would grow with the length of the text.",
)
known.edit(
    "summed_over_time",
    {COUNTED: "len(ids)"},
    "You add up the losses of each text and take the mean over texts. Divide by the number of targets.",
)
known.edit(
    "mean_over_all",
    {COUNTED: "max(1, len(targets))"},
    "You divide by the number of all targets. Those that are ignored do not count below the line either.",
)
known.edit(
    "left_out_by_input",
    {
        f"total = {TOTAL}": (
            "counts = (ids[:, :-1] != ignore_index).flatten()\n"
            "    total = (counts * functional.cross_entropy(predictions, targets.clamp(min=0), reduction='none')).sum()"
        ),
        "(targets != ignore_index)": "counts",
    },
    "You leave out the positions whose *input* is ignore_index. What does not count is a target: the token that comes "
    "next.",
)
known.edit(
    "mean_over_positions",
    {COUNTED: "ids.numel()"},
    "You divide by the number of positions. There is one target less than that in each text, and the ignored ones do "
    "not count.",
)
known.edit(
    "counted_with_the_first",
    {"(targets != ignore_index)": "(ids != ignore_index)"},
    "You count the first tokens among the targets. Count after the shift.",
)
known.edit(
    "mean_of_means",
    {
        TOTAL: f"{EACH}.unflatten(0, {WANTED}.shape).sum(1)",
        LOSS: f"(total / ({WANTED} != ignore_index).sum(1).clamp(min=1)).mean()",
    },
    "You take the mean of each text, then the mean of these. Each target counts the same, however long its text is.",
)
known.edit(
    "masked_by_inputs",
    {WANTED: f"{WANTED}.masked_fill(ids[:, :-1] == ignore_index, ignore_index)"},
    "You leave out positions whose own token is ignore_index. What counts is the target, one token later.",
)
known.edit(
    "ignored_as_token_zero",
    {
        WANTED: f"{WANTED}.clamp(min=0)",
        "ignore_index=ignore_index": "ignore_index=-100",
        COUNTED: "max(1, len(targets))",
    },
    "You turn ignored targets into token 0 and count them. They do not count at all.",
)
known.edit(
    "not_ignored",
    {TOTAL: "-predictions.log_softmax(-1).gather(-1, targets[:, None]).sum()", COUNTED: "max(1, len(targets))"},
    "You look up targets that should be ignored: -100 is the index of no token.",
)
known.edit(
    "index_fixed",
    {f"if {CHECK}": f"ignore_index = -100\n    if {CHECK}"},
    "You ignore -100 whatever ignore_index is. Use the argument.",
)
known.edit(
    "zero_ignored_too",
    {WANTED: f"{WANTED}.masked_fill({WANTED} == 0, ignore_index)"},
    "You leave out token 0. It is a token like others, unless ignore_index says otherwise.",
)
known.edit(
    "nothing_is_nan",
    {'"sum"': '"mean"', LOSS: "total"},
    "Without a target that counts your loss is NaN, as cross_entropy's mean is: 0 divided by 0.",
)
known.edit(
    "all_ignored_is_nan",
    {LOSS: "total / (targets != ignore_index).sum() if len(targets) else total"},
    "You think of texts of one token, but if all targets are ignored your loss is still NaN.",
)
known.edit(
    "zero_in_float32",
    {"    total = ": "    if not (targets != ignore_index).any():\n        return torch.tensor(0.0)\n    total = "},
    "Without a target that counts you return a 0 in float32. Keep the dtype of the logits.",
)
known.edit(
    "number_for_nothing",
    {LOSS: f"{LOSS} if (targets != ignore_index).any() else 0.0"},
    "Without a target that counts you return the number 0.0. Return a tensor, as in all other cases.",
)
known.edit(
    "sign_lost",
    {LOSS: f"-{LOSS}"},
    "Your loss is negative. It is *minus* the log probability, so that better is smaller.",
    BY_HAND,
)
known.edit(
    "in_bits",
    {LOSS: f"{LOSS} / math.log(2)"},
    "Your loss is in bits: you take the logarithm to base 2. Asked for is the natural one.",
    BY_HAND,
)
known.edit(
    "perplexity",
    {LOSS: f"torch.exp({LOSS})"},
    "You return the perplexity, e to the loss. Asked for is the loss.",
    BY_HAND,
)
known.edit(
    "share_wrong",
    {TOTAL: "((predictions.argmax(-1) != targets) & (targets != ignore_index)).sum().to(logits.dtype)"},
    "You count how often the best token is not the right one. A loss looks at the probability of the right token.",
    BY_HAND,
)
known.edit(
    "probability_without_log",
    {TOTAL: f"(1 - torch.exp(-{EACH})).sum()"},
    "You take one minus the probability. Asked for is minus its logarithm.",
    BY_HAND,
)
known.edit(
    "logits_not_normalized",
    {"cross_entropy": "nll_loss"},
    "You take the logits of the targets as if they were log probabilities. Apply log_softmax first.",
    BY_HAND,
)
known.edit(
    "softmax_twice",
    {PREDICTIONS: f"{PREDICTIONS}.softmax(-1)"},
    "Softmax is applied twice: cross_entropy expects logits, not probabilities.",
    BY_HAND,
)
known.edit(
    "softmax_over_time",
    {PREDICTED: f"{PREDICTED}.log_softmax(1)", "cross_entropy": "nll_loss"},
    "Your softmax runs over the positions. It runs over the vocabulary, the last dimension.",
    BY_HAND,
)
known.edit(
    "log_of_softmax",
    {"functional.cross_entropy(predictions, ": "functional.nll_loss(predictions.softmax(-1).log(), "},
    "You take the logarithm of softmax. A small probability is rounded to 0, and its logarithm is minus infinity: "
    "log_softmax does both in one.",
)
known.edit(
    "by_exp",
    {PREDICTED: "(logits.exp() / logits.exp().sum(-1, keepdim=True)).log()[:, :-1]"},
    "You compute exp of the logits yourself, and it overflows for large ones. Use log_softmax.",
    BY_HAND,
)
known.edit(
    "view_of_memory",
    {PREDICTIONS: f"{PREDICTED}.view(-1, logits.shape[-1])"},
    "`view` fails on logits[:, :-1]: a slice has gaps in memory. Use reshape or flatten.",
    "pretraining-source-code",
)
known.edit(
    "shapes_not_checked",
    {CHECK: "False"},
    "After flattening, 2 texts of 3 targets fit 3 texts of 2. Compare the shapes before, and raise ValueError.",
    SHIFT,
)
known.edit(
    "shapes_never_compared",
    {
        CHECK: "False",
        "total = ": (
            "common = min(len(predictions), len(targets))\n"
            "    predictions, targets = predictions[:common], targets[:common]\n"
            "    total = "
        ),
    },
    "You do not compare the shapes of logits and ids, and pair what does not belong together.",
    SHIFT,
)
known.edit(
    "ids_changed",
    {
        f"return {LOSS}": (
            f"loss = {LOSS}\n    ids[:, :-1], ids[:, -1] = {WANTED}.clone(), ignore_index\n    return loss"
        )
    },
    "You write into the ids, perhaps to shift them. They belong to the caller, who still needs them.",
    SHIFT,
)
known.edit(
    "always_float32",
    {LOSS: f"({LOSS}).float()"},
    "Your loss is in float32 whatever the logits are. Give it back in their dtype.",
    BY_HAND,
)
known.edit(
    "as_number",
    {LOSS: f"({LOSS}).item()"},
    "You return a number of Python. Asked for is a tensor, or nothing can be differentiated.",
    BY_HAND,
)
known.edit(
    "detached",
    {LOSS: f"({LOSS}).detach()"},
    "Your loss is cut off from the graph, so nothing is learned: no detach, no no_grad, no torch.tensor(...).",
    BY_HAND,
)


VOCAB = 7
IGNORED = -100


def text(draw: Generator, batch: int, time: int, vocab: int = VOCAB) -> Arguments:
    """Logits that spread, and ids with a token 0 among the targets."""
    ids = torch.randint(vocab, (batch, time), generator=draw)
    ids[0, 1] = 0
    return {"logits": 2 * randn(draw, batch, time, vocab), "ids": ids}


def text_of(batch: int, time: int, vocab: int = VOCAB) -> Callable[[Generator], Arguments]:
    return lambda draw: text(draw, batch, time, vocab)


def ignore(arguments: Arguments, index: int) -> Arguments:
    """Ends of different length, a gap, and a first token that do not count."""
    ids = arguments["ids"].clone()
    time = ids.shape[1]
    ids[0, time - 1] = index
    ids[1, time // 2 :] = index
    ids[-1, 0] = index
    ids[0, 2] = index
    return {**arguments, "ids": ids}


def with_ignored(batch: int, time: int) -> Callable[[Generator], Arguments]:
    return lambda draw: ignore(text(draw, batch, time), IGNORED)


def another_index(batch: int, time: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        index = randint(draw, 2, VOCAB - 1)
        return {**ignore(text(draw, batch, time), index), "ignore_index": index}

    return arguments


def all_ignored(draw: Generator) -> Arguments:
    arguments = text(draw, 2, 4)
    arguments["ids"][:, 1:] = IGNORED
    return arguments


def one_token(draw: Generator) -> Arguments:
    return {name: value[:, :1] for name, value in text(draw, 2, 3).items()}


def monotonous(draw: Generator, batch: int, time: int) -> Arguments:
    """Texts of one token each, and logits that stay the same: here a wrong shift costs nothing. [time, batch, vocab]"""
    tokens = torch.randint(1, VOCAB, (batch, 1), generator=draw)
    return {"logits": 2 * randn(draw, 1, batch, VOCAB).repeat(time, 1, 1), "ids": tokens.repeat(1, time)}


def huge(draw: Generator) -> Arguments:
    arguments = monotonous(draw, 2, 5)
    logits = 100 * arguments["logits"].transpose(0, 1).contiguous() + 300
    # The softmax of one target in each text is 0 for certain.
    logits[:, 0].scatter_(-1, arguments["ids"][:, 1:2], -1000.0)
    return {**arguments, "logits": logits}


def with_gaps(draw: Generator) -> Arguments:
    # A transposed view: learners' code must not rely on contiguous memory.
    arguments = monotonous(draw, 3, 4)
    return {**arguments, "logits": arguments["logits"].transpose(0, 1)}


def logits_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        drawn = text(draw, 2, 4)
        return {**drawn, "logits": drawn["logits"].to(dtype)}

    return arguments


def all_ignored_in_bfloat16(draw: Generator) -> Arguments:
    found = all_ignored(draw)
    return {**found, "logits": found["logits"].bfloat16()}


def one_id_more(draw: Generator) -> Arguments:
    return {**text(draw, 2, 5), "logits": randn(draw, 2, 4, VOCAB)}


def as_many_by_chance(draw: Generator) -> Arguments:
    # 2 times 3 predictions, and 3 times 2 targets.
    return {**text(draw, 3, 3), "logits": randn(draw, 2, 4, VOCAB)}


SHIFTED = "Position t predicts token t + 1"

EXERCISE = Exercise(
    reference=pretraining.next_token_loss,
    points=4,
    cases=(
        Case("one text", text_of(1, 6, vocab=9), visible=True),
        Case("two texts", text_of(2, 5), visible=True),
        Case("texts, drawn", text_of(3, 7, vocab=11)),
        Case("two tokens", text_of(1, 2), visible=True),
        Case("with ignored", with_ignored(2, 7), visible=True),
        Case("with ignored, drawn", with_ignored(3, 8)),
        Case("another index", another_index(2, 7), visible=True),
        Case("another index, drawn", another_index(3, 6)),
        Case("all ignored", all_ignored, visible=True),
        Case("one token", one_token, visible=True),
        Case("huge logits", huge, visible=True),
        Case("with gaps", with_gaps, visible=True),
        Case("one id more", one_id_more, visible=True),
        Case("as many by chance", as_many_by_chance, visible=True),
        Case("all ignored in bfloat16", all_ignored_in_bfloat16, visible=True),
        Case("float64", logits_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", logits_in(torch.bfloat16)),
        Case("gradients", with_ignored(2, 6), visible=True, gradients=("logits",)),
    ),
    properties=(
        Property(
            SHIFTED,
            ("one text", "two texts", "texts, drawn", "two tokens"),
            "Nothing is ignored here. Pair the logits of each position but the last with the token after it, in the "
            "same text, and take the mean of minus the log probabilities.",
            weight=3,
        ),
        Property(
            "The mean runs over the targets that count",
            ("with ignored", "with ignored, drawn"),
            "Leave out each target that is ignore_index, in the sum and in the count, over the whole batch at once.",
            weight=2,
        ),
        Property(
            "Which index is ignored is the caller's choice",
            ("another index", "another index, drawn"),
            "ignore_index may be any number, also that of a token such as the padding.",
        ),
        Property(
            "Without a target that counts, the loss is 0",
            ("all ignored", "one token"),
            "0 / 0 is NaN, and one NaN spoils all weights. The result is a tensor here too.",
            needs=SHIFTED,
        ),
        Property(
            "Large logits do not overflow",
            ("huge logits",),
            "exp of 89 is infinite in float32: let log_softmax or cross_entropy do it.",
        ),
        Property(
            "Logits may lie in memory in whatever order",
            ("with gaps",),
            "`view` needs memory without gaps. `reshape` and `flatten` do not.",
        ),
        Property(
            "Logits and ids that do not fit are refused with a ValueError",
            ("two texts", "one id more", "as many by chance"),
            "Compare logits.shape[:2] with ids.shape before anything is flattened.",
            observe=observe.refusal,
            needs=SHIFTED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16", "all ignored in bfloat16"),
            "Logits in float64 or bfloat16 must give a loss of the same dtype, and no argument may differ after the "
            "call.",
            observe=observe.dtype_and_changed,
            needs=SHIFTED,
        ),
        Property(
            "Gradients reach the logits",
            ("gradients",),
            "The loss is what is differentiated: no detach, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)
