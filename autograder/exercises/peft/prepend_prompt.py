"""prepend_prompt: learned rows in front of a text."""

import functools
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, randn
from llm_course.checking import observe
from solutions import peft

known = Mistakes(peft.prepend_prompt, section="peft-prompt-tuning")

ROWS, ONES, IGNORED = "[rows, embeddings]", "[mask.new_ones(new), mask]", "[labels.new_full(new, -100), labels]"
LONGER = f"torch.cat({ROWS}, dim=1)"
RETURNED = f"{LONGER}, grown_mask, grown_labels"

known.edit(
    "appended",
    {
        ROWS: "[embeddings, rows]",
        ONES: "[mask, mask.new_ones(new)]",
        IGNORED: "[labels, labels.new_full(new, -100)]",
    },
    "You put the prompt after the texts. In a causal model no token would see it: it belongs in front.",
)
known.edit(
    "prompt_appended_alone",
    {ROWS: "[embeddings, rows]"},
    "Mask and labels grow in front, but the prompt stands after the texts: give it to `torch.cat` first.",
)
known.edit(
    "mask_in_float",
    {"mask.new_ones(new)": "torch.ones(new)"},
    "Your mask comes out as float32: `torch.ones` makes float32 and takes the mask along. `mask.new_ones` keeps its "
    "dtype.",
)
known.edit(
    "labels_in_float",
    {"labels.new_full(new, -100)": "torch.full(new, -100.0)"},
    "Your labels come out as float32, and a loss refuses them. `labels.new_full` keeps their dtype.",
)
known.edit(
    "mask_not_grown",
    {RETURNED: f"{LONGER}, mask, grown_labels"},
    "Your mask keeps its length: it has no entries for the rows of the prompt.",
)
known.edit(
    "labels_not_grown",
    {RETURNED: f"{LONGER}, grown_mask, labels"},
    "Your labels keep their length, so each stands p positions too early: put -100 in front, p times.",
)
known.edit(
    "embeddings_alone",
    {RETURNED: f"{LONGER}, mask, labels"},
    "Only the embeddings grow. Mask and labels must grow with them.",
)
known.edit(
    "mask_of_zeros",
    {"new_ones": "new_zeros"},
    "The mask is 0 at the prompt, so the model would not attend to it, and it could teach nothing. It is 1 there.",
)
known.edit(
    "labels_of_zero",
    {"-100": "0"},
    "Your new labels are 0, which is a token: the model would learn to say it. -100 is what the loss ignores.",
)
known.edit("labels_of_minus_one", {"-100": "-1"}, "Your new labels are -1. What the loss ignores is -100.")
known.edit(
    "mask_appended",
    {ONES: "[mask, mask.new_ones(new)]"},
    "Your mask grows at the wrong end: the ones for the prompt belong in front, as the prompt does.",
)
known.edit(
    "labels_appended",
    {IGNORED: "[labels, labels.new_full(new, -100)]"},
    "Your labels grow at the wrong end: the -100 for the prompt belong in front, as the prompt does.",
)
known.edit(
    "mask_copied",
    {"mask.new_ones(new)": "mask[:, :1].expand(new)"},
    "Your new mask copies the first column of the old one, which is 0 where a text is padded on the left. The prompt "
    "is always attended to: put ones.",
)
known.edit(
    "mask_all_ones",
    {ONES: "[mask.new_ones(new), torch.ones_like(mask)]"},
    "Your mask is 1 everywhere: it has forgotten the padding. Keep the old entries after the new ones.",
)
known.edit(
    "labels_lost",
    {IGNORED: "[labels.new_full(new, -100), torch.full_like(labels, -100)]"},
    "All your labels are -100, so there is nothing to learn. Keep the old ones after the new ones.",
)
known.edit(
    "written_over",
    {
        ROWS: "[rows, embeddings[:, len(prompt) :]]",
        ONES: "[mask.new_ones(new), mask[:, len(prompt) :]]",
        IGNORED: "[labels.new_full(new, -100), labels[:, len(prompt) :]]",
    },
    "The prompt takes the place of the first tokens. It stands in front of them: the texts grow longer.",
)
known.edit(
    "cut_to_time",
    {RETURNED: f"tuple(part[:, :time] for part in ({RETURNED}))"},
    "You cut the texts to their old length, and lose their ends. They grow by the prompt.",
)
known.edit(
    "behind_the_first_token",
    {
        ROWS: "[embeddings[:, :1], rows, embeddings[:, 1:]]",
        "[mask.new_ones(new), mask]": "[mask[:, :1], mask.new_ones(new), mask[:, 1:]]",
        "[labels.new_full(new, -100), labels]": "[labels[:, :1], labels.new_full(new, -100), labels[:, 1:]]",
    },
    "You put the prompt behind the first token, perhaps to leave the start of the text in front. The prompt comes "
    "before all of the text.",
)
known.edit(
    "prompt_added",
    {RETURNED: "embeddings + prompt.mean(0), mask, labels"},
    "You add the prompt to the embeddings. It stands in front of them, as rows of its own.",
)
known.edit(
    "along_features",
    {LONGER: "torch.cat([prompt.mean(0).expand(batch, time, -1), embeddings], dim=2)"},
    "You make the rows wider. The prompt makes the text longer: join along the time.",
)
known.edit(
    "one_text_only",
    {"prompt.to(embeddings.dtype).expand(batch, -1, -1)": "prompt[None]"},
    "Your prompt has a batch of 1, and cannot be joined to more texts than one: expand it to all of them.",
)
known.edit(
    "prompt_detached",
    {"prompt.to(": "prompt.detach().to("},
    "No gradient reaches the prompt, and it is the only thing that prompt tuning trains. Do not detach it.",
)
known.edit(
    "embeddings_detached",
    {ROWS: "[rows, embeddings.detach()]"},
    "No gradient reaches the embeddings: do not detach them.",
)
known.edit(
    "mask_of_numbers",
    {"mask.new_ones(new)": "torch.ones(new, dtype=torch.long)"},
    "A Boolean mask comes out as numbers: joined with integers it becomes integers. `mask.new_ones` keeps its dtype.",
)
known.edit(
    "embeddings_widened",
    {"prompt.to(embeddings.dtype)": "prompt"},
    "Embeddings in half precision come out as float32, because the prompt is float32: bring it to their dtype.",
)
known.edit(
    "labels_overwritten",
    {"return": "labels[mask == 0] = -100\n    return"},
    "You change the labels that you were given. Work on new tensors.",
)
known.edit(
    "width_not_checked",
    {"prompt.shape[1:] != (width,)": "False"},
    "A prompt of another width ends in a RuntimeError, which is what `torch.cat` raises by itself. Compare the widths, "
    "and raise ValueError.",
)
for what, other in (("mask", "labels"), ("labels", "mask")):
    known.edit(
        f"{what}_not_checked",
        {
            "mask.shape != (batch, time) or labels.shape != (batch, time)": f"{other}.shape != (batch, time)",
            "new_ones(new)": "new_ones(len(mask), len(prompt))",
            "new_full(new,": "new_full((len(labels), len(prompt)),",
        },
        f"You check the {other}, but take {what} of any shape: compare both with batch and time.",
    )
