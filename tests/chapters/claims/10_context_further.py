# ruff: noqa: F821 -- the names are the page's
"""What the text of chapter 10's further page says about its own output. Each runs as a cell at the page's end."""

# "Half of the look-ups reach back fewer than 20 tokens, and one in 500 more than 100"
assert reach[len(reach) // 2] < 20 and 0.001 < sum(d > 100 for d in reach) / len(reach) < 0.003
# "At the beginning, the needle's weight falls from 0.96 to 0.40. At the end it stays at 0.95"
assert abs(weight_on_needle(30, 0) - 0.96) < 0.01 and abs(weight_on_needle(160, 0) - 0.4) < 0.01
assert abs(weight_on_needle(160, 1) - 0.95) < 0.01
assert min(weight_on_needle(length, 1) for length in (30, 120, 160)) > 0.93
assert weight_on_needle(30, 0) > 0.93 > 0.75 > weight_on_needle(120, 0) > 0.5 > weight_on_needle(160, 0)
# "a gap that gives 0.95 among 160 keys gives 0.16 among 16,000"
assert round(1 / (1 + 160 * math.exp(-gap)), 2) == 0.95 and round(1 / (1 + 16000 * math.exp(-gap)), 2) == 0.16
# "It finds *a* ball, mostly the one told of last"
last_named = sum(count for line, count in said.items() if line.endswith("names the last"))
assert sum(said.values()) == 60 and last_named > 30
assert sum(count for line, count in said.items() if line.endswith("somebody else")) < 12
# "(41 times in 60)", "in 2 of 26 texts when asked for the first, and in 10 of 34 when asked for the last"
assert abs(last_named - 41) <= 3
for line, count in (("first child: names the first", 2), ("last child: names the first", 10)):
    assert abs(said[f"asked for the {line}"] - count) <= 2
# "the color doesn't help": of 240 texts, not 60
more = [haystack(random.Random(k), encode, 110, 0.5, distractors=1, same_noun=True) for k in range(240)]
with torch.no_grad():
    guesses = stories(torch.tensor([[end, *hay.ids] for hay in more]), logits_to_keep=1).logits[:, -1].argmax(-1)
named_first, times_asked = Counter(), Counter()
for hay, guess in zip(more, guesses.tolist(), strict=True):
    first = encode(" " + re.findall(r"(\w+) had an? ", tokenizer.decode(hay.ids))[0])[0]
    named_first[hay.answer == first] += guess == first
    times_asked[hay.answer == first] += 1
assert named_first[True] / times_asked[True] <= named_first[False] / times_asked[False]
# "a head that looks things up by the noun"
with torch.no_grad():
    hay = haystack(random.Random(0), encode, 59, 0)
    maps = stories(torch.tensor([[end, *hay.ids]]), output_attentions=True).attentions
needle = slice(hay.needle.start + 1, hay.needle.stop + 1)
weights = max((layer[0, head, -1] for layer in maps for head in range(4)), key=lambda row: row[needle].sum())
assert tokenizer.decode([[end, *hay.ids][weights.argmax()]]).strip() == hay.thing.split()[1]
# "with the plain window its loss is 3.94 [...] 3.24. Three more sinks change nothing. (With everything [...] 3.11.)"
smol_losses = [float(loss) for loss in re.findall(r"sinks: loss ([\d.]+)", real_size)]
assert len(smol_losses) == 4
assert all(abs(one - other) < 0.02 for one, other in zip(smol_losses, (3.11, 3.94, 3.24, 3.24), strict=True))
# "a token only ever hears from every third", "reach everything in two layers"
blocks = (patterns["blocks of 6"] & (i >= j)).float()
assert blocks[-1].min() == 0 and (blocks @ blocks)[-1].min() > 0


# "BM25 finds everything that shares words [...] and nothing else", "blind to a name", "they cover for each other"
def at_one(name, kind):
    return sum(rank < 1 for rank in found_ranks[name][kind]) / len(found_ranks[name][kind])


found_ranks = {
    name: {
        kind: [best_first(score(question)).index(place) for question, place in pairs] for kind, pairs in asked.items()
    }
    for name, score in methods.items()
}
assert [at_one("BM25", kind) for kind in asked] == [1, 0, 1]
assert at_one("vectors by counts", "its meaning") > 0.8 and at_one("vectors by counts", "its name") < 0.1
assert min(at_one("BM25 and vectors", kind) for kind in asked) > 0.8
assert max(at_one("vectors by stories", kind) for kind in asked) < 0.1
# "What was said often survives every level. Of what was said once, a sixth is left after four"
level = told
for _ in range(4):
    level = summarize(level)
assert survive(main) == 1 and 0.12 < survive(others) < 0.2
# "a cached prompt pays from the second question on", "more than 130 times less", "still more than eight times less"
assert 2 * price["input"] > price["write"] + price["read"] and price["input"] < price["write"]
assert questions == 100 and 130 < again / retrieved < 160 and 8 < cached / retrieved < 10
