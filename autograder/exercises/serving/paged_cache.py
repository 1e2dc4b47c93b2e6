"""PagedCache: the places of a KV cache, in blocks that are handed out as sequences grow."""

import functools
from collections.abc import Callable

import torch
from torch import Generator

from autograder.exercises.mistakes import Mistakes
from autograder.exercises.spec import Case, Exercise, Property, given, randint
from llm_course.checking import observe
from llm_course.checking.scripts import Step
from solutions import serving

known = Mistakes(serving.PagedCache, section="serving-paging")

MISSING = "-(-(length + n_tokens) // self._block_size) - len(table)"
CHECK = "        if missing > len(self._free):\n"
TOO_FEW = 'raise MemoryError(f"{missing} blocks are needed, and {len(self._free)} are free")'
TAKEN = "sorted(self._free)[:missing]"
NEW = "self.slots(sequence)[length:]"
SLOTS = "[table[token // size] * size + token % size for token in tokens]"
FREED = "self._free.update(self._tables.pop(sequence, []))"
FORGOTTEN = "self._lengths.pop(sequence, None)"
FORM = "n_blocks < 0 or block_size < 1"
NEGATIVE = "if n_tokens < 0:"
GROWN = "self._tables[sequence] = table + taken"
LONGER = "self._lengths[sequence] = length + n_tokens"

