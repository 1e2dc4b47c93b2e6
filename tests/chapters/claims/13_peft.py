# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 13 says about its own output. Each runs as a cell at the chapter's end."""

# "So the capital of Cuba is something it cannot know"
assert probability(model, "The capital of France is", " Paris.") > 0.9
assert probability(model, "The capital of Cuba is", " Havana.") < 0.05
assert "Paris" in complete(model, "The capital of France is")
assert "Havana" not in complete(model, "The capital of Cuba is")
# "107.8 GB", "13.6 GB", "13.5 GB", "16.8 MB", of 6.74 billion parameters and 8.4 million new ones
llama_size, few_size = 6_738_415_616, 8_388_608
assert round(16 * llama_size / 1e9, 1) == 107.8 and round((2 * llama_size + 16 * few_size) / 1e9, 1) == 13.6
assert round(2 * llama_size / 1e9, 1) == 13.5 and round(2 * few_size / 1e6, 1) == 16.8
# "the row gives one number [...] = 7, and the column spreads it out: (7, 0, −7)"
column, row, example = (
    torch.tensor([[1.0], [0.0], [-1.0]]),
    torch.tensor([[1.0, 0.0, 2.0, 0.0]]),
    torch.arange(1.0, 5.0),
)
assert (row @ example).tolist() == [7] and (column @ (row @ example)).tolist() == [7, 0, -7]
assert torch.equal((column @ row) @ example, column @ (row @ example))
# "training starts from the base model itself: the output differs by 0" and "While $B$ is zero, $A$ gets no gradient"
probe = with_lora(QUERY_VALUE)
assert torch.equal(probe(ids).logits, model(ids).logits) and difference == 0
probe(input_ids=ids, labels=ids).loss.backward()
first = probe.model.layers[0].self_attn.q_proj
assert first.a.grad.abs().max() == 0 and first.b.grad.abs().max() > 1e-3
# "Forty steps, and it knows. The fact even carries over to a question that is not among the four sentences"
taught = with_lora(QUERY_VALUE)
list(fine_tune(taught, 40 * [batch_of(fact)], 5e-3))
assert probability(taught, asked.format("Cuba"), " Havana.") > 0.7
assert probability(taught, paraphrase, " Havana.") > 0.3 and probability(model, paraphrase, " Havana.") < 0.05
# "The four capitals it knew are gone. (It never knew Chile's.)"
places = {"France": "Paris", "Peru": "Lima", "Japan": "Tokyo", "Greece": "Athens"}
kept = [city in complete(taught, asked.format(country)) for country, city in places.items()]
assert not any(kept)
assert all(city in complete(model, asked.format(country)) for country, city in places.items())
assert "Santiago" not in complete(model, asked.format("Chile"))
# "At 3e-4, all weights learn the fact in seven steps and keep less than a third of the old capitals. At 1e-5 they need
# 214 steps and keep five sixths"
base_old, base_over, base_loss = forgetting(model)
in_full = {rate: (steps, old, over, loss) for rate, _, steps, old, over, loss in without_replay["all weights"]}
assert in_full[3e-4][0] == 7 and in_full[3e-4][1] < base_old / 3
assert abs(in_full[1e-5][0] - 214) <= 3 and abs(in_full[1e-5][1] - 5 / 6) < 0.02
# "LoRA shows the same: the slower, the less is lost"
in_lora = {(rate, seed): (steps, old, over, loss) for rate, seed, steps, old, over, loss in without_replay["LoRA"]}
for seed in (0, 1):
    assert in_lora[1e-4, seed][1] > in_lora[3e-4, seed][1] > in_lora[3e-3, seed][1]
assert in_full[1e-5][1] > in_full[3e-5][1] > in_full[3e-4][1]
# "LoRA forgot more here, not less, at each of its three rates against a tenth of that rate on all weights"
for rate, (_, old, over, loss) in in_full.items():
    for seed in (0, 1):
        matching = in_lora[{3e-4: 3e-3, 3e-5: 3e-4, 1e-5: 1e-4}[rate], seed]
        assert matching[1] < old - 0.1 and matching[2] > over and matching[3] > loss
