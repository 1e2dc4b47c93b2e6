# ruff: noqa: E402, F821 -- the names are the page's
"""What the further page of chapter 1 says about its own output. Each runs as a cell at the page's end."""

# "Its guess may use the words *after* the gap, and a next-token model has to guess before it has seen them"
for country, city in (("Italy", "Rome"), ("Egypt", "Cairo")):
    guess = fill(f"The capital of [MASK] is {city}.").argmax()
    assert masked_tokenizer.decode(guess).strip() == country
assert next_token("The capital of").max() < 0.2
# "Some sentences are there word for word", "the one for seed 1, is there as a whole"
shares = {
    seed: sum(sentence in library for sentence in sentences_of(story)) / len(sentences_of(story))
    for seed, story in stories.items()
}
assert shares[1] == 1 > sum(shares.values()) / len(shares) > 0
assert all(shares[seed] < 1 for seed in range(2, 7))
# "*The wind was strong, and the … fell into the water* stands 179 times in these 10,000 documents"
import re

mold = r"The wind was strong, and the [\w ]+ fell into the water\."
assert len(re.findall(mold, library)) == 179
last = sentences_of(stories[6])[-1]
assert re.match(mold, last) and last not in library
# "made-up names, such as *Dodio* in the story for seed 2"
assert "Dodio" in stories[2]
# "2 + 7, for example, never appears in the text, but 7 + 2 does"; "About one ordered pair in eight"
assert is_held_out_sum(2, 7) and not is_held_out_sum(7, 2)
assert asked["in words", "never shown"] == 12
# "knows most of the sums that it was shown, in every wording. Of the others [...] fewer than half [...], none in words"
assert all(right[wording, "shown"] > 0.75 * asked[wording, "shown"] for wording in wordings(0, 0))
assert all(0 < right[way, "never shown"] < asked[way, "never shown"] / 2 for way in ("as a question", "with signs"))
assert right["in words", "never shown"] == 0
# "Nearly all of the cost lies in *The*, *capital* and *Italy*"
assert [tokenizer.decode(token) for token in tokenizer.encode(line)][:4] == ["The", " capital", " of", " Italy"]
assert bits[0] + bits[1] + bits[3] > 0.9 * sum(bits)
# The column "share in `stories`", and "four layers"
parameters = sum(parameter.numel() for parameter in model.parameters())
named = {"embed_tokens": 18.2, "self_attn": 18.2, "mlp": 63.6, "norm": 0.1}
for part, percent in named.items():
    inside = sum(value.numel() for name, value in model.named_parameters() if part in name)
    assert round(100 * inside / parameters, 1) == percent
assert model.config.num_hidden_layers == 4 and model.config.tie_word_embeddings
