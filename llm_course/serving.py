"""A server for language models, simulated: who waits, who runs, what each step costs, where the memory goes.

`simulate(trace, server)` replays a trace, a list of Requests, and returns a Run: a Step for each pass of the model, and
an Outcome for each request. `figures(run)` sums it up as users and operators know it. Nothing is random but
`drawn_trace`. The page's own simulator (`widgets/serving_arena/serving.js`) reads the same traces and
takes the same steps; a test holds the two against each other.

Time is counted in milliseconds, memory in blocks of the KV cache, text in tokens.
"""

import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

LONGEST_ANSWER = 512
"""What a server that reserves has to reserve for an answer, since nobody knows its length."""


@dataclass(frozen=True)
class Request:
    """One line of a trace: when it arrives, how long its prompt and its answer are, what it shares with others.

    The first `shared` tokens of the prompt are those of every request with the same `prefix`, as a system prompt is.
    """

    arrival: float
    prompt: int
    answer: int
    prefix: int = 0
    shared: int = 0

    def __post_init__(self) -> None:
        if self.arrival < 0 or self.prompt < 1 or self.answer < 1:
            raise ValueError(
                f"{self}: a request arrives at 0 or later, with a prompt and an answer of at least 1 token."
            )
        if not 0 <= self.shared < self.prompt:
            raise ValueError(f"{self}: the shared part is shorter than the prompt, which ends with the request's own.")


@dataclass(frozen=True)
class Machine:
    """What a pass costs: the roofline of a processor with a model on it. By default Llama 3 8B in 16 bits on one H100.

    A pass takes as long as the slower of two: to read the weights and the cache, or to multiply.
    """

    weight_bytes: float = 16.06e9
    cache_bytes: float = 131072.0
    bytes_per_ms: float = 3.35e9
    operations_per_ms: float = 989e9
    operations_per_token: float = 16.06e9

    def pass_ms(self, tokens: int, cached: int) -> float:
        """Milliseconds of a pass over `tokens` new tokens, with `cached` older ones read."""
        reading = (self.weight_bytes + cached * self.cache_bytes) / self.bytes_per_ms
        return max(reading, tokens * self.operations_per_token / self.operations_per_ms)


@dataclass(frozen=True)
class Server:
    """How a server batches and where it keeps its cache.

    Args:
        continuous: a free slot is taken at once, and the cache grows block by block. Otherwise a batch is run to its
            end, and each slot reserves room for the longest answer.
        slots: how many requests run at once.
        blocks: blocks of the cache.
        block_size: tokens in a block.
        chunk: the most tokens of prompts and answers in one pass; a longer prompt is read in several. 0 for no limit.
        sharing: blocks of a shared prefix are kept, and read by whoever starts with it.
        drafted: drafted tokens in each pass of a request that writes; 0 for no speculation.
        acceptance: share of drafted tokens that are accepted, as in `expected_tokens`.
        draft_share: what a pass of the draft costs, of one of the target.
    """

    continuous: bool = True
    slots: int = 8
    blocks: int = 1024
    block_size: int = 16
    chunk: int = 0
    sharing: bool = False
    drafted: int = 0
    acceptance: float = 0.7
    draft_share: float = 0.1
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        if min(self.slots, self.blocks, self.block_size) < 1 or min(self.chunk, self.drafted) < 0:
            raise ValueError(
                "A server has at least one slot and one block of one token, and no negative chunk or draft."
            )
        if 0 < self.chunk <= (self.drafted + 1) * self.slots:
            raise ValueError("A chunk has to leave room for prompts beside all slots that write: make it larger.")
        if not 0 <= self.acceptance <= 1 or self.draft_share < 0:
            raise ValueError("The acceptance is from 0 to 1, and a draft costs at least nothing.")

    def blocks_for(self, tokens: int) -> int:
        """Blocks that so many tokens take."""
        return -(-tokens // self.block_size)


@dataclass(frozen=True)
class Step:
    """One pass of the model.

    `reading` and `writing` name the requests whose prompts are read and whose answers are written in it. `used` blocks
    belong to running requests, `kept` ones to prefixes that nobody uses now; `filled` counts tokens in the used ones.
    """

    start: float
    end: float
    reading: tuple[int, ...]
    writing: tuple[int, ...]
    tokens: int
    used: int
    kept: int
    filled: int


@dataclass
class Outcome:
    """What became of a request. `started` is when it first got a slot, `first` and `finish` when tokens came."""

    arrival: float
    prompt: int
    answer: int
    started: float = -1.0
    first: float = -1.0
    finish: float = -1.0
    hits: int = 0
    preempted: int = 0

    @property
    def ttft(self) -> float:
        """Time to the first token, in ms, the wait included."""
        return self.first - self.arrival

    @property
    def tpot(self) -> float:
        """Time per output token after the first, in ms; 0 where there is only one."""
        return (self.finish - self.first) / (self.answer - 1) if self.answer > 1 else 0.0


@dataclass(frozen=True)
class Run:
    """A trace as a server ran it."""

    server: Server
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]