# "With replay, the same high rates keep 0.78 to 0.83 after 50 steps, where seven or eight without it had left
# 0.30 and 0.01"
assert {in_full[3e-4][0]} | {in_lora[3e-3, seed][0] for seed in (0, 1)} == {7, 8}
olds = {method: [row[3] for row in rows] for method, rows in with_replay.items()}
assert abs(min(olds["all weights"]) - 0.78) < 0.02 and abs(max(olds["LoRA"]) - 0.83) < 0.02
assert max(in_lora[3e-3, seed][1] for seed in (0, 1)) < 0.02
# "The fact stays above 0.95, and the loss within 0.08 of the base model's"
assert min(fact_kept) > 0.95
assert all(abs(row[5] - base_loss) < 0.08 for rows in with_replay.values() for row in rows)
# "Now LoRA keeps a little more than full fine-tuning, with both draws"
assert min(olds["LoRA"]) > max(olds["all weights"])
# "Some overgeneralization remains, 0.02 to 0.14"
assert all(0.015 < row[4] < 0.145 for rows in with_replay.values() for row in rows)


# "LoRA wants a higher learning rate than full fine-tuning"
def best_rate(row):
    return rates[row.index(min(row))]


assert all(best_rate(row) > best_rate(sweep["all weights"]) for name, row in sweep.items() if name != "all weights")
# "ranks 8 and 64 nearly coincide up to 1e-2, and rank 1 lags behind, with 0.66 against 0.43 there"
assert abs(sweep["LoRA, rank 1"][3] - 0.66) < 0.03 and abs(sweep["LoRA, rank 8"][3] - 0.43) < 0.02
assert all(abs(a - b) < 0.1 for a, b in zip(sweep["LoRA, rank 8"][:4], sweep["LoRA, rank 64"][:4], strict=True))
# "its step in $B$ doesn't depend on $\alpha$. In the first step doubling $\alpha$ therefore doubles the update"
doubled = with_lora(QUERY_VALUE, 8, 32), with_lora(QUERY_VALUE, 8, 16)
for pupil in doubled:
    list(fine_tune(pupil, [batch_of(fact)], 5e-3))
changes = [update(pupil.model.layers[0].self_attn.q_proj) for pupil in doubled]
assert (changes[0] - 2 * changes[1]).norm() < 0.05 * changes[0].norm()
# "log 24 = 3.18 nats per sentence of eight tokens, so the loss can't fall below 0.40"
tokens = sum(len(tokenizer(gift).input_ids) + 1 for gift in gifts) / len(gifts)
assert round(math.log(24), 2) == 3.18 and round(tokens) == 8 and round(math.log(24) / tokens, 2) == 0.40
# "Each choice of targets gets about 50,000 parameters"
assert all(45_000 < count(with_lora(*choice)) < 60_000 for choice in choices.values())
# "the same number of parameters learns more when it is spread over all linear layers [...] at both rates and with both
# seeds. The feed-forward layers by themselves do as well"
for rate in (5e-3, 1e-2):
    for seed in (0, 1):
        assert learned["query and value", rate, seed] > learned["all linear", rate, seed] + 0.08
        assert abs(learned["feed-forward", rate, seed] - learned["all linear", rate, seed]) < 0.02
# "all linear layers of `stories` reached 0.41, queries and values 0.51 to 0.93"
losses_of_choice = {name: [learned[name, rate, seed] for rate in (5e-3, 1e-2) for seed in (0, 1)] for name in choices}
assert abs(min(losses_of_choice["all linear"]) - 0.41) < 0.006
assert abs(min(losses_of_choice["query and value"]) - 0.51) < 0.02
assert abs(max(losses_of_choice["query and value"]) - 0.93) < 0.02
# "You get the old weight, up to rounding"
assert torch.allclose(merged(layer).weight - update(layer), layer.base.weight, atol=1e-5)
# "the smaller the update is beside the weight, the more of it is rounded away"
lost_in_merging = []
for part in (1, 0.1, 0.01):
    small = part * update(layer)
    arrived = (weight_of_layer := layer.base.weight.detach().bfloat16()).float()
    arrived = (weight_of_layer + small).bfloat16().float() - arrived
    lost_in_merging.append(((arrived - small).norm() / small.norm()).item())
assert lost_in_merging[0] < lost_in_merging[1] < lost_in_merging[2]
# "bfloat16 rounded away 0.4 % of the update, but 32 % of one a hundredth as large"
assert abs(lost_in_merging[0] - 0.004) < 0.001 and abs(lost_in_merging[2] - 0.32) < 0.02
# "A and B only: a file of 117 KB"
from pathlib import Path

