"""What makes no sense is refused, in one sentence that says what is wrong."""

from collections.abc import Callable

import pytest
import torch

from llm_course.serving import Request
from llm_course.widgets import (
    AgentStepper,
    AttentionExplorer,
    BPEStepper,
    ContextCost,
    DecoderMap,
    InjectionRange,
    ItemsNeeded,
    MetricSwitch,
    NeighboursMap,
    NormLab,
    ObjectiveLab,
    PatternLab,
    PolicyLab,
    PositionDial,
    PreferenceDial,
    ReliabilityDial,
    SamplingPlayground,
    ServingArena,
    SpeculationLab,
    Timeline,
    TokenCost,
    UnmaskingStepper,
)
from llm_course.widgets.ui.base import CourseWidget

REFUSED: list[tuple[Callable[[], CourseWidget], str]] = [
    (lambda: PatternLab([], ["a"]), "at least one word of each"),
    (lambda: PatternLab(["a", "b"], ["c"], prefix=3), "from 0 to the 2 words"),
    (lambda: ObjectiveLab(["a"]), "at least two"),
    (lambda: ObjectiveLab(["a", "b"], hidden=[2]), "no word at place 2"),
    (lambda: UnmaskingStepper(""), "from 1 to 20"),
    (lambda: ContextCost("GPT-9"), "There is no model 'GPT-9' here"),
    (lambda: ContextCost(tokens=1000), "give a power of two"),
    (lambda: DecoderMap(chapters={"attentoin": "a.html"}), "chapters names 'attentoin': give addresses of"),
    (lambda: ItemsNeeded(first=84), r"first is 84: give a number from 0.01 to 0.99\."),
    (lambda: MetricSwitch([], []), "There is no run to show"),
    (lambda: Timeline(()), "There is no milestone to show"),
    (lambda: Timeline(scale="square"), "scale is 'square': choose one of log, linear"),
    (lambda: AgentStepper(replies=[]), "replies must be a list of one text or more"),
    (lambda: PolicyLab("nice"), "choose one of right, found, sure, long"),
    (lambda: PolicyLab(kl_weight=2), "from 0 to 1"),
    (lambda: PreferenceDial(["one"], [0.0], [0]), "two answers or more"),
    (lambda: PreferenceDial(["one", "two"], [0.0, -1.0, -2.0], [0, 1]), "two answers or more"),
    (lambda: AttentionExplorer(torch.randn(2, 2), tokens=["a"]), "one label for each key"),
    (lambda: SamplingPlayground(logits=[1, 2, 3], tokens=["a"]), "3 logits but 1 tokens"),
    (lambda: SamplingPlayground(logits=[[1, 2]]), "1 dimension"),
    (lambda: SamplingPlayground(logits=[1, float("inf")]), "not finite"),
    (lambda: BPEStepper(merges=[("a", "")]), "no merge"),
    (lambda: NormLab([1.0, 2.0, 3.0], lambda x, eps: x[:1]), "gave 1 numbers for 3"),
    (lambda: NormLab([1.0]), "one number"),
    (lambda: NormLab(epsilon=0.5), "give one of"),
    (lambda: PositionDial([1.0, 2.0, 3.0]), "even number"),
    (lambda: PositionDial([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]), "2 numbers but the key 4"),
    (lambda: NeighboursMap(["a", "b", "c"], torch.randn(2, 4)), "3 words but 2 vectors"),
    (lambda: NeighboursMap(["a"], torch.randn(1, 4)), "three or more"),
    (lambda: TokenCost(sentences={"English": "the cat"}), "give the tokenizers too"),
    (lambda: TokenCost({"none": lambda text: []}), "gives no token"),
    (lambda: InjectionRange(3), "attack is 3: give the text of a mail"),
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
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_what_makes_no_sense_is_refused_in_one_sentence(make: Callable[[], CourseWidget], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)