known.edit(
    "nothing_checked",
    {
        "prompt.shape[1:] != (width,)": "False",
        "mask.shape != (batch, time) or labels.shape != (batch, time)": "False",
    },
    "You check no shapes: some of those that do not fit raise the RuntimeError of `torch.cat`, and others pass. "
    "Compare the prompt, the mask and the labels with the embeddings, and raise ValueError.",
)
known.edit(
    "batch_only_checked",
    {"mask.shape != (batch, time) or labels.shape != (batch, time)": "not len(mask) == len(labels) == batch"},
    "You compare the batch of mask and labels, but not their time. Compare both with the embeddings.",
)
known.edit(
    "time_only_checked",
    {
        "mask.shape != (batch, time) or labels.shape != (batch, time)": "not mask.shape[1] == labels.shape[1] == time",
        "new_ones(new)": "new_ones(len(mask), len(prompt))",
        "new_full(new,": "new_full((len(labels), len(prompt)),",
    },
    "You compare the time of mask and labels, but not their batch. Compare both with the embeddings.",
)
known.edit(
    "mask_and_labels_not_checked",
    {
        "mask.shape != (batch, time) or labels.shape != (batch, time)": "False",
        "new_ones(new)": "new_ones(len(mask), len(prompt))",
        "new_full(new,": "new_full((len(labels), len(prompt)),",
    },
    "You check the prompt, but take a mask and labels of any shape: compare them with batch and time.",
)


