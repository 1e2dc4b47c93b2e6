"""What makes no sense is refused, in one sentence that says what is wrong."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from traitlets import TraitError

from llm_course.serving import Request
from llm_course.widgets import (
    AgentStepper,
    AttentionExplorer,
    ContextCost,
    DecoderMap,
    InjectionRange,
    ItemsNeeded,
    LoRALab,
    MetricSwitch,
    NeedleExplorer,
    NormLab,
    ObjectiveLab,
    ParameterBudget,
    PatternLab,
    PolicyLab,
    PositionDial,
    QuantizationMicroscope,
    ReliabilityDial,
    RentOrOwn,
    ServingArena,
    SpeculationLab,
    Timeline,
)
from llm_course.widgets.ui.base import CourseWidget
from tests.widgets.test_python import CONFIG

needle = partial(
    NeedleExplorer, frequencies={"mine": [0.5] * 16}, recall={"mine": [[1.0]]}, lengths=[60], depths=[0.5], texts=1
)
REFUSED: list[tuple[Callable[[], CourseWidget], str]] = [
    (lambda: PatternLab([], ["a"]), "at least one word of each"),
    (lambda: PatternLab(["a", "b"], ["c"], prefix=3), "from 0 to the 2 words"),
    (lambda: ObjectiveLab(["a"]), "at least two"),
    (lambda: ObjectiveLab(["a", "b"], hidden=[2]), "no word at place 2"),
    (lambda: ContextCost("GPT-9"), "There is no model 'GPT-9' here"),
    (lambda: ContextCost(tokens=1000), "give a power of two"),
    (lambda: DecoderMap(chapters={"attentoin": "a.html"}), "chapters names 'attentoin': give addresses of"),
    (lambda: MetricSwitch([], []), "There is no run to show"),
    (lambda: AttentionExplorer(torch.randn(2, 2), tokens=["a"]), "one label for each key"),
    (lambda: PositionDial([1.0, 2.0, 3.0]), "even number"),
    (lambda: PositionDial([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]), "2 numbers but the key 4"),
    (lambda: LoRALab({1: 2.0, 2: 1.0}), "at rank 0"),
    (lambda: LoRALab({0: 2.0}), "one rank or more"),
    (lambda: LoRALab({0: 1.0, 4: 1.0}), "not below"),
    (lambda: PolicyLab(rewards="found"), "PolicyLab takes no rewards"),
    (lambda: PolicyLab(reward="nice"), "'reward' trait"),
    (lambda: Timeline(scale="square"), "'scale' trait"),
    (lambda: AgentStepper(replies=[]), "'replies' trait"),
    (lambda: NormLab(vector=[1.0]), "'vector' trait"),
    (lambda: InjectionRange(attack=3), "'attack' trait"),
    (lambda: ItemsNeeded(first=84), "'first' trait"),
    (lambda: RentOrOwn(api_price=0), "'api_price' trait"),
    (lambda: QuantizationMicroscope(group=17), "'group' trait"),
    (lambda: ReliabilityDial([0.5, 0.5], [1]), "There are 2 confidences and 1 answers: give one for each"),
    (lambda: ReliabilityDial([50.0], [1]), "below 0 or above 1"),
    (lambda: ServingArena([]), "A trace of 0 requests cannot be shown"),
    (lambda: ServingArena([Request(0.0, 8000, 1)]), "Request 0 is longer than 8192 tokens"),
    (lambda: SpeculationLab([[1.0, 0.0]], [[1.0]]), "give rows of the same places"),
    (lambda: SpeculationLab([[1.0, 0.0]], [[0.7, 0.7]], ["a", "b"], ["here"]), "A row of draft is no distribution"),
    (
        lambda: SpeculationLab([[1.0, 0.0]], [[0.5, 0.5]], ["a", "b", "c"], ["here"]),
        "Give a name for each of 1 places and for each of 2 tokens",
    ),
    (
        lambda: SpeculationLab([[1.0, 0.0]], [[0.5, 0.5]], ["a", "b"], ["here"], ["Tom had a", "Emma had a"]),
        "There are 2 texts: give one for each of 1 places, or none",
    ),
    (lambda: AttentionExplorer(torch.randn(3, 4), torch.randn(3, 4)), "A key comes without a value"),
    (lambda: AttentionExplorer(torch.randn(3, 4), *torch.randn(2, 3, 5)), "4 numbers but a key 5"),
    (lambda: AttentionExplorer(*(torch.randn(rows, 4) for rows in (3, 3, 2))), "3 keys but 2 values"),
    (lambda: AttentionExplorer(torch.randn(2, 3, 4), *torch.randn(2, 3, 4)), "layers and heads"),
    (lambda: AttentionExplorer(torch.full((2, 2), float("nan"))), "not finite"),
    (lambda: AttentionExplorer(torch.randn(3)), "has shape"),
    (lambda: AttentionExplorer("cat"), "no tensor of numbers"),
    (lambda: AttentionExplorer(torch.randn(4, 3)), "4 queries but only 3 keys"),
    (lambda: AttentionExplorer(torch.full((2, 3, 4, 4), 0.25), layer=2), "give 0 to 1 and 0 to 2"),
    (lambda: AttentionExplorer(torch.full((2, 3, 4, 4), 0.25), head=3), "give 0 to 1 and 0 to 2"),
    (lambda: AttentionExplorer(torch.full((2, 3, 4, 4), 0.25), head=-1), "give 0 to 1 and 0 to 2"),
    (lambda: AttentionExplorer(torch.eye(3), picked=3), "There is no row 3: give 0 to 2, or -1 for the last."),
    (lambda: AttentionExplorer(torch.eye(3), hints={"Look": {"row": 1}}), "'row': give layer, head or picked."),
    (lambda: needle(lengths=[20]), "from 40 to 1024"),
    (lambda: needle(depths=[]), "from 0 to 1"),
    (lambda: needle(frequencies={"mine": [1.0, 0.5]}), "2 frequencies 'mine'"),
    (lambda: needle(recall={"mine": [[1.0, 0.5]]}), "1 depths and 1 lengths"),
    (lambda: needle(recall={}), "frequencies or recall lacks 'mine'"),
    (lambda: needle(recall={"mine": [[1.5]]}), "shares from 0 to 1"),
    (lambda: ParameterBudget(CONFIG | {"d_ff": 0}), "d_ff is 0: give a whole number above 0"),
    (lambda: ParameterBudget(CONFIG | {"n_layers": 2.5}), "n_layers is 2.5"),
    (lambda: ParameterBudget(CONFIG | {"n_kv_heads": 3}), "n_kv_heads must divide n_heads"),
    (lambda: ParameterBudget(CONFIG | {"n_experts": 4, "top_k": 5}), "only 4 experts"),
    (lambda: ParameterBudget({key: CONFIG[key] for key in CONFIG if key != "tied"}), "has no tied"),
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_what_makes_no_sense_is_refused_in_one_sentence(make: Callable[[], CourseWidget], sentence: str) -> None:
    with pytest.raises((ValueError, TraitError), match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)
