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
# (and in the chapter: "greedy decoding and beam search end some 40 of 48 stories with the same quiet pet")
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
