# ruff: noqa: E402, F821 -- the names are the page's
"""What the text of chapter 11's further page says of its own output. Each runs as a cell at the page's end."""

# "Four beams find a text that is e¹⁰ times as probable as the greedy one. Two beams find a *less* probable text"
assert 9.5 < scores[4] - scores[1] < 10.5 and scores[2] < scores[1] < scores[4]
# "Texts drawn at temperature 1 are as surprising as real ones, within the error"
gap = surprisals(rows_of["sampled, T = 1.0"]).mean(1) - surprisals(real_rows).mean(1)
assert abs(gap.mean()) < 2 * gap.std() / len(gap) ** 0.5
# "The lower the temperature, the less surprising the text. Greedy decoding and beam search go lowest"
assert nats["beam search, 4"] < nats["greedy"] < nats["sampled, T = 0.7"] < nats["sampled, T = 1.0"]
assert nats["sampled, T = 1.0"] < nats["sampled, T = 1.3"]
below = surprisals(real_rows).mean(1) - surprisals(rows_of["greedy"]).mean(1)
assert below.mean() > 2 * below.std() / len(below) ** 0.5
# "from 48 openings, 35 of them different, they reach the same quiet pet some 40 times [...] it turns up once"
assert len(real_rows[:, :12].unique(dim=0)) == 35
quiet_pets = {name: sum("very quiet" in text for text in texts) for name, texts in written.items()}
assert 36 <= quiet_pets["greedy"] <= 42 and 36 <= quiet_pets["beam search, 4"] <= 42
assert quiet_pets["real stories"] == 1
# "In both, the model is sure of most tokens. But now and then, real text takes a rare turn"
rare = {name: (height > math.log(50)).float().mean().item() for name, height in heights.items()}
assert rare["real stories"] > 2 * rare["greedy"] and heights["real stories"].max() > heights["greedy"].max()
assert all(height.median() < 0.3 for height in heights.values())
# "the same text" with the cache
assert plain == cached


# "It rarely takes the quote", "the model wants a comma", and "0 has nearly all of it"
def next_after(text):
    return model(tokenizer(about + text, return_tensors="pt").input_ids).logits[0, -1].softmax(-1)


ended = next_after('{"name": "Jo')[tokenizer.convert_tokens_to_ids('"')]
assert 0.002 < ended < 0.004
second = next_after('{"name": "Jo", "age": 4')
assert tokenizer.decode(second.argmax()) == ","
shares = {pieces[token]: second[token].item() for token in allowed[walk(table, 0, '{"name": "Jo", "age": 4')]}
assert shares["0"] > 0.8 * sum(shares.values()) and 5e-5 < sum(shares.values()) < 2e-4
# "all names have ten letters", and the ages end in 0
import re

assert all(re.search(r'"[A-Z][a-z]{9}", "age": .0', output) for output in outputs)
# "Every output parses", whatever is drawn
for seed in range(20, 26):
    found = json.loads(write_json(about, seed))
    assert set(found) == {"name", "age"} and 1 <= found["age"] <= 99
# "nine in ten would begin with *b*"
assert 0.9 < joint["b"] / sum(joint.values()) < 0.92
# "A prompt of 99 tokens leaves room for one token. From 100 on, the call is an error"
assert len(call(tokenizer.decode(long_prompt[:99]))) == 100
assert call(tokenizer.decode(long_prompt[:100])).startswith("ValueError")
# "Temperature 0 is refused" and "An empty prompt has no last token to continue from"
assert call("Once", temperature=0.0).startswith("ValueError") and call("").startswith("RuntimeError")
# "The result begins with the prompt"
assert tokenizer.decode(call("Once upon a time")).startswith("Once upon a time")
# "The ban on n-grams reads the prompt"
assert last.softmax(-1)[0, kite] > 0.3 and banned_kite == 0
# "With the form in a mask, all twelve answers parse, whatever the prompt" (real_size)
rows = {
    (row[0], row[1]): (*tuple(map(int, row[2:5])), row[5])
    for row in re.findall(
        r"^(shows one answer|names the keys|two worked examples) +(\S.*?) +(\d+)/12 +(\d)/8 +(\d)/4  (.+)$",
        real_size,
        flags=re.MULTILINE,
    )
}
assert len(rows) == 9 and {row[0] for key, row in rows.items() if key[1] == "constrained"} == {12}
# (and in the chapter: "a mask takes valid answers from 7 to 12 of 12")
assert rows["names the keys", "free"][0] == rows["shows one answer", "free"][0] == 7
# "Shown one answer, this small model copies it: *Tom* is 30" (real_size)
assert all(rows["shows one answer", mode][1] == 0 for mode in ("free", "constrained"))
assert '"Tom", "age": 30' in rows["shows one answer", "constrained"][3]
# "Asked with the keys, it has seven values right; without the mask, four of these hide in a code fence" (real_size)
assert (rows["names the keys", "constrained"][1], rows["names the keys", "free"][1]) == (7, 3)
# "Ivan is *Viktor* without the mask and *Vladimir* with it" (real_size)
assert all("Ivan" not in rows["names the keys", mode][3] for mode in ("free", "constrained"))
assert "Viktor" in rows["names the keys", "free"][3] and "Vladimir" in rows["names the keys", "constrained"][3]
# "With two worked examples, all eight are right, and the mask isn't needed" (real_size)
assert all(rows["two worked examples", mode][:2] == (12, 8) for mode in ("free", "constrained"))
# "once there is a form to fill in, it makes one up" (real_size)
assert all(row[2] == 4 for key, row in rows.items() if key[1] == "constrained")
# "With room for 10 tokens, every answer is cut before its end, and none parses" (real_size)
assert {row[0] for key, row in rows.items() if "10 tokens" in key[1]} == {0}
