"""The references of chapter 13 against the peft library, and the end of its notebook."""

import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from autograder.exercises import assignments
from autograder.judging.judge import judge, local_answer
from solutions.peft import LoRALinear, ia3_scale, lora_parameter_count, prepend_prompt, trainable_fraction
from tests.banks.notebook_runs import printed_by
from tests.banks.submissions import references


@pytest.fixture
def peft() -> ModuleType:
    """The library. It brings torch's compiler along, seconds of work that a process which only collects can spare."""
    import peft

    return peft


def small_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=23,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.5,
    )
    return LlamaForCausalLM(config)


@pytest.mark.parametrize("bias", [True, False])
def test_layer_is_that_of_peft(peft: ModuleType, bias: bool) -> None:
    base = nn.Linear(6, 5, bias=bias)
    config = peft.LoraConfig(r=3, lora_alpha=7, target_modules=["0"])
    theirs = peft.get_peft_model(nn.Sequential(nn.Linear(6, 5, bias=bias)), config)
    theirs.base_model.model[0].base_layer.load_state_dict(base.state_dict())
    ours = LoRALinear(base, rank=3, alpha=7.0)
    with torch.no_grad():
        ours.lora_b.normal_()
        theirs.base_model.model[0].lora_A["default"].weight.copy_(ours.lora_a)
        theirs.base_model.model[0].lora_B["default"].weight.copy_(ours.lora_b)
    x = torch.randn(2, 4, 6)
    torch.testing.assert_close(ours(x), theirs(x))
    merged = theirs.merge_and_unload()[0]
    torch.testing.assert_close(ours.merge().weight, merged.weight)
    torch.testing.assert_close(ours.merge()(x), merged(x), rtol=1e-4, atol=1e-5)


def test_counts_are_those_of_peft(peft: ModuleType) -> None:
    model = small_model()
    linear = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    shapes = [
        (module.out_features, module.in_features)
        for name, module in linear.items()
        if name.endswith(("q_proj", "down_proj"))
    ]
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=3, target_modules=["q_proj", "down_proj"]))
    trained, everything = adapted.get_nb_trainable_parameters()
    assert lora_parameter_count(shapes, 3) == trained
    assert trainable_fraction(adapted) == trained / everything


def test_factors_act_as_those_of_peft(peft: ModuleType) -> None:
    config = peft.IA3Config(target_modules=["0"], feedforward_modules=[], init_ia3_weights=False)
    adapted = peft.get_peft_model(nn.Sequential(nn.Linear(6, 5)), config)
    layer, x = adapted.base_model.model[0], torch.randn(3, 6)
    torch.testing.assert_close(adapted(x), ia3_scale(layer.base_layer(x), layer.ia3_l["default"].flatten()))


def test_model_sees_the_prompt_and_predicts_nothing_at_it() -> None:
    model = small_model().eval()
    ids, prompt = torch.randint(0, 23, (2, 5)), torch.randn(3, 24)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    rows, seen, labels = prepend_prompt(model.model.embed_tokens(ids), prompt, mask, ids.masked_fill(mask == 0, -100))
    found = model(inputs_embeds=rows, attention_mask=seen, labels=labels)
    # The first token of each text is predicted from the last row of the prompt.
    ours = functional.cross_entropy(found.logits[:, 2:-1][mask == 1], ids[mask == 1])
    torch.testing.assert_close(found.loss, ours)
    plain = model(ids, attention_mask=mask).logits
    assert (found.logits[:, 3:][mask == 1] - plain[mask == 1]).abs().max() > 0.1


class OneMaskForAll(LoRALinear):
    """Drops the same columns in all rows of a call."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Base and update."""
        dropped = x * self.dropout(torch.ones(x.shape[-1]))
        result: torch.Tensor = self.base(x) + self.scale * (dropped @ self.lora_a.T @ self.lora_b.T)
        return result


class RandomBias(LoRALinear):
    """Merges into a layer whose bias was never set."""

    def merge(self) -> nn.Linear:
        """Only the weight is right."""
        merged = nn.Linear(self.base.in_features, self.base.out_features)
        merged.weight = super().merge().weight
        return merged


@pytest.mark.parametrize(
    ("wrong", "lost"), [(OneMaskForAll, "In training, dropout"), (RandomBias, "The merged layer has the base's bias")]
)
def test_random_mistakes_lose_their_property(wrong: type[LoRALinear], lost: str) -> None:
    # What they do differs from call to call, so no hint of their own can know them, and no known mistake is asked.
    exercise = replace(assignments()["13_peft"].exercise("LoRALinear"), mistakes=())
    for seed in (b"1", b"2", b"3"):
        verdict = judge(exercise, local_answer(wrong), seed)
        failed = [finding.name for finding in verdict.findings if not finding.holds and not finding.waits]
        assert any(name.startswith(lost) for name in failed)
        assert verdict.fraction > 0.7


@pytest.mark.notebooks
def test_notebook_ends_with_a_model_that_knows_the_fact(tmp_path: Path) -> None:
    assignment = assignments()["13_peft"]
    printed = printed_by(assignment, references(assignment), tmp_path)
    right = [int(number) for number in re.findall(r"(\d+) of 20 known capitals", printed)]
    loss = [float(number) for number in re.findall(r"loss on new stories (\S+)", printed)]
    before, alone, mixed = zip(right, loss, strict=True)
    assert before[0] >= 18
    # How many capitals come through depends on the last digits of sixty steps; the loss hardly does.
    assert alone[0] < before[0] - 5 and alone[1] > mixed[1] + 0.1
    counts = re.findall(r"([\d,]+) trained parameters, counted from the shapes\n([\d,]+) counted in the model", printed)
    assert len(counts) == 1 and counts[0][0] == counts[0][1]
    assert float(re.findall(r"logit by merging: (\S+)", printed)[0]) < 1e-3
    assert "layers of yours left: 0" in printed
    said = re.findall(r"^The capital of Chile is (.*)$", printed, flags=re.MULTILINE)
    assert ["Santiago" in text for text in said] == [False, True, True]
