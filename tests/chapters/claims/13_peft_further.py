# ruff: noqa: E402, F821 -- the names are the page's
"""What the second page of chapter 13 says about its own output."""

# "rank 8 misses more than three quarters of its size"
assert lost[ranks.index(8)] > 0.75
# "Rank 8 brings most of the drop in loss, though its loss is still several times that of the whole change.
# At rank 32 almost nothing is missing"
assert ability[ranks.index(8)] > 3 * ability[-1]
assert (ability[0] - ability[ranks.index(8)]) > 0.7 * (ability[0] - ability[-1])
assert (ability[0] - ability[ranks.index(32)]) > 0.97 * (ability[0] - ability[-1])
# "ranks 8 and 64 nearly coincide up to a rate of 1e-2. Rank 1 lags behind, with 0.66 against 0.43 at that rate"
small, middle, large = sweep["rank 1"], sweep["rank 8, alpha / r"], sweep["rank 64, alpha / r"]
assert all(abs(a - b) < 0.1 for a, b in zip(middle[:4], large[:4], strict=True))
assert abs(small[3] - 0.66) < 0.03 and abs(middle[3] - 0.43) < 0.02
# "With $\alpha / \sqrt{r}$, rank 64 has more effect: it learns more at low rates, and breaks at the highest"
rooted = sweep["rank 64, alpha / sqrt r"]
assert rooted[1] < large[1] - 0.4 and rooted[4] > large[4] + 0.5
# "rank 1 on all linear layers with $\alpha = 2$ [...] ended at a loss of 0.75 and 0.80 [...] At twice the rate it ended
# at 0.47 and 0.49, and with $\alpha = 16$ at the first rate it ended at 0.45 twice"
import random

rng = random.Random(0)
couples = [(girl, boy) for girl in words.GIRLS for boy in words.BOYS]
gifts = [f"{girl} gave {boy} the {rng.choice(words.TOYS)}." for girl, boy in rng.sample(couples, 24)]
for alpha, rate, ends in ((2, 5e-3, (0.75, 0.80)), (2, 1e-2, (0.47, 0.49)), (16, 5e-3, (0.45, 0.45))):
    for seed, end in enumerate(ends):
        at_rank_1 = adapt(frozen_copy(seed), ALL_LINEAR, lambda layer, alpha=alpha: LoRA(layer, 1, alpha))
        assert abs(fine_tune(at_rank_1, gifts, 40, rate) - end) < 0.02
# "each request can have its own adapter"
assert (together - one_by_one).abs().max() < 1e-3
ids = tokenizer("There was a girl called Emma.", return_tensors="pt").input_ids
# "so at the start $W' = W$"; adapters and factors start from the base as well
for name in ("DoRA, all linear", "adapters", "(IA)³"):
    assert torch.allclose(methods[name][0](0)(ids).logits, model(ids).logits, atol=1e-3)
# "It costs one more number for each output"
assert sizes["DoRA, all linear"] - sizes["LoRA, all linear"] == sum(
    part.out_features for name, part in model.named_modules() if name.endswith(ALL_LINEAR)
)
# "In peft it is `LoraConfig(use_dora=True)`": our DoRA is peft's
from peft import LoraConfig, get_peft_model

reference = get_peft_model(
    copy.deepcopy(model), LoraConfig(r=8, lora_alpha=16, target_modules=list(ALL_LINEAR), use_dora=True)
).eval()
same = adapt(frozen_copy(), ALL_LINEAR, lambda layer: DoRA(layer, 8, 16))
for name, part in reference.get_base_model().named_modules():
    if name.endswith(ALL_LINEAR):
        nn.init.normal_(part.lora_B["default"].weight, std=0.05)
        same.get_submodule(name).a.data = part.lora_A["default"].weight.data
        same.get_submodule(name).b.data = part.lora_B["default"].weight.data
assert torch.allclose(reference(input_ids=ids).logits, same(ids).logits, atol=1e-3)
assert (same(ids).logits - model(ids).logits).abs().max() > 0.1
# "LoRA on all linear layers, DoRA and the adapters come close to training everything, with less than a tenth of the
# parameters"
for name in ("LoRA, all linear", "DoRA, all linear", "adapters"):
    assert sizes[name] < 0.1 * sizes["all weights"]
    assert all(table[name, seed][0] > 0.9 * table["all weights", seed][0] for seed in (1, 2))
# "The smallest methods learn less in the same time"
assert sizes["prompt tuning"] < sizes["(IA)³"] < min(size for name, size in sizes.items() if name[0] not in "(p")
for name, most in (("(IA)³", 0.96), ("prompt tuning", 0.85)):
    assert all(table[name, seed][0] < most * table["LoRA, all linear", seed][0] for seed in (1, 2))
# "its two runs differ widely, it learns the paraphrase much less well than the trained wording, and even with replay it
# costs more than half of the old capitals"
assert abs(table["prompt tuning", 1][0] - table["prompt tuning", 2][0]) > 0.1
assert all(table["prompt tuning", seed][1] < table["prompt tuning", seed][0] - 0.1 for seed in (1, 2))
assert all(table["prompt tuning", seed][2] < 0.5 * measures(model)[2] for seed in (1, 2))
