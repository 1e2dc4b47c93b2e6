"""The simulated server: what it does is what it says, step by step."""

import random

import pytest

from llm_course.serving import Machine, Request, Server, drawn_trace, figures, simulate
from solutions.serving import continuous_batching

# Every pass takes one millisecond, whatever is in it.
STEADY = Machine(weight_bytes=1.0, cache_bytes=0.0, bytes_per_ms=1.0, operations_per_ms=1e9, operations_per_token=1.0)


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_with_passes_of_one_length_requests_finish_as_in_the_exercise(slots: int) -> None:
    draw = random.Random(slots)
    arrivals = [draw.randrange(30) for _ in range(40)]
    lengths = [draw.randrange(1, 12) for _ in range(40)]
    trace = [Request(float(arrival), 1, length) for arrival, length in zip(arrivals, lengths, strict=True)]
    run = simulate(trace, Server(slots=slots, machine=STEADY))
    assert [outcome.finish - 1 for outcome in run.outcomes] == continuous_batching(arrivals, lengths, slots)


def test_a_static_batch_waits_for_its_longest_answer() -> None:
    trace = [Request(0.0, 5, 2), Request(0.0, 5, 9), Request(1.0, 5, 3)]
    run = simulate(trace, Server(continuous=False, slots=2, machine=STEADY))
    assert [outcome.finish for outcome in run.outcomes] == [2, 9, 12]
    # The slot of the first is computed on until the second is done.
    assert [step.tokens for step in run.steps] == [10, *[2] * 8, 5, 1, 1]


def test_a_long_prompt_is_read_in_chunks_beside_those_who_write() -> None:
    trace = [Request(0.0, 4, 20), Request(2.0, 25, 2)]
    run = simulate(trace, Server(slots=2, chunk=11, machine=STEADY))
    assert [step.tokens for step in run.steps[:6]] == [4, 1, 11, 11, 6, 2]
    assert run.outcomes[1].first == 5


def test_a_shared_prefix_is_read_once_and_kept_until_its_blocks_are_needed() -> None:
    prompts = [Request(20.0 * number, 40, 3, prefix=1, shared=33) for number in range(3)]
    server = Server(blocks=20, block_size=8, sharing=True, machine=STEADY)
    run = simulate(prompts, server)
    assert [outcome.hits for outcome in run.outcomes] == [0, 32, 32]
    assert [step.kept for step in run.steps if step.reading] == [0, 0, 0]
    assert figures(run).hits == pytest.approx(64 / 120)
    large = Request(30.0, 145, 2)
    run = simulate([*prompts, large], server)
    assert [outcome.hits for outcome in run.outcomes] == [0, 32, 0, 0]


def test_who_came_last_makes_room_and_reads_again_what_it_wrote() -> None:
    trace = [Request(0.0, 8, 24), Request(1.0, 8, 24)]
    run = simulate(trace, Server(blocks=6, block_size=8, machine=STEADY))
    first, second = run.outcomes
    assert (first.preempted, first.finish) == (0, 24)
    assert second.preempted == 1 and second.first == 2
    again = [step for step in run.steps if step.reading == (1,)]
    assert [step.tokens - len(step.writing) for step in again] == [8, 23]


@pytest.mark.parametrize("seed", range(6))
def test_nobody_is_forgotten_and_no_block_is_given_twice(seed: int) -> None:
    draw = random.Random(seed)
    server = Server(
        continuous=seed != 5,
        slots=draw.randrange(2, 20),
        blocks=draw.randrange(200, 500),
        block_size=draw.choice((16, 24)),
        chunk=draw.choice((0, 150)),
        sharing=draw.random() < 0.7,
        drafted=draw.choice((0, 0, 3)),
    )
    trace = drawn_trace(60, per_second=12, prefixes=3, seed=seed)
    run = simulate(trace, server)
    for request, outcome in zip(trace, run.outcomes, strict=True):
        assert request.arrival <= outcome.started < outcome.first <= outcome.finish
    for step in run.steps:
        assert step.used + step.kept <= server.blocks
        assert step.filled <= step.used * server.block_size
        assert len(step.reading) + len(step.writing) <= server.slots
        assert not server.chunk or step.tokens <= server.chunk
    for index, (request, outcome) in enumerate(zip(trace, run.outcomes, strict=True)):
        written = sum(index in step.writing for step in run.steps)
        # The first token comes with the prompt, as does the next one with what has to be read again.
        if not server.drafted:
            assert request.answer - 1 - outcome.preempted <= written <= request.answer - 1


def test_drafts_save_passes_as_expected() -> None:
    trace = [Request(0.0, 8, 701)]
    run = simulate(trace, Server(drafted=2, acceptance=0.5, blocks=1000))
    assert len(run.steps) == 1 + 700 / 1.75


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Request(0.0, 0, 1), "a prompt and an answer of at least 1 token"),
        (lambda: Request(0.0, 5, 1, shared=5), "shorter than the prompt"),
        (lambda: Server(slots=0), "at least one slot"),
        (lambda: Server(slots=8, chunk=8), "make it larger"),
        (lambda: Server(acceptance=1.5), "from 0 to 1"),
        (lambda: simulate([Request(0.0, 100, 100)], Server(blocks=12)), "Request 0 needs 13 blocks: there are 12"),
        (lambda: figures(simulate([], Server())), "no figures without requests"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()  # type: ignore[operator]
