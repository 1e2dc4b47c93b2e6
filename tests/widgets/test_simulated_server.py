"""The simulated server: what it does is what it says, step by step, and in the page what Python says."""

import random
from dataclasses import asdict, replace
from typing import Any

import pytest

from llm_course.serving import LONGEST_ANSWER, Machine, Request, drawn_trace, serve
from solutions.serving import continuous_batching

from .conftest import run_node

# Every pass takes one millisecond, whatever is in it.
STEADY = Machine(weight_bytes=1.0, cache_bytes=0.0, bytes_per_ms=1.0, operations_per_ms=1e9, operations_per_token=1.0)
SERVER = {
    "continuous": True, "slots": 8, "blocks": 1024, "block_size": 16, "chunk": 0, "sharing": False,
    "drafted": 0, "acceptance": 0.7, "draft_share": 0.1, "machine": asdict(STEADY),
}  # fmt: skip
SIMULATE = (
    'import { figures, simulate } from "./llm_course/widgets/serving_arena/serving.ts";\n'
    "try { const run = simulate(...input); reply({ ...run, ...figures(run, 150, 12) }); }\n"
    "catch (error) { reply(error.message); }"
)


def simulate(trace: list[Request], **server: Any) -> Any:
    """The page's run of a trace, with its figures; or why it refuses the trace."""
    return run_node(SIMULATE, [[asdict(request) for request in trace], SERVER | server])


def of_all(run: Any, name: str) -> list[Any]:
    return [outcome[name] for outcome in run["outcomes"]]


@pytest.mark.parametrize("continuous", [True, False])
def test_with_enough_memory_the_page_takes_the_time_that_python_takes(continuous: bool) -> None:
    trace = drawn_trace(80, per_second=14, seed=int(continuous))
    run = simulate(trace, continuous=continuous, slots=6, blocks=4000, machine=asdict(Machine()))
    ours = serve(trace, 6, continuous=continuous)
    assert of_all(run, "first") == [outcome.first for outcome in ours]
    assert of_all(run, "finish") == [outcome.finish for outcome in ours]
    assert run["in_time"] == sum(outcome.ttft <= 150 and outcome.tpot <= 12 for outcome in ours) / 80


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_with_passes_of_one_length_requests_finish_as_in_the_exercise(slots: int) -> None:
    draw = random.Random(slots)
    arrivals = [draw.randrange(30) for _ in range(40)]
    lengths = [draw.randrange(1, 12) for _ in range(40)]
    trace = [Request(float(arrival), 1, length) for arrival, length in zip(arrivals, lengths, strict=True)]
    finished = continuous_batching(arrivals, lengths, slots)
    assert [finish - 1 for finish in of_all(simulate(trace, slots=slots), "finish")] == finished


def test_a_static_batch_waits_for_its_longest_answer() -> None:
    run = simulate([Request(0.0, 5, 2), Request(0.0, 5, 9), Request(1.0, 5, 3)], continuous=False, slots=2)
    assert of_all(run, "finish") == [2, 9, 12]
    # The slot of the first is computed on until the second is done.
    assert [step["tokens"] for step in run["steps"]] == [10, *[2] * 8, 5, 1, 1]


def test_a_long_prompt_is_read_in_chunks_beside_those_who_write() -> None:
    run = simulate([Request(0.0, 4, 20), Request(2.0, 25, 2)], slots=2, chunk=11)
    assert [step["tokens"] for step in run["steps"][:6]] == [4, 1, 11, 11, 6, 2]
    assert run["outcomes"][1]["first"] == 5


def test_a_pass_reads_what_is_in_the_cache() -> None:
    machine = asdict(replace(STEADY, weight_bytes=0.0, cache_bytes=1.0))  # a millisecond for each token of it
    run = simulate([Request(0.0, 25, 2)], chunk=11, machine=machine)
    assert [round(step["end"] - step["start"]) for step in run["steps"]] == [0, 11, 22, 26]


