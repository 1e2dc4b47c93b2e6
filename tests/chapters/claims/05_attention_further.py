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
# "About a quarter of the 270 heads give the first token more than half of their weight [...] its value is less than a
# fifth as long as the others'", "its loss rises by 0.7 nats", "If no later token has ever seen the first one, nothing
# is lost [...] it now gets 30 % of all attention or more [...] To drop *that* one [...] costs 0.7 to 0.8 nats again"
sections = re.findall(r"^(?:execmodel|compound|objects) +(.*)$", real_size, flags=re.MULTILINE)
assert len(sections) == 3
for section in sections:
    numbers = [float(number) for number in re.findall(r"[\d.]+", section)]
    heads, here, there, never, later, always, without_second, on_second = numbers
    assert 30 <= on_second <= 34 and 0.65 < without_second - always < 0.85
    assert 60 <= heads <= 75 and 0.15 < here / there < 0.2
    assert 0.65 < later - never < 0.8 and abs(always - never) < 0.015
# "Without the five best induction heads the repetition is lost", "a loss of ln 39,000 = 10.6"
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
# "Eight bits in groups change the loss by less than 0.003 nats, float8 adds up to 0.015, and four bits in groups add
# 0.13 to 0.23", "0.015 nats at most" (the chapter's table)
caches = {
    (label, bits): [float(number) for number in numbers.split()]
    for label, bits, numbers in re.findall(
        r"^(float32|groups of 32|float8) +([\d.]+)((?: +\d\.\d{3}){3})$", real_size, flags=re.MULTILINE
    )
}
added = {
    key: [rounded - exact for rounded, exact in zip(losses, caches["float32", "32"], strict=True)]
    for key, losses in caches.items()
}
assert len(caches) == 4 and max(map(abs, added["groups of 32", "8.5"])) < 0.0035
assert min(added["float8", "8"]) > 0 and max(added["float8", "8"]) < 0.0155
assert min(added["groups of 32", "4.5"]) > 0.125 and max(added["groups of 32", "4.5"]) < 0.235
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
# "$Q (K^{\top} V)$ is the same", "relative difference"
assert linear_difference < 1e-12
