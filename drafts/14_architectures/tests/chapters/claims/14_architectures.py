# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 14 says about its own output. Each runs as a cell at the chapter's end."""

# "only the last position moves" and "all of them do"
assert moved("stories", "The sky is blue", "The sky is green") == [False, False, False, True]
assert all(moved("fill-mask", "The sky is blue", "The sky is green"))
# "the next-token objective has ten lessons, the masked one has two here"
assert len(tokens) == 11 and chosen.nonzero().flatten().tolist() == [5, 10]
# A decoder writes on, an encoder fills a gap, an encoder-decoder translates
assert written == "The capital of France is Paris."
assert guesses("The capital of France is [MASK].")[0][0] == "Paris"
assert guesses("The capital of [MASK] is Paris.")[0][0] == "France"
assert words_of.decode(output[0], skip_special_tokens=True) == "Das Haus ist schön."
# "a row for each German token, a column for each English one"
assert weights.shape == (len(rows), len(columns))
assert torch.allclose(weights.sum(-1), torch.ones(len(rows)), atol=1e-4)
# "the opposite of full is closed"
assert pieces.decode(ids[0], skip_special_tokens=True) == "The opposite of full is closed."
