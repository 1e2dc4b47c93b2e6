"""kv_cache_bytes: what a context takes up in memory."""

from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Arguments, Case, Exercise, Property, given, randint
from llm_course.checking import observe
from solutions import context

known = Mistakes(context.kv_cache_bytes, section="context-memory")

RESULT = "int(2 * n_layers * n_kv_heads * head_dim * seq_len * batch * bytes_per_value)"

known.edit(
    "only_the_keys",
    {RESULT: "int(n_layers * n_kv_heads * head_dim * seq_len * batch * bytes_per_value)"},
    "You count half of the cache: a position leaves a key *and* a value in every layer and head.",
)
known.edit(
    "numbers_not_bytes",
    {RESULT: "2 * n_layers * n_kv_heads * head_dim * seq_len * batch"},
    "You count numbers, not bytes: multiply by bytes_per_value as well. (The 2 for keys and values is another 2.)",
)
known.edit(
    "bytes_in_place_of_two",
    {RESULT: "int(4 * n_layers * n_kv_heads * head_dim * seq_len * batch)"},
    "You take 2 bytes for every number, whatever bytes_per_value says. 2 is only its default.",
)
known.edit(
    "keys_and_values_twice",
    {RESULT: f"2 * {RESULT}"},
    "You count twice too much. Keys and values are one factor of 2, and the bytes of a number are bytes_per_value.",
)
known.edit(
    "one_text_only",
    {"seq_len * batch *": "seq_len *"},
    "You leave out the batch: each text has a cache of its own.",
)
known.edit(
    "one_position_only",
    {"seq_len * batch": "batch"},
    "You count a single position. Every position of the text leaves its key and its value.",
)
known.edit(
    "one_layer_only",
    {"n_layers * n_kv_heads * head_dim *": "n_kv_heads * head_dim *"},
    "You count one layer. Each layer makes keys and values of its own, and needs them again at every step.",
)
known.edit(
    "one_head_only",
    {"n_layers * n_kv_heads * head_dim *": "n_layers * head_dim *"},
    "You count one head. Each key-value head keeps a key and a value.",
)
known.edit(
    "heads_without_width",
    {"n_kv_heads * head_dim *": "n_kv_heads *"},
    "You count one number for each key. A key is a row of head_dim numbers.",
)
known.edit(
    "width_divided_by_heads",
    {RESULT: "int(2 * n_layers * head_dim * seq_len * batch * bytes_per_value / n_kv_heads)"},
    "You divide by the number of key-value heads: head_dim is the width of *one* head already, so multiply.",
)
known.edit(
    "width_taken_for_that_of_the_model",
    {"n_kv_heads * head_dim * seq_len": "n_kv_heads * (head_dim // n_kv_heads) * seq_len"},
    "You split head_dim among the heads. It is the width of *one* head already, so multiply it by the number of heads.",
)
known.edit(
    "queries_kept_too",
    {"2 * n_layers": "3 * n_layers"},
    "You keep queries, too. A query is used for its own position and thrown away: keys and values are two.",
)
known.edit(
    "scores_counted",
    {RESULT: "int(n_layers * n_kv_heads * seq_len**2 * batch * bytes_per_value)"},
    "You count the scores, one for each pair of positions. What is kept are keys and values, and no scores.",
)
known.edit(
    "length_squared",
    {"seq_len * batch": "seq_len**2 * batch"},
    "Your cache grows with the square of the length. That is the number of scores; keys and values are one row each "
    "per position.",
)
known.edit(
    "in_bits",
    {RESULT: f"8 * {RESULT}"},
    "You count bits: bytes_per_value is in bytes already.",
)
known.edit(
    "in_gibibytes",
    {RESULT: RESULT.replace("int(", "(") + " / 2**30"},
    "You return GiB. Return bytes; other units are for printing.",
)
known.edit(
    "in_gigabytes",
    {RESULT: RESULT.replace("int(", "(") + " / 10**9"},
    "You return GB. Return bytes; other units are for printing.",
)
known.edit(
    "in_mebibytes",
    {RESULT: RESULT.replace("int(", "(") + " / 2**20"},
    "You return MiB. Return bytes; other units are for printing.",
)
known.edit(
    "in_kibibytes",
    {RESULT: f"{RESULT} // 2**10"},
    "You return KiB. Return bytes; other units are for printing.",
)
known.edit(
    "newest_position_left_out",
    {"seq_len * batch": "max(seq_len - 1, 0) * batch"},
    "You leave out one position, perhaps because the newest token is still to come. seq_len counts the positions "
    "that are kept.",
)
known.edit(
    "bytes_rounded_down",
    {"batch * bytes_per_value": "batch * int(bytes_per_value)"},
    "You cut bytes_per_value to a whole number, and 4-bit numbers take half a byte. Multiply first, make "
    "it whole then.",
)
known.edit(
    "a_float",
    {RESULT: "float(2 * n_layers * n_kv_heads * head_dim * seq_len * batch * bytes_per_value)"},
    "You return a float. Bytes are counted: return an int, `int(...)` of the product.",
)
known.edit(
    "counted_in_float32",
    {"return int(2 * n_layers": "return int(torch.tensor(2.0) * n_layers"},
    "You count with a tensor in float32, which holds 24 bits: above 16 million bytes your number is not exact. "
    "Python's integers are.",
)
known.edit(
    "whole_only_by_chance",
    {RESULT: "2 * n_layers * n_kv_heads * head_dim * seq_len * batch * bytes_per_value"},
    "With half a byte for each number your result is a float: make the product an int.",
)
known.edit(
    "empty_cache_refused",
    {"seq_len < 0": "seq_len < 1"},
    "You refuse a length of 0. A cache that holds nothing yet is a cache, and takes 0 bytes.",
)
known.edit(
    "less_than_a_byte_refused",
    {"bytes_per_value <= 0": "bytes_per_value < 1"},
    "You refuse half a byte for a number, which is what 4-bit caches take.",
)
known.edit(
    "only_the_usual_sizes",
    {"bytes_per_value <= 0": "bytes_per_value not in (0.5, 1, 2, 4)"},
    "You know some sizes of a number and refuse all others. A 2-bit number takes a quarter of a byte: only what is not "
    "above 0 is refused.",
)
known.edit(
    "all_below_one_refused",
    {"head_dim, batch) < 1": "head_dim, batch, seq_len, bytes_per_value) < 1"},
    "You refuse everything below 1. An empty cache has 0 positions, and a 4-bit number takes half a byte: both "
    "make sense.",
)
known.edit(
    "anything_counted",
    {"min(n_layers, n_kv_heads, head_dim, batch) < 1": "False", "seq_len < 0 or bytes_per_value <= 0": "False"},
    "Your function counts with no layer, a negative length or no byte: say with a ValueError that this is no cache.",
)
known.edit(
    "negative_length_taken",
    {"seq_len < 0 or ": ""},
    "Your function takes a negative length, and gives a negative number of bytes.",
)
known.edit(
    "no_bytes_taken",
    {" or bytes_per_value <= 0": ""},
    "Your function takes numbers of 0 bytes. Nothing can be kept in them: raise ValueError.",
)
LARGE_ENOUGH = "min(n_layers, n_kv_heads, head_dim, batch)"
for left_out, others, what in (
    ("n_layers", "n_kv_heads, head_dim, batch", "0 layers"),
    ("n_kv_heads", "n_layers, head_dim, batch", "0 key-value heads"),
    ("head_dim", "n_layers, n_kv_heads, batch", "heads of 0 columns"),
    ("batch", "n_layers, n_kv_heads, head_dim", "a batch of 0 texts"),
):
    known.edit(
        f"{left_out}_of_0_taken",
        {LARGE_ENOUGH: f"min({others})"},
        f"Your function takes {what}, and finds a cache of 0 bytes. Raise ValueError.",
    )
