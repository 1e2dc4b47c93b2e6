# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "The output lies nearest to the value of key 1"
import re

first_weight, first_output = 0.665, 14.25
assert abs(math.exp(2) / (math.exp(2) + math.exp(1) + 1) - first_weight) < 0.001
assert abs(first_output - 10) < abs(first_output - 20)
# "The second row is where the plain formula breaks [...] `torch.softmax` [...] gives the weights of the first row.
# The last row breaks both"
overflowing = torch.tensor([102.0, 101.0, 100.0])
assert (overflowing.exp() / overflowing.exp().sum()).isnan().any()
assert torch.equal(torch.softmax(overflowing, dim=-1), torch.softmax(overflowing - 100, dim=-1))
assert row == [-math.inf] * 3 and by_hand.tolist() != by_hand.tolist() and by_torch.tolist() != by_torch.tolist()
# "sums of 64 positive terms that average 1/4, and all come out near 16. Divided [...] they are near 2 and differ by a
# few tenths"
torch.manual_seed(0)
positive = (torch.rand(5, 64) @ torch.rand(5, 64).T).flatten()
assert 14 < positive.mean() < 18 and 0.1 < (positive / 8).std() < 0.4
# "every weight is close to one fifth", and "between 0.15 and 0.27", 99 %, on the corrections page
assert random_weights["rand"].min() > 0.15 and random_weights["rand"].max() < 0.27
assert (random_weights["randn"] - 0.2).abs().max() > 0.25
entropies = {name: -(w * w.log()).sum(-1).mean() / math.log(5) for name, w in random_weights.items()}
assert entropies["rand"] > 0.99 and entropies["randn"] < 0.95
# "*She* looks for a person and takes nearly everything from *Anna*", 0.93 in the opening picture
assert abs(projected[-1, 0] - 0.93) < 0.005 and (projected[-1, 1:] < 0.015).all()
# "Without projections each token listens most to tokens like itself"
assert all(unprojected[row, row] == unprojected[row].max() for row in range(6))
# "1 for two tokens of the same kind and 0 for any others, as the first printed line shows for *She*"
assert (x @ x[-1]).tolist() == [0, 0, 0, 0, 0, 1] and (x @ x[2]).tolist() == [0, 0, 1, 0, 1, 0]
# "The other four tokens, whose queries are zero here, spread their attention evenly"
assert all(torch.allclose(projected[row], torch.tensor(1 / 6)) for row in (0, 2, 3, 4))
# "it looks for nothing, and still it takes a sixth from everyone"
assert torch.allclose(projected[2], torch.tensor(1 / 6))
# "standard deviation $\sqrt{d_k}$ [...] The division brings the standard deviation back to 1"
torch.manual_seed(0)
for width in (16, 64, 256):
    dot_products = (torch.randn(4000, width) * torch.randn(4000, width)).sum(-1)
    assert abs(dot_products.std() / math.sqrt(width) - 1) < 0.05
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
# "query 0 sees key 0 only, query 4 sees all five", "These are the last three rows of the matrix above"
assert causal[0].tolist() == [True, False, False, False, False] and causal[4].all()
assert torch.equal(cached_causal_mask(3, 5), causal[-3:])
# "Both results have the same shape"
assert right.shape == wrong.shape and not torch.equal(right, wrong)
# "largest difference from PyTorch's layer", "the second with the cache of the first", padding on the left, and for
# cross-attention
assert plain_difference < 1e-5 and module_difference < 1e-5 and cache_difference < 1e-5 and cross_difference < 1e-5
assert padding_difference < 1e-5
# "With `rotary=True` this is the layer of Llama": with the weights of the first layer of `stories` it gives the same
trained = model.model.layers[0]
layer_input = trained.input_layernorm(model.model.embed_tokens(ids))
rotary_layer = SelfAttention(128, 4, model.config.num_key_value_heads, rotary=True)
for projection in ("q", "k", "v", "o"):
    weight = getattr(trained.self_attn, f"{projection}_proj").weight
    getattr(rotary_layer, f"w_{projection}").weight.data.copy_(weight)
turns = model.model.rotary_emb(layer_input, torch.arange(ids.shape[1])[None])
with torch.no_grad():
    unmasked = torch.full((ids.shape[1],) * 2, -math.inf).triu(1)[None, None]
    expected = trained.self_attn(layer_input, position_embeddings=turns, attention_mask=unmasked)[0]
    assert (rotary_layer(layer_input)[0] - expected).abs().max() < 1e-5 < expected.abs().max()
# "`scaled_dot_product_attention` returns zeros for such a row"
hidden_row = torch.zeros(1, 4, dtype=torch.bool)
assert torch_attention(torch.randn(1, 1, 1, 8), *torch.randn(2, 1, 1, 4, 8), hidden_row).abs().max() == 0
assert attend(torch.randn(1, 8), *torch.randn(2, 4, 8), hidden_row)[0].isnan().all()
# "a new query with 10 keys gets the first value only:" True
assert only_first
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
# "Without head 1.1 seven of the twelve answers survive. Head 1.4, the second in step 2, stands in for it: without
# both, none does"
assert maps[0, :, last, second_hat].topk(2).indices.tolist() == [0, 3] and maps[0, 3, last, second_hat] > 0.5
assert sum(p > 0.5 for p in effects[(question_head,)]) == 7 and sum(p > 0.5 for p in others[((0, 3),)]) > 6
assert max(effects[(question_head, (0, 3))]) < 0.05
# "We also silenced the other 13 heads, one at a time. Beside 1.4, one of them matters: 1.3. Its map did not lead us
# to it"
assert worst == ((0, 2),) and len(others) == 13
assert all(min(others[heads]) > 0.9 for heads in others if heads not in (worst, ((0, 3),)))
assert min(others[worst]) < 0.3
# "About 30 % of all attention goes to the first token. Dropping it costs 0.7 nats, on three texts alike; dropping the
# second costs nothing"
sections = re.findall(r"^(?:execmodel|compound|objects) +(.*)$", real_size, flags=re.MULTILINE)
assert len(sections) == 3
for section in sections:
    share, whole_text, without_first, without_second = [float(n) for n in re.findall(r"[\d.]+", section)]
    assert 28 <= share <= 33
    assert 0.65 < without_first - whole_text < 0.8 and abs(without_second - whole_text) < 0.015
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
