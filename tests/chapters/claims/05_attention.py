# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "The output lies nearest to the value of key 1"
import re

first_weight, first_output = 0.665, 14.25
assert abs(math.exp(2) / (math.exp(2) + math.exp(1) + 1) - first_weight) < 0.001
assert abs(first_output - 10) < abs(first_output - 20)
# "every weight is close to one fifth", and "between 0.15 and 0.27", 99 %, on the corrections page
assert random_weights["rand"].min() > 0.15 and random_weights["rand"].max() < 0.27
assert (random_weights["randn"] - 0.2).abs().max() > 0.25
entropies = {name: -(w * w.log()).sum(-1).mean() / math.log(5) for name, w in random_weights.items()}
assert entropies["rand"] > 0.99 and entropies["randn"] < 0.95
# "*She* takes nearly everything from *Anna*", 0.93 in the opening picture
assert abs(projected[-1, 0] - 0.93) < 0.005 and (projected[-1, 1:] < 0.015).all()
# "Without projections each token listens most to tokens like itself"
assert all(unprojected[row, row] == unprojected[row].max() for row in range(6))
# "it looks for nothing, and still it takes a sixth from everyone"
assert torch.allclose(projected[2], torch.tensor(1 / 6))
# "Unscaled, one key wins at random and takes 0.87 of the weight"
assert abs(mean_weights["unscaled"][0] - 0.87) < 0.01 and mean_weights["scaled"][0] < 0.1
# "a tenth of the queries get next to no gradient, while another tenth get more than fifty times what a typical scaled
# query gets. Scaled, all get about the same", whatever the seed
for seed in range(6):
    torch.manual_seed(seed)
    asked_by, found, handed = torch.randn(200, 256), torch.randn(256, 256), torch.randn(256, 1)
    sizes = {}
    for divisor in (1.0, 16.0):
        asking = asked_by.clone().requires_grad_()
        (torch.softmax(asking @ found.T / divisor, dim=-1) @ handed).sum().backward()
        sizes[divisor] = asking.grad.norm(dim=-1)
    typical = sizes[16.0].median()
    assert sizes[1.0].quantile(0.1) < typical / 50 and sizes[1.0].quantile(0.9) > 50 * typical
    assert sizes[16.0].quantile(0.9) < 2 * sizes[16.0].quantile(0.1)
# "Without a mask, every position changes [...] With the causal mask only the last position does"
leak = self_attention(rows, everything) - self_attention(changed, everything)
assert leak.abs().amax(-1).min() > 0.1
assert (self_attention(rows, causal) - self_attention(changed, causal))[:-1].abs().max() == 0
# "Both results have the same shape"
assert right.shape == wrong.shape and not torch.equal(right, wrong)
# "largest difference from PyTorch's layer", "the second with the cache of the first", and for cross-attention
assert module_difference < 1e-5 and cache_difference < 1e-5 and cross_difference < 1e-5
# "a new query with 10 keys gets the first value only: True"
assert only_first
# "1.1 million parameters, 4 layers of 4 heads", "with 2 key-value heads for 4 query heads, has 3 d_model²"
attention_layer = model.model.layers[0].self_attn
assert round(sum(p.numel() for p in model.parameters()), -5) == 1_100_000 and maps.shape[:2] == (4, 4)
assert sum(p.numel() for p in attention_layer.parameters()) == 3 * model.config.hidden_size**2
assert model.config.num_key_value_heads == 2
# "head 1.2 adds Anna to its row. At *to*, head 1.1 brings in what is asked for. Then head 3.1 finds the first *hat*"
assert note_head == (0, 1) and question_head == (0, 0) and lookup_head == (2, 0)
assert all(
    maps[layer, head][pair] > 0.8 for (layer, head), pair in zip(best_heads.values(), steps.values(), strict=True)
)
assert random_maps[:, :, last, hat].max() < 0.2
# "The note head never looked from *to* at the first *hat*"
assert maps[note_head][last, hat] < 0.01
# "Without the look-up head, or without the note head, the model knows no owner in any of the twelve questions"
assert len(questions) == 12 and min(effects[()]) > 0.9
assert max(effects[(lookup_head,)] + effects[(note_head,)]) < 0.15
# "Heads 1.1 and 1.4 both read the question. Without either one alone most answers survive, without both none does"
assert min(maps[0, 0, last, second_hat], maps[0, 3, last, second_hat]) > 0.5
assert sum(p > 0.5 for p in effects[((0, 0),)]) > 6 and sum(p > 0.5 for p in effects[((0, 3),)]) > 6
assert max(effects[((0, 0), (0, 3))]) < 0.05
# "Of the other twelve heads, one more matters, 1.3"
assert worst == ((0, 2),) and len(others) == 12
assert all(min(others[heads]) > 0.9 for heads in others if heads != worst) and min(others[worst]) < 0.3
# "about a quarter of the heads", "About 30 % of all attention goes to the first token", "less than a fifth as long",
# "dropping it costs 0.7 nats, on three texts alike; dropping another early token costs nothing"
sections = re.findall(r"^(?:execmodel|compound|objects) +(.*)$", real_size, flags=re.MULTILINE)
assert len(sections) == 3
for section in sections:
    share, heads, _, here, there, *losses = [float(number) for number in re.findall(r"[\d.]+", section)]
    assert 28 <= share <= 33 and 60 <= heads <= 75 and 0.15 < here / there < 0.2
    whole_text, without_first, without_second, without_fiftieth, never = losses
    assert 0.65 < without_first - whole_text < 0.8
    assert max(abs(loss - whole_text) for loss in (without_second, without_fiftieth, never)) < 0.015
