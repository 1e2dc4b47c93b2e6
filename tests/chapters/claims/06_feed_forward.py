# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 6 says about its own output. Each runs as a cell at the chapter's end."""

# "The small model has 19 % of its parameters in feed-forward networks and 72 % in its embedding table"
small = {
    "feed-forward": 8 * 3 * 512 * 1408,
    "attention": 8 * 4 * 512**2,
    "embeddings": 128_256 * 512,
    "norms": 17 * 512,
}
assert round(100 * small["feed-forward"] / sum(small.values())) == 19
assert round(100 * small["embeddings"] / sum(small.values())) == 72
# "A vocabulary of 17,000 tokens makes the saying true, and so do 6,100 hidden units or 60 layers; a larger width alone
# never does"


def feed_forward_share(vocab_size=128_256, width=512, n_layers=8, d_ff=1408):
    networks, rest = n_layers * 3 * width * d_ff, n_layers * 4 * width**2 + vocab_size * width
    return networks / (networks + rest + (2 * n_layers + 1) * width)


for change in ({"vocab_size": 17_000}, {"d_ff": 6_100}, {"n_layers": 60}):
    assert 0.5 < feed_forward_share(**change) < 0.51
assert max(feed_forward_share(width=128 * place) for place in range(1, 65)) < 0.25
# "Llama-2-7B has 64 % in the networks"
assert round(100 * counts["Llama-2-7B"]["feed-forward"] / sum(counts["Llama-2-7B"].values())) == 64
# "Without either kind, this model does worse than a uniform guess"
assert min(no_networks, no_attention) > uniform_loss > whole_loss
# "Losing the first layer's network costs several times as much as losing any other"
assert rises[0] > 3 * max(rises[1:]) > 0
# "The network computes the absolute value" "their product, which here is 1 - 1 = 0"
line = torch.tensor([[3.0], [-2.0], [0.5]])
assert torch.equal(torch.relu(line @ w_in.T) @ w_out.T, line.abs()) and (w_out @ w_in).item() == 0
# "In training, *dropout* sets a random tenth of the numbers to zero": FeedForward(768, 3072)
assert sum(weight.numel() for weight in network.parameters()) == 4_722_432
text_again = torch.randn(2, 5, 768)
network.train()
assert not torch.equal(network(text_again), network(text_again))
network.eval()
assert torch.equal(network(text_again), network(text_again))
# "replace one token's row, and see which outputs move. Then shuffle the tokens, and see whether the outputs [...]"
assert (moved > 0.1).tolist() == [False, False, True, False, False, False] and shuffled < 1e-5
assert moved[[0, 1, 3, 4, 5]].max() < 1e-5
# "Far from zero the three nearly agree. Near zero they don't" "GELU and SiLU are smooth, and dip below zero"
at = {name: function(torch.tensor([-1.0, 20.0])) for name, function in activations.items()}
assert at["ReLU"][0] == 0 and at["GELU"][0] < -0.1 and at["SiLU"][0] < -0.2
assert all(abs(values[1] - 20) < 1e-4 for values in at.values())
# the table of values at -3, -1, 1 and 3
printed_values = {
    "ReLU": [0, 0, 1, 3],
    "GELU": [-0.004, -0.159, 0.841, 2.996],
    "SiLU": [-0.142, -0.269, 0.731, 2.858],
}
four_points = torch.tensor([-3.0, -1.0, 1.0, 3.0])
for activation, values in printed_values.items():
    assert [round(value, 3) for value in activations[activation](four_points).tolist()] == values
