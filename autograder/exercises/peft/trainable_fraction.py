"""trainable_fraction: the share of a model that is trained."""

from collections.abc import Callable

from torch import Generator, nn

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.peft.inputs import drawn_layer
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import peft

known = Mistakes(peft.trainable_fraction, section="peft-counting")

PARAMETERS = "list(model.parameters())"
TRAINED = "sum(item.numel() for item in parameters if item.requires_grad)"
ALL = "sum(item.numel() for item in parameters)"
SHARE = f"trained / {ALL}"

known.edit("frozen_fraction", {SHARE: f"1 - {SHARE}"}, "You compute the share that is frozen.")
known.edit("percent", {SHARE: f"100 * {SHARE}"}, "You return percent: a fraction is between 0 and 1.")
known.edit(
    "tensors_counted",
    {TRAINED: "sum(item.requires_grad for item in parameters)", ALL: "len(parameters)"},
    "You count tensors. A matrix of a million numbers and a bias of ten are not alike: count numbers, by `numel()`.",
)
known.edit(
    "trained_by_frozen",
    {ALL: "sum(item.numel() for item in parameters if not item.requires_grad)"},
    "You divide by the frozen parameters. Divide by all of them.",
)
known.edit(
    "trained_by_frozen_if_any",
    {ALL: "(sum(item.numel() for item in parameters if not item.requires_grad) or trained)"},
    "You return how many times as many parameters are trained as are frozen, and 1 where none is. Divide by the number "
    "of all.",
)
known.edit(
    "weights_only",
    {PARAMETERS: "[item for item in model.parameters() if item.dim() > 1]"},
    "You leave out the biases: they are parameters too.",
)
known.edit(
    "counted_in_every_module",
    {PARAMETERS: "[item for module in model.modules() for item in module.parameters()]"},
    "You add up the parameters of every module, but a module's parameters hold those of its parts already: inner "
    "layers count more than once. Ask the model alone.",
)
known.edit(
    "rows_counted",
    {TRAINED: "sum(len(item) for item in parameters if item.requires_grad)", ALL: "sum(map(len, parameters))"},
    "You count the rows of each tensor (`len` or `shape[0]`). Count its numbers, by `numel()`.",
)
known.edit(
    "trained_count", {SHARE: "trained"}, "You return how many parameters are trained. Divide by the number of all."
)
known.edit(
    "rounded",
    {SHARE: f"round({SHARE}, 2)"},
    "You round. LoRA often trains less than a thousandth, and that would be 0.",
)
known.edit(
    "gradients_needed",
    {"item.requires_grad": "item.grad is not None"},
    "You ask for gradients that are there already. Whether a parameter is trained is told by `requires_grad`, before "
    "any backward pass.",
)
known.edit(
    "own_parameters_only",
    {PARAMETERS: "list(model.parameters(recurse=False))"},
    "You look only at what belongs to the model itself, and not at its parts: leave out `recurse=False`.",
)
known.edit(
    "state_counted",
    {ALL: "sum(item.numel() for item in model.state_dict().values())"},
    "You divide by the numbers in `state_dict()`. That is for saving: it names a shared parameter at each of its "
    "places, and buffers too, which are no parameters. Ask `parameters()`.",
)
known.edit(
    "named_in_each_place",
    {PARAMETERS: "list(model.state_dict(keep_vars=True).values())"},
    "A parameter that stands in two places counts twice with you, above and below. Ask the model for its "
    "`parameters()`: they come once each.",
)
known.edit(
    "parts_only",
    {"list(model.parameters())": "[item for part in model.children() for item in part.parameters()]"},
    "You look into the parts of the model only. A model may be one layer, whose parameters are its own.",
)
known.edit(
    "nothing_is_zero",
    {'raise ValueError("the model has no parameters")': "return 0.0"},
    "You return 0 for a model without parameters. 0 / 0 is no share: raise ValueError.",
)
known.edit(
    "nothing_trained_refused",
    {"if not parameters": "if not any(item.requires_grad for item in parameters)"},
    "You refuse a model of which nothing is trained. Its share is 0: raise ValueError only where there are no "
    "parameters at all.",
)
known.edit(
    "division_by_zero",
    {"if not parameters": "if False"},
    "A model without parameters gives a ZeroDivisionError: look before you divide, and raise ValueError.",
)