@dataclass
class _Running:
    """A request in a slot: `to_read` tokens have to be read before it writes, `read` were, `written` were written."""

    index: int
    to_read: int
    read: int = 0
    written: int = 0
    blocks: int = 0
    borrowed: int = 0
    credit: float = 0.0


def drawn_trace(requests: int = 40, per_second: float = 8.0, prefixes: int = 2, seed: int = 0) -> list[Request]:
    """A trace as a chat service sees it: arrivals at random, short and long prompts, each behind a system prompt."""
    draw, now, trace = random.Random(seed), 0.0, []
    for _ in range(requests):
        now += draw.expovariate(per_second / 1000)
        own = draw.choice((30, 60, 120, 240, 1800))
        answer = min(LONGEST_ANSWER, 8 + int(draw.expovariate(1 / 120)))
        trace.append(Request(round(now, 3), 320 + own, answer, draw.randrange(prefixes), 320))
    return trace


def simulate(trace: Sequence[Request], server: Server) -> Run:
    """Replay a trace. Raises ValueError where a request could not run even alone."""
    for index, request in enumerate(trace):
        most = request.prompt + (request.answer if server.continuous else max(request.answer, LONGEST_ANSWER))
        if server.blocks_for(most) > server.blocks:
            raise ValueError(f"Request {index} needs {server.blocks_for(most)} blocks: there are {server.blocks}.")
    return _Simulation(trace, server).run()


