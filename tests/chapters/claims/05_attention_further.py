# ruff: noqa: F821 -- the names are the page's
"""What the text of chapter 5's further page says about its own output. Each runs as a cell at the page's end."""

# "shuffling the tokens only shuffles the outputs", "A causal mask breaks the symmetry"
import re

assert (self_attention(x, everything)[shuffle] - self_attention(x[shuffle], everything)).abs().max() < 1e-5
assert (self_attention(x, everything.tril())[shuffle] - self_attention(x[shuffle], everything.tril())).abs().max() > 1
# "Now *the* keeps quiet, while *She* still hears from Anna"
the, she = tokens.index("the"), tokens.index("She")
assert parked[the].norm() < 0.1 * plain[the].norm() and parked[she].norm() > 0.8
# "She hears a little less, mostly because the third axis makes the divisor √3 in place of √2"
same_divisor, _ = attend(math.sqrt(3 / 2) * query_with_start, key_with_start, value_with_start)
assert parked[she].norm() < same_divisor[she].norm() < plain[she].norm()
assert plain[she].norm() - same_divisor[she].norm() < 0.5 * (plain[she].norm() - parked[she].norm())
# "on average its heads give START less than an even share, and on this text none gives it three times as much"
assert on_first["stories"].mean() < even and not (on_first["stories"] > 3 * even).any()
# "`stories-gpt2` has a few mild ones"
assert 2 <= (on_first["stories-gpt2"] > 2 * even).sum() < 6 and on_first["stories-gpt2"].max() < 0.4
# "In the strongest, START's value is shorter than the others', but not close to nothing"
lengths = value_lengths["stories-gpt2"]
assert lengths[1:].mean() / 2 < lengths[0] < lengths[1:].mean()
# "Four other texts gave the same picture"
for sunk in (
    "Once upon a time there was a little dog who lived near the lake. One morning he found a big bone under a tree.",
    "Lily wanted to bake a cake with her mother. They went to the shop and bought eggs and flour. Then they came home.",
    "The sun was hot. Ben and Mia sat in the shade and drank cold water. A bird came and sang for them all day.",
    "Tim had a small boat. He took it to the pond and let it float. The wind pushed it far away, and Tim was sad.",
):
    for which in ("stories", "stories-gpt2"):
        other, _ = models.load(which, attn_implementation="eager")
        sunk_ids = tokenizer(tokenizer.bos_token + sunk, return_tensors="pt").input_ids
        fair = sum(1 / (row + 1) for row in range(8, sunk_ids.shape[1])) / (sunk_ids.shape[1] - 8)
        with torch.no_grad():
            layers_seen = other(sunk_ids, output_attentions=True).attentions
        shares = torch.stack([layer[0, :, 8:, 0].mean(-1) for layer in layers_seen])
        mild = (shares > 2 * fair).sum()
        if which == "stories":
            assert shares.mean() < fair and mild <= 1
        else:
            assert 3 <= mild <= 6 and shares.max() > 5 * fair
# "Move the matrix to the query [...] and compare with the latents directly"
assert (as_keys - moved).abs().max() < 1e-3
# "Each layer adds w - 1 tokens of reach"
assert heard == [1, 2, 3, 4, 5, 6, 7]
# "reaches at most 1 + 32 · 4,095 = 131,041 tokens"
assert 1 + 32 * 4_095 == 131_041
# "largest difference from the same mask as a table"
assert difference < 1e-5
# "a running summary that can be corrected afterwards"
assert abs(a / l - at_once) < 1e-4 and abs((a1 + a2) / (l1 + l2) - at_once) > 5
# "Doubling the tokens takes four times the memory the plain way [...] The fused way needs little more than room for its
# output. The results agree to rounding."
measured = [
    [float(number) for number in row]
    for row in re.findall(r"^ *(1024|2048|4096) +(\d+) +(\d+) +(\S+)$", real_size, flags=re.MULTILINE)
]
assert [row[0] for row in measured] == [1024, 2048, 4096]
assert 3 < measured[2][1] / measured[1][1] < 5 and measured[2][2] < 40
assert max(row[3] for row in measured) < 1e-5
# "Q (KᵀV) is the same", "relative difference"
assert linear_difference < 1e-12