def drawn_layers(*layers: tuple[int, int, bool, bool]) -> Callable[[Generator], Arguments]:
    """Layers of (rows, columns, bias, trained), the last two in a model of their own."""

    def arguments(draw: Generator) -> Arguments:
        made = [
            drawn_layer(draw, rows, columns, bias).requires_grad_(trained) for rows, columns, bias, trained in layers
        ]
        return {"model": nn.Sequential(*made[:-2], nn.Sequential(*made[-2:]))}

    return arguments


def drawn_model(draw: Generator) -> Arguments:
    widths = [randint(draw, 2, 9) for _ in range(5)]
    trained = [True, False, False, True]
    bias = [False, True, False, True]
    return drawn_layers(*zip(widths[1:], widths[:-1], bias, trained, strict=True))(draw)


def drawn_empty(draw: Generator) -> Arguments:
    return {"model": nn.Sequential(*[nn.Sequential() for _ in range(randint(draw, 2, 20))])}


def with_a_layer_twice(draw: Generator, n_frozen: int = 1) -> Arguments:
    """A trained layer that stands in two places, and frozen ones between them."""
    width = randint(draw, 2, 5)
    shared = drawn_layer(draw, width, width)
    frozen = [drawn_layer(draw, width, width).requires_grad_(False) for _ in range(n_frozen)]
    return {"model": nn.Sequential(shared, *frozen, shared)}


def one_layer(draw: Generator) -> Arguments:
    """A model that has no parts."""
    layer = nn.Linear(randint(draw, 3, 6), 4)
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias).requires_grad_(False)
    return {"model": layer}


EXERCISE = Exercise(
    reference=peft.trainable_fraction,
    points=2,
    cases=(
        Case("last layer", drawn_layers((4, 3, True, False), (3, 4, True, False), (2, 3, True, True)), visible=True),
        Case("drawn", drawn_model),
        Case("without biases", drawn_layers((7, 3, False, True), (5, 7, False, False)), visible=True),
        Case(
            "without biases, drawn sizes",
            lambda draw: drawn_layers((randint(draw, 3, 9), 4, False, True), (2, 5, False, False))(draw),
        ),
        Case("a layer in two places", with_a_layer_twice, visible=True),
        Case("a layer in two places, drawn", lambda draw: with_a_layer_twice(draw, n_frozen=randint(draw, 2, 4))),
        Case("all trained", drawn_layers((3, 2, True, True), (4, 3, True, True)), visible=True),
        Case("all frozen", drawn_layers((3, 2, True, False), (4, 3, True, False)), visible=True),
        Case("one layer alone", one_layer, visible=True),
        Case("no parameters", given(model=nn.Sequential()), visible=True),
        Case("no parameters in its parts", drawn_empty),
    ),
    properties=(
        Property(
            "It is the number of trained parameters, divided by that of all",
            ("without biases", "without biases, drawn sizes"),
            "`model.parameters()` gives tensors, `numel()` says how many numbers are in one, and `requires_grad` "
            "whether it is trained.",
            weight=2,
        ),
        Property(
            "Parameters of all parts count once, biases too",
            ("last layer", "drawn", "one layer alone"),
            "`model.parameters()` walks through all parts by itself.",
        ),
        Property(
            "A layer that stands in two places counts once",
            ("a layer in two places", "a layer in two places, drawn"),
            "`model.parameters()` gives a shared parameter once. `state_dict()` is for saving: it names each place.",
        ),
        Property(
            "It is 1 if everything is trained, and 0 if nothing is",
            ("all trained", "all frozen"),
            "Divide by the number of all parameters, not by that of the frozen ones.",
            needs="It is the number of trained parameters, divided by that of all",
        ),
        Property(
            "A model without parameters is refused",
            ("no parameters", "no parameters in its parts", "last layer"),
            "0 / 0 is no share: raise ValueError.",
            observe=observe.refusal,
            needs="It is the number of trained parameters, divided by that of all",
        ),
    ),
    mistakes=tuple(known),
)