class _Simulation:
    """The state between two passes."""

    def __init__(self, trace: Sequence[Request], server: Server) -> None:
        self.trace, self.server, self.now = trace, server, 0.0
        order = sorted(range(len(trace)), key=lambda index: trace[index].arrival)
        self.waiting = deque(_Running(index, trace[index].prompt) for index in order)
        self.running: list[_Running] = []
        self.finished: list[_Running] = []  # of a static batch, whose slots stay taken
        self.prefixes: dict[int, int] = {}  # blocks of each kept prefix, the least recently used first
        self.outcomes = [Outcome(request.arrival, request.prompt, request.answer) for request in trace]
        self.steps: list[Step] = []

    def run(self) -> Run:
        """Pass after pass, until nobody is left."""
        while self.waiting or self.running:
            self.admit()
            if not self.running:
                self.now = self.trace[self.waiting[0].index].arrival
                continue
            self.one_pass()
        return Run(self.server, tuple(self.steps), tuple(self.outcomes))

    # Memory

    def used(self) -> int:
        """Blocks of running requests, a shared one counted once."""
        borrowed = {self.trace[one.index].prefix for one in self.running if one.borrowed}
        own = sum(one.blocks for one in self.running + self.finished)
        return own + sum(self.prefixes[prefix] for prefix in borrowed)

    def make_room(self, blocks: int, keep: int = -1) -> bool:
        """Whether so many blocks are free, after dropping prefixes that nobody uses, the oldest first."""
        borrowed = {self.trace[one.index].prefix for one in self.running if one.borrowed} | {keep}
        while self.used() + self.idle() + blocks > self.server.blocks:
            unused = [prefix for prefix in self.prefixes if prefix not in borrowed]
            if not unused:
                return False
            del self.prefixes[unused[0]]
        return True

    def idle(self) -> int:
        """Blocks of prefixes that are kept though nobody uses them now."""
        borrowed = {self.trace[one.index].prefix for one in self.running if one.borrowed}
        return sum(blocks for prefix, blocks in self.prefixes.items() if prefix not in borrowed)

    # Who runs

    def admit(self) -> None:
        """Give slots to those who wait, in the order of arrival, as long as there are slots and blocks."""
        if not self.server.continuous and self.running:
            return
        while self.waiting and len(self.running) < self.server.slots:
            one = self.waiting[0]
            request = self.trace[one.index]
            if request.arrival > self.now:
                return
            shared = self.prefixes.get(request.prefix, 0) if request.shared else 0
            reserved = one.to_read if self.server.continuous else request.prompt + max(request.answer, LONGEST_ANSWER)
            blocks = self.server.blocks_for(reserved) - shared
            if not self.make_room(blocks, request.prefix if shared else -1):
                return
            self.waiting.popleft()
            if shared:
                self.prefixes[request.prefix] = self.prefixes.pop(request.prefix)  # used last
            one.blocks, one.borrowed, one.read = blocks, shared, shared * self.server.block_size
            outcome = self.outcomes[one.index]
            if outcome.started < 0:
                outcome.started, outcome.hits = self.now, one.read
            self.running.append(one)

    def preempt(self) -> None:
        """Send the request that came last back to wait. Its cache is lost, and what it wrote has to be read again."""
        one = max(self.running, key=lambda running: (self.trace[running.index].arrival, running.index))
        self.running.remove(one)
        self.outcomes[one.index].preempted += 1
        again = self.trace[one.index].prompt + one.written
        self.waiting.appendleft(_Running(one.index, again, written=one.written, credit=one.credit))

    def grow(self) -> None:
        """Give those who write the blocks for their next tokens; who came last has to make room."""
        for one in list(self.running):
            while one in self.running and one.read >= one.to_read:
                most = self.trace[one.index].prompt + min(
                    one.written + self.server.drafted + 1, self.trace[one.index].answer
                )
                missing = self.server.blocks_for(most) - one.blocks - one.borrowed
                if missing <= 0:
                    break
                if self.make_room(missing):
                    one.blocks += missing
                    break
                self.preempt()

    # One pass

    def one_pass(self) -> None:
        """Write a token, or several drafted ones, for each that has read its prompt, and read on for the others."""
        if self.server.continuous:
            self.grow()
        writing = [one for one in self.running if one.read >= one.to_read]
        reading = self.chunks(writing)
        start, tokens = self.now, self.pass_over(writing, reading)
        names = tuple(one.index for one, _ in reading), tuple(one.index for one in writing)
        self.steps.append(Step(start, self.now, *names, tokens, self.used(), self.idle(), self.filled()))
        for one in writing:
            self.write(one)
        for one, chunk in reading:
            self.read(one, chunk)
        if not self.running:
            self.finished.clear()

    def chunks(self, writing: list[_Running]) -> list[tuple[_Running, int]]:
        """How much of which prompts is read in this pass, beside those who write."""
        budget = self.server.chunk - (self.server.drafted + 1) * len(writing) if self.server.chunk else math.inf
        found = []
        for one in self.running:
            if one.read < one.to_read and budget >= 1:
                chunk = int(min(budget, one.to_read - one.read))
                found.append((one, chunk))
                budget -= chunk
        return found

    def pass_over(self, writing: list[_Running], reading: list[tuple[_Running, int]]) -> int:
        """Let the time of one pass go by, and of its drafts. Returns the tokens of the pass."""
        server = self.server
        # In a static batch, those who are done are computed on, for nothing.
        rows = writing + self.finished
        tokens = (server.drafted + 1) * len(rows) + sum(chunk for _, chunk in reading)
        cached = sum(self.length(one) for one in rows) + sum(one.read for one, _ in reading)
        self.now += server.machine.pass_ms(tokens, cached)
        if rows:
            self.now += server.drafted * server.draft_share * server.machine.pass_ms(len(rows), 0)
        return tokens

    def length(self, one: _Running) -> int:
        """Tokens of a request that are in the cache."""
        return self.trace[one.index].prompt + one.written if one.read >= one.to_read else one.read

    def filled(self) -> int:
        """Tokens in the used blocks, those of a shared block counted once."""
        own = sum(self.length(one) - one.borrowed * self.server.block_size for one in self.running + self.finished)
        borrowed = {self.trace[one.index].prefix for one in self.running if one.borrowed}
        return own + sum(self.prefixes[prefix] for prefix in borrowed) * self.server.block_size

    def read(self, one: _Running, chunk: int) -> None:
        """A piece of the prompt was read; with its last token comes the first of the answer."""
        one.read += chunk
        if one.read < one.to_read:
            return
        self.keep_prefix(one)
        if one.written == 0:
            self.outcomes[one.index].first = self.now
        self.written(one, 1)

    def keep_prefix(self, one: _Running) -> None:
        """Whole blocks of a shared prefix become everybody's, if they are nobody's yet."""
        request = self.trace[one.index]
        whole = request.shared // self.server.block_size
        if self.server.sharing and self.server.continuous and whole and request.prefix not in self.prefixes:
            self.prefixes[request.prefix] = whole
            one.blocks, one.borrowed = one.blocks - whole, whole

    def write(self, one: _Running) -> None:
        """One pass for an answer: a token, and with drafts as many as are accepted on average, the rest saved up."""
        chance = 1.0
        for _ in range(self.server.drafted + 1):
            one.credit += chance
            chance *= self.server.acceptance
        whole = int(one.credit + 1e-9)
        one.credit -= whole
        self.written(one, whole)

    def written(self, one: _Running, tokens: int) -> None:
        """So many tokens of the answer are there; a request that is done leaves."""
        answer = self.trace[one.index].answer
        one.written = min(one.written + tokens, answer)
        if one.written < answer:
            return
        self.outcomes[one.index].finish = self.now
        self.running.remove(one)
        if not self.server.continuous:
            self.finished.append(one)


