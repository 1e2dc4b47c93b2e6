# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 6 says about its own output. Each runs as a cell at the chapter's end."""

# "Without either half, the model no longer knows what comes next"
assert min(without_all for without_all, _ in losses_without.values()) > math.log(model.config.vocab_size)
# "Losing the first layer's network costs several times as much as losing any other"
one_layer = losses_without["feed-forward"][1]
assert one_layer[0] > 3 * max(one_layer[1:]) > 0
# "The network computes the absolute value" "their product, here 1 - 1 = 0"
line = torch.tensor([[3.0], [-2.0], [0.5]])
assert torch.equal(torch.relu(line @ torch.tensor([[1.0, -1.0]])).sum(1), line.abs()[:, 0])
# "A sum of hinges can follow any smooth curve [...] more hinges follow it more closely" (4, 16 and 128 of them)
errors = [(curve - target).abs().max().item() for curve in curves.values()]
assert errors[0] > 0.8 > 0.5 > errors[1] > 2 * errors[2] and errors[2] < 0.15
# "While the model trains, *dropout* sets a random tenth of the hidden numbers to zero": FeedForward(768, 3072)
assert sum(p.numel() for p in network.parameters()) == 4_722_432
network.train()
assert not torch.equal(network(rows), network(rows))
network.eval()
# "Replace one token's row, and see which outputs move. Shuffle the tokens, and see whether the outputs shuffle along"
assert (moved > 0.1).tolist() == [False, False, True, False, False, False] and shuffled < 1e-5
assert moved[[0, 1, 3, 4, 5]].max() < 1e-5
# "Far from zero the three nearly agree. Near zero they don't" "GELU and SiLU are smooth, and dip below zero"
at = {name: function(torch.tensor([-1.0, 20.0])) for name, function in activations.items()}
assert at["ReLU"][0] == 0 and at["GELU"][0] < -0.1 and at["SiLU"][0] < -0.2
assert all(abs(values[1] - 20) < 1e-4 for values in at.values())
# "Left of zero, ReLU's is 0 everywhere" "GELU's is on average more than twenty times smaller"
inputs = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) - 5
slopes_at = {name: gradient(function, inputs).abs() for name, function in activations.items()}
shares = {name: (slopes > 1e-6).float().mean() for name, slopes in slopes_at.items()}
assert shares["ReLU"] < 0.001 < 0.5 < shares["GELU"] < 0.9 < 0.99 < shares["SiLU"]
assert slopes_at["SiLU"].mean() > 20 * slopes_at["GELU"].mean()
# "at -7 it is -6e-11": of the formula, whatever a kernel in float32 makes of it
far = torch.tensor(-7.0, dtype=torch.float64)
assert -6.5e-11 < gradient(functional.gelu, far) < -5.5e-11
# "The swap moves logits in the third digit. Nobody would see it in the text": 4.7e-4
assert 4e-4 < apart.max() < 5e-4
moves = ((by_tanh - by_erf).abs().max() / by_tanh.pow(2).mean().sqrt()).item()
assert 5e-4 < moves < 0.02 and (by_tanh.argmax(-1) == by_erf.argmax(-1)).float().mean() > 0.9
# "Here is the whole network for a single row, with the weights of a trained layer"
assert (ours - mlp(model.model.embed_tokens.weight[42])).abs().max() < 1e-5
# "SiLU(2) · 3 = 1.762 · 3 = 5.285. With the gate at -4 the same content gives -0.072 · 3 = -0.216"
by_hand = functional.silu(torch.tensor([2.0, -4.0]))
assert [round(n, 3) for n in by_hand.tolist()] == [1.762, -0.072]
assert [round(n, 3) for n in (3 * by_hand).tolist()] == [5.285, -0.216]
# "So that's where strange numbers like 11008 come from"
assert 256 * math.ceil(8 / 3 * 4096 / 256) == 11008
# "The two networks we compare have the same number of weights"
assert WIDTH * WIDE * 2 == WIDTH * (WIDE * 2 // 3) * 3
# "At the smallest learning rate SwiGLU is far ahead. With each network at its best rate"
mean = {name: {rate: sum(losses) / len(losses) for rate, losses in found.items()} for name, found in results.items()}
assert mean["GELU"][0.004] - mean["SwiGLU"][0.004] > 0.2
assert all(min(by_rate, key=by_rate.get) == 0.02 for by_rate in mean.values())
# "it leads by 0.07 to 0.10 for each of three seeds"
leads = [of_gelu - of_swiglu for of_gelu, of_swiglu in zip(*(found[0.02] for found in results.values()), strict=True)]
assert len(leads) == 3 and min(leads) > 0.065 and max(leads) < 0.105
assert min(results["GELU"][0.02]) > max(results["SwiGLU"][0.02])
# "after three times the steps [...], GELU at its best rate ends at 1.84 to 1.87 and SwiGLU at 1.87 to 1.89"
longer = [[trained(gated, 0.02 if gated else 0.03, seed, steps=300) for seed in range(3)] for gated in (False, True)]
assert min(longer[0]) > 1.83 and max(longer[0]) < 1.88 and min(longer[1]) > 1.86 and max(longer[1]) < 1.90
assert sum(longer[0]) < sum(longer[1])
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
# "(normal random numbers would be 30 % of it)" "(With the tokens shuffled, none would.)"
dice = torch.Generator().manual_seed(0)
noise = torch.randn(hidden.shape, generator=dice).abs()
assert round((noise < 0.1 * noise.amax(0)).float().mean().item(), 1) == 0.3
mixed = tokens[torch.randperm(len(tokens), generator=dice)][strongest]
assert (mixed == mixed.mode(dim=0).values).float().mean(0).max() < 0.5
# "SiLU, unlike ReLU, almost never gives an exact zero"
assert (hidden == 0).float().mean() < 0.01
# "Without the units for articles, the model gets worse at what follows an article, and hardly worse anywhere else"
after, elsewhere = without_articles
assert after > 0.1 and after > 10 * abs(elsewhere)
# "a unit of the last layer only adds its column to the final row, so we subtract it there": as if it had been cut out
damaged = copy.deepcopy(model)
with torch.no_grad():
    damaged.model.layers[-1].mlp.down_proj.weight[:, pure[torch.isin(favorite[pure], articles)]] = 0.0
cut_out = token_losses(damaged, fresh) - before
assert abs(cut_out[at_article].mean().item() - after) < 1e-4
assert abs(cut_out[~at_article].mean().item() - elsewhere) < 1e-4
# "None of the five random draws does anything like that"
assert max(change[0] for change in without_others) < 0.2 * after
# "gives the weights: 0.731 [and] 0.269"
assert [round(n, 3) for n in torch.softmax(torch.tensor([2.0, 1.0]), 0).tolist()] == [0.731, 0.269]
# "The weights then sum to less than 1, by a factor that differs from token to token. [...] gives the same numbers"
assert sums.max() < 1 and sums.min() < 0.7 * sums.max() and difference < 1e-5
# "Softmax over one number is the constant 1" (the question on top_k = 1)
logit = torch.randn(3, 1, requires_grad=True)
assert torch.autograd.grad((torch.softmax(logit, -1) * torch.randn(3, 1)).sum(), logit)[0].abs().max() == 0
# "the router does not leave its bad start in these 100 steps, for any of three seeds: six experts get [...]"
for mixture, _ in mixtures[0.0]:
    assert mixture.load[2:].sum() < 0.2 and mixture.load[2:].max() < 0.12 and mixture.imbalance > 2
# "A factor of 0.1 spreads the load. For each seed it also lowers the loss on held-out text, by 0.02 to 0.08"
for (mixture, loss), (_, alone) in zip(mixtures[0.1], mixtures[0.0], strict=True):
    assert mixture.load.min() > 0.05 and mixture.load.max() < 0.25 and mixture.imbalance < 1.2
    assert 0.015 < alone - loss < 0.085
# "A small factor drops tokens, a large one multiplies padding"
even = len(tokens_in) * 2 // len(piles)
assert piles.sum() == 2000 and piles.max() > 1.1 * even > even > piles.min()
# "one token reads 3 % of the experts; 64 tokens read 87 %, each for two or three tokens; and 1,024 read all"
read = {tokens_read: 1 - (1 - 8 / 256) ** tokens_read for tokens_read in (1, 64, 1024)}
assert [round(100 * part) for part in read.values()] == [3, 87, 100] and 1024 * 8 / 256 == 32
assert 2 < 64 * 8 / (256 * read[64]) < 3
# "with 0.01 most still do" (alt text, first seed)
assert 0.5 < mixtures[0.01][0][0].load[:2].sum() < mixtures[0.0][0][0].load[:2].sum()
# "A factor of 10 costs more than that"
assert mixtures[10.0][0][1] - mixtures[0.0][0][1] > 0.085
# "For each seed the mixture is ahead or level" (Going further)
ends = list(zip(alike["a plain network"], alike["the mixture"], strict=True))
assert all(of_mixture < of_plain + 0.005 for of_plain, of_mixture in ends)
assert 0.09 < sum(of_plain - of_mixture for of_plain, of_mixture in ends) < 0.3
# "(The unbalanced mixtures are no better than a plain network.)"
for (_, alone), of_plain in zip(mixtures[0.0], alike["a plain network"], strict=True):
    assert abs(alone - of_plain) < 0.03
# "frequent tokens, such as the comma and *the*, appear in most of them": of the lists that are printed
mixture = mixtures[0.1][0][0]
with torch.no_grad():
    mixture(held_out[:, :4])
sent_most = []
for expert in range(8):
    there, times = latest[mixture.choices[:, expert] > 0].unique(return_counts=True)
    sent_most.append(there[times.topk(6).indices].tolist())
for frequent in tokenizer(", the").input_ids:
    assert sum(frequent in often for often in sent_most) > 4
# "Both do best at a rate of 0.02 (we also tried 0.01 and 0.04)"
for rate in (0.01, 0.04):
    assert trained_plain(0, rate) > alike["a plain network"][0]
    assert train_mixture(0.1, 0, learning_rate=rate)[1] > alike["the mixture"][0]
# "the 45 billion that you may read for Mixtral is the experts' matrices alone"
assert round(counts["Mixtral 8x7B"]["feed-forward"] / 1e9) == 45
# "47 and 13 billion" "both numbers in its name" "20.9 and 3.6"
assert [round(n / 1e9) for n in sizes["Mixtral 8x7B"]] == [47, 13]
assert [int(n / 1e9) for n in sizes["Qwen3-30B-A3B"]] == [30, 3]
assert round(sizes["gpt-oss-20b"][0] / 1e9, 1) == 20.9 and round(active / 1e9, 1) == 3.6
# "150,000 · 512 = 77 million. All layers together have 12 · 8 · 512² = 25 million" (the question on a small model)
assert round(150_000 * 512 / 1e6) == 77 and round(12 * 8 * 512**2 / 1e6) == 25
# "2 · 12288 = 3 · 8192"
assert 2 * 12288 == 3 * 8192
