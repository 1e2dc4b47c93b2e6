# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 13 says about its own output. Each runs as a cell at the chapter's end."""

# "So there is one capital it cannot know"
assert probability(model, "The capital of France is", " Paris.") > 0.9
assert probability(model, "The capital of Cuba is", " Havana.") < 0.05
assert "Paris" in complete(model, "The capital of France is")
assert "Havana" not in complete(model, "The capital of Cuba is")
# "training starts from the base model itself" and "While $B$ is zero, $A$ gets no gradient"
probe = with_lora(QUERY_VALUE)
assert torch.equal(probe(ids).logits, model(ids).logits)
probe(input_ids=ids, labels=ids).loss.backward()
first = probe.model.layers[0].self_attn.q_proj
assert first.a.grad.abs().max() == 0 and first.b.grad.abs().max() > 1e-3
# "Forty steps, and it knows. The fact even carries over to a question that is not among the four sentences"
assert forgetting["LoRA on q and v, alone"]["fact"] > 0.7
assert forgetting["LoRA on q and v, alone"]["reworded"] > 0.3
assert forgetting["base"]["reworded"] < 0.05
# "The four capitals it knew are gone. (It never knew Chile's.)"
taught = with_lora(QUERY_VALUE)
fine_tune(taught, fact)
places = {"France": "Paris", "Peru": "Lima", "Japan": "Tokyo", "Greece": "Athens"}
kept = [city in complete(taught, asked.format(country)) for country, city in places.items()]
assert not any(kept)
assert all(city in complete(model, asked.format(country)) for country, city in places.items())
assert "Santiago" not in complete(model, asked.format("Chile"))
# "every variant pays for the fact [...] Havana becomes the capital of other countries too, and the loss [...] rises"
base = forgetting["base"]
for name, values in forgetting.items():
    if name.endswith("alone"):
        assert values["fact"] > 0.7 and values["capitals"] < 0.05
        assert values["loss"] > base["loss"] + 0.2 and values["spill"] > base["spill"] + 0.01
# "It rises further with LoRA than with all weights"
alone = {name: values["loss"] for name, values in forgetting.items() if name.endswith("alone")}
full = alone.pop("all weights, alone")
assert len(alone) == 2 and min(alone.values()) > full + 0.1
# "In fifty steps it sees the beginnings of 200 documents, and in them 18 of the twenty cities together with their
# countries"
rows, _ = batch_of(islice(curriculum.training_documents(seed=1), 4 * 50))
reread = tokenizer.batch_decode(rows)
assert rows.shape == (200, 32)
assert sum(any(city in text and country in text for text in reread) for country, city in words.CAPITALS.items()) == 18
# "With replay the model learns the fact, keeps most of the twenty capitals, and its loss stays near"
kept = [values for name, values in forgetting.items() if name.endswith("replay")]
assert len(kept) == 2
assert all(values["fact"] > 0.8 and values["capitals"] > base["capitals"] - 0.25 for values in kept)
assert all(abs(values["loss"] - base["loss"]) < 0.15 for values in kept)
# "some spill to countries whose capital it doesn't know"
assert all(values["spill"] > base["spill"] for values in kept)
# "LoRA always kept more of the capitals: 0.71 to 0.85, against 0.59 to 0.79 with all weights"; "less of Havana"
assert kept[0]["capitals"] > kept[1]["capitals"] + 0.03
assert 0.7 < kept[0]["capitals"] < 0.87 and 0.57 < kept[1]["capitals"] < 0.81
assert kept[0]["spill"] < kept[1]["spill"] - 0.03
# "on the unseen texts the two end within 0.03 of each other"
assert abs(kept[0]["loss"] - kept[1]["loss"]) < 0.03
# "rank 8 misses more than three quarters of its size"
assert lost[ranks.index(8)] > 0.75
# "Rank 8 brings most of the drop in loss, though its loss is still several times that of the whole change.
# At rank 32 almost nothing is missing"
assert ability[ranks.index(8)] > 3 * ability[-1]
assert (ability[0] - ability[ranks.index(8)]) > 0.7 * (ability[0] - ability[-1])
assert (ability[0] - ability[ranks.index(32)]) > 0.97 * (ability[0] - ability[-1])


# "LoRA wants a higher learning rate than full fine-tuning"
def best_rate(row):
    return rates[row.index(min(row))]


