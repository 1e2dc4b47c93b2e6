"""distillation_loss: a student's distribution against its teacher's, both softened."""

from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randn
from llm_course.checking import observe
from solutions import serving

known = Mistakes(serving.distillation_loss, section="serving-distillation")

STUDENT = "torch.log_softmax(student / temperature, dim=-1)"
TEACHER = "torch.log_softmax(teacher / temperature, dim=-1)"
DIVERGENCE = "(log_teacher.exp() * (log_teacher - log_student)).sum(dim=-1)"
RESULT = "divergence.mean() * temperature**2"
SHAPES = "student.shape != teacher.shape"
POSITIVE = "temperature <= 0"

known.edit(
    "direction",
    {DIVERGENCE: "(log_student.exp() * (log_student - log_teacher)).sum(dim=-1)"},
    "Your divergence runs in the other direction, weighted by the student's probabilities. The student is to cover "
    "what the teacher says: weigh with the teacher's.",
)
known.edit(
    "no_temperature_squared",
    {RESULT: "divergence.mean()"},
    "The factor temperature² is missing. Gradients shrink with 1 / temperature², and the factor takes that back.",
)
known.edit(
    "temperature_once",
    {RESULT: "divergence.mean() * temperature"},
    "You multiply by the temperature once. It is its square.",
)
known.edit(
    "divided_by_temperature_squared",
    {RESULT: "divergence.mean() / temperature**2"},
    "You divide by temperature². Multiply: gradients are smaller already.",
)
known.edit(
    "mean_over_all_entries",
    {".sum(dim=-1)": ".mean(dim=-1)"},
    "You take the mean over all entries, as kl_div does with reduction='mean', so the loss shrinks with the "
    "vocabulary. Sum over the vocabulary, take the mean over the rows ('batchmean').",
)
known.edit(
    "sum_over_rows",
    {"divergence.mean()": "divergence.sum()"},
    "You sum over the rows. Take their mean, so that the loss does not grow with the batch.",
)
known.edit(
    "row_by_row",
    {RESULT: "divergence * temperature**2"},
    "You return a loss for each row. Their mean is asked for.",
)
known.edit(
    "cross_entropy",
    {"(log_teacher - log_student)": "-log_student"},
    "You return the cross-entropy with the teacher. The divergence is less by the teacher's entropy: 0 where both "
    "agree.",
)
known.edit(
    "hard_labels",
    {DIVERGENCE: "-log_student.gather(-1, teacher.argmax(-1, keepdim=True)).squeeze(-1)"},
    "You use the teacher's likeliest token only. What it thinks of all the others is the point of distillation.",
)
known.edit(
    "student_not_softened",
    {STUDENT: "torch.log_softmax(student, dim=-1)"},
    "You soften the teacher only. Both are divided by the temperature.",
)
known.edit(
    "teacher_not_softened",
    {TEACHER: "torch.log_softmax(teacher, dim=-1)"},
    "You soften the student only. Both are divided by the temperature.",
)
known.edit(
    "nobody_softened",
    {STUDENT: "torch.log_softmax(student, dim=-1)", TEACHER: "torch.log_softmax(teacher, dim=-1)"},
    "You do not divide the logits by the temperature.",
)
known.edit(
    "multiplied_by_temperature",
    {
        STUDENT: "torch.log_softmax(student * temperature, dim=-1)",
        TEACHER: "torch.log_softmax(teacher * temperature, dim=-1)",
    },
    "You multiply the logits by the temperature. Divide: a higher temperature is softer.",
)
known.edit(
    "temperature_on_probabilities",
    {
        STUDENT: "torch.log_softmax(student, dim=-1) / temperature",
        TEACHER: "torch.log_softmax(teacher, dim=-1) / temperature",
    },
    "You divide log-probabilities by the temperature, which then are none: their exponentials do not sum to 1. "
    "Divide the logits, and take the softmax after that.",
)
known.edit(
    "softmax_over_rows",
    {STUDENT: STUDENT.replace("-1", "0"), TEACHER: TEACHER.replace("-1", "0")},
    "Your softmax runs over the rows. It is over the vocabulary, the last dimension.",
)
known.edit(
    "probabilities_for_logarithms",
    {"(log_teacher - log_student)": "(log_teacher.exp() - log_student.exp())"},
    "You subtract probabilities. It is the difference of their logarithms.",
)
known.edit(
    "logits_for_logarithms",
    {DIVERGENCE: "(log_teacher.exp() * (teacher - student) / temperature).sum(dim=-1)"},
    "You subtract logits. Their softmax has to be taken first: logits may be shifted, logarithms of probabilities not.",
)
known.edit(
    "squared_distance",
    {DIVERGENCE: "(student - teacher).square().sum(dim=-1)"},
    "You take squared distances of logits. The task asks for the divergence of the two distributions.",
)
known.edit(
    "squared_distance_of_probabilities",
    {DIVERGENCE: "(log_student.exp() - log_teacher.exp()).square().sum(dim=-1)"},
    "You take squared distances of probabilities. The task asks for the Kullback-Leibler divergence.",
)
known.edit(
    "log_target_forgotten",
    {DIVERGENCE: "torch.nn.functional.kl_div(log_student, log_teacher, reduction='none').sum(dim=-1)"},
    "You hand two log-probabilities to kl_div, which takes its second argument for probabilities, and get NaN. Say "
    "log_target=True, or hand it the teacher's probabilities.",
)
known.edit(
    "probabilities_into_kl_div",
    {DIVERGENCE: "torch.nn.functional.kl_div(log_student.exp(), log_teacher.exp(), reduction='none').sum(dim=-1)"},
    "You hand two probabilities to kl_div, which takes its first argument for *log*-probabilities. Give it the "
    "student's log_softmax.",
)
known.edit(
    "mean_squared_distance",
    {f"return {RESULT}": "return (student - teacher).square().mean()"},
    "You return the mean squared distance of the logits. The task asks for the divergence of the two distributions.",
)
known.edit(
    "both_directions",
    {DIVERGENCE: "((log_teacher.exp() - log_student.exp()) * (log_teacher - log_student)).sum(dim=-1) / 2"},
    "You take the mean of both directions. The task asks for the one that weighs with the teacher's probabilities.",
)
known.edit(
    "sign", {RESULT: "-divergence.mean() * temperature**2"}, "Your sign is wrong: a divergence is never negative."
)
known.edit(
    "log_of_softmax",
    {
        STUDENT: "torch.softmax(student / temperature, dim=-1).log()",
        TEACHER: "torch.softmax(teacher / temperature, dim=-1).log()",
    },
    "With large logits a probability rounds to 0, its logarithm is -inf, and the loss NaN or infinite. Use "
    "log_softmax.",
)
known.edit(
    "eps_added",
    {
        STUDENT: "(torch.softmax(student / temperature, dim=-1) + 1e-8).log()",
        TEACHER: "(torch.softmax(teacher / temperature, dim=-1) + 1e-8).log()",
    },
    "You add a small number before the logarithm, so very improbable tokens all count alike. Use log_softmax.",
)
known.edit(
    "detached",
    {RESULT: "divergence.mean().detach() * temperature**2"},
    "No gradient flows into the student. "
    "The result must keep its history: no detach, no no_grad, no way through NumPy or plain numbers.",
)
known.edit(
    "number_returned",
    {RESULT: "divergence.mean().item() * temperature**2"},
    "You return a Python number. A Tensor[] is asked for: a number has no gradient.",
)
known.edit(
    "in_float32",
    {RESULT: "divergence.mean().float() * temperature**2"},
    "Your loss is float32 whatever the student is: keep its dtype.",
)
known.edit(
    "written_in_place",
    {STUDENT: "torch.log_softmax(student / temperature, dim=-1)\n    teacher -= teacher.amax(-1, keepdim=True)"},
    "You change the logits that you were given. Work on new tensors.",
)
known.edit(
    "nothing_checked",
    {SHAPES: "False", POSITIVE: "False"},
    "You do not check what comes in: raise ValueError where the shapes differ, or the temperature is not above 0.",
)
known.edit(
    "shapes_not_checked",
    {SHAPES: "False"},
    "You do not compare the shapes: one row of the teacher is broadcast to all rows of the student. Raise ValueError.",
)
known.edit(
    "numbers_counted",
    {SHAPES: "student.numel() != teacher.numel()"},
    "You compare how many numbers there are, and 2 rows of 3 are as many as 3 rows of 2. Compare the shapes, and raise "
    "ValueError where they differ.",
)
known.edit(
    "rows_counted",
    {SHAPES: "len(student) != len(teacher)"},
    "You compare how many rows there are, and not how many tokens: a teacher of one column is broadcast to all. "
    "Compare the shapes, and raise ValueError where they differ.",
)
known.edit(
    "tokens_counted",
    {SHAPES: "student.shape[-1] != teacher.shape[-1]"},
    "You compare how many tokens there are, and not how many rows: one row of the teacher is broadcast to all. Compare "
    "the shapes, and raise ValueError where they differ.",
)
known.edit(
    "temperature_not_checked",
    {POSITIVE: "False"},
    "You do not check the temperature. Raise ValueError where it is not above 0.",
)
known.edit(
    "temperature_of_zero_taken",
    {POSITIVE: "temperature < 0"},
    "You accept a temperature of 0, and divide by it. Raise ValueError where it is not above 0.",
)
known.edit(
    "negative_temperature_taken",
    {POSITIVE: "temperature == 0"},
    "You accept a negative temperature, under which the least likely token is the likeliest. Raise ValueError.",
)
known.edit(
    "hard_labels_not_softened",
    {RESULT: "torch.nn.functional.cross_entropy(student, teacher.argmax(dim=-1))"},
    "You train on the teacher's likeliest token. All of its probabilities teach: take the divergence of the two "
    "softened distributions.",
)
known.edit(
    "in_bits",
    {RESULT: "divergence.mean() * temperature**2 / 0.6931471805599453"},
    "Your loss is in bits. The task asks for the natural logarithm, as log_softmax gives it.",
)
known.edit(
    "low_temperature_refused",
    {POSITIVE: "temperature < 1"},
    "You refuse temperatures below 1. They sharpen, and make sense: only what is not above 0 does not.",
)


