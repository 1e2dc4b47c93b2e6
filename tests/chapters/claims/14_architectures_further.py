# ruff: noqa: F821 -- the names are the page's
"""What further.md of chapter 14 says about its own output. Each runs as a cell at the page's end."""

# "seven tokens", and the trained texts are of all lengths up to 14 tokens
assert {len(row) for row in possible} == {9} and rows.shape[1] == 16
# "A sentence that isn't among them need not be wrong, but most are": capitals and opposites that aren't
from llm_course.corpus.words import CAPITALS, OPPOSITES  # noqa: E402

true = {f"The capital of {country} is {city}." for country, city in CAPITALS.items()}
true |= {f"The opposite of {one} is {other}." for pair in OPPOSITES for one, other in (pair, pair[::-1])}
said = [pieces.decode(row, skip_special_tokens=True) for row in impossible]
wrong = [text for text in said if text.startswith(("The capital of", "The opposite of")) and text not in true]
assert len(impossible) > 20 and len(wrong) > 0.5 * len(said), (len(wrong), said)
# "All at once, nothing fits." "Step by step it gets better, and keeping the surest draws beats a random order."
assert sum(before[1, "surest"]) == 0
assert sum(before[7, "surest"]) > sum(before[4, "surest"]) > sum(before[2, "surest"])
assert sum(before[7, "surest"]) > 2 * sum(before[7, "random"])
# "in seven passes 134 and 86 of the 192 sentences are possible, against 63 before", "In four [...] against 20"
written = {name: [diets[name, seed] for seed in (0, 1)] for name in DIETS}
seven, four, _ = diets["not at all", "-"]
assert abs(seven - 63) < 8 and abs(four - 20) < 6
assert all(row[0] > 1.15 * seven and row[1] > 3 * four for row in written["any share"]), written
# "In four passes it stayed behind any share with either seed."
assert max(row[1] for row in written["BERT's share"]) < min(row[1] for row in written["any share"])
# "*half, always* did about as well as any share, and the two seeds lie too far apart to tell these two from each other"
for passes in (0, 1):
    ranges = [sorted(row[passes] for row in written[name]) for name in ("any share", "half, always")]
    assert ranges[0][0] <= ranges[1][1] and ranges[1][0] <= ranges[0][1]
assert abs(sum(row[0] for row in written["any share"]) - sum(row[0] for row in written["half, always"])) < 50
# "about a hundred possible sentences are only twenty or thirty different ones, of 365"
assert all(15 <= row[2] <= 36 for found in written.values() for row in found) and len(possible) == 365
# "for each number k of hidden tokens [...] the weight 1/k"
for k in range(1, n + 1):
    weight = (comb(n, k) * shares_of_t ** (k - 1) * (1 - shares_of_t) ** (n - k)).mean()
    assert abs(weight - 1 / k) < 1e-4
# "A state of $32 \times 32$ numbers holds a few dozen pairs of random keys."
assert recalled(8) == 1 and recalled(32) > 0.9 and recalled(128) < 0.6
# "At 1,000 tokens the mixed layers read nearly two thirds as much"; "that saves 0.6 %"; "a quarter"; "saves 71 %"
every, mixed = numbers_read(1_000)
assert 0.6 < mixed / every < 0.66 and round((every - mixed) / (every + WEIGHTS), 3) == 0.006
every, mixed = numbers_read(1_000_000)
assert linear == 3 * full and 0.25 < mixed / every < 0.26 and round((every - mixed) / (every + WEIGHTS), 2) == 0.71
