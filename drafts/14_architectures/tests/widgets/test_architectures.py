"""The widgets of chapter 14: what they compute in the page against the references, and what they refuse."""

import pytest

from llm_course.widgets import ObjectiveLab, PatternLab
from solutions.architectures import attention_pattern, corrupt_spans

from .conftest import run_node

OBJECTIVES = 'import * as objectives from "./llm_course/widgets/js/objectives.js";\n'


@pytest.mark.parametrize("kind", ["causal", "bidirectional", "prefix", "cross"])
@pytest.mark.parametrize(("queries", "keys", "prefix"), [(4, 4, 2), (3, 6, 5), (1, 3, 0)])
def test_patterns_equal_the_references(kind: str, queries: int, keys: int, prefix: int) -> None:
    script = OBJECTIVES + "reply(objectives.attentionPattern(...input));"
    assert run_node(script, [kind, queries, keys, prefix]) == attention_pattern(kind, queries, keys, prefix).tolist()


@pytest.mark.parametrize("spans", [[], [(1, 3)], [(0, 1), (2, 5), (6, 7)]])
def test_spans_equal_the_references(spans: list[tuple[int, int]]) -> None:
    ids, sentinels = [11, 12, 13, 14, 15, 16, 17], [99, 98, 97, 96]
    script = OBJECTIVES + "reply(objectives.corruptSpans(...input));"
    found = run_node(script, [ids, spans, sentinels])
    assert (found["inputs"], found["targets"]) == corrupt_spans(ids, spans, sentinels)


def test_each_objective_says_what_it_hides() -> None:
    script = OBJECTIVES + (
        "const words = ['a', 'b', 'c', 'd', 'e'];\n"
        "const chosen = [false, true, true, false, true];\n"
        "reply(['next', 'masked', 'prefix', 'spans'].map((name) => objectives.lesson(name, words, chosen, 3)));"
    )
    following, masked, prefix, spans = run_node(script, [])
    assert (following["reads"], following["says"]) == (["a", "b", "c", "d"], ["b", "c", "d", "e"])
    assert (masked["reads"], masked["says"]) == (["a", "[MASK]", "[MASK]", "d", "[MASK]"], ["b", "c", "e"])
    assert (prefix["reads"], prefix["says"]) == (["a", "b", "c", "d"], ["d", "e"])
    assert (spans["reads"], spans["says"]) == (["a", "<0>", "d", "<1>"], ["<0>", "b", "c", "<1>", "e", "<2>"])


def test_what_makes_no_sense_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="at least one word of each"):
        PatternLab([], ["a"])
    with pytest.raises(ValueError, match="from 0 to the 2 words"):
        PatternLab(["a", "b"], ["c"], prefix=3)
    with pytest.raises(ValueError, match="at least two"):
        ObjectiveLab(["a"])
    with pytest.raises(ValueError, match="no word at place 2"):
        ObjectiveLab(["a", "b"], hidden=[2])