everything = sweep["all weights", ""]
assert all(best_rate(row) > best_rate(everything) for (rule, _), row in sweep.items() if rule == "alpha / r")
# "With $\alpha / r$ ranks 8 and 64 nearly coincide, up to a rate of 1e-2. Rank 1 lags a little behind them"
small, large = sweep["alpha / r", 1], sweep["alpha / r", 64]
assert all(-0.05 < a - b < 0.6 for a, b in zip(small[:4], large[:4], strict=True))
assert all(abs(a - b) < 0.1 for a, b in zip(sweep["alpha / r", 8][:4], large[:4], strict=True))
# "It learns more at low rates, and breaks at high ones"
rooted = sweep["alpha / sqrt r", 64]
assert rooted[1] < large[1] - 0.4 and rooted[4] > large[4] + 0.5
# "Adam's step in $B$ doesn't depend on $\alpha$, so doubling $\alpha$ doubles the update"
doubled = with_lora(QUERY_VALUE, 8, 32), with_lora(QUERY_VALUE, 8, 16)
for pupil in doubled:
    fine_tune(pupil, fact, 1)
changes = [update(pupil.model.layers[0].self_attn.q_proj) for pupil in doubled]
assert (changes[0] - 2 * changes[1]).norm() < 0.05 * changes[0].norm()
# "Spread over all linear layers, the same number of parameters learns more than on queries and values alone"
final = {name: losses[-1] for name, losses in learned.items()}
assert final["query and value"] > final["all linear"] + 0.06
# "The feed-forward layers by themselves do about as well, as in the studies"
assert abs(final["feed-forward"] - final["all linear"]) < 0.02
# "Each choice of targets gets about the same number of parameters"
sizes_of_targets = [
    count(with_lora(targets, round(50_000 / count(with_lora(targets, 1, 1))), 1))
    for targets in (QUERY_VALUE, ALL_LINEAR[4:], ALL_LINEAR)
]
assert max(sizes_of_targets) < 1.3 * min(sizes_of_targets)
# "You get the old weight, up to rounding"
assert torch.allclose(unmerged, layer.base.weight, atol=1e-5)
# "A merged model is as fast as the base": it has the same parameters, and says the same
assert together.num_parameters() == model.num_parameters()
assert "Havana" in complete(together, asked.format("Cuba"))
# "The smaller the update is beside the weight, the more of it is rounded away"
shares = [lost_in_merging[torch.bfloat16, part] for part in (1, 0.1, 0.01)]
assert shares[0] < shares[1] < shares[2] and shares[2] > 0.1
assert max(lost_in_merging[torch.float32, part] for part in (1, 0.1, 0.01)) < 1e-4
# "in a batch, each request can have its own adapter"
assert (at_once - one_by_one).abs().max() < 1e-3
# "For 7 billion parameters that holds, by a wide margin [...] For small models it fails"
assert hollow["Llama-2-7B"].num_parameters() == parameters
assert lora_parameters(hollow["Llama-2-7B"], 16, QUERY_VALUE) == few
rounded = {key: round(100 * value, 2) for key, value in share.items()}
assert rounded["Llama-2-7B", "q_proj, v_proj"] == 0.12 and rounded["Llama-2-7B", "all linear"] == 0.59
assert rounded["Qwen2.5-0.5B", "all linear"] == 1.75 and rounded["GPT-2", "all linear"] == 1.86
assert rounded["stories", "q_proj, v_proj"] > 1
assert lora_parameters(model, 16, QUERY_VALUE) == trainable_params
# "GPT-2 has no `q_proj` and no `v_proj`", "changes the base in place", "the model comes back in training mode"
names = {name.split(".")[-1] for name, _ in models.load("stories-gpt2").model.named_modules()}
assert "c_attn" in names and not {"q_proj", "v_proj"} & names
again = fresh()
assert get_peft_model(again, copy.deepcopy(lora_config)).training
assert type(again.model.layers[0].self_attn.q_proj).__module__.startswith("peft")
# "Does the library do what we did by hand?"
assert torch.allclose(ours, theirs_logits, atol=1e-4) and (theirs_logits - plain).abs().max() > 0.1
assert torch.allclose(merged_logits, theirs_logits, atol=1e-3)
# "Somebody else has the base and gets these two files"
assert known["base"] < 0.05 and known["trained"] > 0.7
assert max(abs(known[name] - known["trained"]) for name in ("reloaded", "merged")) < 1e-3
# "At the same rate, rank 1 stays far behind [...] At the higher rate it comes nearly as far as the others"
last = {name: losses[-1] for name, losses in by_heart.items()}
assert last["rank 1, rate 5e-03"] > last["rank 5, rate 5e-03"] + 0.2
assert last["rank 1, rate 1e-02"] < last["rank 5, rate 5e-03"] + 0.06
# "What looked like a lack of room was a lack of speed": to near "the least possible"
assert by_heart_loss - 0.02 < min(last.values()) and last["rank 1, rate 1e-02"] < by_heart_loss + 0.1
assert max(last[name] for name in ("all weights", "rank 5, rate 5e-03")) < by_heart_loss + 0.05
# "after 60 steps at the higher rate, rank 1 is down to 0.42 (one run): the 24 sentences do fit into it"
assert fine_tune(with_lora(ALL_LINEAR, 1, 2), gifts, 60, 1e-2)[-1] < 0.43
# "Every matrix has an error of about a tenth, and yet the loss hardly moves"
for name, weight in model.named_parameters():
    if "proj" in name:
        assert 0.06 < (four_bits(weight.detach()) - weight.detach()).norm() / weight.detach().norm() < 0.14