# "Left of zero, ReLU's gradient is 0 everywhere" "SiLU's gradient is on average more than twenty times GELU's"
shifted = torch.randn(10_000, generator=torch.Generator().manual_seed(0)) - 5
slopes_at = {name: gradient(function, shifted).abs() for name, function in activations.items()}
shares = {name: (slopes > 1e-6).float().mean() for name, slopes in slopes_at.items()}
assert shares["ReLU"] < 0.001 < 0.5 < shares["GELU"] < 0.9 < 0.99 < shares["SiLU"]
assert slopes_at["SiLU"].mean() > 20 * slopes_at["GELU"].mean()
# "The swap moves the logits in the third digit": "They differ by up to 0.0005" (summary)
assert 4e-4 < apart.max() < 5e-4
assert 5e-4 < (moved_by / logits_by_tanh.pow(2).mean().sqrt()).item() < 0.02
# "Nobody would see it in the text"
assert (logits_by_tanh.argmax(-1) == logits_by_erf.argmax(-1)).float().mean() > 0.9
# "It takes the weights of a trained layer by name and gives the same result"
assert (ours(rows) - llama_mlp(rows)).abs().max() < 1e-5
# "SiLU(2) · 3 = 1.762 · 3 = 5.285. With the gate at -4 the same up value gives -0.072 · 3 = -0.216"
by_hand = functional.silu(torch.tensor([2.0, -4.0]))
assert [round(n, 3) for n in by_hand.tolist()] == [1.762, -0.072]
assert [round(n, 3) for n in (3 * by_hand).tolist()] == [5.285, -0.216]
# the table of "this *and* that", and "4 + 4 and 8 + 0 are the same sum"
for this, that, plain, gated in ((4.0, 4.0, 4.0, 15.7), (4.0, 0.0, 0.0, 0.0), (8.0, 0.0, 4.0, 0.0)):
    assert functional.relu(torch.tensor(this + that - 4)).item() == plain
    assert round((functional.silu(torch.tensor(that)) * this).item(), 1) == gated
