"""sequence_log_probs: how probable a whole answer is."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randint, randn
from llm_course.checking import observe
from solutions import post_training

known = Mistakes(post_training.sequence_log_probs, section="post-training-log-probs")

TARGETS, LOGITS = "labels[:, 1:]", "logits[:, :-1]"
LOG = f"functional.log_softmax({LOGITS}, dim=-1)"
MASKED = "found.masked_fill(~counts, 0.0)"
SUM = f"{MASKED}.sum(dim=-1)"
CHECK = "logits.shape[:2] != labels.shape"

known.edit(
    "not_shifted",
    {TARGETS: "labels", LOGITS: "logits"},
    "You read the log probability of a token off the logits at its own position, which have seen it. The logits at "
    "position t are about the token at t + 1.",
)
known.edit(
    "shifted_twice",
    {TARGETS: "labels[:, 2:]", LOGITS: "logits[:, :-2]"},
    "You shift by two positions: the logits at t are about the token at t + 1.",
)
known.edit(
    "shifted_backward",
    {TARGETS: "labels[:, :-1]", LOGITS: "logits[:, 1:]"},
    "You shift the wrong way: position t predicts the token at t + 1, not the one at t - 1.",
)
known.edit(
    "rolled",
    {TARGETS: "labels.roll(-1, dims=1)", LOGITS: "logits"},
    "You roll the labels, so the last position is asked about the first token. Cut instead: logits[:, :-1] against "
    "labels[:, 1:].",
)
known.edit(
    "last_labels_cut",
    {TARGETS: "labels[:, :-1]"},
    "You cut the last position off both, so they are not shifted. Cut the *first* label and the *last* logits.",
)
known.edit(
    "mean",
    {SUM: f"{MASKED}.sum(dim=-1) / counts.sum(dim=-1).clamp(min=1)"},
    "You take the mean over the tokens. The log probability of a whole answer is the sum: it belongs to a product of "
    "probabilities.",
)
known.edit(
    "mean_over_time",
    {SUM: f"{MASKED}.mean(dim=-1)"},
    "You take the mean over all positions. The log probability of a whole answer is the sum over its tokens.",
)
known.edit(
    "first_label_cut",
    {LOGITS: "logits[:, 1:]"},
    "You cut the first position off both, so they are not shifted. Cut the *first* label and the *last* logits.",
)
known.edit(
    "most_probable",
    {LOG: f"functional.log_softmax({LOGITS}, dim=-1).amax(dim=-1, keepdim=True).expand_as({LOGITS})"},
    "You add up the log probability of the likeliest token. It is that of the token which stands in labels.",
)
known.edit(
    "softmax_over_rows",
    {f"log_softmax({LOGITS}, dim=-1)": f"log_softmax({LOGITS}, dim=0)"},
    "Your softmax runs over the batch. It runs over the vocabulary, the last dimension.",
)
known.edit(
    "divided_by_length",
    {SUM: f"{SUM} / labels.shape[1]"},
    "You divide by the length of the row. The log probability of a whole answer is the sum over its tokens.",
)
known.edit(
    "divided_by_batch",
    {SUM: f"{SUM} / counts.sum()"},
    "You divide by the number of labels in the batch. Each row is the sum over its own tokens.",
)
known.edit(
    "largest_logit_subtracted",
    {LOG: f"({LOGITS} - {LOGITS}.amax(dim=-1, keepdim=True))"},
    "You subtract the largest logit. What is to be subtracted is the logarithm of the sum of exponentials: log_softmax "
    "does that, and keeps it finite.",
)
known.edit(
    "a_column",
    {SUM: f"{MASKED}.sum(dim=-1, keepdim=True)"},
    "You keep the dimension of time. One number for each row: [batch].",
)
known.edit(
    "batch_mean",
    {SUM: f"{MASKED}.sum() / counts.sum()"},
    "You take one mean over all labels of the batch, as cross_entropy does. Each row gets its own number, a sum.",
)
known.edit(
    "product",
    {SUM: f"{SUM}.exp()"},
    "You return the probability, which for a long answer is 0 in floats. Its logarithm is asked for: the sum.",
)
known.edit(
    "base_two",
    {SUM: f"{SUM} / 0.6931471805599453"},
    "Your logarithm has base 2. log_softmax gives natural logarithms: nothing is to be divided.",
)
known.edit(
    "per_token",
    {SUM: MASKED},
    "You return a number for each token. Add them up over time: one number for each row.",
)
known.edit(
    "sum_over_rows",
    {SUM: f"{MASKED}.sum(dim=0)"},
    "You add up over the batch, dimension 0. Each row is an answer: add up over time.",
)
known.edit(
    "gathers_ignored",
    {SUM: "found.sum(dim=-1)"},
    "Labels of -100 count in your sum, as if they were token 0. They must add nothing.",
)
known.edit(
    "mask_not_shifted",
    {MASKED: "found.masked_fill(labels[:, :-1] == -100, 0.0)"},
    "Your labels are shifted, but the mask of what counts is not. Make it from the shifted labels, labels[:, 1:].",
)
known.edit(
    "zero_is_padding",
    {"targets != -100": "targets > 0"},
    "You leave out token 0 as if it were padding. Only a label of -100 does not count.",
)
known.edit(
    "gather_raises",
    {"targets.masked_fill(~counts, 0)": "targets"},
    "Your function raises where a label is -100: there is no such place in the vocabulary. Look up 0 there, and leave "
    "what you find out of the sum.",
)
known.edit(
    "batch_sum",
    {SUM: f"{MASKED}.sum()"},
    "You add up the whole batch. Each row is an answer of its own and gets its own sum.",
)
known.edit(
    "probabilities",
    {LOG: f"functional.softmax({LOGITS}, dim=-1)"},
    "You add up probabilities. Add up their logarithms: log_softmax.",
)
known.edit(
    "raw_logits",
    {LOG: LOGITS},
    "You add up logits. They become log probabilities by log_softmax over the vocabulary.",
)
known.edit(
    "softmax_over_time",
    {f"log_softmax({LOGITS}, dim=-1)": f"log_softmax({LOGITS}, dim=1)"},
    "Your softmax runs over time. It runs over the vocabulary, the last dimension.",
)
known.edit(
    "negated",
    {SUM: f"-{SUM}"},
    "Your sign is that of a loss. Log probabilities are 0 or less.",
)
known.edit(
    "overflow",
    {LOG: f"torch.log(torch.exp({LOGITS}) / torch.exp({LOGITS}).sum(dim=-1, keepdim=True))"},
    "Your logarithm of a quotient of exponentials breaks at large logits: exp of 89 is infinite in float32, and the "
    "logarithm of 0 is minus infinity. Use log_softmax.",
)
known.edit(
    "log_of_softmax",
    {LOG: f"torch.log(torch.softmax({LOGITS}, dim=-1))"},
    "A probability that is too small for a float becomes 0, and its logarithm minus infinity. log_softmax keeps it.",
)
known.edit(
    "detached",
    {SUM: f"{SUM}.detach()"},
    "No gradient reaches the logits, so nothing could be trained by these numbers. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "single",
    {SUM: f"{SUM}.float()"},
    "Your result is float32 whatever the logits are: keep their dtype.",
)
known.edit(
    "every_dimension_squeezed",
    {".squeeze(-1)": ".squeeze()", MASKED: "(found * counts)"},
    "`squeeze()` without a dimension takes away *every* dimension of 1: of two positions one is left after the shift, "
    "and its dimension goes too. Name the one you mean: squeeze(-1).",
)
known.edit(
    "no_check",
    {CHECK: "False"},
    "You do not compare the shapes: logits and labels of different lengths go through without a word. Compare "
    "logits.shape[:2] with labels.shape, and raise ValueError.",
)


@known.function("You change the labels that you were given: work on a new tensor.")
def in_place(logits: Tensor, labels: Tensor) -> Tensor:
    result = post_training.sequence_log_probs(logits, labels)
    labels[labels == -100] = 0
    return result


@known.function("You stop at the first -100 after an answer. A row may hold several answers: add up all its labels.")
def first_answer_only(logits: Tensor, labels: Tensor) -> Tensor:
    later = ((labels[:, :-1] != -100) & (labels[:, 1:] == -100)).cumsum(dim=1) > 0
    kept = torch.cat([labels[:, :1], labels[:, 1:].masked_fill(later, -100)], dim=1)
    return post_training.sequence_log_probs(logits, kept)


def answers(
    batch: int, time: int, scale: float = 2.0, dtype: torch.dtype = torch.float32
) -> Callable[[Generator], Arguments]:
    def draw_answers(draw: Generator) -> Arguments:
        labels = torch.randint(0, 7, (batch, time), generator=draw)
        for row in labels:
            row[: randint(draw, 1, time // 2)] = -100
        labels[0, -1] = -100
        labels[-1, -2] = 0  # a token like any other
        return {"logits": scale * randn(draw, batch, time, 7, dtype=dtype), "labels": labels}

    return draw_answers


def all_counted(draw: Generator) -> Arguments:
    labels = torch.randint(0, 6, (2, 4), generator=draw)
    labels[1, 2] = 0
    return {"logits": 2 * randn(draw, 2, 4, 6), "labels": labels}


def two_positions(draw: Generator) -> Arguments:
    """After the shift, one position is left."""
    return {"logits": 2 * randn(draw, 3, 2, 6), "labels": torch.randint(0, 6, (3, 2), generator=draw)}


def none_counted(draw: Generator) -> Arguments:
    labels = torch.full((2, 5), -100)
    labels[1, 3] = 2
    labels[0, 0] = 1
    return {"logits": randn(draw, 2, 5, 6), "labels": labels}


def two_answers(draw: Generator) -> Arguments:
    labels = torch.randint(1, 6, (2, 8), generator=draw)
    labels[0, [0, 3, 4]], labels[1, [0, 1, 5]] = -100, -100
    return {"logits": 2 * randn(draw, 2, 8, 6), "labels": labels}


def one_token(draw: Generator) -> Arguments:
    return {"logits": randn(draw, 3, 1, 6), "labels": torch.randint(0, 6, (3, 1), generator=draw)}


def huge(draw: Generator) -> Arguments:
    """In the first row each label is the most probable token, in the second the least probable."""
    logits, labels = 500 * torch.randn(2, 5, 6, generator=draw), torch.randint(0, 6, (2, 5), generator=draw)
    extremes = torch.tensor([[[3000.0]], [[-3000.0]]]).expand(2, 4, 1)
    logits[:, :-1].scatter_(-1, labels[:, 1:, None], extremes)
    return {"logits": logits, "labels": labels}


def mismatched(batch: int, time: int) -> Callable[[Generator], Arguments]:
    def draw_mismatched(draw: Generator) -> Arguments:
        return {"logits": randn(draw, 2, 5, 6), "labels": torch.randint(0, 6, (batch, time), generator=draw)}

    return draw_mismatched


def with_gaps(draw: Generator) -> Arguments:
    labels = torch.randint(0, 4, (6, 3), generator=draw).T
    labels[2, 3] = 0
    return {"logits": randn(draw, 4, 6, 3).transpose(0, 2), "labels": labels}


SUMMED = "Each row is the sum of the log probabilities of its tokens, each read off the position before it"

EXERCISE = Exercise(
    reference=post_training.sequence_log_probs,
    points=4,
    cases=(
        Case("all counted", all_counted, visible=True),
        Case("answers", answers(2, 6), visible=True),
        Case("answers, drawn", answers(3, 8)),
        Case("one answer", answers(1, 5)),
        Case("two answers in a row", two_answers, visible=True),
        Case("two positions", two_positions, visible=True),
        Case("with gaps", with_gaps),
        Case("nothing to count", none_counted, visible=True),
        Case("one token", one_token, visible=True),
        Case("huge logits", huge, visible=True),
        Case("a label more", mismatched(2, 6), visible=True),
        Case("a label less", mismatched(2, 4)),
        Case("one row of labels", mismatched(1, 5), visible=True),
        Case("float64", answers(2, 6, dtype=torch.float64), visible=True, slack=1e12),
        Case("gradients", answers(2, 6), visible=True, gradients=("logits",)),
    ),
    properties=(
        Property(
            SUMMED,
            ("all counted", "two positions", "with gaps"),
            "Nothing is left out here. Pair logits[:, :-1] with labels[:, 1:], look up one log probability for each "
            "label, and add up each row.",
            weight=3,
        ),
        Property(
            "Labels of -100 add nothing",
            ("answers", "answers, drawn", "one answer", "two answers in a row"),
            "-100 is no place to look up: look up anything there, and set it to 0 before the sum.",
            weight=2,
        ),
        Property(
            "A row without a label that counts has the sum 0",
            ("nothing to count", "one token"),
            "The label at position 0 is predicted by nothing. The sum over nothing is 0.",
            needs=SUMMED,
        ),
        Property(
            "Large logits do not overflow",
            ("huge logits",),
            "Use log_softmax: it never makes the exponential of a large number, nor the logarithm of 0. A small number "
            "added inside a logarithm keeps it finite and makes it wrong.",
        ),
        Property(
            "Logits and labels that do not fit are refused with a ValueError",
            ("all counted", "a label more", "a label less", "one row of labels"),
            "Compare logits.shape[:2] with labels.shape before you cut anything.",
            observe=observe.refusal,
            needs=SUMMED,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "answers"),
            "Sums of float64 logits are float64, and the labels still hold their -100 after the call.",
            observe=observe.dtype_and_changed,
            needs=SUMMED,
        ),
        Property(
            "Gradients reach the logits",
            ("gradients",),
            "These sums are what preference training differentiates: no detach, no no_grad, no item().",
            observe=observe.gradients,
        ),
    ),
    mistakes=tuple(known),
)