def drawn(
    rows: int, vocab: int, temperature: float, dtype: torch.dtype = torch.float32
) -> Callable[[Generator], Arguments]:
    return lambda draw: {
        "student": 2 * randn(draw, rows, vocab, dtype=dtype),
        "teacher": 2 * randn(draw, vocab, rows, dtype=dtype).T + 1,  # not contiguous
        "temperature": temperature,
    }


def large(draw: Generator) -> Arguments:
    student, teacher = 300 * randn(draw, 3, 6), 300 * randn(draw, 3, 6)
    return {"student": student, "teacher": teacher, "temperature": 1.5}


def rows_for_columns(draw: Generator) -> Arguments:
    arguments = drawn(3, 5, 1.5)(draw)
    return {**arguments, "teacher": arguments["teacher"].T}


TWO = {
    "student": torch.tensor([[0.0, 1.0, 3.0], [2.0, 0.0, -1.0]]),
    "teacher": torch.tensor([[1.0, 0.0, 2.0], [4.0, 1.0, 0.0]]),
}
MAIN = "It is the mean over the rows of KL(teacher ‖ student)"

EXERCISE = Exercise(
    reference=serving.distillation_loss,
    points=3,
    cases=(
        Case("temperature 1", given(**TWO, temperature=1.0), visible=True),
        Case("temperature 1, drawn", drawn(4, 6, 1.0)),
        Case("one row", drawn(1, 5, 1.0), visible=True),
        Case("softened", given(**TWO, temperature=3.0), visible=True),
        Case("softened, drawn", drawn(3, 7, 2.5)),
        Case("sharpened", drawn(4, 5, 0.5)),
        Case("large logits", large, visible=True),
        Case("float64", drawn(2, 4, 2.0, torch.float64), visible=True),
        Case("gradients", drawn(3, 4, 2.0), visible=True, gradients=("student",)),
        Case(
            "one teacher for all",
            given(student=TWO["student"], teacher=TWO["teacher"][:1], temperature=2.0),
            visible=True,
        ),
        Case(
            "rows for columns",
            given(student=TWO["student"], teacher=TWO["teacher"].T.contiguous(), temperature=2.0),
            visible=True,
        ),
        Case("rows for columns, drawn", rows_for_columns),
        Case(
            "one token for all",
            given(student=TWO["student"], teacher=TWO["teacher"][:, :1], temperature=2.0),
            visible=True,
        ),
        Case(
            "a token too few",
            given(student=TWO["student"], teacher=TWO["teacher"][:, :2], temperature=2.0),
            visible=True,
        ),
        Case("temperature 0", given(**TWO, temperature=0.0), visible=True),
        Case("negative temperature", given(**TWO, temperature=-2.0), visible=True),
    ),
    properties=(
        Property(
            MAIN,
            ("temperature 1", "temperature 1, drawn", "one row"),
            "Take log_softmax of both, weigh the differences of the logarithms with the teacher's probabilities, sum"
            " over the vocabulary, take the mean over the rows.",
            weight=3,
        ),
        Property(
            "Both are softened, and the result is multiplied by temperature²",
            ("softened", "softened, drawn", "sharpened"),
            "Divide both logits by the temperature before the softmax, and multiply the loss by its square.",
            weight=2,
        ),
        Property(
            "Large logits give a finite loss",
            ("large logits",),
            "log_softmax never takes the logarithm of 0; softmax and log after each other do.",
            needs=MAIN,
        ),
        Property(
            "The dtype is kept and the arguments are left unchanged",
            ("float64", "temperature 1"),
            "The loss has the dtype of the student, and neither logits may differ after the call.",
            observe=observe.dtype_and_changed,
            needs=MAIN,
        ),
        Property(
            "Gradients reach the student",
            ("gradients",),
            "Return a tensor that follows from the student by torch operations.",
            observe=observe.gradients,
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "temperature 1",
                "one teacher for all",
                "rows for columns",
                "rows for columns, drawn",
                "one token for all",
                "a token too few",
                "temperature 0",
                "negative temperature",
            ),
            "Student and teacher have the same shape, and the temperature is above 0.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("kl_div", "KLDivLoss"),
)
