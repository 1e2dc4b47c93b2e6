"""The assignment 08_pretraining: what is asked, how it is weighed, and the known mistakes with their hints."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional

from autograder.exercises.spec import Arguments, Assignment, Case, Exercise, Mistake, Property, given, randint, randn
from llm_course.checking import observe
from solutions import pretraining

BY_HAND, SHIFT, COUNT = "pretraining-by-hand", "pretraining-shift", "pretraining-mean"
SOURCE_CODE = "pretraining-source-code"
SCHEDULE = "pretraining-schedule"
ADAM, DECAY, CLIPPING = "pretraining-adam", "pretraining-decay", "pretraining-clipping"
COMPUTE, OPTIMAL = "pretraining-compute", "pretraining-optimal"

VOCAB = 7
IGNORED = -100


def _uniform(draw: Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=draw, dtype=torch.float64))


def _without_gaps(arguments: Callable[[Generator], Arguments]) -> Callable[[Generator], Arguments]:
    """The same numbers, in memory without gaps."""
    return lambda draw: {name: _packed(value) for name, value in arguments(draw).items()}


def _packed(value: Any) -> Any:
    if isinstance(value, list):
        return [_packed(item) for item in value]
    return value.contiguous() if isinstance(value, Tensor) else value


# next_token_loss


def _require_same_places(logits: Tensor, ids: Tensor) -> None:
    if logits.shape[:2] != ids.shape:
        raise ValueError("logits and ids do not fit")


def _each(predictions: Tensor, targets: Tensor, ignore_index: int) -> Tensor:
    """Minus the log probability of each target, 0 where it is ignored. [batch, targets]"""
    return functional.cross_entropy(predictions.transpose(1, 2), targets, ignore_index=ignore_index, reduction="none")


def _mean(predictions: Tensor, targets: Tensor, ignore_index: int) -> Tensor:
    return _each(predictions, targets, ignore_index).sum() / (targets != ignore_index).sum().clamp(min=1)


def _loss_by(
    predictions_and_targets: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
) -> Callable[[Tensor, Tensor, int], Tensor]:
    """The loss with another pairing of positions and tokens."""

    def loss(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
        _require_same_places(logits, ids)
        return _mean(*predictions_and_targets(logits, ids), ignore_index)

    return loss


def _loss_of_changed(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor, int], Tensor]:
    """The loss of something else than the logits."""

    def loss(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
        return pretraining.next_token_loss(change(logits), ids, ignore_index)

    return loss


def _then(change: Callable[[Tensor], Any]) -> Callable[[Tensor, Tensor, int], Any]:
    """Something done to the right loss."""

    def loss(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Any:
        return change(pretraining.next_token_loss(logits, ids, ignore_index))

    return loss


def _shifted_after_flattening(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _mean(logits.flatten(0, 1)[None, :-1], ids.flatten()[None, 1:], ignore_index)


def _summed(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _each(logits[:, :-1], ids[:, 1:], ignore_index).sum()


def _summed_over_time(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _each(logits[:, :-1], ids[:, 1:], ignore_index).sum() / len(ids)


def _mean_over_all(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _each(logits[:, :-1], ids[:, 1:], ignore_index).sum() / max(1, ids[:, 1:].numel())


def _mean_over_positions(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _each(logits[:, :-1], ids[:, 1:], ignore_index).sum() / ids.numel()


def _counted_with_the_first(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return _each(logits[:, :-1], ids[:, 1:], ignore_index).sum() / (ids != ignore_index).sum().clamp(min=1)


def _mean_of_means(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    losses = _each(logits[:, :-1], ids[:, 1:], ignore_index).sum(1)
    return (losses / (ids[:, 1:] != ignore_index).sum(1).clamp(min=1)).mean()


def _masked_by_inputs(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    kept = (ids[:, :-1] != ignore_index) & (ids[:, 1:] != ignore_index)
    return (_each(logits[:, :-1], ids[:, 1:], ignore_index) * kept).sum() / kept.sum().clamp(min=1)


def _ignored_as_token_zero(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    targets = ids[:, 1:].clamp(min=0)
    return _each(logits[:, :-1], targets, IGNORED).sum() / max(1, targets.numel())


def _not_ignored(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    chosen = logits.log_softmax(-1)[:, :-1].gather(-1, ids[:, 1:, None])  # raises at a target of -100
    return -chosen.sum() / max(1, chosen.numel())


def _index_fixed(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    return pretraining.next_token_loss(logits, ids)


def _zero_ignored_too(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    return pretraining.next_token_loss(logits, torch.where(ids == 0, ignore_index, ids), ignore_index)


def _nothing_is_nan(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=ignore_index)


def _all_ignored_is_nan(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    if ids.shape[1] == 1:
        return logits.sum() * 0
    return _nothing_is_nan(logits, ids, ignore_index)


def _all_ignored_is_infinite(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    return pretraining.next_token_loss(logits, ids, ignore_index) / (ids[:, 1:] != ignore_index).any()


def _none_for_nothing(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor | float:
    loss = pretraining.next_token_loss(logits, ids, ignore_index)
    return loss if (ids[:, 1:] != ignore_index).any() else 0.0


def _by_exp(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    powers = logits.exp()  # infinite from 89 on, in float32
    return pretraining.next_token_loss((powers / powers.sum(-1, keepdim=True)).log(), ids, ignore_index)


def _view_of_memory(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    predictions = logits[:, :-1].view(-1, logits.shape[-1])  # raises: the slice has gaps, unless the batch is 1
    return _mean(predictions[None], ids[:, 1:].reshape(1, -1), ignore_index)


def _shapes_not_checked(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    predictions, targets = logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()  # cross_entropy compares their lengths
    total = functional.cross_entropy(predictions, targets, ignore_index=ignore_index, reduction="sum")
    return total / (targets != ignore_index).sum().clamp(min=1)


def _shapes_never_compared(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    predictions, targets = logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()
    common = min(len(predictions), len(targets))
    return _mean(predictions[None, :common], targets[None, :common], ignore_index)


def _ids_changed(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    loss = pretraining.next_token_loss(logits, ids, ignore_index)
    ids[:, :-1] = ids[:, 1:].clone()
    ids[:, -1] = ignore_index
    return loss


def _shares_wrong(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    counted = ids[:, 1:] != ignore_index
    wrong = (logits[:, :-1].argmax(-1) != ids[:, 1:]) & counted
    return (wrong.sum() / counted.sum().clamp(min=1)).to(logits.dtype)


def _probability(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    counted = ids[:, 1:] != ignore_index
    probability = torch.exp(-_each(logits[:, :-1], ids[:, 1:], ignore_index))
    return ((1 - probability) * counted).sum() / counted.sum().clamp(min=1)


def _logits_not_normalized(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    counted = ids[:, 1:] != ignore_index
    chosen = logits[:, :-1].gather(-1, (ids[:, 1:] * counted)[..., None])[..., 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


def _softmax_over_time(logits: Tensor, ids: Tensor, ignore_index: int = IGNORED) -> Tensor:
    _require_same_places(logits, ids)
    counted = ids[:, 1:] != ignore_index
    log_probabilities = logits[:, :-1].log_softmax(1)
    chosen = log_probabilities.gather(-1, (ids[:, 1:] * counted)[..., None])[..., 0]
    return -(chosen * counted).sum() / counted.sum().clamp(min=1)


def _text(draw: Generator, batch: int, time: int) -> Arguments:
    """Logits that spread, and ids with a token 0 among the targets."""
    ids = torch.randint(VOCAB, (batch, time), generator=draw)
    ids[0, 1] = 0
    return {"logits": 2 * randn(draw, batch, time, VOCAB), "ids": ids}


def _text_of(batch: int, time: int) -> Callable[[Generator], Arguments]:
    return lambda draw: _text(draw, batch, time)


def _ignore(arguments: Arguments, index: int) -> Arguments:
    """Ends of different length, a gap, and a first token that do not count."""
    ids = arguments["ids"].clone()
    time = ids.shape[1]
    ids[0, time - 1] = index
    ids[1, time // 2 :] = index
    ids[-1, 0] = index
    ids[0, 2] = index
    return {**arguments, "ids": ids}


def _with_ignored(batch: int, time: int) -> Callable[[Generator], Arguments]:
    return lambda draw: _ignore(_text(draw, batch, time), IGNORED)


def _another_index(batch: int, time: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        index = randint(draw, 2, VOCAB - 1)
        return {**_ignore(_text(draw, batch, time), index), "ignore_index": index}

    return arguments


def _all_ignored(draw: Generator) -> Arguments:
    arguments = _text(draw, 2, 4)
    arguments["ids"][:, 1:] = IGNORED
    return arguments


def _one_token(draw: Generator) -> Arguments:
    return {name: value[:, :1] for name, value in _text(draw, 2, 3).items()}


def _monotonous(draw: Generator, batch: int, time: int) -> Arguments:
    """Texts of one token each, and logits that stay the same: here a wrong shift costs nothing. [time, batch, vocab]"""
    tokens = torch.randint(1, VOCAB, (batch, 1), generator=draw)
    return {"logits": 2 * randn(draw, 1, batch, VOCAB).repeat(time, 1, 1), "ids": tokens.repeat(1, time)}


def _huge(draw: Generator) -> Arguments:
    arguments = _monotonous(draw, 2, 5)
    return {**arguments, "logits": 100 * arguments["logits"].transpose(0, 1).contiguous() + 300}


def _with_gaps(draw: Generator) -> Arguments:
    # A transposed view: learners' code must not rely on contiguous memory.
    arguments = _monotonous(draw, 3, 4)
    return {**arguments, "logits": arguments["logits"].transpose(0, 1)}


def _logits_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        drawn = _text(draw, 2, 4)
        return {**drawn, "logits": drawn["logits"].to(dtype)}

    return arguments


def _one_id_more(draw: Generator) -> Arguments:
    return {**_text(draw, 2, 5), "logits": randn(draw, 2, 4, VOCAB)}


def _as_many_by_chance(draw: Generator) -> Arguments:
    # 2 times 3 predictions, and 3 times 2 targets.
    return {**_text(draw, 3, 3), "logits": randn(draw, 2, 4, VOCAB)}


SHIFTED = "Position t predicts token t + 1"

NEXT_TOKEN_LOSS_EXERCISE = Exercise(
    reference=pretraining.next_token_loss,
    points=4,
    cases=(
        Case("one text", _text_of(1, 6), visible=True),
        Case("two texts", _text_of(2, 5), visible=True),
        Case("texts, drawn", _text_of(3, 7)),
        Case("two tokens", _text_of(1, 2), visible=True),
        Case("with ignored", _with_ignored(2, 7), visible=True),
        Case("with ignored, drawn", _with_ignored(3, 8)),
        Case("another index", _another_index(2, 7), visible=True),
        Case("another index, drawn", _another_index(3, 6)),
        Case("all ignored", _all_ignored, visible=True),
        Case("one token", _one_token, visible=True),
        Case("huge logits", _huge, visible=True),
        Case("with gaps", _with_gaps, visible=True),
        Case("one id more", _one_id_more, visible=True),
        Case("as many by chance", _as_many_by_chance, visible=True),
        Case("float64", _logits_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", _logits_in(torch.bfloat16)),
        Case("gradients", _with_ignored(2, 6), visible=True, gradients=("logits",)),
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
            ("float64", "bfloat16"),
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
    mistakes=(
        Mistake(
            "not_shifted",
            "You compare the logits of a position with the token at that same position. A model that copies its input "
            "would have the loss 0.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits, ids)),
        ),
        Mistake(
            "not_shifted_last_left_out",
            "You leave out the last position and the last token: what is left is not shifted. Leave out the *first* "
            "token.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, :-1], ids[:, :-1])),
        ),
        Mistake(
            "not_shifted_first_left_out",
            "You leave out the first position and the first token: what is left is not shifted. Leave out the *last* "
            "position.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, 1:], ids[:, 1:])),
        ),
        Mistake(
            "shifted_twice",
            "You train position t to predict the token at t + 2: the shift is there twice.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, :-2], ids[:, 2:])),
        ),
        Mistake(
            "shifted_backward",
            "You shift the wrong way: position t predicts the token at t - 1, which it has seen.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, 1:], ids[:, :-1])),
        ),
        Mistake(
            "rolled",
            "You roll the ids, so the last position predicts the first token. It predicts nothing: leave it out.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits, ids.roll(-1, dims=1))),
        ),
        Mistake(
            "shifted_after_flattening",
            "You flatten before you shift, so the end of one text predicts the beginning of the next.",
            SHIFT,
            _shifted_after_flattening,
        ),
        Mistake(
            "last_target_lost",
            "The last target is lost: a text of n tokens has n - 1 targets.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, :-2], ids[:, 1:-1])),
        ),
        Mistake(
            "first_target_lost",
            "The first target is lost: the token at position 1, which position 0 predicts.",
            SHIFT,
            _loss_by(lambda logits, ids: (logits[:, 1:-1], ids[:, 2:])),
        ),
        Mistake(
            "summed",
            "You add the losses up. Asked for is their mean, or the loss would grow with the length of the text.",
            COUNT,
            _summed,
        ),
        Mistake(
            "summed_over_time",
            "You add up the losses of each text and take the mean over texts. Divide by the number of targets.",
            COUNT,
            _summed_over_time,
        ),
        Mistake(
            "mean_over_all",
            "You divide by the number of all targets. Those that are ignored do not count below the line either.",
            COUNT,
            _mean_over_all,
        ),
        Mistake(
            "mean_over_positions",
            "You divide by the number of positions. There is one target less than that in each text, and the ignored "
            "ones do not count.",
            COUNT,
            _mean_over_positions,
        ),
        Mistake(
            "counted_with_the_first",
            "You count the first tokens among the targets. Count after the shift.",
            COUNT,
            _counted_with_the_first,
        ),
        Mistake(
            "mean_of_means",
            "You take the mean of each text, then the mean of these. Each target counts the same, however long its "
            "text is.",
            COUNT,
            _mean_of_means,
        ),
        Mistake(
            "masked_by_inputs",
            "You leave out positions whose own token is ignore_index. What counts is the target, one token later.",
            COUNT,
            _masked_by_inputs,
        ),
        Mistake(
            "ignored_as_token_zero",
            "You turn ignored targets into token 0 and count them. They do not count at all.",
            COUNT,
            _ignored_as_token_zero,
        ),
        Mistake(
            "not_ignored",
            "You look up targets that should be ignored: -100 is the index of no token.",
            COUNT,
            _not_ignored,
        ),
        Mistake(
            "index_fixed",
            "You ignore -100 whatever ignore_index is. Use the argument.",
            COUNT,
            _index_fixed,
        ),
        Mistake(
            "zero_ignored_too",
            "You leave out token 0. It is a token like others, unless ignore_index says otherwise.",
            COUNT,
            _zero_ignored_too,
        ),
        Mistake(
            "nothing_is_nan",
            "Without a target that counts your loss is NaN, as cross_entropy's mean is: 0 divided by 0.",
            COUNT,
            _nothing_is_nan,
        ),
        Mistake(
            "all_ignored_is_nan",
            "You think of texts of one token, but if all targets are ignored your loss is still NaN.",
            COUNT,
            _all_ignored_is_nan,
        ),
        Mistake(
            "number_for_nothing",
            "Without a target that counts you return the number 0.0. Return a tensor, as in all other cases.",
            COUNT,
            _none_for_nothing,
        ),
        Mistake(
            "sign_lost",
            "Your loss is negative. It is *minus* the log probability, so that better is smaller.",
            BY_HAND,
            _then(lambda loss: -loss),
        ),
        Mistake(
            "in_bits",
            "Your loss is in bits: you take the logarithm to base 2. Asked for is the natural one.",
            BY_HAND,
            _then(lambda loss: loss / math.log(2)),
        ),
        Mistake(
            "perplexity",
            "You return the perplexity, e to the loss. Asked for is the loss.",
            BY_HAND,
            _then(lambda loss: loss.exp()),
        ),
        Mistake(
            "share_wrong",
            "You count how often the best token is not the right one. A loss looks at the probability of the right "
            "token.",
            BY_HAND,
            _shares_wrong,
        ),
        Mistake(
            "probability_without_log",
            "You take one minus the probability. Asked for is minus its logarithm.",
            BY_HAND,
            _probability,
        ),
        Mistake(
            "logits_not_normalized",
            "You take the logits of the targets as if they were log probabilities. Apply log_softmax first.",
            BY_HAND,
            _logits_not_normalized,
        ),
        Mistake(
            "softmax_twice",
            "Softmax is applied twice: cross_entropy expects logits, not probabilities.",
            BY_HAND,
            _loss_of_changed(lambda logits: logits.softmax(-1)),
        ),
        Mistake(
            "softmax_over_time",
            "Your softmax runs over the positions. It runs over the vocabulary, the last dimension.",
            BY_HAND,
            _softmax_over_time,
        ),
        Mistake(
            "by_exp",
            "You compute exp of the logits yourself, and it overflows for large ones. Use log_softmax.",
            BY_HAND,
            _by_exp,
        ),
        Mistake(
            "view_of_memory",
            "`view` fails on logits[:, :-1]: a slice has gaps in memory. Use reshape or flatten.",
            SOURCE_CODE,
            _view_of_memory,
        ),
        Mistake(
            "shapes_not_checked",
            "You compare the shapes after flattening only: 2 texts of 3 targets then fit 3 texts of 2.",
            SHIFT,
            _shapes_not_checked,
        ),
        Mistake(
            "shapes_never_compared",
            "You do not compare the shapes of logits and ids, and pair what does not belong together.",
            SHIFT,
            _shapes_never_compared,
        ),
        Mistake(
            "ids_changed",
            "You shift the ids in place. They belong to the caller, who still needs them.",
            SHIFT,
            _ids_changed,
        ),
        Mistake(
            "always_float32",
            "Your loss is in float32 whatever the logits are. Give it back in their dtype.",
            BY_HAND,
            _then(lambda loss: loss.float()),
        ),
        Mistake(
            "as_number",
            "You return a number of Python. Asked for is a tensor, or nothing can be differentiated.",
            BY_HAND,
            _then(lambda loss: loss.item()),
        ),
        Mistake(
            "detached",
            "Your loss is cut off from the graph, so nothing is learned: no detach, no no_grad, no torch.tensor(...).",
            BY_HAND,
            _then(lambda loss: loss.detach()),
        ),
    ),
)


# learning_rate


def _require_step(step: int, warmup: int, total: int) -> None:
    if step < 0 or not 0 <= warmup <= total:
        raise ValueError("no such step")


def _up(step: int, warmup: int, peak: float, floor: float) -> float:
    return peak * (step + 1) / warmup


def _down(share: float, peak: float, floor: float) -> float:
    return floor + (peak - floor) * (1 + math.cos(math.pi * share)) / 2


def _share(step: int, warmup: int, total: int) -> float:
    return (step - warmup) / (total - warmup)


def _end(step: int, warmup: int, total: int, peak: float, floor: float) -> float:
    return floor


def _schedule(
    step: int,
    warmup: int,
    total: int,
    peak: float,
    floor: float = 0.0,
    *,
    up: Callable[[int, int, float, float], float] = _up,
    share: Callable[[int, int, int], float] = _share,
    down: Callable[[float, float, float], float] = _down,
    end: Callable[[int, int, int, float, float], float] = _end,
) -> float:
    _require_step(step, warmup, total)
    if step < warmup:
        return up(step, warmup, peak, floor)
    if step >= total:
        return end(step, warmup, total, peak, floor)
    return down(share(step, warmup, total), peak, floor)


def _with(**parts: Any) -> Callable[..., float]:
    """The schedule with another part."""

    def schedule(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
        return _schedule(step, warmup, total, peak, floor, **parts)

    return schedule


def _goes_on(step: int, warmup: int, total: int, peak: float, floor: float) -> float:
    return _down(_share(step, warmup, total), peak, floor) if total > warmup else floor


def _all_by(share: Callable[[int, int, int], float]) -> Callable[..., float]:
    """Another progress, which the step total and those after it have too."""

    def end(step: int, warmup: int, total: int, peak: float, floor: float) -> float:
        return _down(min(1.0, share(step, warmup, total)), peak, floor) if total > warmup else floor

    return _with(share=share, end=end)


def _one_step_too_long(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    _require_step(step, warmup, total)
    if warmup and step <= warmup:
        return _up(step, warmup, peak, floor)
    return pretraining.learning_rate(step, warmup, total, peak, floor)


def _never_below_floor(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    return max(floor, pretraining.learning_rate(step, warmup, total, peak, floor))


def _smallest_of_both(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    _require_step(step, warmup, total)
    decay = _down(min(1.0, step / total), peak, floor) if total else floor
    return min(_up(step, warmup, peak, floor), decay) if step < warmup else decay


def _as_factor(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    return pretraining.learning_rate(step, warmup, total, peak, floor) / peak


def _floor_as_share(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    return pretraining.learning_rate(step, warmup, total, peak, floor * peak)


def _divides_by_warmup(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    _require_step(step, warmup, total)
    ramp = (step + 1) / warmup  # raises without a warm-up
    return peak * ramp if ramp <= 1 else pretraining.learning_rate(step, warmup, total, peak, floor)


def _divides_by_nothing(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    _require_step(step, warmup, total)
    share = min(1.0, (step - warmup) / (total - warmup))  # raises if there is nothing but warm-up
    return _up(step, warmup, peak, floor) if step < warmup else _down(share, peak, floor)


def _nothing_checked(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < warmup:
        return _up(step, warmup, peak, floor)
    if step >= total:
        return floor
    return _down(_share(step, warmup, total), peak, floor)


def _step_not_checked(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if not 0 <= warmup <= total:
        raise ValueError("warmup")
    return _nothing_checked(step, warmup, total, peak, floor)


def _warmup_not_checked(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0:
        raise ValueError("step")
    return _nothing_checked(step, warmup, total, peak, floor)


def _negative_warmup_not_checked(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0 or warmup > total:
        raise ValueError("step or warmup")
    return _nothing_checked(step, warmup, total, peak, floor)


def _long_warmup_not_checked(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> float:
    if step < 0 or warmup < 0:
        raise ValueError("step or warmup")
    return _nothing_checked(step, warmup, total, peak, floor)


def _as_tensor(step: int, warmup: int, total: int, peak: float, floor: float = 0.0) -> Tensor:
    return torch.tensor(pretraining.learning_rate(step, warmup, total, peak, floor))


def _run(draw: Generator) -> Arguments:
    """A schedule whose floor lies above its first steps, and whose length is no multiple of its warm-up."""
    warmup, peak = randint(draw, 12, 17), _uniform(draw, 2.0, 5.0)
    total = 4 * warmup + randint(draw, 1, 11)
    return {"warmup": warmup, "total": total, "peak": peak, "floor": peak * _uniform(draw, 0.25, 0.35)}


def _at(place: Callable[[Arguments], int], *left_out: str, **other: Any) -> Callable[[Generator], Arguments]:
    """A step of a drawn schedule."""

    def arguments(draw: Generator) -> Arguments:
        run = {**_run(draw), **other}
        return {"step": place(run), **{name: value for name, value in run.items() if name not in left_out}}

    return arguments


def _after(share: float) -> Callable[[Arguments], int]:
    return lambda run: int(run["warmup"] + share * (run["total"] - run["warmup"]))


def _only_warmup(beyond: int) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        run = _run(draw)
        return {**run, "step": run["warmup"] + beyond, "total": run["warmup"]}

    return arguments


LINE = "The warm-up rises in a line from peak / warmup to the peak"

LEARNING_RATE_EXERCISE = Exercise(
    reference=pretraining.learning_rate,
    points=3,
    cases=(
        Case("first step", _at(lambda run: 0), visible=True),
        Case("a third of the warm-up", _at(lambda run: run["warmup"] // 3), visible=True),
        Case("late in the warm-up", _at(lambda run: run["warmup"] - 3)),
        Case("last of the warm-up", _at(lambda run: run["warmup"] - 1), visible=True),
        Case("first after the warm-up", _at(lambda run: run["warmup"]), visible=True),
        Case("a quarter down", _at(_after(0.25)), visible=True),
        Case("a quarter down, drawn", _at(_after(0.3))),
        Case("most of the way down", _at(_after(0.75)), visible=True),
        Case("most of the way down, drawn", _at(_after(0.85))),
        Case("last before the end", _at(lambda run: run["total"] - 1), visible=True),
        Case("the end", _at(lambda run: run["total"]), visible=True),
        Case("beyond the end", _at(lambda run: run["total"] + run["warmup"]), visible=True),
        Case("without a floor", _at(_after(0.6), "floor"), visible=True),
        Case("without a warm-up", _at(lambda run: 0, warmup=0), visible=True),
        Case("without a warm-up, later", _at(_after(0.4), warmup=0), visible=True),
        Case("nothing but warm-up", _only_warmup(-1), visible=True),
        Case("after nothing but warm-up", _only_warmup(0), visible=True),
        Case("step below 0", _at(lambda run: -1), visible=True),
        Case("warm-up longer than all", lambda draw: {**_run(draw), "step": 2, "warmup": 9, "total": 8}, visible=True),
        Case("warm-up below 0", lambda draw: {**_run(draw), "step": 3, "warmup": -4}, visible=True),
    ),
    properties=(
        Property(
            LINE,
            ("first step", "a third of the warm-up", "late in the warm-up", "last of the warm-up"),
            "Count: step 0 has peak / warmup, step 1 twice that, and step warmup - 1 the whole peak.",
            weight=2,
        ),
        Property(
            "From step warmup on, half a cosine leads down from the peak",
            (
                "first after the warm-up",
                "a quarter down",
                "a quarter down, drawn",
                "most of the way down",
                "most of the way down, drawn",
                "last before the end",
            ),
            "Progress is 0 at step warmup and would be 1 at step total. floor + (peak - floor) * (1 + cos(pi * "
            "progress)) / 2.",
            weight=3,
        ),
        Property(
            "The floor is reached at step total, and kept",
            ("the end", "beyond the end"),
            "At step total the rate is the floor, and it stays there, however many steps follow.",
            weight=2,
        ),
        Property(
            "The floor may be left out",
            ("without a floor",),
            "Without a floor the cosine leads to 0.",
        ),
        Property(
            "There may be no warm-up, or nothing else",
            (
                "without a warm-up",
                "without a warm-up, later",
                "nothing but warm-up",
                "after nothing but warm-up",
            ),
            "warmup may be 0, and it may be total: neither may lead to a division by 0.",
        ),
        Property(
            "A schedule that makes no sense is refused with a ValueError",
            ("first step", "step below 0", "warm-up longer than all", "warm-up below 0"),
            "step and warmup cannot be negative, and warmup cannot be longer than total.",
            observe=observe.refusal,
            needs=LINE,
        ),
    ),
    mistakes=(
        Mistake(
            "starts_at_zero",
            "Your warm-up starts at 0, so the first step does nothing. Step 0 has peak / warmup: use step + 1.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak * step / warmup),
        ),
        Mistake(
            "from_zero_to_peak",
            "Your warm-up runs from 0 to the peak. Step 0 has peak / warmup already.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak * step / max(1, warmup - 1)),
        ),
        Mistake(
            "one_late",
            "Your warm-up divides by warmup + 1, and its last step is still below the peak.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak * (step + 1) / (warmup + 1)),
        ),
        Mistake(
            "one_early",
            "Your warm-up is a step ahead: step 0 has peak / warmup, not twice that.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak * (step + 2) / warmup),
        ),
        Mistake(
            "from_the_floor",
            "Your warm-up starts from the floor. It starts from 0, with peak / warmup at step 0.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: floor + (peak - floor) * (step + 1) / warmup),
        ),
        Mistake(
            "never_below_floor",
            "You lift the first steps of the warm-up to the floor. The floor belongs to the cosine.",
            SCHEDULE,
            _never_below_floor,
        ),
        Mistake(
            "no_warmup",
            "There is no warm-up: the first steps have the full peak.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak),
        ),
        Mistake(
            "cosine_warmup",
            "Your warm-up follows a cosine. It is a straight line.",
            SCHEDULE,
            _with(up=lambda step, warmup, peak, floor: peak * (1 - math.cos(math.pi * (step + 1) / warmup)) / 2),
        ),
        Mistake(
            "one_step_too_long",
            "Your warm-up has a step too many, and step warmup is above the peak: use step < warmup.",
            SCHEDULE,
            _one_step_too_long,
        ),
        Mistake(
            "cosine_of_the_whole",
            "Your cosine counts from step 0. It begins at step warmup: (step - warmup) / (total - warmup).",
            SCHEDULE,
            _with(share=lambda step, warmup, total: step / total),
        ),
        Mistake(
            "smaller_of_both",
            "Your cosine counts from step 0, below the warm-up too. First the one, then the other.",
            SCHEDULE,
            _smallest_of_both,
        ),
        Mistake(
            "never_reaches_the_floor",
            "You divide by total and not by total - warmup, so that the floor is never reached.",
            SCHEDULE,
            _all_by(lambda step, warmup, total: (step - warmup) / total),
        ),
        Mistake(
            "jumps_to_the_floor",
            "You divide by total and not by total - warmup: your cosine is too slow, and jumps to the floor.",
            SCHEDULE,
            _with(share=lambda step, warmup, total: (step - warmup) / total),
        ),
        Mistake(
            "floor_one_early",
            "Your cosine reaches the floor at step total - 1. It has step total for that.",
            SCHEDULE,
            _with(share=lambda step, warmup, total: (step - warmup) / max(1, total - warmup - 1)),
        ),
        Mistake(
            "cosine_one_early",
            "Your cosine is a step ahead: its progress is 0 at step warmup.",
            SCHEDULE,
            _with(share=lambda step, warmup, total: (step - warmup + 1) / (total - warmup)),
        ),
        Mistake(
            "cosine_one_late",
            "Your cosine is a step behind: its progress at step warmup + 1 is not 0 any more.",
            SCHEDULE,
            _with(share=lambda step, warmup, total: max(0, step - warmup - 1) / (total - warmup)),
        ),
        Mistake(
            "linear_decay",
            "You go down in a line. Asked for is half a cosine: slow, fast, slow.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: floor + (peak - floor) * (1 - share)),
        ),
        Mistake(
            "quarter_cosine",
            "You use cos(pi / 2 * progress), a quarter of a wave. Half a wave is (1 + cos(pi * progress)) / 2.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: floor + (peak - floor) * math.cos(math.pi / 2 * share)),
        ),
        Mistake(
            "whole_cosine",
            "Your cosine makes a whole wave, down and up again. Half a wave ends at the floor.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: _down(2 * share, peak, floor)),
        ),
        Mistake(
            "without_pi",
            "The progress goes into the cosine without pi, and hardly anything of the wave is used.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: _down(share / math.pi, peak, floor)),
        ),
        Mistake(
            "without_half",
            "1 + cos runs from 2 to 0: halve it, or the cosine begins at twice the height.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: floor + (peak - floor) * (1 + math.cos(math.pi * share))),
        ),
        Mistake(
            "cosine_upward",
            "Your cosine leads up: 1 - cos in the place of 1 + cos.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: _down(1 - share, peak, floor)),
        ),
        Mistake(
            "floor_on_top",
            "You add the floor to a cosine of the full peak, so the rate begins above the peak. The cosine spans peak "
            "- floor.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: floor + peak * (1 + math.cos(math.pi * share)) / 2),
        ),
        Mistake(
            "floor_as_limit",
            "You let the cosine run to 0 and cut it off at the floor. It should reach the floor smoothly.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: max(floor, _down(share, peak, 0.0))),
        ),
        Mistake(
            "floor_at_the_end_only",
            "Your cosine runs to 0, and then the rate jumps up to the floor. The cosine leads to the floor.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: _down(share, peak, 0.0)),
        ),
        Mistake(
            "no_floor",
            "The floor is left out: your cosine ends at 0.",
            SCHEDULE,
            _with(
                down=lambda share, peak, floor: _down(share, peak, 0.0),
                end=lambda step, warmup, total, peak, floor: 0.0,
            ),
        ),
        Mistake(
            "zero_after_the_end",
            "From step total on your rate is 0. It is the floor.",
            SCHEDULE,
            _with(end=lambda step, warmup, total, peak, floor: 0.0),
        ),
        Mistake(
            "rises_again",
            "Beyond step total your cosine rises again. The rate stays at the floor: limit the progress to 1.",
            SCHEDULE,
            _with(end=_goes_on),
        ),
        Mistake(
            "constant",
            "After the warm-up your rate stays at the peak. Half a cosine should lead it down.",
            SCHEDULE,
            _with(down=lambda share, peak, floor: peak),
        ),
        Mistake(
            "as_factor",
            "You return a share of the peak. Asked for is the learning rate itself.",
            SCHEDULE,
            _as_factor,
        ),
        Mistake(
            "floor_as_share",
            "You take the floor for a share of the peak. It is a learning rate.",
            SCHEDULE,
            _floor_as_share,
        ),
        Mistake(
            "divides_by_warmup",
            "You divide by warmup before you know that there is a warm-up. It may have 0 steps.",
            SCHEDULE,
            _divides_by_warmup,
        ),
        Mistake(
            "divides_by_nothing",
            "You divide by total - warmup before you know that there is a decay. They may be equal.",
            SCHEDULE,
            _divides_by_nothing,
        ),
        Mistake(
            "nothing_checked",
            "You check nothing: neither step nor warmup can be negative, and warmup is at most total.",
            SCHEDULE,
            _nothing_checked,
        ),
        Mistake(
            "step_not_checked",
            "You do not check the step: it cannot be negative.",
            SCHEDULE,
            _step_not_checked,
        ),
        Mistake(
            "warmup_not_checked",
            "You do not check warmup: it is from 0 to total.",
            SCHEDULE,
            _warmup_not_checked,
        ),
        Mistake(
            "long_warmup_not_checked",
            "You do not check that warmup is at most total.",
            SCHEDULE,
            _long_warmup_not_checked,
        ),
        Mistake(
            "negative_warmup_not_checked",
            "You do not check that warmup is not negative.",
            SCHEDULE,
            _negative_warmup_not_checked,
        ),
        Mistake(
            "as_tensor",
            "You return a tensor. Asked for is a number: use the functions of math.",
            SCHEDULE,
            _as_tensor,
        ),
    ),
)


# adamw_step


Step = tuple[Tensor, Tensor, Tensor]


def _require_step_and_shapes(param: Tensor, grad: Tensor, m: Tensor, v: Tensor, step: int) -> None:
    if step < 1 or not param.shape == grad.shape == m.shape == v.shape:
        raise ValueError("step or shapes")


def _average(old: Tensor, new: Tensor, beta: float) -> Tensor:
    return beta * old + (1 - beta) * new


def _correct(average: Tensor, beta: float, step: int) -> Tensor:
    return average / (1 - beta**step)


def _uncorrected(average: Tensor, beta: float, step: int) -> Tensor:
    return average


def _quotient(m: Tensor, v: Tensor, eps: float) -> Tensor:
    return m / (v.sqrt() + eps)


def _decayed(param: Tensor, update: Tensor, lr: float, weight_decay: float) -> Tensor:
    return param - lr * (update + weight_decay * param)


def _adamw(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    *,
    first: Callable[[Tensor, Tensor, float], Tensor] = _average,
    second: Callable[[Tensor, Tensor, float], Tensor] = lambda old, new, beta: _average(old, new**2, beta),
    correct_m: Callable[[Tensor, float, int], Tensor] = _correct,
    correct_v: Callable[[Tensor, float, int], Tensor] = _correct,
    quotient: Callable[[Tensor, Tensor, float], Tensor] = _quotient,
    decayed: Callable[[Tensor, Tensor, float, float], Tensor] = _decayed,
) -> Step:
    _require_step_and_shapes(param, grad, m, v, step)
    m, v = first(m, grad, betas[0]), second(v, grad, betas[1])
    update = quotient(correct_m(m, betas[0], step), correct_v(v, betas[1], step), eps)
    return decayed(param, update, lr, weight_decay), m, v


def _other(**parts: Any) -> Callable[..., Step]:
    """The step with another part."""

    def step(**arguments: Any) -> Step:
        return _adamw(**arguments, **parts)

    return step


def _both(correct: Callable[[Tensor, float, int], Tensor]) -> Callable[..., Step]:
    return _other(correct_m=correct, correct_v=correct)


def _adamw_of(change: Callable[[Arguments], Arguments]) -> Callable[..., Step]:
    """The right step of other arguments."""

    def step(
        param: Tensor,
        grad: Tensor,
        m: Tensor,
        v: Tensor,
        step: int,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> Step:
        _require_step_and_shapes(param, grad, m, v, step)
        given = {"param": param, "grad": grad, "m": m, "v": v, "step": step, "lr": lr}
        given |= {"betas": betas, "eps": eps, "weight_decay": weight_decay}
        return pretraining.adamw_step(**{**given, **change(given)})

    return step


def _l2(arguments: dict) -> dict:
    return {
        "grad": arguments["grad"] + arguments["weight_decay"] * arguments["param"],
        "weight_decay": 0.0,
    }


def _with_default(name: str, other: Any) -> Callable[..., Step]:
    """The step with another default."""
    return lambda **arguments: pretraining.adamw_step(**{name: other, **arguments})


def _then_step(change: Callable[[Arguments, Step], Any]) -> Callable[..., Any]:
    """Something else returned, or done, after the right step."""
    return lambda **arguments: change(arguments, pretraining.adamw_step(**arguments))


def _corrected_returned(arguments: dict, result: Step) -> Step:
    param, m, v = result
    betas, step = arguments.get("betas", (0.9, 0.999)), arguments["step"]
    return param, _correct(m, betas[0], step), _correct(v, betas[1], step)


def _old_averages_used(**arguments: Any) -> Step:
    _, m, v = pretraining.adamw_step(**arguments)
    betas, eps = arguments.get("betas", (0.9, 0.999)), arguments.get("eps", 1e-8)
    update = _quotient(
        _correct(arguments["m"], betas[0], arguments["step"]),
        _correct(arguments["v"], betas[1], arguments["step"]),
        eps,
    )
    return _decayed(arguments["param"], update, arguments["lr"], arguments.get("weight_decay", 0.01)), m, v


def _eps_before_correction(**arguments: Any) -> Step:
    """The constant of the last line of Kingma and Ba's section 2: eps meets the root before it is corrected."""
    _, m, v = pretraining.adamw_step(**arguments)
    betas, step = arguments.get("betas", (0.9, 0.999)), arguments["step"]
    factor = math.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step)
    update = factor * m / (v.sqrt() + arguments.get("eps", 1e-8))
    return _decayed(arguments["param"], update, arguments["lr"], arguments.get("weight_decay", 0.01)), m, v