known.edit(
    "only_zeros_refused",
    {f"{LARGE_ENOUGH} < 1": "not (n_layers and n_kv_heads and head_dim and batch)"},
    "You refuse 0 layers, heads, columns or texts, and take a negative number of them, which counts as true in Python. "
    "Refuse whatever is below 1.",
)
known.edit(
    "their_product_compared",
    {f"{LARGE_ENOUGH} < 1": "n_layers * n_kv_heads * head_dim * batch < 1"},
    "You look at the product only: two negative numbers make a positive one. Refuse each of the four where it is below "
    "1.",
)
known.edit(
    "negative_bytes_taken",
    {"bytes_per_value <= 0": "bytes_per_value == 0"},
    "Your function refuses numbers of 0 bytes, and takes those of a negative size. Raise ValueError for both.",
)
known.edit(
    "batch_of_0_taken_for_1",
    {LARGE_ENOUGH: "min(n_layers, n_kv_heads, head_dim)", "seq_len * batch": "seq_len * (batch or 1)"},
    "Your function takes a batch of 0 texts for one of 1. Without a text there is no cache: raise ValueError.",
)
known.edit(
    "nothing_refused_but_length",
    {"min(n_layers, n_kv_heads, head_dim, batch) < 1": "False"},
    "Your function takes 0 layers, heads, columns or texts. Refuse each of the four where it is below 1.",
)


def drawn_shape(draw: Generator) -> Arguments:
    return {
        "n_layers": randint(draw, 3, 6),
        "n_kv_heads": randint(draw, 7, 9),
        "head_dim": 10 * randint(draw, 1, 3) + 1,
        "seq_len": randint(draw, 40, 60),
    }


def drawn_large(draw: Generator) -> Arguments:
    """So large and so odd that float32 cannot hold the number of bytes."""
    return drawn_shape(draw) | {"n_layers": 5, "n_kv_heads": 9, "seq_len": 2 * randint(draw, 45_000, 65_000) + 1}


