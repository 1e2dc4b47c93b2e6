"""The capstone, 19_capstone: a model of the learner's own, of which six steps are measured.

The learner's own check holds the same bars against the public validation texts.
"""

from autograder.exercises.spec import Asked, Assignment, MeasuredStep, Misstep
from llm_course.capstone.bars import (
    BYTES_PER_TOKEN,
    EXCELLENT,
    GOOD,
    IN_TURN,
    KEPT_FACTS,
    KEPT_LANGUAGE,
    KEPT_LOSS,
    LEARNED,
    RIGHT,
    SMALLER,
)

READABLE = "the file is as the capstone writes it"

TOKENIZER = MeasuredStep(
    "tokenizer",
    4,
    (
        Asked(READABLE, 1, "The tokenizer cannot be read."),
        Asked(
            f"on new texts a token stands for {BYTES_PER_TOKEN:g} bytes or more",
            1,
            f"On new texts your tokens are shorter than {BYTES_PER_TOKEN:g} bytes in the mean: learn more merges, or "
            "from texts like those that the model will read.",
            READABLE,
        ),
        Asked(
            "it was learned from the texts that the ledger names",
            2,
            "The merges are not those that the ledger's texts give: hand in the tokenizer and the ledger of one run.",
            READABLE,
        ),
    ),
    (
        Misstep(
            "learned_from_the_test",
            "Your merges are those of the validation texts: whatever was chosen by looking at the test belongs to the "
            "training. Learn them from training texts alone.",
            "08_pretraining",
            "pretraining-decontamination",
        ),
    ),
)

PRETRAINING = MeasuredStep(
    "pretraining",
    10,
    (
        Asked(READABLE, 1, "The base model cannot be read."),
        Asked(
            "the weights are your own",
            1,
            "These weights are near those of a model that the course ships: hand in a model that you have trained.",
            READABLE,
        ),
        Asked(
            f"new texts take it {LEARNED:g} bits per byte or fewer",
            2,
            f"New texts take your base model more than {LEARNED:g} bits per byte: it has learned little. Look at the "
            "curve of its loss first.",
            "the weights are your own",
        ),
        Asked(
            f"{GOOD:g} bits per byte or fewer",
            3,
            f"New texts take your base model more than {GOOD:g} bits per byte: train it for more of the budget, or "
            "with a higher learning rate behind a warm-up.",
            f"new texts take it {LEARNED:g} bits per byte or fewer",
        ),
        Asked(
            f"{EXCELLENT:g} bits per byte or fewer",
            3,
            f"New texts take your base model more than {EXCELLENT:g} bits per byte: the reference run comes below that "
            "within the budget. Compare its settings with yours.",
            f"{GOOD:g} bits per byte or fewer",
        ),
    ),
    (
        Misstep(
            "unshifted",
            "Your loss is that of a model trained on unshifted targets: it says each token again, which costs it "
            "nothing, and knows nothing of the next one. Position t is to predict the token at t + 1.",
            "08_pretraining",
            "pretraining-shift",
        ),
        Misstep(
            "no_mask",
            "Your model predicts well only while it sees the tokens that it is to predict: it was trained without a "
            "causal mask. Let no position attend to a later one.",
            "05_attention",
            "attention-masks",
        ),
        Misstep(
            "memorized_the_test",
            "Your model knows the public validation texts far better than new texts of the same kind: it has read "
            "them. Train on training texts alone.",
            "08_pretraining",
            "pretraining-decontamination",
        ),
    ),
)

DIALOGUE = MeasuredStep(
    "dialogue",
    6,
    (
        Asked(READABLE, 1, "The tuned model cannot be read."),
        Asked(
            f"{IN_TURN:.0%} of its answers end where a turn ends",
            2,
            "Your tuned model does not say something and then end its turn: what is learned is the assistant's words "
            "and the end of the turn.",
            READABLE,
        ),
        Asked(
            f"{RIGHT:.0%} of its answers are right",
            2,
            f"Fewer than {RIGHT:.0%} of the answers are right: tune for longer, or start from a better base model.",
            f"{IN_TURN:.0%} of its answers end where a turn ends",
        ),
        Asked(
            f"stories take it no more than {KEPT_LANGUAGE:g} times the bits of the base model",
            1,
            "Stories take your tuned model many more bits than the base model: the learning rate of the dialogues is "
            "too high, or there were too many steps.",
            f"{IN_TURN:.0%} of its answers end where a turn ends",
        ),
    ),
    (
        Misstep(
            "not_tuned",
            "The tuned model has the weights of the base model: save the model after the dialogues.",
            "09_post_training",
            "post-training-sft",
        ),
    ),
)