def _decay_over_the_root(**arguments: Any) -> Step:
    _, m, v = pretraining.adamw_step(**arguments)
    betas, step = arguments.get("betas", (0.9, 0.999)), arguments["step"]
    decayed = _correct(m, betas[0], step) + arguments.get("weight_decay", 0.01) * arguments["param"]
    update = _quotient(decayed, _correct(v, betas[1], step), arguments.get("eps", 1e-8))
    return arguments["param"] - arguments["lr"] * update, m, v


def _square_of_the_mean(**arguments: Any) -> Step:
    _, m, _ = pretraining.adamw_step(**arguments)
    betas, step = arguments.get("betas", (0.9, 0.999)), arguments["step"]
    v = _average(arguments["v"], m**2, betas[1])
    update = _quotient(_correct(m, betas[0], step), _correct(v, betas[1], step), arguments.get("eps", 1e-8))
    return _decayed(arguments["param"], update, arguments["lr"], arguments.get("weight_decay", 0.01)), m, v


def _gradient_not_averaged(**arguments: Any) -> Step:
    _, m, v = pretraining.adamw_step(**arguments)
    betas = arguments.get("betas", (0.9, 0.999))
    update = _quotient(arguments["grad"], _correct(v, betas[1], arguments["step"]), arguments.get("eps", 1e-8))
    return _decayed(arguments["param"], update, arguments["lr"], arguments.get("weight_decay", 0.01)), m, v


