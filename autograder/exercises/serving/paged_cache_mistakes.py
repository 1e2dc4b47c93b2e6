"""What goes wrong in PagedCache: how many blocks are taken and which, what is freed, and what is refused."""

from autograder.exercises.mistakes import Mistakes
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
    "full_cache_refuses_all",
    {"if missing > len(self._free)": "if not self._free or missing > len(self._free)"},
    "You raise MemoryError as soon as no block is free. A sequence may still have room in its last block: raise only "
    "if a block is missing.",
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