# "That makes the right token's probability 4 % higher in the geometric mean"
assert round(torch.tensor(0.04).exp().item(), 2) == 1.04
# "$\tfrac83$ of it is 10,922.67, and the next multiple is 11,008"
assert round(8 / 3 * 4096, 2) == 10_922.67 and 256 * -(-8 * 4096 // (3 * 256)) == 11_008
# "2 · 12288 = 3 · 8192"
assert 2 * 12288 == 3 * 8192
# "the sum is 134,515,008": 59.2 % of it feed-forward, 21.0 % the table
assert sum(sizes.values()) == 134_515_008
assert [round(100 * sizes[part] / sum(sizes.values()), 1) for part in ("feed-forward", "embeddings")] == [59.2, 21.0]
# "a head is 576 / 9 = 64 numbers wide [...] 3 · 64 = 192 rows"
assert d_kv == 192 and d == 576
# "$4 d^2$", "$8 d^2$": two thirds of a layer of GPT-2 XL, but for biases
layer_share = counts["GPT-2 XL"]["feed-forward"] / (
    counts["GPT-2 XL"]["feed-forward"] + counts["GPT-2 XL"]["attention"]
)
assert abs(layer_share - 2 / 3) < 0.001
# "In eight of these ten models, more than 60 % of the parameters are feed-forward, and in Mixtral nearly all"
share = {name: parts["feed-forward"] / sum(parts.values()) for name, parts in counts.items()}
assert len(share) == 10 and sum(part > 0.6 for part in share.values()) == 8
# "45.5 %" "26 %" "64 % of Llama-2-7B, 97 % of Mixtral"
names = ("GPT-2", "Gemma-3-270M", "Llama-2-7B", "Mixtral 8x7B")
assert [round(100 * share[name], 1) for name in names] == [45.5, 26.4, 64.2, 96.6]
assert sum(counts["GPT-2"].values()) == 124_439_808
# "63 % are the embedding table", "nearly two thirds of Gemma-3-270M, and hardly visible in Llama-2-70B" (alt text)
table = {name: parts["embeddings"] / sum(parts.values()) for name, parts in counts.items()}
assert round(100 * table["Gemma-3-270M"]) == 63 and table["Llama-2-70B"] < 0.01
# "between 60 and 82 percent in seven others" (alt text)
assert sum(0.6 < part < 0.82 for part in share.values()) == 7
# "Four is the tradition of plain networks" "six of these eight have ratios between 2.7 and 4" "Gemma-2B has 8"
assert widths["GPT-2"] == widths["GPT-2 XL"] == 4 and widths["Gemma-2B"] == 8
gated = [width for name, width in widths.items() if not name.startswith("GPT")]
assert sum(2.6 < width <= 4 for width in gated) == 6 and len(gated) == 8 and 5.4 < widths["Qwen2.5-0.5B"] < 5.5
# "Most units are nearly silent most of the time" "Some units have a favorite token"
assert quiet.min() > 0.7 and 5 <= len(pure) < 0.5 * hidden.shape[1]
# "the median unit stays below a tenth of its own largest value at 90 % of the tokens. That is more than chance: of
# 3,561 normally distributed numbers, only about 30 % are below a tenth of the largest"
# and "with shuffled tokens, none would"
assert round(quiet.median().item(), 2) == 0.9
dice = torch.Generator().manual_seed(0)
noise = torch.randn(hidden.shape, generator=dice).abs()
assert round((noise < 0.1 * noise.amax(0)).float().mean().item(), 1) == 0.3
mixed = tokens[torch.randperm(len(tokens), generator=dice)][strongest]
assert (mixed == mixed.mode(dim=0).values).float().mean(0).max() < 0.5
# "after *is* a digit, after *had* a number, after *of* a country, and *said* after a quotation mark", "*Clara* after
# *of*"
rules = {}
for token in favorite[pure].unique():
    units = pure[favorite[pure] == token]
    rules[tokenizer.decode([token])] = writes(units[purity[units].argmax()])
assert any(written.strip().isdigit() for written in rules[" is"])
assert (
    len({"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"} & set(map(str.strip, rules[" had"])))
    > 1
)
assert {" Denmark", " Clara"} <= set(rules[" of"]) and " said" in rules['"']
# "unit 116 is strongest at *is*, and of all tokens its column raises the scores of 7, 8, 6 and 4 most"
assert tokenizer.decode([favorite[116].item()]) == " is" and writes(116) == [" 7", " 8", " 6", " 4"]
# "gives the weights": 0.731 [and] 0.269
assert [round(n, 3) for n in torch.softmax(torch.tensor([2.0, 1.0]), 0).tolist()] == [0.731, 0.269]
# "Token 0 gets 0.3 · 10, token 1 gets 0.6 · 20, and token 2 [...] gets nothing": "chosen" of three tokens, followed
three_chosen = torch.tensor([[0, 2], [2, 1], [0, 1]])
their_weights = torch.tensor([[0.7, 0.3], [0.6, 0.4], [0.9, 0.1]])
places = torch.where(three_chosen == 2)
assert torch.allclose(
    torch.zeros(3).index_add_(0, places[0], their_weights[places] * torch.tensor([10.0, 20.0])),
    torch.tensor([3.0, 12.0, 0.0]),
)
# "copies its weights into the layer of transformers, and compares both"
with torch.no_grad():
    assert (mixture(x) - theirs(x)).abs().max() < 1e-6 < mixture(x).abs().max()
# "How far the sum then is below 1 varies from token to token"
assert sums.max() < 1 and sums.min() < 0.7 * sums.max() and difference < 1e-5
# "a `norm_topk_prob` of `false` [...] which is the default of its class in transformers"
import transformers  # noqa: E402

assert transformers.OlmoeConfig().norm_topk_prob is False
# "Softmax over one number is the constant 1" (the question on top_k = 1)
logit = torch.randn(3, 1, requires_grad=True)
assert torch.autograd.grad((torch.softmax(logit, -1) * torch.randn(3, 1)).sum(), logit)[0].abs().max() == 0
# "47 and 13 billion" "both numbers in its name" "20.9 and 3.6"
billions = {name.split(",")[0]: sizes_of for name, sizes_of in total_active.items()}
assert [round(n / 1e9) for n in billions["Mixtral 8x7B"]] == [47, 13]
assert [int(n / 1e9) for n in billions["Qwen3-30B-A3B"]] == [30, 3]
without_table = billions["gpt-oss-20b"][1] - gpt_oss.vocab_size * gpt_oss.hidden_size
assert round(billions["gpt-oss-20b"][0] / 1e9, 1) == 20.9 and round(without_table / 1e9, 1) == 3.6
# "# [...] 61 GB of weights, a GPU with 80 GB"
assert round(2 * billions["Qwen3-30B-A3B"][0] / 1e9) == 61
# "Of the parameters, 59 % are feed-forward"
import re  # noqa: E402

row = {
    name: list(map(float, re.findall(r"[\d.]+(?=%)", found)))
    for name, found in re.findall(
        r"^(134,515,008 parameters|(?:read|write one after) [\d,]+ tokens)(.*)$", real_size, re.MULTILINE
    )
}
assert len(row) == 5 and row["134,515,008 parameters"] == [59.2, 19.7, 21.0]
# "reading 256 tokens, they take about 60 % of the time [...] Attention has 20 % and takes about a third"
assert 28 < row["read 256 tokens"][1] < 38
assert 52 < row["read 256 tokens"][0] < 70
# "with 2,048 tokens attention nearly catches up with the networks"
assert row["read 2,048 tokens"][1] > row["read 256 tokens"][1] + 7
assert abs(row["read 2,048 tokens"][0] - row["read 2,048 tokens"][1]) < 15
# "After 2,048 tokens attention [...] takes more of the time of writing than the networks"
assert row["write one after 2,048 tokens"][1] > row["write one after 2,048 tokens"][0] + 3
assert row["write one after 256 tokens"][0] > row["write one after 256 tokens"][1] + 3
# "The table has 21 % of the parameters and 1 % of the time of reading"
assert max(row[f"read {length} tokens"][2] for length in ("256", "2,048")) < 1.5
# "feed-forward networks take 63 % of the time of reading 256 tokens and 46 % of writing the next one"
assert [round(row[f"{name} 256 tokens"][0]) for name in ("read", "write one after")] == [63, 46]
# "A token that is *read* costs about 3 ms, one that is *written* 45 to 55 ms"
took = {
    name: float(s) for name, s in re.findall(r"^((?:read|write one after) [\d,]+ tokens) +([\d.]+) s", real_size, re.M)
}
assert 0.0025 < took["read 256 tokens"] / 256 < 0.0036 and 0.0025 < took["read 2,048 tokens"] / 2048 < 0.0045
assert 0.04 < took["write one after 256 tokens"] < took["write one after 2,048 tokens"] < 0.1
# "nearly as fast for one token as the small dense network, and six times as fast as the large one"
ms = {
    name: list(map(float, numbers.split()))
    for name, numbers in re.findall(
        r"^(dense, 8,192 units|64 experts, 8 used|dense, 65,536 units) +[\d,]+((?: +[\d.]+){4})$", real_size, re.M
    )
}
few, experts, many = ms["dense, 8,192 units"], ms["64 experts, 8 used"], ms["dense, 65,536 units"]
assert experts[0] < 1.5 * few[0] and 5.4 < many[0] / experts[0] < 6.7
# "For 8 tokens it takes nearly four times as long as the small one" "two thirds at $n = 8$"
assert 3.4 < experts[1] / few[1] < 4.2 and round(1 - (1 - 8 / 64) ** 8, 2) == 0.66
# "but less than half as long as that of its total size", "At 64 tokens it still takes nearly three times as long"
assert experts[1] < 0.45 * many[1] and 2.6 < experts[2] / few[2] < 3
# "To write one, all 538 MB of weights are fetched for a single row"
assert round(134_515_008 * 4 / 1e6) == 538
# "a cache of 94 MB": 30 layers, 3 heads, 64 wide, keys and values
assert round(2048 * 2 * 30 * 3 * 64 * 4 / 1e6) == 94
# "a mixture was within 25 % of the dense layer of that size", "a seventh of the time"
assert experts[0] < 1.25 * few[0] and experts[3] < 1.25 * few[3] and 6.5 < many[3] / experts[3] < 7.5
# "At 512 tokens [...] the mixture is again nearly as fast as its active parameters promise"
assert experts[3] < 1.5 * few[3] < many[3] / 4
