"""kv_cache_bytes: what a context takes up in memory."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.spec import Case, exercise, refuses, requires, shown
from llm_course.checking import observe
from solutions import context


def drawn_shape(draw: Generator) -> Arguments:
    return {
        "n_layers": randint(draw, 3, 6),
        "n_kv_heads": randint(draw, 7, 9),
        "head_dim": 10 * randint(draw, 1, 3) + 1,
        "seq_len": randint(draw, 40, 60),
    }


def drawn_half_bytes(draw: Generator) -> Arguments:
    # Odd, so that halves do not come out whole one by one.
    return drawn_shape(draw) | {"batch": 2 * randint(draw, 1, 3) + 1, "bytes_per_value": 0.5}


def drawn_invalid(draw: Generator) -> Arguments:
    name = ("n_layers", "n_kv_heads", "head_dim", "batch")[randint(draw, 0, 3)]
    return drawn_shape(draw) | {name: 0}


SMALL = {"n_layers": 3, "n_kv_heads": 5, "head_dim": 12, "seq_len": 10}
ODD = {"n_layers": 3, "n_kv_heads": 3, "head_dim": 5, "seq_len": 9}
RIGHT = "It counts the keys and the values of one text in 16 bits"

EXERCISE = exercise(
    context.kv_cache_bytes,
    __file__,
    requires(
        RIGHT,
        shown("16 bits", **SMALL),
        Case("16 bits, drawn", drawn_shape),
        shown("a long text", n_layers=5, n_kv_heads=9, head_dim=11, seq_len=90_001),
        advice="Take one position of one layer and head: a key and a value, head_dim numbers each, 2 bytes a number. "
        "Then multiply by how many there are of each.",
        weight=3,
        fails="You do not get the bytes of all keys and values of one text in 16 bits.",
    ),
    requires(
        "Half the bytes per number, half the memory",
        ("16 bits",),
        shown("8 bits", **SMALL, bytes_per_value=1),
        advice="bytes_per_value says how many bytes a number takes: 2 is only its default.",
        observe=observe.ratio,
        joint=True,
        # On its own, a table of the visible checks would have it.
        needs=RIGHT,
        fails="Your result does not halve when each number takes half as many bytes.",
    ),
    requires(
        "A batch multiplies it",
        shown("a batch", **SMALL, batch=2, bytes_per_value=4),
        Case("a batch, drawn", lambda draw: drawn_shape(draw) | {"batch": randint(draw, 10, 14), "bytes_per_value": 4}),
        advice="Every text of the batch has its own keys and values. These numbers take 4 bytes each.",
        fails="You do not get the bytes of a whole batch of 4-byte numbers.",
    ),
    requires(
        "4-bit numbers take half a byte, and the result is whole",
        shown("4 bits", **ODD, batch=3, bytes_per_value=0.5),
        shown("2 bits", **ODD, batch=2, bytes_per_value=0.25),
        Case("4 bits, drawn", drawn_half_bytes),
        advice="bytes_per_value may be 0.5. Multiply everything, then make an int of it.",
        fails="Where a number takes less than a byte, your result is not 2 times the product of all arguments, as an "
        "int.",
    ),
    requires(
        "An empty cache takes no bytes",
        ("16 bits", "16 bits, drawn"),
        shown("empty cache", **SMALL | {"seq_len": 0}),
        advice="Before the first token seq_len is 0, and so is the result.",
        fails="For no positions your result is not 0, or for some not 2 times the product of all arguments.",
    ),
    refuses(
        shown("no layer", **SMALL | {"n_layers": 0}),
        shown("no key-value head", **SMALL | {"n_kv_heads": 0}),
        shown("no column", **SMALL | {"head_dim": 0}),
        shown("no text", **SMALL, batch=0),
        shown("two negative numbers", **SMALL | {"n_layers": -3, "head_dim": -12}),
        Case("one of them missing, drawn", drawn_invalid),
        shown("negative length", **SMALL | {"seq_len": -10}),
        shown("no byte", **SMALL, bytes_per_value=0),
        shown("negative bytes", **SMALL, bytes_per_value=-2),
        advice="Raise ValueError for a negative seq_len, a bytes_per_value that is not above 0, and layers, heads, "
        "columns or texts below 1.",
    ),
    points=2,
    shortcuts=("DynamicCache", "StaticCache"),
)