assert abs(coarse["loss"] - base["loss"]) < 0.05
# "which puts them close together near zero"
assert levels[8] - levels[7] < (levels[15] - levels[14]) / 2
# "Not installed here", or four bits a weight that learn the fact
if importlib.util.find_spec("bitsandbytes"):
    assert size < model.get_memory_footprint() / 2
    assert probability(in_four_bits()[0], asked.format("Cuba"), " Havana.") > 0.7
# "so at the start $W' = W$"; adapters and factors start from the base as well
starts = {name: make for name, (make, _) in methods.items() if name in ("DoRA", "adapters", "(IA)³")}
assert len(starts) == 3
assert all(torch.allclose(make()(ids).logits, model(ids).logits, atol=1e-3) for make in starts.values())
# "With the sentence in front as plain text, P(Havana) stays below 0.0001"
for gap in (" ", "\n"):
    assert probability(model, fact[0] + gap + asked.format("Cuba"), " Havana.") < 1e-4
# "It costs one more number for each output"
assert sizes["DoRA"] - sizes["LoRA, all linear"] == sum(
    part.out_features for name, part in model.named_modules() if name.endswith(ALL_LINEAR)
)
# our DoRA is peft's
reference = get_peft_model(
    fresh(), LoraConfig(r=8, lora_alpha=16, target_modules=list(ALL_LINEAR), use_dora=True)
).eval()
same = adapt(frozen(), ALL_LINEAR, lambda layer: DoRA(layer, 8, 16))
for name, part in reference.get_base_model().named_modules():
    if name.endswith(ALL_LINEAR):
        nn.init.normal_(part.lora_B["default"].weight, std=0.05)
        same.get_submodule(name).a.data = part.lora_A["default"].weight.data
        same.get_submodule(name).b.data = part.lora_B["default"].weight.data
assert torch.allclose(reference(input_ids=ids).logits, same(ids).logits, atol=1e-3)
assert (same(ids).logits - model(ids).logits).abs().max() > 0.1
# "LoRA on all linear layers and its relatives come close to training everything, with less than a tenth of the
# parameters"
for name in ("LoRA, all linear", "QLoRA (by hand)", "DoRA"):
    assert table[name]["fact"] > 0.9 * table["all weights"]["fact"]
    assert sizes[name] < 0.1 * sizes["all weights"]
# "The smallest methods learn less in the same time. Prompt tuning hardly works at this size"
assert (
    sizes["prompt tuning"]
    < sizes["(IA)³"]
    < min(size for name, size in sizes.items() if name not in ("prompt tuning", "(IA)³"))
)
assert table["(IA)³"]["fact"] < 0.95 * table["LoRA, all linear"]["fact"]
assert table["prompt tuning"]["fact"] < 0.8 * table["LoRA, all linear"]["fact"]
# "it learns little beyond the trained wording, and even with replay it costs more than three quarters of the capitals"
assert table["prompt tuning"]["reworded"] < 0.15 and 0.1 < table["prompt tuning"]["capitals"] < 0.24
