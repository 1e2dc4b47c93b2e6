"""trainable_fraction: the share of a model that is trained."""

from torch import Generator, nn

from autograder.exercises.drawing import Arguments, argument_maker, randint
from autograder.exercises.peft.inputs import drawn_layer
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from solutions import peft


@argument_maker
def drawn_layers(draw: Generator, *layers: tuple[int, int, bool, bool]) -> Arguments:
    """Layers of (rows, columns, bias, trained), the last two in a model of their own."""
    made = [drawn_layer(draw, rows, columns, bias).requires_grad_(trained) for rows, columns, bias, trained in layers]
    return {"model": nn.Sequential(*made[:-2], nn.Sequential(*made[-2:]))}


def drawn_model(draw: Generator) -> Arguments:
    widths = [randint(draw, 2, 9) for _ in range(5)]
    trained = [True, False, False, True]
    bias = [False, True, False, True]
    return drawn_layers(*zip(widths[1:], widths[:-1], bias, trained, strict=True))(draw)


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


EXERCISE = exercise(
    peft.trainable_fraction,
    __file__,
    requires(
        "It is the number of trained parameters, divided by that of all",
        Case("without biases", drawn_layers((7, 3, False, True), (5, 7, False, False)), visible=True),
        Case(
            "without biases, drawn sizes",
            lambda draw: drawn_layers((randint(draw, 3, 9), 4, False, True), (2, 5, False, False))(draw),
        ),
        advice="`model.parameters()` gives tensors, `numel()` says how many numbers are in one, and `requires_grad` "
        "whether it is trained.",
        weight=2,
        fails="Your result is not the number of trained parameters divided by that of all.",
    ),
    requires(
        "Parameters of all parts count once, biases too",
        Case("last layer", drawn_layers((4, 3, True, False), (3, 4, True, False), (2, 3, True, True)), visible=True),
        Case("drawn", drawn_model),
        Case("one layer alone", one_layer, visible=True),
        advice="`model.parameters()` walks through all parts by itself.",
        fails="You do not count the parameters of all parts once, biases included.",
    ),
    requires(
        "A layer that stands in two places counts once",
        Case("a layer in two places", with_a_layer_twice, visible=True),
        Case("a layer in two places, drawn", lambda draw: with_a_layer_twice(draw, n_frozen=randint(draw, 2, 4))),
        advice="`model.parameters()` gives a shared parameter once. `state_dict()` is for saving: it names each place.",
        fails="You count a layer that stands in two places more than once, or not at all.",
    ),
    requires(
        "It is 1 if everything is trained, and 0 if nothing is",
        Case("all trained", drawn_layers((3, 2, True, True), (4, 3, True, True)), visible=True),
        Case("all frozen", drawn_layers((3, 2, True, False), (4, 3, True, False)), visible=True),
        advice="Divide by the number of all parameters, not by that of the frozen ones.",
        needs="It is the number of trained parameters, divided by that of all",
        fails="You do not return 1 where everything is trained, or 0 where nothing is.",
    ),
    refuses(
        shown("no parameters", model=nn.Sequential()),
        Case(
            "no parameters in its parts",
            lambda draw: {"model": nn.Sequential(*[nn.Sequential() for _ in range(randint(draw, 2, 20))])},
        ),
        ("last layer",),
        advice="0 / 0 is no share: raise ValueError.",
        name="A model without parameters raises ValueError",
        fails="You do not raise ValueError for a model without parameters, or raise it for another.",
    ),
    points=2,
)