# "Without the five best induction heads the repetition is lost: a blind guess among 39,000 tokens has a loss of 10.6"
silent = {
    line[:40].strip(): [float(number) for number in line[40:].split()]
    for line in real_size.splitlines()
    if re.match(r"(none|5 best|5 others|\d+\.\d: after)", line)
}
assert abs(math.log(39_000) - 10.6) < 0.05 and min(silent["5 best induction heads"][:3]) > 10.5
assert max(silent["none"][:3]) < 3
# "One earlier head, 17.1, costs nearly as much alone, though it never looks at the earlier occurrence"
assert min(silent["17.1: after earlier 0%, token before 91%"][:3]) > 8.5
# "12.2 looks at the token before nearly as much as 17.1, and little depends on it"
spared = silent["12.2: after earlier 0%, token before 84%"]
assert max(with_it - without for with_it, without in zip(spared[:3], silent["none"][:3], strict=True)) < 0.3
# "Five other heads, drawn four times, cost at most 0.3"; real text hardly changes
drawn = [numbers for label, numbers in silent.items() if label.startswith("5 others")]
assert len(drawn) == 4
assert max(n[i] - silent["none"][i] for n in drawn for i in range(3)) < 0.305
assert max(numbers[3] - silent["none"][3] for numbers in silent.values()) < 0.075
# "46,080 bytes per token", "At 512 tokens plain and fused attention take about as long. At 2,048 [...] more than
# twice as long [...] 9 · 2,048² numbers, 151 MB, in each layer"
costs = {
    (n, kind): (float(seconds), float(held.replace(",", "")))
    for n, kind, seconds, held in re.findall(
        r"^ *([\d,]+)  (eager|sdpa) +([\d.]+) +\d+ +([\d,]+)$", real_size, flags=re.MULTILINE
    )
}
assert len(costs) == 4 and all(held == 46_080 * int(n.replace(",", "")) for (n, _), (_, held) in costs.items())
assert 0.8 < costs["512", "eager"][0] / costs["512", "sdpa"][0] < 1.4
assert 2 < costs["2,048", "eager"][0] / costs["2,048", "sdpa"][0] < 3.2
assert round(9 * 2_048**2 * 4 / 1e6) == 151
# "without sharing it would be three times that", "in bfloat16 SmolLM2 takes 23,040 bytes per token, 189 MB"
assert 2 * 30 * 3 * 64 * 2 == 23_040 and round(23_040 * 8_192 / 1e6) == 189