known.edit(
    "rest_of_the_last_block_wasted",
    {
        MISSING: "-(-n_tokens // self._block_size)",
        "table, length = self._tables.get(sequence, []), self._lengths.get(sequence, 0)\n        missing": (
            "table = self._tables.get(sequence, [])\n        length = len(table) * self._block_size\n        missing"
        ),
        LONGER: "self._lengths[sequence] = length + n_tokens\n        self._holes = getattr(self, '_holes', {})\n"
        "        self._holes.setdefault(sequence, []).append((length, n_tokens))",
        "range(self._lengths.get(sequence, 0))": "[first + place for first, many in getattr(self, '_holes', {}).get("
        "sequence, []) for place in range(many)]",
        NEW: "self.slots(sequence)[len(self.slots(sequence)) - n_tokens :]",
        FREED: FREED + "\n        getattr(self, '_holes', {}).pop(sequence, None)",
    },
    "Each call of `append` begins a new block, and what is left in the last one is lost. Fill it up first: a block "
    "is taken only when the last one is full.",
)
known.edit(
    "block_for_each_token",
    {
        MISSING: "n_tokens",
        SLOTS: "[table[token] * size for token in tokens]",
    },
    "Each of your tokens takes a whole block. A block holds block_size tokens.",
)
known.edit(
    "half_an_allocation_left_behind",
    {
        CHECK + "            " + TOO_FEW: "        if missing > len(self._free):\n"
        f"            {GROWN.replace('taken', 'sorted(self._free)')}\n"
        f"            self._free.clear()\n            {TOO_FEW.replace('{missing}', 'more')}"
    },
    "When there are too few blocks you raise MemoryError, but keep those that you have taken already. Count first, "
    "and take nothing unless there is enough for all tokens.",
)
known.edit(
    "tokens_placed_until_it_is_full",
    {
        CHECK + "            " + TOO_FEW: "        if missing > len(self._free):\n"
        "            room = (len(table) + len(self._free)) * self._block_size - length\n"
        f"            self.append(sequence, room)\n            {TOO_FEW}"
    },
    "When there are too few blocks you raise MemoryError, but the tokens that still fitted are in the cache. All or "
    "nothing: count the blocks before you change anything.",
)
known.edit(
    "sequence_lost_when_refused",
    {TOO_FEW: f"self.free(sequence)\n            {TOO_FEW}"},
    "When there are too few blocks you throw the sequence out. A refused `append` changes nothing; who called "
    "decides who has to go.",
)
known.edit(
    "as_many_as_fit",
    {
        CHECK + "            " + TOO_FEW + "\n": "        if missing > len(self._free):\n"
        "            return self.append(sequence, (len(table) + len(self._free)) * self._block_size - length)\n"
    },
    "When there are too few blocks you append as many tokens as fit. Raise MemoryError, and change nothing.",
)
known.edit(
    "nothing_returned_when_full",
    {TOO_FEW: "return []"},
    "When there are too few blocks you return an empty list. Raise MemoryError.",
)
known.edit(
    "other_exception",
    {"raise MemoryError(": "raise ValueError("},
    "When there are too few blocks you raise ValueError. The argument is fine, the memory is full: MemoryError.",
)
known.edit(
    "runtime_error",
    {"raise MemoryError(": "raise RuntimeError("},
    "When there are too few blocks you raise RuntimeError. The task asks for MemoryError.",
)
known.edit(
    "fails_by_itself",
    {CHECK + "            " + TOO_FEW + "\n": "        if missing > len(self._free):\n            [].pop()\n"},
    "When there are too few blocks your method fails with an IndexError of Python's own. Check before you take, and "
    "raise MemoryError.",
)
known.edit(
    "last_block_kept_back",
    {"missing > len(self._free)": "missing and missing >= len(self._free)"},
    "You refuse the last free block. It may be used: only more blocks than there are free ones are too many.",
)
known.edit(
    "freed_blocks_lost",
    {FREED: "self._tables.pop(sequence, None)"},
    "The blocks of a freed sequence are lost: nobody gets them again. Put them back to the free ones.",
)
known.edit(
    "not_forgotten",
    {FREED: "self._free.update(self._tables.get(sequence, []))", FORGOTTEN: "pass"},
    "You give the blocks of a freed sequence back, but the sequence still points to them. Forget it: `slots` of it is "
    "empty, and it starts anew.",
)
known.edit(
    "freed_twice",
    {
        FREED: "freed = self._tables.pop(sequence, [])\n        self._free.update(freed)\n"
        "        self._twice = getattr(self, '_twice', 0) + len(freed)",
        "return len(self._free)": "return len(self._free) + getattr(self, '_twice', 0)",
    },
    "You count freed blocks twice. free_blocks never exceeds n_blocks.",
)
known.edit(
    "last_block_only",
    {FREED: "self._free.update(self._tables.pop(sequence, [])[-1:])"},
    "You give back only one block of a freed sequence. All of its blocks are free then.",
)
known.edit(
    "newest_block_first",
    {
        TAKEN: "sorted(self._free, key=lambda block: "
        "(-self._freed.index(block) if block in self._freed else 1, block))[:missing]",
        "self._block_size = block_size": "self._block_size = block_size\n        self._freed: list[int] = []",
        FREED: "self._freed += self._tables.get(sequence, [])\n        " + FREED,
    },
    "You hand out first what was freed last, as a stack does. Take the free block with the lowest number.",
)
known.edit(
    "freed_blocks_in_front",
    {
        TAKEN: "sorted(self._free, key=lambda block: (-self._freed.get(block, 0), block))[:missing]",
        "self._block_size = block_size": "self._block_size = block_size\n        self._freed: dict[int, int] = {}",
        FREED: "now = 1 + max(self._freed.values(), default=0)\n"
        "        self._freed.update(dict.fromkeys(self._tables.get(sequence, []), now))\n        " + FREED,
    },
    "You put the blocks of a freed sequence in front of those that were free before, whatever their numbers. Take the "
    "free block with the lowest number: sort, or take the minimum.",
)
known.edit(
    "never_used_blocks_first",
    {
        TAKEN: "sorted(self._free, key=lambda block: "
        "(self._freed.index(block) + 1 if block in self._freed else 0, block))[:missing]",
        "self._block_size = block_size": "self._block_size = block_size\n        self._freed: list[int] = []",
        FREED: "self._freed += self._tables.get(sequence, [])\n        " + FREED,
    },
    "You hand out freed blocks after all others, as a queue does. Take the free block with the lowest number.",
)
known.edit(
    "length_kept",
    {FORGOTTEN: "pass"},
    "You give the blocks of a freed sequence back, but keep its length: `slots` then looks for tokens that it has no"
    " blocks for. Forget both.",
)
known.edit(
    "others_thrown_out",
    {
        CHECK: "        for other in [name for name in self._tables if name != sequence]:\n"
        "            if missing > len(self._free):\n                self.free(other)\n" + CHECK
    },
    "When there are too few blocks you throw other sequences out. Who has to go is for the server to decide: raise "
    "MemoryError, and change nothing.",
)
known.edit(
    "room_in_the_last_block_overlooked",
    {"if missing > len(self._free)": "if -(-n_tokens // self._block_size) > len(self._free)"},
    "You raise MemoryError though the tokens would fit: some of them have room in the sequence's last block. Count "
    "the blocks that are missing *beyond* those it has.",
)
known.edit(
    "whole_blocks_listed",
    {SLOTS: "[block * size + offset for block in table for offset in range(size)]"},
    "You list all places of all blocks. The last block may be partly empty: only as many slots as the sequence has "
    "tokens.",
)
known.edit(
    "no_tokens_refused",
    {NEGATIVE: "if n_tokens < 1:"},
    "You refuse to append 0 tokens. It changes nothing and gives []; only less than 0 makes no sense.",
)