@dataclass(frozen=True)
class Figures:
    """A run in numbers: milliseconds, tokens per second, requests per second, shares.

    `pause` is the longest time between two passes for somebody who waits for the next token. `goodput` counts only
    requests that met both deadlines. `waste` is the share of the used places of the cache that held no token, over
    time, `hits` the share of prompt tokens that did not have to be read.
    """

    ttft: float
    ttft_95: float
    tpot: float
    tpot_95: float
    pause: float
    throughput: float
    goodput: float
    in_time: float
    waste: float
    hits: float
    preemptions: int
    passes: int
    seconds: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def figures(run: Run, ttft_deadline: float = 500.0, tpot_deadline: float = 25.0) -> Figures:
    """Sum up a run. Raises ValueError for one without requests."""
    if not run.outcomes:
        raise ValueError("There are no figures without requests.")
    outcomes = run.outcomes
    first, each = [one.ttft for one in outcomes], [one.tpot for one in outcomes]
    seconds = (max(one.finish for one in outcomes) - min(one.arrival for one in outcomes)) / 1000
    good = sum(one.ttft <= ttft_deadline and one.tpot <= tpot_deadline for one in outcomes)
    reserved = sum((step.end - step.start) * step.used * run.server.block_size for step in run.steps)
    filled = sum((step.end - step.start) * step.filled for step in run.steps)
    return Figures(
        ttft=percentile(first, 0.5),
        ttft_95=percentile(first, 0.95),
        tpot=percentile(each, 0.5),
        tpot_95=percentile(each, 0.95),
        pause=max((step.end - step.start for step in run.steps if step.writing), default=0.0),
        throughput=sum(one.answer for one in outcomes) / seconds,
        goodput=good / seconds,
        in_time=good / len(outcomes),
        waste=1 - filled / reserved,
        hits=sum(one.hits for one in outcomes) / sum(one.prompt for one in outcomes),
        preemptions=sum(one.preempted for one in outcomes),
        passes=len(run.steps),
        seconds=seconds,
    )