def _largest_square(**arguments: Any) -> Step:
    """AMSGrad's idea: v never falls."""
    result = pretraining.adamw_step(**arguments)
    v = torch.maximum(result[2], arguments["v"])
    betas, step = arguments.get("betas", (0.9, 0.999)), arguments["step"]
    update = _quotient(_correct(result[1], betas[0], step), _correct(v, betas[1], step), arguments.get("eps", 1e-8))
    return _decayed(arguments["param"], update, arguments["lr"], arguments.get("weight_decay", 0.01)), result[1], v


def _param_changed(arguments: dict, result: Step) -> Step:
    arguments["param"].data.copy_(result[0])
    return result


def _averages_changed(arguments: dict, result: Step) -> Step:
    arguments["m"].data.copy_(result[1])
    arguments["v"].data.copy_(result[2])
    return result


def _all_changed(arguments: dict, result: Step) -> Step:
    return _averages_changed(arguments, _param_changed(arguments, result))


def _adamw_unchecked(
    param: Tensor,
    grad: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Step:
    m, v = _average(m, grad, betas[0]), _average(v, grad**2, betas[1])
    corrections = [1 - torch.tensor(beta, dtype=torch.float64) ** step for beta in betas]
    update = _quotient(m / corrections[0], v / corrections[1], eps)
    return _decayed(param, update, lr, weight_decay), m, v


def _shapes_unchecked(**arguments: Any) -> Step:
    if arguments["step"] < 1:
        raise ValueError("step")
    return _adamw_unchecked(**arguments)


def _step_unchecked(**arguments: Any) -> Step:
    if len({arguments[name].shape for name in ("param", "grad", "m", "v")}) > 1:
        raise ValueError("shapes")
    return _adamw_unchecked(**arguments)


def _gradient_shape_only(**arguments: Any) -> Step:
    if arguments["step"] < 1 or arguments["param"].shape != arguments["grad"].shape:
        raise ValueError("step or the shape of the gradient")
    return _adamw_unchecked(**arguments)


def _first_step(draw: Generator, *shape: int) -> Arguments:
    """Parameters and a gradient, and averages of nothing yet. The betas are far from each other and from 1."""
    return {
        "param": 2 * randn(draw, *shape),
        "grad": _away_from_zero(draw, *shape),
        "m": torch.zeros(*shape),
        "v": torch.zeros(*shape),
        "step": 1,
        "lr": _uniform(draw, 0.2, 0.4),
        "betas": (_uniform(draw, 0.6, 0.75), _uniform(draw, 0.85, 0.95)),
        "eps": 1e-8,
        "weight_decay": 0.0,
    }


def _away_from_zero(draw: Generator, *shape: int) -> Tensor:
    """Numbers of both signs, none of them near 0 or 1."""
    signs = torch.where(torch.rand(*shape, generator=draw) < 0.5, -1.0, 1.0)
    return signs * (1.5 + 2 * torch.rand(*shape, generator=draw))


def _later_step(draw: Generator, *shape: int) -> Arguments:
    return {
        **_first_step(draw, *shape),
        "m": _away_from_zero(draw, *shape) / 4,
        "v": 0.5 + torch.rand(*shape, generator=draw),
        "step": randint(draw, 3, 5),
    }


def _first_of(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: _first_step(draw, *shape)


def _later_of(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: _later_step(draw, *shape)


def _with_large_eps(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**_later_step(draw, *shape), "eps": _uniform(draw, 0.3, 0.6)}


def _with_decay(*shape: int) -> Callable[[Generator], Arguments]:
    return lambda draw: {**_later_step(draw, *shape), "weight_decay": _uniform(draw, 0.3, 0.6)}


def _decay_alone(draw: Generator) -> Arguments:
    zeros = torch.zeros(3, 4)
    return {**_with_decay(3, 4)(draw), "grad": zeros, "m": zeros}


def _by_default(*names: str) -> Callable[[Generator], Arguments]:
    """Arguments left to their defaults. The step is late enough for beta2 = 0.999 to be told from others."""

    def arguments(draw: Generator) -> Arguments:
        given = {**_later_step(draw, 2, 3), "weight_decay": 0.4, "step": 40}
        return {name: value for name, value in given.items() if name not in names}

    return arguments


def _tiny(draw: Generator) -> Arguments:
    """Gradients so small that the default eps is a tenth of the root of v, and eps is left out."""
    given = _later_step(draw, 2, 3)
    small = {"grad": 1e-7 * given["grad"], "m": 1e-7 * given["m"], "v": 1e-14 * given["v"]}
    return {name: value for name, value in {**given, **small}.items() if name != "eps"}


def _step_with_gaps(draw: Generator) -> Arguments:
    given = _with_decay(4, 3)(draw)
    return {name: value.T if isinstance(value, Tensor) else value for name, value in given.items()}


def _step_in(dtype: torch.dtype) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        given = _first_step(draw, 2, 3)
        return {name: value.to(dtype) if isinstance(value, Tensor) else value for name, value in given.items()}

    return arguments


def _one_number(name: str) -> Callable[[Generator], Arguments]:
    return lambda draw: {**_later_step(draw, 2, 3), name: torch.tensor([1.5])}


CORRECTED = "Both averages are corrected for their start at 0"

ADAMW_STEP_EXERCISE = Exercise(
    reference=pretraining.adamw_step,
    points=5,
    cases=(
        Case("first step", _first_of(2, 3), visible=True),
        Case("first step of a vector", _first_of(5)),
        Case("later step", _later_of(3, 4), visible=True),
        Case("later step, drawn", _later_of(2, 2, 3)),
        Case("large eps", _with_large_eps(2, 3), visible=True),
        Case("large eps, drawn", _with_large_eps(4)),
        Case("with decay", _with_decay(2, 4), visible=True),
        Case("with decay, drawn", _with_decay(5)),
        Case("decay alone", _decay_alone, visible=True),
        Case("default betas", _by_default("betas"), visible=True),
        Case("default decay", _by_default("weight_decay"), visible=True),
        Case("default eps", _tiny, visible=True),
        Case("with gaps", _step_with_gaps, visible=True),
        Case("without gaps", _without_gaps(_step_with_gaps), visible=True, drawn_as="with gaps"),
        Case("step 0", lambda draw: {**_later_step(draw, 2, 3), "step": 0}, visible=True),
        Case("gradient of one number", _one_number("grad"), visible=True),
        Case("averages of one number", lambda draw: {**_one_number("v")(draw), "m": torch.tensor([0.5])}, visible=True),
        Case("float64", _step_in(torch.float64), visible=True, slack=1e12),
        Case("bfloat16", _step_in(torch.bfloat16)),
    ),
    properties=(
        Property(
            "m is a running mean of the gradients",
            ("first step", "later step", "later step, drawn"),
            "The new m is beta1 times the old one and 1 - beta1 times the gradient. It is returned uncorrected.",
            observe=observe.second,
            part=1,
        ),
        Property(
            "v is a running mean of their squares",
            ("first step", "later step", "later step, drawn"),
            "The new v is beta2 times the old one and 1 - beta2 times the squared gradient. Return it uncorrected.",
            observe=observe.third,
            part=2,
        ),
        Property(
            "The first step has the length lr in every number",
            ("first step", "first step of a vector"),
            "At step 1, from averages of 0, the corrected m is the gradient and the corrected v its square. Without "
            "decay the step is lr, against the sign of the gradient.",
            observe=observe.first,
            part=0,
        ),
        Property(
            CORRECTED,
            ("later step", "later step, drawn", "default betas"),
            "Divide m by 1 - beta1 ** step and v by 1 - beta2 ** step, for this step only.",
            observe=observe.first,
            part=0,
            weight=2,
        ),
        Property(
            "eps is added to the root, after the correction",
            ("large eps", "large eps, drawn", "default eps"),
            "Below the line stands the root of the corrected v, plus eps.",
            observe=observe.first,
            part=0,
        ),
        Property(
            "The decay is decoupled from the gradient",
            ("with decay", "with decay, drawn", "decay alone", "default decay"),
            "lr * weight_decay * param is taken from the parameters themselves, as they were before the step. It never "
            "enters m or v.",
            weight=2,
        ),
        Property(
            "Tensors may lie in memory in whatever order",
            ("without gaps", "with gaps"),
            "Work with whole tensors, whatever their shape and layout.",
            observe=observe.same_up_to_rounding,
            joint=True,
            needs=CORRECTED,
        ),
        Property(
            "A step below 1, or shapes that differ, are refused with a ValueError",
            ("later step", "step 0", "gradient of one number", "averages of one number"),
            "At step 0 the correction would divide by 0, and a gradient of one number would broadcast.",
            observe=observe.refusal,
            needs=CORRECTED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
            "The results are new tensors in the dtype of the parameters: no `-=`, no `mul_` on what you were given.",
            observe=observe.dtype_and_changed,
            needs=CORRECTED,
        ),
    ),
    mistakes=(
        Mistake(
            "l2_instead_of_decay",
            "You add weight_decay * param to the gradient: that is L2, as in plain Adam. AdamW keeps the decay out of "
            "m and v.",
            DECAY,
            _adamw_of(_l2),
        ),
        Mistake(
            "decay_over_the_root",
            "You add the decay to m, so that it is divided by the root of v too. It stands beside the quotient.",
            DECAY,
            _decay_over_the_root,
        ),
        Mistake(
            "no_decay",
            "There is no weight decay in your step.",
            DECAY,
            _other(decayed=lambda param, update, lr, weight_decay: param - lr * update),
        ),
        Mistake(
            "decay_without_lr",
            "Your decay is not multiplied by lr: the parameters lose the share lr * weight_decay.",
            DECAY,
            _other(decayed=lambda param, update, lr, weight_decay: param - lr * update - weight_decay * param),
        ),
        Mistake(
            "decay_upward",
            "Your decay makes the parameters grow. It is taken away.",
            DECAY,
            _other(decayed=lambda param, update, lr, weight_decay: param - lr * (update - weight_decay * param)),
        ),
        Mistake(
            "decay_after_the_step",
            "You shrink the parameters after the step. What is taken away is a share of what they were before.",
            DECAY,
            _other(decayed=lambda param, update, lr, weight_decay: (param - lr * update) * (1 - lr * weight_decay)),
        ),
        Mistake(
            "decay_of_the_sign",
            "You take away the sign of the parameters. Weight decay takes a share of them.",
            DECAY,
            _other(decayed=lambda param, update, lr, weight_decay: param - lr * (update + weight_decay * param.sign())),
        ),
        Mistake(
            "no_correction",
            "Your averages are not corrected. They start at 0 and lean toward it: divide by 1 - beta ** step.",
            ADAM,
            _both(_uncorrected),
        ),
        Mistake(
            "m_not_corrected",
            "You correct v only. m starts at 0 as well.",
            ADAM,
            _other(correct_m=_uncorrected),
        ),
        Mistake(
            "v_not_corrected",
            "You correct m only. v starts at 0 as well.",
            ADAM,
            _other(correct_v=_uncorrected),
        ),
        Mistake(
            "corrected_by_one_beta",
            "You divide by 1 - beta. It is 1 - beta ** step, which is nearly 1 after many steps.",
            ADAM,
            _both(lambda average, beta, step: average / (1 - beta)),
        ),
        Mistake(
            "corrected_by_product",
            "You divide by 1 - beta * step. It is a power: beta ** step.",
            ADAM,
            _both(lambda average, beta, step: average / (1 - beta * step)),
        ),
        Mistake(
            "multiplied_by_correction",
            "You multiply by 1 - beta ** step. Averages that are too small have to be divided by it.",
            ADAM,
            _both(lambda average, beta, step: average * (1 - beta**step)),
        ),
        Mistake(
            "one_step_ahead",
            "Your correction uses step + 1. Steps count from 1 here, so step itself is right.",
            ADAM,
            _both(lambda average, beta, step: average / (1 - beta ** (step + 1))),
        ),
        Mistake(
            "one_step_behind",
            "Your correction uses step - 1, and at step 1 it divides by 0.",
            ADAM,
            _both(lambda average, beta, step: average / torch.tensor(1 - beta ** (step - 1))),
        ),
        Mistake(
            "corrected_returned",
            "You return m and v corrected. The next step needs them as they are; corrected they serve this step only.",
            ADAM,
            _then_step(_corrected_returned),
        ),
        Mistake(
            "eps_in_the_root",
            "Your eps is inside the root. It is added to the root.",
            ADAM,
            _other(quotient=lambda m, v, eps: m / (v + eps).sqrt()),
        ),
        Mistake(
            "eps_before_correction",
            "You add eps to the root of the uncorrected v. Correct first, then root, then eps.",
            ADAM,
            _eps_before_correction,
        ),
        Mistake(
            "no_eps",
            "There is no eps in your step: a gradient of 0 would divide 0 by 0.",
            ADAM,
            _other(quotient=lambda m, v, eps: m / v.sqrt()),
        ),
        Mistake(
            "eps_fixed",
            "You use 1e-8 whatever eps is.",
            ADAM,
            _other(quotient=lambda m, v, eps: m / (v.sqrt() + 1e-8)),
        ),
        Mistake(
            "other_eps",
            "Your default of eps is not 1e-8.",
            ADAM,
            _with_default("eps", 1e-6),
        ),
        Mistake(
            "no_root",
            "You divide by v. Below the line stands its root, which has the size of a gradient.",
            ADAM,
            _other(quotient=lambda m, v, eps: m / (v + eps)),
        ),
        Mistake(
            "uphill",
            "You add the step. It goes against the gradient.",
            ADAM,
            _other(decayed=lambda param, update, lr, weight_decay: param + lr * (update - weight_decay * param)),
        ),
        Mistake(
            "without_lr",
            "The learning rate is missing.",
            ADAM,
            _other(decayed=lambda param, update, lr, weight_decay: param - update - weight_decay * lr * param),
        ),
        Mistake(
            "betas_swapped",
            "You use beta1 for v and beta2 for m. The first is for the gradients, the second for their squares.",
            ADAM,
            _adamw_of(lambda arguments: {"betas": arguments["betas"][::-1]}),
        ),
        Mistake(
            "betas_the_wrong_way",
            "You keep 1 - beta of the old averages. beta says how much is kept.",
            ADAM,
            _other(
                first=lambda old, new, beta: _average(old, new, 1 - beta),
                second=lambda old, new, beta: _average(old, new**2, 1 - beta),
            ),
        ),
        Mistake(
            "m_without_factor",
            "You add the whole gradient to m, as momentum does. A mean takes the share 1 - beta1 of it.",
            ADAM,
            _other(first=lambda old, new, beta: beta * old + new),
        ),
        Mistake(
            "v_without_factor",
            "You add the whole square to v. A mean takes the share 1 - beta2 of it.",
            ADAM,
            _other(second=lambda old, new, beta: beta * old + new**2),
        ),
        Mistake(
            "both_without_factor",
            "You add the whole gradient and its whole square to the averages. A mean takes the share 1 - beta of them.",
            ADAM,
            _other(
                first=lambda old, new, beta: beta * old + new,
                second=lambda old, new, beta: beta * old + new**2,
            ),
        ),
        Mistake(
            "v_without_square",
            "Your v is a mean of the gradients' sizes. It is one of their squares.",
            ADAM,
            _other(second=lambda old, new, beta: _average(old, new.abs(), beta)),
        ),
        Mistake(
            "share_squared",
            "You square the share 1 - beta2 along with the gradient. Only the gradient is squared.",
            ADAM,
            _other(second=lambda old, new, beta: beta * old + ((1 - beta) * new) ** 2),
        ),
        Mistake(
            "averages_summed",
            "You replace m by the gradient and v by its square: nothing of the past is kept.",
            ADAM,
            _other(
                first=lambda old, new, beta: new,
                second=lambda old, new, beta: new**2,
            ),
        ),
        Mistake(
            "square_of_the_mean",
            "Your v is made of the square of m. It averages squares of gradients.",
            ADAM,
            _square_of_the_mean,
        ),
        Mistake(
            "old_averages_used",
            "You step by the averages of before. Update m and v first.",
            ADAM,
            _old_averages_used,
        ),
        Mistake(
            "gradient_not_averaged",
            "Above the line you have the gradient. AdamW has the corrected m there.",
            ADAM,
            _gradient_not_averaged,
        ),
        Mistake(
            "largest_square",
            "You keep the larger of the old and the new v. That is a variant, AMSGrad.",
            ADAM,
            _largest_square,
        ),
        Mistake(
            "betas_fixed",
            "You use 0.9 and 0.999 whatever the betas are.",
            ADAM,
            _adamw_of(lambda arguments: {"betas": (0.9, 0.999)}),
        ),
        Mistake(
            "other_betas",
            "Your default of betas is not (0.9, 0.999).",
            ADAM,
            _with_default("betas", (0.9, 0.95)),
        ),
        Mistake(
            "other_decay",
            "Your default of weight_decay is 0, as for Adam. Here it is 0.01.",
            DECAY,
            _with_default("weight_decay", 0.0),
        ),
        Mistake(
            "v_before_m",
            "You return v before m. The order is param, m, v.",
            ADAM,
            _then_step(lambda arguments, result: (result[0], result[2], result[1])),
        ),
        Mistake(
            "param_only",
            "You return the parameters only. The next step needs m and v too.",
            ADAM,
            _then_step(lambda arguments, result: result[0]),
        ),
        Mistake(
            "update_returned",
            "You return the change of the parameters in their place.",
            ADAM,
            _then_step(lambda arguments, result: (result[0] - arguments["param"], *result[1:])),
        ),
        Mistake(
            "old_averages_returned",
            "You return m and v as they were before the step.",
            ADAM,
            _then_step(lambda arguments, result: (result[0], arguments["m"], arguments["v"])),
        ),
        Mistake(
            "param_changed",
            "You change the parameters in place. Return a new tensor.",
            ADAM,
            _then_step(_param_changed),
        ),
        Mistake(
            "averages_changed",
            "You change m and v in place. Return new tensors.",
            ADAM,
            _then_step(_averages_changed),
        ),
        Mistake(
            "all_changed",
            "You change the parameters, m and v in place, as torch's optimizers do. Here, return new tensors.",
            ADAM,
            _then_step(_all_changed),
        ),
        Mistake(
            "always_float32",
            "Your results are in float32 whatever comes in. Keep the dtype.",
            ADAM,
            _then_step(lambda arguments, result: tuple(tensor.float() for tensor in result)),
        ),
        Mistake(
            "nothing_checked",
            "You check neither the step nor the shapes.",
            ADAM,
            _adamw_unchecked,
        ),
        Mistake(
            "step_not_checked",
            "You do not check the step. At 0 the correction divides by 0.",
            ADAM,
            _step_unchecked,
        ),
        Mistake(
            "shapes_not_checked",
            "You do not check the shapes: a gradient of one number would move all parameters.",
            ADAM,
            _shapes_unchecked,
        ),
        Mistake(
            "averages_not_checked",
            "You check the shape of the gradient, and not those of m and v.",
            ADAM,
            _gradient_shape_only,
        ),
    ),
)


# clip_gradients


Clipped = tuple[list[Tensor], float]


def _require_positive(max_norm: float) -> None:
    if max_norm <= 0:
        raise ValueError("max_norm")


def _norm(grads: list[Tensor]) -> float:
    return pretraining.clip_gradients(grads, 1.0)[1]


def _clipped_by(norm_of: Callable[[list[Tensor]], float]) -> Callable[..., Clipped]:
    """Clipping by another norm, which is returned too."""

    def clip(grads: list[Tensor], max_norm: float) -> Clipped:
        _require_positive(max_norm)
        norm = float(norm_of(grads))
        return [grad * (max_norm / norm if norm > max_norm else 1.0) for grad in grads], norm

    return clip


def _rescaled(rescale: Callable[[list[Tensor], float, float], list[Tensor]]) -> Callable[..., Clipped]:
    """Another way to shorten, with the right norm. It is given the gradients, max_norm and the norm."""

    def clip(grads: list[Tensor], max_norm: float) -> Clipped:
        _require_positive(max_norm)
        norm = _norm(grads)
        return rescale(grads, max_norm, norm), norm

    return clip


def _if_longer(shorten: Callable[[Tensor, float, float], Tensor]) -> Callable[..., Clipped]:
    return _rescaled(
        lambda grads, limit, norm: [shorten(grad, limit, norm) if norm > limit else grad.clone() for grad in grads]
    )


def _other_norm(change: Callable[[float, float], Any]) -> Callable[..., Any]:
    """The right gradients, with something else than the norm before clipping. It is given the norm and max_norm."""

    def clip(grads: list[Tensor], max_norm: float) -> Any:
        clipped, norm = pretraining.clip_gradients(grads, max_norm)
        return clipped, change(norm, max_norm)

    return clip


def _sizes(grads: list[Tensor]) -> list[float]:
    return [float(grad.double().norm()) for grad in grads]


def _per_tensor(grads: list[Tensor], max_norm: float, norm: float) -> list[Tensor]:
    return [grad * min(1.0, max_norm / max(size, 1e-12)) for grad, size in zip(grads, _sizes(grads), strict=True)]


def _long_tensors_only(grads: list[Tensor], max_norm: float, norm: float) -> list[Tensor]:
    factors = [max_norm / norm if size > max_norm else 1.0 for size in _sizes(grads)]
    return [grad * factor for grad, factor in zip(grads, factors, strict=True)]


def _always(grads: list[Tensor], max_norm: float, norm: float) -> list[Tensor]:
    return [grad * (max_norm / norm) if norm else grad.clone() for grad in grads]


def _always_and_nan(grads: list[Tensor], max_norm: float) -> Clipped:
    _require_positive(max_norm)
    norm = _norm(grads)
    return [grad * (max_norm / torch.tensor(norm, dtype=grad.dtype)) for grad in grads], norm


def _nan_at_zero(grads: list[Tensor], max_norm: float) -> Clipped:
    _require_positive(max_norm)
    norm = _norm(grads)
    return [(grad / norm if norm else grad * math.nan) * min(norm, max_norm) for grad in grads], norm


def _divides_by_zero(grads: list[Tensor], max_norm: float) -> Clipped:
    _require_positive(max_norm)
    norm = _norm(grads)
    factor = min(1.0, max_norm / norm)  # raises if all gradients are 0, and if there are none
    return [grad * factor for grad in grads], norm


def _fails_on_none(grads: list[Tensor], max_norm: float) -> Clipped:
    torch.stack([grad.norm() for grad in grads])  # raises if there are none
    return pretraining.clip_gradients(grads, max_norm)


def _as_one_tensor(grads: list[Tensor], max_norm: float) -> tuple[Tensor, float]:
    clipped, norm = pretraining.clip_gradients(grads, max_norm)
    return torch.cat([grad.flatten().double() for grad in clipped]) if clipped else torch.zeros(0), norm


def _in_place(grads: list[Tensor], max_norm: float) -> Clipped:
    clipped, norm = pretraining.clip_gradients(grads, max_norm)
    for grad, shorter in zip(grads, clipped, strict=True):
        grad.copy_(shorter)
    return grads, norm


def _not_checked(grads: list[Tensor], max_norm: float) -> Clipped:
    norm = _norm(grads)
    return [grad * (max_norm / norm if norm > max_norm else 1.0) for grad in grads], norm


def _zero_not_checked(grads: list[Tensor], max_norm: float) -> Clipped:
    if max_norm < 0:
        raise ValueError("max_norm")
    return _not_checked(grads, max_norm)


def _as_float32(grads: list[Tensor], max_norm: float) -> Clipped:
    clipped, norm = pretraining.clip_gradients(grads, max_norm)
    return [grad.float() for grad in clipped], norm


def _gradients(draw: Generator, *shapes: tuple[int, ...]) -> list[Tensor]:
    """Gradients of different sizes, of which the second is by far the longest."""
    return [(0.5 + 2 * number % 3) * _away_from_zero(draw, *shape) for number, shape in enumerate(shapes)]


SHAPES = ((2,), (3, 4), (2, 2, 2))


def _long(share: float, *shapes: tuple[int, ...]) -> Callable[[Generator], Arguments]:
    """A limit that is this share of the norm."""

    def arguments(draw: Generator) -> Arguments:
        grads = _gradients(draw, *shapes)
        return {"grads": grads, "max_norm": share * _norm(grads)}

    return arguments


def _gradients_in(dtype: torch.dtype, share: float) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        given = _long(share, (2,), (3, 2))(draw)
        return {**given, "grads": [grad.to(dtype) for grad in given["grads"]]}

    return arguments


def _gradients_with_gaps(draw: Generator) -> Arguments:
    given = _long(0.4, (3, 4), (2, 5))(draw)
    return {**given, "grads": [grad.T for grad in given["grads"]]}


def _all_zero(draw: Generator) -> Arguments:
    return {"grads": [torch.zeros(2, 3), torch.zeros(4)], "max_norm": _uniform(draw, 0.5, 2.0)}


def _limit(max_norm: float) -> Callable[[Generator], Arguments]:
    return lambda draw: {"grads": _gradients(draw, *SHAPES), "max_norm": max_norm}


ONE_FACTOR, ALL_NUMBERS = "All gradients are shortened by one factor", "The norm is that of all numbers together"

CLIP_GRADIENTS_EXERCISE = Exercise(
    reference=pretraining.clip_gradients,
    points=3,
    cases=(
        Case("too long", _long(0.3, *SHAPES), visible=True),
        Case("too long, drawn", _long(0.6, (5,), (2, 3))),
        Case("a little too long", _long(0.9, *SHAPES), visible=True),
        Case("one tensor", _long(0.5, (3, 3)), visible=True),
        Case("short enough", _long(1.3, *SHAPES), visible=True),
        Case("far below the limit", _long(40.0, (4, 2), (3,)), visible=True),
        Case("all zero", _all_zero, visible=True),
        Case("none", given(grads=[], max_norm=1.5), visible=True),
        Case("with gaps", _gradients_with_gaps, visible=True),
        Case("without gaps", _without_gaps(_gradients_with_gaps), visible=True, drawn_as="with gaps"),
        Case("limit 0", _limit(0.0), visible=True),
        Case("limit below 0", _limit(-1.5), visible=True),
        Case("float64", _gradients_in(torch.float64, 0.3), visible=True, slack=1e12),
        Case("bfloat16", _gradients_in(torch.bfloat16, 1.7)),
    ),
    properties=(
        Property(
            ALL_NUMBERS,
            ("too long", "too long, drawn", "one tensor", "short enough", "far below the limit"),
            "Square all numbers of all tensors, add them up, take the root. Return it as it was before clipping.",
            observe=observe.second,
            weight=2,
            part=1,
        ),
        Property(
            ONE_FACTOR,
            ("too long", "too long, drawn", "a little too long", "one tensor"),
            "The factor is max_norm / norm, the same for every tensor, so that the direction stays.",
            observe=observe.first,
            weight=3,
            part=0,
        ),
        Property(
            "What is short enough is left as it is",
            ("short enough", "far below the limit"),
            "Only gradients whose norm is above max_norm are changed: the factor is never above 1.",
            observe=observe.first,
            weight=2,
            part=0,
        ),
        Property(
            "Gradients of zeros, or none at all, give no NaN and no error",
            ("all zero", "none"),
            "The norm is 0.0 then, and must not be divided by.",
            needs=ALL_NUMBERS,
        ),
        Property(
            "Tensors may lie in memory in whatever order",
            ("without gaps", "with gaps"),
            "Keep the shape of each tensor, and use no `view`.",
            observe=observe.same_up_to_rounding,
            joint=True,
            needs=ONE_FACTOR,
        ),
        Property(
            "A limit that is not positive is refused with a ValueError",
            ("too long", "limit 0", "limit below 0"),
            "With 0 all gradients would be lost, and a negative limit would turn them around.",
            observe=observe.refusal,
            needs=ALL_NUMBERS,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "bfloat16"),
            "Return a new list of new tensors, each in the dtype that it had.",
            observe=observe.first_dtypes_and_changed,
            needs=ALL_NUMBERS,
        ),
    ),
    mistakes=(
        Mistake(
            "per_tensor",
            "You clip each tensor by its own norm. That turns the gradient: one factor serves all.",
            CLIPPING,
            _rescaled(_per_tensor),
        ),
        Mistake(
            "per_tensor_and_largest",
            "You clip each tensor by its own norm, and return the largest of their norms. There is one norm, of all.",
            CLIPPING,
            lambda grads, max_norm: (
                _rescaled(_per_tensor)(grads, max_norm)[0],
                max(_sizes(grads), default=0.0),
            ),
        ),
        Mistake(
            "long_tensors_only",
            "You shorten only the tensors that are long by themselves. All are shortened by the one factor.",
            CLIPPING,
            _rescaled(_long_tensors_only),
        ),
        Mistake(
            "always_rescaled",
            "You bring every gradient to the length max_norm, also one that is shorter. Small gradients stay small.",
            CLIPPING,
            _rescaled(_always),
        ),
        Mistake(
            "always_rescaled_and_nan",
            "You bring every gradient to the length max_norm, also one that is shorter, and zeros become NaN.",
            CLIPPING,
            _always_and_nan,
        ),
        Mistake(
            "never",
            "You measure the norm, and do not clip.",
            CLIPPING,
            _rescaled(lambda grads, limit, norm: [grad.clone() for grad in grads]),
        ),
        Mistake(
            "each_number",
            "You clip each number by itself, to at most max_norm. It is the length of all that is limited.",
            CLIPPING,
            _rescaled(lambda grads, limit, norm: [grad.clamp(-limit, limit) for grad in grads]),
        ),
        Mistake(
            "factor_inverted",
            "Your factor is norm / max_norm: long gradients get longer.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad * (norm / limit)),
        ),
        Mistake(
            "to_length_one",
            "You bring long gradients to the length 1. Their new length is max_norm.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad / norm),
        ),
        Mistake(
            "divided_by_limit",
            "You divide long gradients by max_norm. The factor is max_norm / norm.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad / limit),
        ),
        Mistake(
            "times_limit",
            "You multiply long gradients by max_norm. The factor is max_norm / norm.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad * limit),
        ),
        Mistake(
            "set_to_zero",
            "You drop long gradients. They are shortened, so that the step keeps its direction.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad * 0),
        ),
        Mistake(
            "wrong_side",
            "You change the gradients that are below the limit, and leave long ones as they are.",
            CLIPPING,
            _rescaled(
                lambda grads, limit, norm: [
                    grad * (limit / norm) if 0 < norm < limit else grad.clone() for grad in grads
                ]
            ),
        ),
        Mistake(
            "root_of_the_factor",
            "You take the root of the factor. The norm has its root already.",
            CLIPPING,
            _if_longer(lambda grad, limit, norm: grad * math.sqrt(limit / norm)),
        ),
        Mistake(
            "sum_of_norms",
            "You add up the norms of the tensors. Add up their squares, and take the root.",
            CLIPPING,
            _clipped_by(lambda grads: sum(_sizes(grads))),
        ),
        Mistake(
            "mean_of_norms",
            "You take the mean of the tensors' norms. Add up their squares, and take the root.",
            CLIPPING,
            _clipped_by(lambda grads: sum(_sizes(grads)) / max(1, len(grads))),
        ),
        Mistake(
            "largest_norm",
            "You take the largest of the tensors' norms. Add up their squares, and take the root.",
            CLIPPING,
            _clipped_by(lambda grads: max(_sizes(grads), default=0.0)),
        ),
        Mistake(
            "last_norm",
            "You take the norm of the last tensor only.",
            CLIPPING,
            _clipped_by(lambda grads: _sizes(grads)[-1] if grads else 0.0),
        ),
        Mistake(
            "without_root",
            "The root is missing: you have the sum of squares.",
            CLIPPING,
            _clipped_by(lambda grads: sum(size**2 for size in _sizes(grads))),
        ),
        Mistake(
            "sizes_summed",
            "You add up the sizes of the numbers. Add up their squares, and take the root.",
            CLIPPING,
            _clipped_by(lambda grads: sum(float(grad.abs().double().sum()) for grad in grads)),
        ),
        Mistake(
            "largest_number",
            "You take the largest number. The norm is the root of the sum of squares.",
            CLIPPING,
            _clipped_by(lambda grads: max((float(grad.abs().max()) for grad in grads), default=0.0)),
        ),
        Mistake(
            "mean_square",
            "You take the root of the *mean* square. The norm has the sum, however many numbers there are.",
            CLIPPING,
            _clipped_by(
                lambda grads: math.sqrt(sum(size**2 for size in _sizes(grads)) / max(1, sum(map(torch.numel, grads))))
            ),
        ),
        Mistake(
            "norm_after",
            "You return the norm after clipping. Asked for is the one before: it shows how the training is doing.",
            CLIPPING,
            _other_norm(lambda norm, limit: min(norm, limit)),
        ),
        Mistake(
            "factor_returned",
            "You return the factor. Asked for is the norm before clipping.",
            CLIPPING,
            _other_norm(lambda norm, limit: min(1.0, limit / norm) if norm else 1.0),
        ),
        Mistake(
            "norm_as_tensor",
            "Your norm is a tensor. Asked for is a number: float(norm) or norm.item().",
            CLIPPING,
            _other_norm(lambda norm, limit: torch.tensor(norm)),
        ),
        Mistake(
            "only_the_list",
            "You return the gradients only. Return them and the norm before clipping.",
            CLIPPING,
            lambda grads, max_norm: pretraining.clip_gradients(grads, max_norm)[0],
        ),
        Mistake(
            "norm_first",
            "You return the norm first. First come the gradients.",
            CLIPPING,
            lambda grads, max_norm: pretraining.clip_gradients(grads, max_norm)[::-1],
        ),
        Mistake(
            "as_tuple",
            "Your gradients are a tuple. Asked for is a list.",
            CLIPPING,
            lambda grads, max_norm: (
                tuple(pretraining.clip_gradients(grads, max_norm)[0]),
                pretraining.clip_gradients(grads, max_norm)[1],
            ),
        ),
        Mistake(
            "as_one_tensor",
            "You return all gradients in one long tensor. Each parameter needs its own, in its shape.",
            CLIPPING,
            _as_one_tensor,
        ),
        Mistake(
            "nan_at_zero",
            "Gradients of zeros become NaN: you divide by a norm of 0.",
            CLIPPING,
            _nan_at_zero,
        ),
        Mistake(
            "divides_by_zero",
            "A norm of 0 raises an error: compare norm with max_norm before you divide.",
            CLIPPING,
            _divides_by_zero,
        ),
        Mistake(
            "fails_on_none",
            "Without any gradients your function raises an error. The norm of nothing is 0.0.",
            CLIPPING,
            _fails_on_none,
        ),
        Mistake(
            "in_place",
            "You change the gradients in place, or their list, as torch's own function does. Here, return new ones.",
            CLIPPING,
            _in_place,
        ),
        Mistake(
            "not_checked",
            "You do not check that max_norm is positive.",
            CLIPPING,
            _not_checked,
        ),
        Mistake(
            "zero_not_checked",
            "You refuse a negative max_norm, and not one of 0.",
            CLIPPING,
            _zero_not_checked,
        ),
        Mistake(
            "always_float32",
            "Your gradients come back in float32. Keep the dtype of each.",
            CLIPPING,
            _as_float32,
        ),
    ),
)


# compute_optimal


def _require_budget(flops: float, tokens_per_param: float) -> None:
    if flops <= 0 or tokens_per_param <= 0:
        raise ValueError("a budget is positive")


def _bought(
    parameters: Callable[[float, float], float], tokens: Callable[[float, float, float], float] | None = None
) -> Callable[..., tuple[float, float]]:
    """Parameters by another formula of the budget and the ratio, and tokens by one of parameters, budget and ratio."""

    def buy(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
        _require_budget(flops, tokens_per_param)
        found = parameters(flops, tokens_per_param)
        return found, tokens(found, flops, tokens_per_param) if tokens else tokens_per_param * found

    return buy


def _best(flops: float, ratio: float) -> float:
    return math.sqrt(flops / (6 * ratio))


def _other_ratio(flops: float, tokens_per_param: float = 1.7) -> tuple[float, float]:
    return pretraining.compute_optimal(flops, tokens_per_param)


def _then_bought(change: Callable[[float, float], Any]) -> Callable[..., Any]:
    """Something done to the right answer."""
    return lambda flops, tokens_per_param=20.0: change(*pretraining.compute_optimal(flops, tokens_per_param))


def _budget_not_checked(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    parameters = abs(flops / (6 * tokens_per_param)) ** 0.5 if tokens_per_param else math.inf
    return parameters, tokens_per_param * parameters


def _ratio_not_checked(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if flops <= 0:
        raise ValueError("flops")
    return _budget_not_checked(flops, tokens_per_param)


def _flops_not_checked(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if tokens_per_param <= 0:
        raise ValueError("tokens_per_param")
    return _budget_not_checked(flops, tokens_per_param)


def _zero_budget_accepted(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    if flops < 0 or tokens_per_param <= 0:
        raise ValueError("negative")
    return _budget_not_checked(flops, tokens_per_param)


def _left_to_sqrt(flops: float, tokens_per_param: float = 20.0) -> tuple[float, float]:
    parameters = math.sqrt(flops / (6 * tokens_per_param))  # raises a ValueError below 0, and divides by 0
    return parameters, tokens_per_param * parameters


def _budget(low: float, high: float, ratio: tuple[float, float] | None = None) -> Callable[[Generator], Arguments]:
    """A budget between two powers of ten, and a ratio."""

    def arguments(draw: Generator) -> Arguments:
        flops = 10 ** _uniform(draw, low, high)
        return {"flops": flops} if ratio is None else {"flops": flops, "tokens_per_param": _uniform(draw, *ratio)}

    return arguments


BUDGET, RATIO = "The budget is used up: 6 N D = flops", "Tokens are tokens_per_param times parameters"

COMPUTE_OPTIMAL_EXERCISE = Exercise(
    reference=pretraining.compute_optimal,
    points=2,
    cases=(
        Case("large budget", _budget(20, 24, (9.0, 13.0)), visible=True),
        Case("large budget, drawn", _budget(18, 25, (30.0, 90.0))),
        Case("small budget", _budget(2.0, 2.6, (3.0, 5.0)), visible=True),
        Case("few tokens", _budget(19, 23, (0.2, 0.6)), visible=True),
        Case("default ratio", _budget(20, 24), visible=True),
        Case("default ratio, drawn", _budget(3, 5)),
        Case("no budget", given(flops=0.0, tokens_per_param=7.0), visible=True),
        Case("budget below 0", given(flops=-1e20, tokens_per_param=7.0), visible=True),
        Case("no tokens", given(flops=1e20, tokens_per_param=0.0), visible=True),
        Case("tokens below 0", given(flops=1e20, tokens_per_param=-7.0), visible=True),
        Case("both below 0", given(flops=-1e20, tokens_per_param=-7.0), visible=True),
    ),
    properties=(
        Property(
            BUDGET,
            ("large budget", "large budget, drawn", "small budget", "few tokens"),
            "Six times the parameters times the tokens must give flops again. Both count, so each grows with the root "
            "of the budget.",
            observe=observe.product,
            weight=2,
        ),
        Property(
            RATIO,
            ("large budget", "large budget, drawn", "small budget", "few tokens"),
            "The second number divided by the first is tokens_per_param.",
            observe=observe.second_over_first,
            weight=2,
        ),
        Property(
            "Parameters and tokens, in this order and not rounded",
            ("large budget", "small budget", "few tokens"),
            "Put D = tokens_per_param * N into flops = 6 N D, and solve for N.",
            weight=2,
        ),
        Property(
            "The default is 20 tokens per parameter",
            ("default ratio", "default ratio, drawn"),
            "Without the second argument, D is 20 N.",
        ),
        Property(
            "A budget or a ratio that is not positive is refused with a ValueError",
            ("large budget", "no budget", "budget below 0", "no tokens", "tokens below 0", "both below 0"),
            "Compare both with 0 before all else.",
            observe=observe.refusal,
            needs=BUDGET,
        ),
    ),
    mistakes=(
        Mistake(
            "two_n_d",
            "You take 2 N D, the cost of the forward pass alone. With the backward pass, training costs 6 N D.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(flops / (2 * ratio))),
        ),
        Mistake(
            "four_n_d",
            "You take 4 N D, the cost of the backward pass alone. The forward pass adds 2 N D.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(flops / (4 * ratio))),
        ),
        Mistake(
            "twelve_n_d",
            "You take 12 N D. A multiplication and an addition, three times over, are 6.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(flops / (12 * ratio))),
        ),
        Mistake(
            "n_d",
            "You take N D for the cost: the factor 6 is missing.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(flops / ratio)),
        ),
        Mistake(
            "six_outside_the_root",
            "You divide by 6 after the root. It belongs under the root.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(flops / ratio) / 6),
        ),
        Mistake(
            "six_multiplied",
            "You multiply the budget by 6. Divide: 6 N D = flops.",
            COMPUTE,
            _bought(lambda flops, ratio: math.sqrt(6 * flops / ratio)),
        ),
        Mistake(
            "added",
            "You add, 6 N + D = flops. It is a product, 6 N D: each token passes through each parameter.",
            COMPUTE,
            _bought(lambda flops, ratio: flops / (6 + ratio)),
        ),
        Mistake(
            "without_root",
            "The root is missing. N occurs twice in 6 N (tokens_per_param N).",
            OPTIMAL,
            _bought(lambda flops, ratio: flops / (6 * ratio)),
        ),
        Mistake(
            "cube_root",
            "You take the third root. In 6 N D there are two factors that grow.",
            OPTIMAL,
            _bought(lambda flops, ratio: (flops / (6 * ratio)) ** (1 / 3)),
        ),
        Mistake(
            "kaplan",
            "You let parameters grow with the power 0.73 of the budget, as Kaplan et al. did. Here both grow with the "
            "root.",
            OPTIMAL,
            _bought(
                lambda flops, ratio: (flops / (6 * ratio)) ** 0.73,
                lambda parameters, flops, ratio: flops / (6 * parameters),
            ),
        ),
        Mistake(
            "tokens_inverted_only",
            "Your parameters are right, and your tokens are N / tokens_per_param. Multiply.",
            OPTIMAL,
            _bought(_best, lambda parameters, flops, ratio: parameters / ratio),
        ),
        Mistake(
            "parameters_inverted_only",
            "Your parameters come from a budget multiplied by the ratio. N is the root of "
            "flops / (6 tokens_per_param).",
            OPTIMAL,
            _bought(lambda flops, ratio: math.sqrt(flops * ratio / 6)),
        ),
        Mistake(
            "swapped",
            "Your two numbers stand the wrong way round. First come the parameters, and there are tokens_per_param "
            "tokens for each of them.",
            OPTIMAL,
            _then_bought(lambda parameters, tokens: (tokens, parameters)),
        ),
        Mistake(
            "as_many_tokens_as_parameters",
            "You have as many tokens as parameters. There are tokens_per_param times as many.",
            OPTIMAL,
            _bought(
                lambda flops, ratio: math.sqrt(flops / 6),
                lambda parameters, flops, ratio: parameters,
            ),
        ),
        Mistake(
            "ratio_not_in_parameters",
            "Your parameters do not depend on the ratio, so the budget is not kept: the more tokens, the smaller the "
            "model.",
            OPTIMAL,
            _bought(lambda flops, ratio: math.sqrt(flops / 6)),
        ),
        Mistake(
            "ratio_outside_the_root",
            "You divide by the ratio after the root. It belongs under the root.",
            OPTIMAL,
            _bought(lambda flops, ratio: math.sqrt(flops / 6) / ratio),
        ),
        Mistake(
            "always_twenty",
            "You use 20 whatever tokens_per_param is.",
            OPTIMAL,
            _bought(
                lambda flops, ratio: _best(flops, 20),
                lambda parameters, flops, ratio: 20 * parameters,
            ),
        ),
        Mistake(
            "twenty_for_tokens",
            "Your parameters use tokens_per_param, and your tokens are 20 N.",
            OPTIMAL,
            _bought(
                _best,
                lambda parameters, flops, ratio: 20 * parameters,
            ),
        ),
        Mistake(
            "other_default",
            "Your default is not 20 tokens for each parameter.",
            OPTIMAL,
            _other_ratio,
        ),
        Mistake(
            "ratio_for_tokens",
            "You return tokens_per_param as the number of tokens. Multiply it by the parameters.",
            OPTIMAL,
            _bought(_best, lambda parameters, flops, ratio: ratio),
        ),
        Mistake(
            "cost_for_tokens",
            "Your tokens are flops / N: the factor 6 is missing there.",
            COMPUTE,
            _bought(_best, lambda parameters, flops, ratio: flops / parameters),
        ),
        Mistake(
            "rounded",
            "You round to whole numbers. Asked for are the numbers as they come.",
            OPTIMAL,
            _then_bought(lambda parameters, tokens: (float(round(parameters)), float(round(tokens)))),
        ),
        Mistake(
            "in_billions",
            "Your numbers are in billions. Asked for are parameters and tokens.",
            OPTIMAL,
            _then_bought(lambda parameters, tokens: (parameters / 1e9, tokens / 1e9)),
        ),
        Mistake(
            "parameters_only",
            "You return the parameters only. Return parameters and tokens.",
            OPTIMAL,
            _then_bought(lambda parameters, tokens: parameters),
        ),
        Mistake(
            "as_tensors",
            "You return tensors. Asked for are numbers: use the functions of math.",
            OPTIMAL,
            _then_bought(lambda parameters, tokens: (torch.tensor(parameters), torch.tensor(tokens))),
        ),
        Mistake(
            "nothing_checked",
            "You check neither the budget nor the ratio: both must be positive.",
            OPTIMAL,
            _budget_not_checked,
        ),
        Mistake(
            "flops_not_checked",
            "You do not check that flops is positive.",
            OPTIMAL,
            _flops_not_checked,
        ),
        Mistake(
            "ratio_not_checked",
            "You do not check that tokens_per_param is positive.",
            OPTIMAL,
            _ratio_not_checked,
        ),
        Mistake(
            "zero_budget_accepted",
            "You accept a budget of 0. It must be positive.",
            OPTIMAL,
            _zero_budget_accepted,
        ),
        Mistake(
            "left_to_sqrt",
            "You leave the check to the root and the division. They miss a budget of 0 and two negative numbers, and "
            "a ratio of 0 raises another error.",
            OPTIMAL,
            _left_to_sqrt,
        ),
    ),
)


ASSIGNMENT = Assignment(
    "08_pretraining",
    (
        NEXT_TOKEN_LOSS_EXERCISE,
        LEARNING_RATE_EXERCISE,
        ADAMW_STEP_EXERCISE,
        CLIP_GRADIENTS_EXERCISE,
        COMPUTE_OPTIMAL_EXERCISE,
    ),
)
