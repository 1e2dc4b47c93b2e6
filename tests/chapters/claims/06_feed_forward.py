# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 6 says about its own output. Each runs as a cell at the chapter's end."""

# "Without either half, the model no longer knows what comes next"
assert min(without_all for without_all, _ in losses_without.values()) > math.log(model.config.vocab_size)
# "to lose the network of one layer costs several times as much in some layers as in others"
one_layer = losses_without["feed-forward"][1]
assert max(one_layer) > 3 * min(one_layer) > 0
# "The network computes the absolute value" "their product, here 1 - 1 = 0"
line = torch.tensor([[3.0], [-2.0], [0.5]])
assert torch.equal(torch.relu(line @ torch.tensor([[1.0, -1.0]])).sum(1), line.abs()[:, 0])
# "A sum of hinges can follow any curve, as closely as there are hinges" (4, 16 and 128 of them)
errors = [(curve - target).abs().max().item() for curve in curves.values()]
assert errors[0] > 0.8 > 0.5 > errors[1] > 2 * errors[2] and errors[2] < 0.15
# "FeedForward(768, 3072)": the class of the source; "Dropout sets a tenth [...] while the model trains"
assert sum(p.numel() for p in network.parameters()) == 4_722_432
network.train()
assert not torch.equal(network(rows), network(rows))
network.eval()
# "exchange one token's row, and see which outputs move" "Shuffle the tokens, and see whether the outputs shuffle along"
assert (moved > 0.1).tolist() == [False, False, True, False, False, False] and shuffled < 1e-5
assert moved[[0, 1, 3, 4, 5]].max() < 1e-5
# "For large numbers they are the same; around zero they are not" "GELU and SiLU are smooth, and dip below zero"
at = {name: function(torch.tensor([-1.0, 20.0])) for name, function in activations.items()}
assert at["ReLU"][0] == 0 and at["GELU"][0] < -0.1 and at["SiLU"][0] < -0.2
assert all(abs(values[1] - 20) < 1e-4 for values in at.values())
# "Left of zero, ReLU's is exactly 0" "GELU and SiLU keep a small gradient, nearly everywhere"
inputs = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) - 5
shares = {name: (gradient(function, inputs) != 0).float().mean() for name, function in activations.items()}
assert shares["ReLU"] < 0.001 and shares["GELU"] > 0.8 and shares["SiLU"] > 0.99
# "Very far out, GELU's is rounded to zero"
assert gradient(functional.gelu, torch.tensor([-30.0])) == 0
# "The swap moves logits in the third digit. Nobody would see it in the text": 4.7e-4
assert 4e-4 < apart.max() < 5e-4
moves = ((by_tanh - by_erf).abs().max() / by_tanh.pow(2).mean().sqrt()).item()
assert 5e-4 < moves < 0.02 and (by_tanh.argmax(-1) == by_erf.argmax(-1)).float().mean() > 0.9
# "SiLU(2) · 3 = 1.762 · 3 = 5.285. With the gate at -4 the same content gives -0.072 · 3 = -0.216"
by_hand = functional.silu(torch.tensor([2.0, -4.0]))
assert [round(n, 3) for n in by_hand.tolist()] == [1.762, -0.072]
assert [round(n, 3) for n in (3 * by_hand).tolist()] == [5.285, -0.216]
# "That is where a strange number like 11008 comes from"
assert 256 * math.ceil(8 / 3 * 4096 / 256) == 11008
# "Both networks have the same number of weights"
assert WIDTH * WIDE * 2 == WIDTH * (WIDE * 2 // 3) * 3
# "At the smallest learning rate SwiGLU is far ahead. At each network's own best rate the lead is small"
mean = {name: [sum(pair) / 2 for pair in found] for name, found in results.items()}
lead = mean["GELU"][0] - mean["SwiGLU"][0]
at_best = min(mean["GELU"]) - min(mean["SwiGLU"])
assert lead > 0.12 and -0.05 < at_best < 0.6 * lead
# "With twice the steps, `steps=300`, its best is as good as SwiGLU's or a little better"
longer = [min(trained(gated, rate, 0, steps=300) for rate in (0.02, 0.03)) for gated in (False, True)]
assert abs(longer[0] - longer[1]) < 0.07
# "Four is the tradition of plain networks" "Six of the eight here have ratios between 2.7 and 4" "Gemma-2B 8"
assert widths["GPT-2"] == widths["GPT-2 XL"] == 4 and widths["Gemma-2B"] == 8
gated = [width for name, width in widths.items() if not name.startswith("GPT")]
assert sum(2.6 < width <= 4 for width in gated) == 6 and len(gated) == 8
# "in GPT-2 with 124 million parameters they are 45.5 %", "64 % of Llama-2-7B, 97 % of Mixtral"
share = {name: parts["feed-forward"] / sum(parts.values()) for name, parts in counts.items()}
assert [round(100 * share[name], 1) for name in ("GPT-2", "Llama-2-7B", "Mixtral 8x7B")] == [45.5, 64.2, 96.6]
assert sum(counts["GPT-2"].values()) == 124_439_808
# "less than half in GPT-2, between 60 and 82 percent in the others, and 97 percent in Mixtral" (alt text)
assert all(0.6 < part < 0.82 for name, part in share.items() if name not in ("GPT-2", "Mixtral 8x7B"))
# "nearly a third of GPT-2 and a quarter of Qwen2.5-0.5B, and hardly visible in Llama-2-70B" (alt text)
table = {name: parts["embeddings"] / sum(parts.values()) for name, parts in counts.items()}
assert 0.3 < table["GPT-2"] < 0.34 and 0.22 < table["Qwen2.5-0.5B"] < 0.29 and table["Llama-2-70B"] < 0.01
# "Attention has 31.9 % of the one and 18.5 % of the other"
attention = {name: parts["attention"] / sum(parts.values()) for name, parts in counts.items()}
assert [round(100 * attention[name], 1) for name in ("Llama-2-7B", "Mistral-7B")] == [31.9, 18.5]
# "its projections of keys and values have 8 · 128 = 1024 rows": the formula is the count
assert shared == counts["Mistral-7B"]["attention"] // 32
# "That is 4 d²", "That is 8 d²": two thirds of a layer of GPT-2 XL, but for biases
layer_share = counts["GPT-2 XL"]["feed-forward"] / (
    counts["GPT-2 XL"]["feed-forward"] + counts["GPT-2 XL"]["attention"]
)
assert abs(layer_share - 2 / 3) < 0.001
# "Most units are nearly silent most of the time" "Some have a favorite token"
assert small.min() > 0.7 and 5 <= len(pure) < 0.5 * hidden.shape[1]
# "SiLU, unlike ReLU, never makes an exact zero"
assert (hidden == 0).float().mean() < 0.01
# "Without the units for articles, the model is worse at what follows an article, and hardly worse anywhere else"
after, elsewhere = effects["units for articles"]
assert after > 0.01 and after > 5 * abs(elsewhere)
assert max(effects["other units"]) < 0.6 * after
# "gives the weights: 0.731 [and] 0.269"
assert [round(n, 3) for n in torch.softmax(torch.tensor([2.0, 1.0]), 0).tolist()] == [0.731, 0.269]
# "The weights then sum to less than 1, by a factor that differs from token to token. [...] gives the same numbers"
assert sums.max() < 1 and sums.min() < 0.7 * sums.max() and difference < 1e-5
# "Softmax over one number is the constant 1" (the question on top_k = 1)
logit = torch.randn(3, 1, requires_grad=True)
assert torch.autograd.grad((torch.softmax(logit, -1) * torch.randn(3, 1)).sum(), logit)[0].abs().max() == 0
# "the router never leaves its bad start: six experts stay as good as unused. A factor of 0.1 spreads the load"
left_alone, little, balanced = (mixture.load for mixture, _ in mixtures.values())
assert left_alone[:2].sum() > 0.75 and left_alone[2:].max() < 0.12
assert balanced.min() > 0.05 and balanced.max() < 0.25
assert mixtures[0.0][0].imbalance > 2 > 1.2 > mixtures[0.1][0].imbalance
# "with 0.01 most still do" (alt text)
assert 0.5 < little[:2].sum() < left_alone[:2].sum()
# "and the loss on held-out text is lower too"
assert mixtures[0.1][1] < mixtures[0.0][1]
# "47 and 13 billion" "both numbers in its name" "20.9 and 3.6"
assert [round(n / 1e9) for n in sizes["Mixtral 8x7B"]] == [47, 13]
assert [int(n / 1e9) for n in sizes["Qwen3-30B-A3B"]] == [30, 3]
assert round(sizes["gpt-oss-20b"][0] / 1e9, 1) == 20.9 and round(active / 1e9, 1) == 3.6
# "150,000 · 512 = 77 million. All layers together have 12 · 8 · 512² = 25 million" (the question on a small model)
assert round(150_000 * 512 / 1e6) == 77 and round(12 * 8 * 512**2 / 1e6) == 25
# "2 · 12288 = 3 · 8192"
assert 2 * 12288 == 3 * 8192