def test_a_shared_prefix_is_read_once_and_kept_until_its_blocks_are_needed() -> None:
    prompts = [Request(20.0 * number, 40, 3, prefix=1, shared=33) for number in range(3)]
    server = {"blocks": 20, "block_size": 8, "sharing": True}
    run = simulate(prompts, **server)
    assert of_all(run, "hits") == [0, 32, 32]
    assert [step["kept"] for step in run["steps"] if step["reading"]] == [0, 0, 0]
    assert run["hits"] == pytest.approx(64 / 120)
    assert [step["used"] for step in run["steps"]] == [5, 6, 6] * 3, "a shared block is counted once"
    assert of_all(simulate([*prompts, Request(30.0, 145, 2)], **server), "hits") == [0, 32, 0, 0]
    # Of two prefixes that are kept, the one goes that was not used for longer.
    turns = [Request(20.0 * turn, 40, 3, prefix, 33) for turn, prefix in ((0, 1), (1, 2), (2, 1), (4, 1), (5, 2))]
    assert of_all(simulate([*turns, Request(60.0, 97, 2)], **server), "hits") == [0, 0, 32, 32, 0, 0]


def test_who_came_last_makes_room_and_reads_again_what_it_wrote() -> None:
    run = simulate([Request(0.0, 8, 24), Request(1.0, 8, 24)], blocks=6, block_size=8)
    assert of_all(run, "preempted") == [0, 1]
    assert (run["outcomes"][0]["finish"], run["outcomes"][1]["first"]) == (24, 2)
    again = [step for step in run["steps"] if step["reading"] == [1]]
    assert [step["tokens"] - len(step["writing"]) for step in again] == [8, 23]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_is_forgotten_and_no_block_is_given_twice(seed: int) -> None:
    draw = random.Random(seed)
    server = {
        "continuous": seed != 5,
        "slots": draw.randrange(2, 20),
        "blocks": draw.randrange(200, 500),
        "block_size": draw.choice((16, 24)),
        "chunk": draw.choice((0, 150)),
        "sharing": draw.random() < 0.7,
        "drafted": draw.choice((0, 0, 3)),
        "machine": asdict(Machine()),
    }
    trace = drawn_trace(60, per_second=12, prefixes=3, seed=seed)
    run = simulate(trace, **server)
    for index, (request, outcome) in enumerate(zip(trace, run["outcomes"], strict=True)):
        assert request.arrival <= outcome["started"] < outcome["first"] <= outcome["finish"]
        written = sum(index in step["writing"] for step in run["steps"])
        # The first token comes with the prompt, as does the next one with what has to be read again.
        if not server["drafted"]:
            assert request.answer - 1 - outcome["preempted"] <= written <= request.answer - 1
    for step in run["steps"]:
        assert step["used"] + step["kept"] <= server["blocks"]
        assert step["filled"] <= step["used"] * server["block_size"]
        assert len(step["reading"]) + len(step["writing"]) <= server["slots"]
        assert not server["chunk"] or step["tokens"] <= server["chunk"]


def test_drafts_save_passes_as_expected() -> None:
    run = simulate([Request(0.0, 8, 701)], drafted=2, acceptance=0.5)
    assert len(run["steps"]) == run["passes"] == 1 + 700 / 1.75


def test_what_makes_no_sense_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="a prompt and an answer of at least 1 token"):
        Request(0.0, 0, 1)
    with pytest.raises(ValueError, match="shorter than the prompt"):
        Request(0.0, 5, 1, shared=5)
    assert simulate([Request(0.0, 100, 20)], blocks=7) == "A request needs 8 blocks: there are 7."
    static = simulate([Request(0.0, 100, 20)], blocks=7, continuous=False)
    assert static == f"A request needs {-(-(100 + LONGEST_ANSWER) // 16)} blocks: there are 7."
