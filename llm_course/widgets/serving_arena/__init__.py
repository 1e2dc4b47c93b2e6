"""A server in the page: one trace of requests, batched, paged and drafted as the reader likes."""

from collections.abc import Sequence
from dataclasses import asdict
from statistics import median_low
from typing import Any

from traitlets import Bool, Dict, Float, Int, List, Unicode

from llm_course.serving import LONGEST_ANSWER, Machine, Request, drawn_trace, serve

from ..ui.base import CourseWidget
from ..ui.picture import number_table

TOKENS_PER_GIB = 8192
"""Llama 3 8B keeps 128 KiB for a token."""


class ServingArena(CourseWidget):
    """Slots, memory and waits of a simulated server, beside those of a static batch on the same trace.

    >>> ServingArena(drawn_trace(48, per_second=20))

    Args:
        trace: Requests, 1 to 100 of them, each of which fits into 1 GiB of cache.

    Raises:
        ValueError: If there are none or too many, or one is too long.
    """

    trace = List(Dict()).tag(sync=True)
    machine = Dict().tag(sync=True)
    batching = Unicode("continuous").tag(sync=True)
    load = Float(1.0, min=0.25, max=4.0).tag(sync=True)
    slots = Int(8, min=1, max=24).tag(sync=True)
    memory = Int(2).tag(sync=True)
    block_size = Int(16).tag(sync=True)
    chunk = Int(0).tag(sync=True)
    sharing = Bool(False).tag(sync=True)
    drafted = Int(0, min=0, max=8).tag(sync=True)
    acceptance = Float(0.7, min=0.0, max=1.0).tag(sync=True)
    ttft_deadline = Float(300.0).tag(sync=True)
    tpot_deadline = Float(20.0).tag(sync=True)

    def __init__(self, trace: Sequence[Request] | None = None) -> None:
        requests = list(drawn_trace(48, per_second=20.0) if trace is None else trace)
        if not 1 <= len(requests) <= 100:
            raise ValueError(f"A trace of {len(requests)} requests cannot be shown: give 1 to 100.")
        for number, request in enumerate(requests):
            if request.prompt + max(request.answer, LONGEST_ANSWER) > TOKENS_PER_GIB:
                raise ValueError(f"Request {number} is longer than {TOKENS_PER_GIB} tokens: give shorter ones.")
        super().__init__(trace=[asdict(request) for request in requests], machine=asdict(Machine()))

    def picture(self) -> str:
        """Static and continuous batching on the trace, in figures."""
        requests = [Request(**request) for request in self.trace]
        kinds = {"static batch": False, "continuous batch": True}
        rows: list[list[Any]] = []
        for continuous in kinds.values():
            done = serve(requests, self.slots, continuous=continuous)
            seconds = (max(one.finish for one in done) - min(one.arrival for one in requests)) / 1000
            in_time = sum(one.ttft <= self.ttft_deadline and one.tpot <= self.tpot_deadline for one in done)
            waits = [median_low(one.ttft for one in done), median_low(one.tpot for one in done)]
            rows.append([*waits, sum(one.answer for one in requests) / seconds, in_time / seconds])
        columns = ["TTFT, ms", "TPOT, ms", "tokens/s", "requests/s in time"]
        return number_table(f"{len(requests)} requests, {self.slots} slots", list(kinds), rows, columns, digits=1)