def drawn_batch(
    texts: int, time: int, rows: int, width: int, *, boolean: bool = False, dtype: torch.dtype = torch.float32
) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        lengths = torch.randint(1, time, (texts, 1), generator=draw)
        mask = torch.arange(time) < lengths
        mask[0] = mask[0].flip(0)  # padded on the left
        return {
            "embeddings": randn(draw, texts, time, width, dtype=dtype),
            "prompt": randn(draw, rows, width),
            "mask": mask if boolean else mask.long(),
            "labels": torch.randint(0, 50, (texts, time), generator=draw),
        }

    return arguments


def with_other(name: str, make: Callable[[Tensor], Tensor]) -> Callable[[Generator], Arguments]:
    def arguments(draw: Generator) -> Arguments:
        found = drawn_batch(2, 4, 3, 5)(draw)
        return found | {name: make(found[name])}

    return arguments


GROWN = ("two texts", "three texts", "one text")
EMBEDDINGS, MASK, LABELS = (functools.partial(observe.results, positions=(number,)) for number in range(3))

EXERCISE = Exercise(
    reference=peft.prepend_prompt,
    points=4,
    cases=(
        Case("two texts", drawn_batch(2, 4, 2, 3), visible=True),
        Case("three texts", drawn_batch(3, 6, 2, 5)),
        Case("one text", drawn_batch(1, 5, 3, 4), visible=True),
        Case("gradients", drawn_batch(2, 4, 3, 5), visible=True, gradients=("embeddings", "prompt")),
        Case("gradients of three texts", drawn_batch(3, 5, 2, 4), gradients=("embeddings", "prompt")),
        Case("Boolean mask", drawn_batch(2, 4, 3, 2, boolean=True), visible=True),
        Case("Boolean mask, drawn", drawn_batch(3, 5, 2, 4, boolean=True)),
        Case("half precision", drawn_batch(2, 4, 3, 2, dtype=torch.float16), visible=True),
        Case("prompt of another width", with_other("prompt", lambda prompt: prompt[:, :-1]), visible=True),
        Case("mask of another length", with_other("mask", lambda mask: mask[:, :-1]), visible=True),
        Case("mask of another batch", with_other("mask", lambda mask: mask[:1]), visible=True),
        Case("labels of another length", with_other("labels", lambda labels: labels[:, 1:]), visible=True),
        Case("labels of another batch", with_other("labels", lambda labels: labels[:1])),
    ),
    properties=(
        Property(
            "Each text begins with the rows of the prompt, and its own rows follow",
            GROWN,
            "The prompt is [p, d] and the embeddings are [batch, time, d]: which dimension grows?",
            weight=2,
            observe=EMBEDDINGS,
            part=0,
        ),
        Property(
            "The mask grows by ones at the front",
            GROWN,
            "The model must attend to the prompt: its positions are real ones.",
            observe=MASK,
            part=1,
        ),
        Property(
            "The labels grow by -100 at the front",
            GROWN,
            "Nothing is to be predicted at the prompt. Which label does a cross-entropy loss ignore?",
            observe=LABELS,
            part=2,
        ),
        Property(
            "Gradients reach the prompt and the embeddings",
            ("gradients", "gradients of three texts"),
            "The prompt is what is trained, and all texts share it: its gradients add up.",
            observe=observe.gradients,
            part=0,
        ),
        Property(
            "Embeddings, mask and labels keep their dtypes, and the arguments are left as they were",
            ("Boolean mask", "Boolean mask, drawn", "half precision"),
            "`mask.new_ones` and `labels.new_full` take the dtype along; the prompt is brought to that of the "
            "embeddings.",
            observe=observe.dtype_and_changed,
            needs="Each text begins with the rows of the prompt, and its own rows follow",
        ),
        Property(
            "Shapes that do not fit are refused",
            (
                "prompt of another width",
                "mask of another length",
                "mask of another batch",
                "labels of another length",
                "labels of another batch",
                "two texts",
            ),
            "Compare the width of the prompt, and batch and time of mask and labels, with those of the embeddings, and "
            "raise ValueError.",
            observe=observe.refusal,
            part=0,
            needs="Each text begins with the rows of the prompt, and its own rows follow",
        ),
    ),
    mistakes=tuple(known),
)