@known.function(
    "You take the last of a list of free blocks (pop() without an index), so the highest number comes first and what"
    " was freed last is used first. Take the free block with the lowest number.",
)
class taken_from_the_end:
    def __init__(self, n_blocks: int, block_size: int) -> None:
        if n_blocks < 0 or block_size < 1:
            raise ValueError("no such cache")
        self.size, self.unused = block_size, list(range(n_blocks))
        self.tables: dict[int, list[int]] = {}
        self.lengths: dict[int, int] = {}

    @property
    def free_blocks(self) -> int:
        return len(self.unused)

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        if n_tokens < 0:
            raise ValueError("fewer than none")
        table, length = self.tables.get(sequence, []), self.lengths.get(sequence, 0)
        missing = -(-(length + n_tokens) // self.size) - len(table)
        if missing > len(self.unused):
            raise MemoryError("full")
        self.tables[sequence] = table + [self.unused.pop() for _ in range(missing)]
        self.lengths[sequence] = length + n_tokens
        return self.slots(sequence)[length:]

    def slots(self, sequence: int) -> list[int]:
        table = self.tables.get(sequence, [])
        return [table[i // self.size] * self.size + i % self.size for i in range(self.lengths.get(sequence, 0))]

    def free(self, sequence: int) -> None:
        self.unused += self.tables.pop(sequence, [])
        self.lengths.pop(sequence, None)


known.edit(
    "highest_block_first",
    {TAKEN: "sorted(self._free, reverse=True)[:missing]"},
    "You take the free block with the highest number. Take the lowest.",
)
known.edit(
    "blocks_for_slots",
    {SLOTS: "[table[token // size] for token in tokens]"},
    "You return numbers of blocks. A slot is block * block_size + offset.",
)
known.edit(
    "offsets_for_slots",
    {SLOTS: "[token % size for token in tokens]"},
    "You return offsets within the blocks. A slot is block * block_size + offset.",
)
known.edit(
    "places_in_the_text",
    {SLOTS: "list(tokens)"},
    "You return the places in the text. The task asks for the places in the memory: block * block_size + offset.",
)
known.edit(
    "offset_times_blocks",
    {SLOTS: "[token % size * size + table[token // size] for token in tokens]"},
    "You have block and offset the wrong way round: a slot is block * block_size + offset.",
)
known.edit(
    "slots_in_order_of_memory",
    {f"return {SLOTS}": f"return sorted({SLOTS})"},
    "You sort the slots. They are in the order of the tokens, wherever the blocks lie.",
)
known.edit(
    "blocks_in_order_of_memory",
    {GROWN: "self._tables[sequence] = sorted(table + taken)"},
    "You sort the blocks of a sequence, so that its tokens move when a lower block is taken later. Blocks are in the "
    "order in which they were taken, wherever they lie.",
)
known.edit(
    "append_returns_all",
    {NEW: "self.slots(sequence)"},
    "`append` returns the slots of the whole sequence. Only those of the new tokens are asked for.",
)
known.edit(
    "append_returns_all_but_for_none",
    {f"return {NEW}": "return self.slots(sequence) if n_tokens else []"},
    "`append` returns all slots of the sequence, with those that it had before. Return the slots of the new tokens "
    "only.",
)
known.edit(
    "append_returns_one_for_one",
    {f"return {NEW}": f"new = {NEW}\n        return new[0] if n_tokens == 1 else new"},
    "For a single token `append` returns a number. It always returns a list, then of one slot.",
)
known.edit(
    "append_returns_blocks",
    {f"return {NEW}": "return taken"},
    "`append` returns the blocks that it has taken. Return the slots of the new tokens: block * block_size + offset.",
)
known.edit(
    "whole_blocks_in_slots",
    {
        f"return {NEW}": "table = self._tables[sequence]\n"
        "        return [table[token // self._block_size] * self._block_size + token % self._block_size\n"
        "                for token in range(length, length + n_tokens)]",
        SLOTS: "[block * size + offset for block in table for offset in range(size)]",
    },
    "`slots` lists all places of the sequence's blocks, also those that hold no token yet. Stop after as many slots as "
    "there are tokens.",
)
known.edit(
    "append_returns_nothing",
    {f"return {NEW}": "return None"},
    "`append` returns nothing. Return the slots of the new tokens.",
)
known.edit(
    "append_returns_one",
    {NEW: "self.slots(sequence)[-1]"},
    "`append` returns one number. Return a list, a slot for each new token.",
)
known.edit(
    "one_table_for_all",
    {
        "self._tables[sequence] = table": "self._tables[0] = table",
        "self._tables.get(sequence, []), self._lengths.get(sequence, 0)": (
            "self._tables.get(0, []), self._lengths.get(0, 0)"
        ),
        "self._lengths[sequence] =": "self._lengths[0] =",
        "self._tables.get(sequence, []), self._block_size": "self._tables.get(0, []), self._block_size",
        "self._lengths.get(sequence, 0))": "self._lengths.get(0, 0))",
    },
    "All sequences share one table, so their tokens mix in one block. A block belongs to one sequence.",
)
known.edit(
    "unknown_not_known",
    {"self._tables.pop(sequence, [])": "self._tables.pop(sequence)"},
    "Freeing a sequence that nobody has named fails with a KeyError. There is nothing to free then: do nothing.",
)
known.edit(
    "slots_of_unknown",
    {
        "table, size = self._tables.get(sequence, []), self._block_size": "table, size = self._tables[sequence], "
        "self._block_size"
    },
    "`slots` of a sequence that nobody has named fails with a KeyError. It has no tokens: [].",
)
known.edit(
    "empty_append_takes_a_block",
    {MISSING: "max(length + n_tokens - 1, 0) // self._block_size + 1 - len(table)"},
    "Appending no tokens takes a block. 0 changes nothing.",
)
known.edit(
    "full_block_needs_another",
    {MISSING: "(length + n_tokens) // self._block_size + 1 - len(table)"},
    "You take a block too early: when the last one is just full, the next is needed only for the next token. Round "
    "up: -(-n // size).",
)
known.edit(
    "free_slots_counted",
    {"return len(self._free)": "return len(self._free) * self._block_size"},
    "free_blocks counts slots. Count blocks.",
)
known.edit(
    "used_blocks_counted",
    {"return len(self._free)": "return sum(map(len, self._tables.values()))"},
    "free_blocks counts the blocks in use. Count the free ones.",
)
known.edit(
    "free_blocks_listed",
    {"return len(self._free)": "return sorted(self._free)"},
    "free_blocks is a list. It is a number: how many are free.",
)
known.edit(
    "free_blocks_called",
    {"    @property\n": ""},
    "free_blocks has to be called. Make it an attribute or a property: cache.free_blocks is an int.",
)
known.edit(
    "block_plus_offset",
    {SLOTS: "[table[token // size] + token % size for token in tokens]"},
    "You add the offset to the *number* of the block. Block b begins at slot b * block_size.",
)
known.edit(
    "side_by_side_from_the_first",
    {SLOTS: "[table[0] * size + token for token in tokens]"},
    "You count on from the first block, as if a sequence's blocks lay side by side. Token i stands in its block "
    "i // block_size, wherever that lies.",
)
known.edit(
    "blocks_from_one",
    {"set(range(n_blocks))": "set(range(1, n_blocks + 1))"},
    "You number the blocks from 1. The first slot of the memory is slot 0, of block 0.",
)
known.edit(
    "all_sequences_freed",
    {
        FREED: "self._free.update(*self._tables.values())\n        self._tables.clear()",
        FORGOTTEN: "self._lengths.clear()",
    },
    "You free all sequences. Only the one that is named has ended.",
)
known.edit(
    "nothing_checked",
    {FORM: "False", NEGATIVE: "if False:"},
    "You check nothing that comes in: raise ValueError for a negative n_blocks, a block_size below 1, and a negative "
    "n_tokens.",
)
known.edit(
    "form_not_checked",
    {FORM: "False"},
    "You do not check n_blocks and block_size. Raise ValueError for a negative number of blocks, and for blocks of "
    "less than one token.",
)
known.edit(
    "no_blocks_refused",
    {FORM: "n_blocks < 1 or block_size < 1"},
    "You refuse a cache without blocks. It is one in which nothing has room.",
)
known.edit(
    "block_size_not_checked",
    {FORM: "n_blocks < 0"},
    "You do not check block_size. Raise ValueError if it is below 1.",
)
known.edit(
    "n_blocks_not_checked",
    {FORM: "block_size < 1"},
    "You accept a negative number of blocks. Raise ValueError.",
)
known.edit(
    "block_of_nothing_taken",
    {FORM: "n_blocks < 0 or block_size < 0"},
    "You accept blocks of 0 tokens, and divide by 0 later. Raise ValueError if block_size is below 1.",
)
known.edit(
    "negative_tokens_taken",
    {NEGATIVE: "if False:"},
    "You accept a negative number of tokens. Raise ValueError.",
)


@known.function(
    "You keep the sequences in a list and take a sequence's number for its place, which fails or mixes sequences up. "
    "A sequence may have any number, such as 1000 or -3: use a dict."
)
class numbers_for_places(serving.PagedCache):
    def __init__(self, n_blocks: int, block_size: int) -> None:
        super().__init__(n_blocks, block_size)
        self._names: list[int] = list(range(50))

    def append(self, sequence: int, n_tokens: int = 1) -> list[int]:
        """As it is for the name at that place."""
        return super().append(self._names[sequence], n_tokens)

    def slots(self, sequence: int) -> list[int]:
        """As it is for the name at that place."""
        return super().slots(self._names[sequence])

    def free(self, sequence: int) -> None:
        """As it is for the name at that place."""
        super().free(self._names[sequence])


def append(sequence: int, n_tokens: int) -> Step:
    return "method", "append", {"sequence": sequence, "n_tokens": n_tokens}


def append_one(sequence: int) -> Step:
    return "method", "append", {"sequence": sequence}


def too_many(sequence: int, n_tokens: int) -> Step:
    return "refused", "append", {"sequence": sequence, "n_tokens": n_tokens}


def slots(sequence: int) -> Step:
    return "method", "slots", {"sequence": sequence}


def free(sequence: int) -> Step:
    # What it returns is nobody's business, only whether it raises.
    return "refused", "free", {"sequence": sequence}


COUNT: Step = ("get", "free_blocks")


def script(name: str, n_blocks: int, block_size: int, *steps: Step) -> Case:
    return Case(name, given(n_blocks=n_blocks, block_size=block_size), script=lambda draw: steps, visible=True)


def drawn(name: str, n_blocks: int, block_size: int, steps: Callable[[Generator], list[Step]]) -> Case:
    return Case(name, given(n_blocks=n_blocks, block_size=block_size), script=lambda draw: tuple(steps(draw)))


def growing(draw: Generator) -> list[Step]:
    return [append(4, randint(draw, 1, 7)) for _ in range(6)]


def side_by_side(draw: Generator) -> list[Step]:
    # The first calls leave a block of each half empty.
    steps = [append(8, 3), append(2, 1), append(8, 2), append(2, 6)]
    return [*steps, *(append(randint(draw, 1, 3), randint(draw, 1, 5)) for _ in range(8))]


def looked_at(draw: Generator) -> list[Step]:
    return [*side_by_side(draw), slots(1), slots(2), slots(3), slots(8)]


def coming_and_going(draw: Generator) -> list[Step]:
    steps: list[Step] = [append(sequence, randint(draw, 4, 9)) for sequence in (1, 2, 3, 4)]
    gone = [1 + number for number in torch.randperm(4, generator=draw)[:3].tolist()]
    steps += [free(sequence) for sequence in gone]
    return [*steps, append(7, 5), append(gone[0], 7), append(5, randint(draw, 1, 9)), *map(slots, (7, *gone))]


def freed_upwards(draw: Generator) -> list[Step]:
    """What is freed first has the lowest numbers: neither a stack nor a list that grows in front begins with them."""
    steps: list[Step] = [append(sequence, randint(draw, 2, 5)) for sequence in (1, 2, 3, 4)]
    return [*steps, free(1), free(2), free(3), append(7, randint(draw, 2, 4)), append(8, 5), slots(7), slots(8)]


def counted(draw: Generator) -> list[Step]:
    steps: list[Step] = []
    for _ in range(5):
        steps += [append(randint(draw, 1, 3), randint(draw, 1, 6)), COUNT]
    return [*steps, free(1), COUNT, free(2), COUNT, free(3), COUNT]


def full(draw: Generator) -> list[Step]:
    first = randint(draw, 5, 7)
    refused = [too_many(2, randint(draw, 21, 30)), slots(2), too_many(1, randint(draw, 20, 30)), slots(1)]
    return [append(1, first), *refused, append(2, 3), append(1, 9), slots(1)]


def nothing_in_full(draw: Generator) -> list[Step]:
    one, other = randint(draw, 10, 99), randint(draw, 100, 999)
    return [append(one, 2), append(one, 0), append(other, 0), slots(other)]


MAIN = "A sequence fills its blocks one after the other"

EXERCISE = Exercise(
    reference=serving.PagedCache,
    points=6,
    cases=(
        script("one sequence", 5, 3, append(5, 2), append_one(5), append(5, 4), append_one(5), append(5, 3)),
        script("one token at a time", 4, 3, *[append_one(0)] * 7),
        drawn("one sequence, drawn", 20, 3, growing),
        script("two sequences", 6, 4, append(7, 5), append(3, 2), append(7, 2), append(3, 3), append(7, 2)),
        script("numbers of any size", 6, 4, append(1000, 5), append(-3, 2), append(1000, 4), append(-3, 3)),
        drawn("sequences, drawn", 40, 4, side_by_side),
        script("slots", 6, 2, append(7, 3), append(3, 1), append(7, 2), append(3, 2), slots(7), slots(3)),
        script("slots of a freed block", 4, 2, append(7, 3), append(3, 2), free(7), append(3, 3), slots(3), slots(7)),
        drawn("slots, drawn", 40, 2, looked_at),
        script("freed", 7, 2, append(1, 4), append(2, 3), free(1), slots(1), append(2, 3), append(3, 3), append(1, 1),
               slots(2), slots(1)),
        script("freed in another order", 8, 2, append(1, 3), append(2, 3), append(3, 3), free(3), free(1),
               append(4, 5), slots(4), append(5, 3)),
        drawn("freed, drawn", 40, 2, coming_and_going),
        drawn("freed upwards, drawn", 14, 2, freed_upwards),
        script("counted", 5, 3, COUNT, append(1, 3), COUNT, append(1, 1), COUNT, append(2, 5), COUNT, free(1), COUNT),
        drawn("counted, drawn", 30, 4, counted),
        script("too many tokens", 4, 2, append(1, 3), too_many(2, 5), slots(2), append(2, 2), append(1, 3), slots(1),
               slots(2)),
        script("too many for one that grows", 3, 2, append(1, 3), too_many(1, 4), slots(1), append(1, 3),
               too_many(1, 1)),
        drawn("too many, drawn", 12, 2, full),
        script("room for the last", 4, 2, append(1, 3), append(2, 3), too_many(1, 2), too_many(3, 1), free(2),
               append(1, 2)),
        script("no blocks", 0, 2, too_many(1, 1), slots(1)),
        script("unknown sequences", 3, 2, slots(9), append(1, 3), free(9), slots(9), slots(1), append(1, 1)),
        script("freed twice", 4, 2, append(1, 3), free(1), free(1), slots(1), append(2, 8)),
        script("no tokens", 2, 2, append(1, 0), append(2, 3), append(2, 0), slots(1), append(2, 1)),
        drawn("no tokens in a full cache", 1, 2, nothing_in_full),
        script("fewer than no tokens", 4, 2, append(1, 3), too_many(1, -1), too_many(2, -3), slots(1)),
        script("a negative number of blocks", -1, 3, slots(1)),
        script("blocks of no tokens", 4, 0, slots(1)),
        script("blocks of less", 4, -2, slots(1)),
    ),
    properties=(
        Property(
            MAIN,
            ("one sequence", "one token at a time", "one sequence, drawn"),
            "Token i of a sequence stands in its block i // block_size, at offset i % block_size. A new block is "
            "taken only when the last one is full.",
            weight=3,
            observe=functools.partial(observe.blocks_by_appearance, block_size=3),
        ),
        Property(
            "Each sequence has blocks of its own, and `append` gives the slots of the new tokens",
            ("two sequences", "numbers of any size", "sequences, drawn"),
            "Keep a list of blocks for each sequence, in a dict: its next token goes into its own last block, whoever "
            "came between.",
            weight=2,
            needs=MAIN,
            observe=functools.partial(observe.blocks_by_appearance, block_size=4),
        ),
        Property(
            "`slots` gives all tokens of a sequence in their order",
            ("slots", "slots of a freed block", "slots, drawn"),
            "Go through the tokens of the sequence: block * block_size + offset for each.",
            needs=MAIN,
            observe=functools.partial(observe.blocks_by_appearance, block_size=2),
        ),
        Property(
            "`free` gives all blocks back, and the lowest free block is taken next",
            ("freed", "freed in another order", "freed, drawn", "freed upwards, drawn"),
            "After `free` the sequence is forgotten, and its blocks are among the free ones. Always take the lowest "
            "number.",
            weight=2,
            needs=MAIN,
        ),
        Property(
            "`free_blocks` counts the blocks that nobody owns",
            ("counted", "counted, drawn"),
            "free_blocks is an int: n_blocks at first, fewer with each block that is taken, more again after `free`.",
        ),
        Property(
            "Too few blocks is a MemoryError, and nothing changes",
            (
                "too many tokens", "too many for one that grows", "too many, drawn", "room for the last", "no blocks",
            ),
            "Count the blocks that all new tokens need, and compare with the free ones, before you take the first.",
            weight=2,
            needs=MAIN,
            observe=functools.partial(observe.blocks_by_appearance, block_size=2),
        ),
        Property(
            "A sequence that nobody has named has no slots, and nothing to free",
            ("unknown sequences", "freed twice"),
            "Use .get and .pop with a default: slots gives [], free does nothing.",
            needs=MAIN,
            observe=functools.partial(observe.blocks_by_appearance, block_size=2),
        ),
        Property(
            "No tokens change nothing, a negative number is refused with a ValueError",
            ("no tokens", "no tokens in a full cache", "fewer than no tokens"),
            "append(sequence, 0) gives []. Raise ValueError for less than 0.",
            needs=MAIN,
            observe=functools.partial(observe.blocks_by_appearance, block_size=2),
        ),
        Property(
            "A cache that makes no sense is refused with a ValueError",
            ("one sequence", "a negative number of blocks", "blocks of no tokens", "blocks of less"),
            "Raise ValueError for a negative n_blocks, and for a block_size below 1.",
            observe=observe.refusal,
            needs=MAIN,
        ),
    ),
    mistakes=tuple(known),
)  # fmt: skip
