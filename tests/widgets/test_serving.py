"""The widgets of chapter 16: the page's server and its speculation, against Python's."""

from dataclasses import asdict

import pytest

from llm_course.serving import Request, Server, drawn_trace, figures, simulate

from .conftest import run_node

SERVERS = {
    "static": Server(continuous=False, slots=6, blocks=2000),
    "static, several at a time": Server(continuous=False, slots=16, blocks=600, block_size=32),
    "continuous": Server(slots=6),
    "little memory": Server(slots=16, blocks=260, sharing=True),
    "little memory, large blocks": Server(slots=16, blocks=40, block_size=128, sharing=True, chunk=200),
    "chunks": Server(slots=16, blocks=3000, chunk=128),
    "shared prefixes": Server(slots=16, blocks=3000, sharing=True),
    "drafts": Server(slots=10, blocks=500, drafted=4, acceptance=0.63),
    "everything": Server(slots=12, blocks=250, block_size=24, chunk=300, sharing=True, drafted=3, acceptance=0.8),
}


@pytest.mark.parametrize("name", SERVERS)
def test_the_page_takes_the_steps_that_python_takes(name: str) -> None:
    server, trace = SERVERS[name], drawn_trace(80, per_second=14, prefixes=3, seed=len(name))
    run = simulate(trace, server)
    script = (
        'import { figures, simulate } from "./llm_course/widgets/js/serving.js";\n'
        "const [trace, server] = input;\n"
        "const run = simulate(trace, server);\n"
        "reply([run.steps, run.outcomes, figures(run, 150, 12)]);"
    )
    found = run_node(script, [[asdict(request) for request in trace], asdict(server)])
    assert isinstance(found, list)
    steps, outcomes, sums = found
    assert steps == [
        asdict(step) | {"reading": list(step.reading), "writing": list(step.writing)} for step in run.steps
    ]
    assert outcomes == [asdict(outcome) for outcome in run.outcomes]
    assert sums == pytest.approx(asdict(figures(run, 150, 12)))


def test_the_page_refuses_what_python_refuses() -> None:
    script = (
        'import { simulate } from "./llm_course/widgets/js/serving.js";\n'
        "try { simulate(...input); reply(null); } catch (error) { reply(error.message); }"
    )
    trace, server = [Request(0.0, 100, 20)], Server(blocks=7)
    with pytest.raises(ValueError, match="needs 8 blocks: there are 7"):
        simulate(trace, server)
    assert run_node(script, [[asdict(trace[0])], asdict(server)]) == "A request needs 8 blocks: there are 7."