def drawn_batch(draw: Generator) -> Arguments:
    return drawn_shape(draw) | {"batch": randint(draw, 10, 14), "bytes_per_value": 4}


def drawn_half_bytes(draw: Generator) -> Arguments:
    # Odd, so that halves do not come out whole one by one.
    return drawn_shape(draw) | {"batch": 2 * randint(draw, 1, 3) + 1, "bytes_per_value": 0.5}


def drawn_refusal(draw: Generator) -> Arguments:
    name = ("n_layers", "n_kv_heads", "head_dim", "batch")[randint(draw, 0, 3)]
    return drawn_shape(draw) | {name: 0}


EXERCISE = Exercise(
    reference=context.kv_cache_bytes,
    points=2,
    cases=(
        Case("16 bits", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=70), visible=True),
        Case("16 bits, drawn", drawn_shape),
        Case("a long text", given(n_layers=5, n_kv_heads=9, head_dim=11, seq_len=90_001), visible=True),
        Case("a long text, drawn", drawn_large),
        Case(
            "8 bits", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=70, bytes_per_value=1), visible=True
        ),
        Case(
            "a batch",
            given(n_layers=2, n_kv_heads=3, head_dim=8, seq_len=11, batch=7, bytes_per_value=4),
            visible=True,
        ),
        Case("a batch, drawn", drawn_batch),
        Case(
            "4 bits",
            given(n_layers=3, n_kv_heads=3, head_dim=5, seq_len=9, batch=3, bytes_per_value=0.5),
            visible=True,
        ),
        Case(
            "2 bits",
            given(n_layers=3, n_kv_heads=3, head_dim=5, seq_len=9, batch=2, bytes_per_value=0.25),
            visible=True,
        ),
        Case("4 bits, drawn", drawn_half_bytes),
        Case("empty cache", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=0), visible=True),
        Case("no layer", given(n_layers=0, n_kv_heads=5, head_dim=16, seq_len=70), visible=True),
        Case("no key-value head", given(n_layers=3, n_kv_heads=0, head_dim=16, seq_len=70), visible=True),
        Case("no column", given(n_layers=3, n_kv_heads=5, head_dim=0, seq_len=70), visible=True),
        Case("no text", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=70, batch=0), visible=True),
        Case("negative layers", given(n_layers=-3, n_kv_heads=5, head_dim=16, seq_len=70), visible=True),
        Case("two negative numbers", given(n_layers=-3, n_kv_heads=5, head_dim=-16, seq_len=70), visible=True),
        Case("one of them missing, drawn", drawn_refusal),
        Case("negative length", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=-70), visible=True),
        Case(
            "no byte", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=70, bytes_per_value=0), visible=True
        ),
        Case(
            "negative bytes", given(n_layers=3, n_kv_heads=5, head_dim=16, seq_len=70, bytes_per_value=-2), visible=True
        ),
    ),
    properties=(
        Property(
            "It counts the keys and the values of one text in 16 bits",
            ("16 bits", "16 bits, drawn", "a long text", "a long text, drawn"),
            "Take one position of one layer and head: a key and a value, head_dim numbers each, 2 bytes a number. Then "
            "multiply by how many there are of each.",
            weight=3,
        ),
        Property(
            "Half the bytes per number, half the memory",
            ("16 bits", "8 bits"),
            "bytes_per_value says how many bytes a number takes: 2 is only its default.",
            observe=observe.ratio,
            joint=True,
            # On its own, a table of the visible checks would have it.
            needs="It counts the keys and the values of one text in 16 bits",
        ),
        Property(
            "A batch multiplies it",
            ("a batch", "a batch, drawn"),
            "Every text of the batch has its own keys and values. These numbers take 4 bytes each.",
        ),
        Property(
            "4-bit numbers take half a byte, and the result is whole",
            ("4 bits", "2 bits", "4 bits, drawn"),
            "bytes_per_value may be 0.5. Multiply everything, then make an int of it.",
        ),
        Property(
            "An empty cache takes no bytes",
            ("16 bits", "16 bits, drawn", "empty cache"),
            "Before the first token seq_len is 0, and so is the result.",
        ),
        Property(
            "What makes no sense is refused with a ValueError",
            (
                "16 bits", "16 bits, drawn", "no layer", "no key-value head", "no column", "no text",
                "negative layers", "two negative numbers", "one of them missing, drawn", "negative length", "no byte",
                "negative bytes",
            ),
            "Raise ValueError for a negative seq_len, a bytes_per_value that is not above 0, and layers, heads, "
            "columns or texts below 1.",
            observe=observe.refusal,
            needs="It counts the keys and the values of one text in 16 bits",
        ),
    ),
    mistakes=tuple(known),
    shortcuts=("DynamicCache", "StaticCache"),
)  # fmt: skip