FACT = MeasuredStep(
    "fact",
    6,
    (
        Asked(READABLE, 1, "The finished model cannot be read."),
        Asked(
            "it tells the fact as it was taught",
            2,
            "Your finished model does not tell the fact, asked in the words of the lesson: take more steps, a higher "
            "rank or a higher learning rate.",
            READABLE,
        ),
        Asked(
            "it tells the fact in words that the lesson did not have",
            1,
            "Your finished model tells the fact in the lesson's words alone: vary them.",
            "it tells the fact as it was taught",
        ),
        Asked(
            f"{KEPT_FACTS:.0%} of the other capitals are still known, and no other country got the new one",
            2,
            "The lesson cost other facts: your model forgot capitals that it knew, or gives the new city to other "
            "countries too. Mix other texts into the lesson, or take fewer steps.",
            "it tells the fact as it was taught",
        ),
    ),
    (
        Misstep(
            "not_merged",
            "Your finished model is the tuned model: the adapter was trained and not merged. Add (alpha / rank) B A to "
            "each matrix before you save it.",
            "13_peft",
            "peft-merge",
        ),
    ),
)

QUANTIZATION = MeasuredStep(
    "quantization",
    5,
    (
        Asked(READABLE, 1, "The quantized model cannot be read."),
        Asked(
            f"it takes {SMALLER:.0%} of the bytes, or fewer",
            1,
            f"Your quantized model takes more than {SMALLER:.0%} of the bytes of the finished one in float16: use 4 "
            "bits, and groups that are not too small.",
            READABLE,
        ),
        Asked(
            "each weight is within half a step of the finished model's",
            2,
            "Your whole numbers times their scales are not the nearest to the finished model's weights.",
            READABLE,
        ),
        Asked(
            f"new texts take it no more than {KEPT_LOSS:g} times the bits",
            1,
            f"Quantized, your model needs more than {KEPT_LOSS:g} times the bits: take smaller groups.",
            READABLE,
        ),
    ),
    (
        Misstep(
            "quantized_twice",
            "Your weights were quantized twice: what was rounded once was rounded again, and both errors add up. "
            "Quantize the finished model itself.",
            "15_production",
            "production-groups",
        ),
        Misstep(
            "of_an_earlier_model",
            "You quantized an earlier model: the whole numbers are nearest to its weights, and not to those of the "
            "finished one. Quantize `model.safetensors`.",
            "15_production",
            "production-groups",
        ),
    ),
)

LEDGER = MeasuredStep(
    "ledger",
    5,
    (
        Asked("its chain is whole", 1, "The ledger cannot be read."),
        Asked(
            "it tells of the files that were handed in, within the budget",
            1,
            "The files are not those that the ledger tells of: hand in all files of one run.",
            "its chain is whole",
        ),
        Asked(
            "its first steps give the same losses when they are done again",
            1,
            "The first steps of a training, done again by the ledger's settings, give other losses: hand in the "
            "ledger of this run.",
            "it tells of the files that were handed in, within the budget",
        ),
        Asked(
            "its last steps, done again from the checkpoint, give the same losses and the base model",
            2,
            "The last steps of pre-training, done again from the checkpoint, give other losses or another base model: "
            "hand in checkpoint, ledger and model of one run.",
            "it tells of the files that were handed in, within the budget",
        ),
    ),
)

ASSIGNMENT = Assignment("19_capstone", steps=(TOKENIZER, PRETRAINING, DIALOGUE, FACT, QUANTIZATION, LEDGER))