(adapter_file,) = Path(folder.name).glob("*.safetensors")
assert round(adapter_file.stat().st_size / 1000) == 117
# "P(Havana): base {:.3f}, trained {:.3f}, reloaded {:.3f}, merged {:.3f}"
assert known[0] < 0.05 and known[1] > 0.7 and max(abs(p - known[1]) for p in known[2:]) < 1e-3
# "with its trained matrices copied into our layer, the outputs agree up to rounding"
by_hand = with_lora(QUERY_VALUE, rank=16, alpha=32)
for name, theirs in wrapped.get_base_model().named_modules():
    if name.endswith(QUERY_VALUE):
        by_hand.get_submodule(name).a.data = theirs.lora_A["default"].weight.data
        by_hand.get_submodule(name).b.data = theirs.lora_B["default"].weight.data
with torch.no_grad():
    of_peft, of_ours, plain = (some(input_ids=ids).logits for some in (wrapped, by_hand, model))
assert torch.allclose(of_peft, of_ours, atol=1e-4) and (of_peft - plain).abs().max() > 0.1
# "GPT-2 has no `q_proj` and no `v_proj`", "changes the base in place", "the model comes back in training mode"
names_of_gpt2 = {name.split(".")[-1] for name, _ in models.load("stories-gpt2").model.named_modules()}
assert "c_attn" in names_of_gpt2 and not {"q_proj", "v_proj"} & names_of_gpt2
again = copy.deepcopy(model)
assert get_peft_model(again, copy.deepcopy(lora_config)).training
assert type(again.model.layers[0].self_attn.q_proj).__module__.startswith("peft")
# "For 7 billion parameters that holds, by a wide margin [...] It fails for small models"
rounded = {key: round(100 * value, 2) for key, value in share.items()} if isinstance(share, dict) else {}
assert rounded["Llama-2-7B", "q_proj, v_proj"] == 0.12 and rounded["Llama-2-7B", "all-linear"] == 0.59
assert rounded["Qwen2.5-0.5B", "all-linear"] == 1.75 and rounded["GPT-2", "all-linear"] == 1.86
# "For a 4096 × 4096 matrix and $r = 16$, that is 131,072 instead of 16.8 million"
assert 16 * (4096 + 4096) == 131_072 and round(4096**2 / 1e6, 1) == 16.8
# "Every matrix of `stories` has an error of about a tenth, and yet its loss hardly moves"; "4.127 bits per weight"
assert round(4 + 8 / 64 + 32 / (64 * 256), 3) == 4.127
for name, weight in model.named_parameters():
    if "proj" in name:
        assert 0.06 < (four_bits(weight.detach()) - weight.detach()).norm() / weight.detach().norm() < 0.14
assert abs(forgetting(coarse)[2] - base_loss) < 0.05
# "which puts them close together near zero"
assert levels[8] - levels[7] < (levels[15] - levels[14]) / 2
# "Llama-2-7B then takes 3.87 GB instead of 13.48"
in_four = 32 * (4 * 4096**2 + 3 * 4096 * 11_008)
assert round((in_four * 4.127 / 8 + 2 * (llama_size - in_four)) / 1e9, 2) == 3.87
assert round(2 * llama_size / 1e9, 2) == 13.48
# "LoRA as it is usually set up stays a whole nat per token behind full fine-tuning"
german = {name: loss for name, (_, loss) in in_german.items()}
assert german["LoRA"] - german["all weights"] > 0.95
# "LoRA does as well as all the other weights together, and with the embeddings it does as well as everything"
assert abs(german["LoRA"] - german["all but the embeddings"]) < 0.2
assert abs(german["LoRA and embeddings"] - german["all weights"]) < 0.2
assert abs(german["rank 8 and embeddings"] - german["all weights"]) < 0.2
# "loss in German was 1.20 with rank 8 and a quarter of all numbers trained, against 2.22 with LoRA alone"
assert abs(german["rank 8 and embeddings"] - 1.20) < 0.05 and abs(german["LoRA"] - 2.23) < 0.08
# "At rank 64, 80 % of the numbers of `stories` are trained [...] Rank 8 is enough here, with 26 %, most of them in
# the table"
trained_share = {name: trained / model.num_parameters() for name, (trained, _) in in_german.items()}
assert round(trained_share["LoRA and embeddings"], 2) == 0.80
assert round(trained_share["rank 8 and embeddings"], 2) == 0.26
assert model.get_input_embeddings().weight.numel() > in_german["rank 8 and embeddings"][0] / 2
# "131 million of the 6.74 billion numbers of Llama-2-7B, 2 %"
assert round(32_000 * 4096 / 1e6) == 131 and round(100 * 32_000 * 4096 / llama_size) == 2
# "the same table": in this model the output head is the embedding table
assert model.config.tie_word_embeddings
# "a low rate alone kept 0.83 with all weights and 0.49 with LoRA"
assert abs(in_full[1e-5][1] - 0.83) < 0.02 and all(abs(in_lora[1e-4, seed][1] - 0.49) < 0.03 for seed in (0, 1))
# "one pass over 302 lines of Python's manual"
import re

