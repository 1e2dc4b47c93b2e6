"""A server for language models, simulated: requests that arrive at random, and how they fare in batches.

`drawn_trace` draws a trace, a list of Requests. `serve` replays it on a server with enough memory, and returns an
Outcome for each. The page's own simulator (`widgets/serving_arena/serving.ts`) does the same, and knows memory, chunks,
shared prefixes and drafts as well; a test holds the two against each other.

Time is counted in milliseconds, text in tokens.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass
class Outcome:
    """When the first and the last token of a request's answer came."""

    request: Request
    first: float = -1.0
    finish: float = -1.0

    @property
    def ttft(self) -> float:
        """Time to the first token, in ms, the wait included."""
        return self.first - self.request.arrival

    @property
    def tpot(self) -> float:
        """Time per output token after the first, in ms; 0 where there is only one."""
        return (self.finish - self.first) / (self.request.answer - 1) if self.request.answer > 1 else 0.0


def drawn_trace(requests: int = 40, per_second: float = 8.0, prefixes: int = 2, seed: int = 0) -> list[Request]:
    """A trace as a chat service sees it: arrivals at random, short and long prompts, each behind a system prompt."""
    draw, now, trace = random.Random(seed), 0.0, []
    for _ in range(requests):
        now += draw.expovariate(per_second / 1000)
        own = draw.choice((30, 60, 120, 240, 1800))
        answer = min(LONGEST_ANSWER, 8 + int(draw.expovariate(1 / 120)))
        trace.append(Request(round(now, 3), 320 + own, answer, draw.randrange(prefixes), 320))
    return trace


def serve(trace: Sequence[Request], slots: int, *, continuous: bool) -> list[Outcome]:
    """Replay a trace in so many slots. A free one is taken at once, or in a static batch when all are free."""
    outcomes, machine, now = [Outcome(request) for request in trace], Machine(), 0.0
    waiting = deque(sorted(range(len(trace)), key=lambda index: trace[index].arrival))
    written: dict[int, int] = {}  # tokens of the answers of those that run
    done: list[int] = []  # of a static batch: they are computed on, for nothing
    while waiting or written:
        if continuous or not written:
            while waiting and len(written) < slots and trace[waiting[0]].arrival <= now:
                written[waiting.popleft()] = 0
        if not written:
            now = trace[waiting[0]].arrival
            continue
        reading = [index for index, tokens in written.items() if not tokens]
        rows = [index for index, tokens in written.items() if tokens] + done
        cached = sum(trace[index].prompt + written.get(index, trace[index].answer) for index in rows)
        now += machine.pass_ms(len(rows) + sum(trace[index].prompt for index in reading), cached)
        for index in reading:
            outcomes[index].first = now
        for index in list(written):
            written[index] += 1
            if written[index] == trace[index].answer:
                outcomes[index].finish = now
                del written[index]
                done += [] if continuous else [index]
        if not written:
            done.clear()
    return outcomes