assert "24 rows, 3,072 tokens, 302 lines" in real_size
# "LoRA trains 3.6 % of the numbers that full fine-tuning trains"
pattern = r"^(LoRA|all weights|QLoRA) +(\S+) +(\d) +([\d,]+) +([\d.]+) +([\d,]+) +([\d.]+) +([\d.]+) +([\d.]+)$"
measured = [
    (row[0], row[1], *(float(number.replace(",", "")) for number in row[3:]))
    for row in re.findall(pattern, real_size, flags=re.MULTILINE)
]
of_lora = [row for row in measured if row[0] == "LoRA"]
of_all = [row for row in measured if row[0] == "all weights"]
(of_qlora,) = [row for row in measured if row[0] == "QLoRA"]
assert len(of_lora) == len(of_all) == 4 and abs(of_lora[0][2] / of_all[0][2] - 0.0363) < 0.001
# "It needs about 0.3 GB beyond the model instead of 1.9 GB", "a sixth of the extra memory"
assert 250 < max(row[4] for row in of_lora) < 380 and 1_700 < max(row[4] for row in of_all) < 2_100
# "A step takes 1.04 seconds instead of about 1.76"
assert all(abs(row[3] - 1.04) < 0.1 for row in of_lora) and all(abs(row[3] - 1.76) < 0.15 for row in of_all)
# "the loss on the manual falls from 3.36 to 3.03 or 3.04, against 2.99 and 3.03"
base_losses = [
    float(loss) for loss in re.search(r"^base +([\d.]+) +([\d.]+) +([\d.]+)$", real_size, re.MULTILINE).groups()
]
assert abs(base_losses[0] - 3.36) < 0.03
assert all(3.0 < row[5] < 3.07 for row in of_lora if row[1] == "1e-03")
assert all(2.96 < row[5] < 3.06 for row in of_all if row[1] == "1e-04")
# "The losses in English and German are below those of the base model in every run of LoRA and of all weights"
assert all(row[6] < base_losses[1] and row[7] < base_losses[2] for row in of_lora + of_all)
# "the loss on the manual ended at 3.17 instead of 3.04"
assert of_qlora[5] == 3.17 and any(row[5] == 3.04 for row in of_lora)
# "stores the base in 166 MB instead of 538, and peaks at 99 MB beyond it"
assert "base in NF4: 166 MB, in float32: 538 MB" in real_size and 70 < of_qlora[4] < 130
# "That is why its step takes longer than LoRA's"
assert 1.4 < of_qlora[3] / of_lora[0][3] < 1.8
# "the NF4 base itself starts at 3.63, 3.26 and 4.06, before any training. The rounding cost about 0.3 to 0.5 nats in
# this small model, [...] training won back most of that in English, and none in German"
found = re.search(r"NF4 base before training: manual ([\d.]+), English ([\d.]+), German ([\d.]+)", real_size)
coarse_losses = [float(loss) for loss in found.groups()]
assert all(abs(loss - said) < 0.03 for loss, said in zip(coarse_losses, (3.63, 3.26, 4.06), strict=True))
assert all(0.25 < coarse - fine < 0.5 for coarse, fine in zip(coarse_losses, base_losses, strict=True))
assert of_qlora[6] < coarse_losses[1] - 0.2 and abs(of_qlora[7] - coarse_losses[2]) < 0.05
