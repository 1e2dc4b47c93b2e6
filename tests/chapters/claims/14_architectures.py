# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 14 says about its own output. Each runs as a cell at the chapter's end."""

# "only the last position moves" and "all of them do"
assert moved("stories", "The sky is blue", "The sky is green") == [False, False, False, True]
assert all(moved("fill-mask", "The sky is blue", "The sky is green"))
# "the same object here, with the same weights: only the mask differs"
assert [tuple(out.shape) for out in families.values()] == [(1, 6, 32), (1, 4, 32), (1, 4, 32)]
# "In a single block, the last position doesn't notice"; all others do
apart = (encoded - plain(english, pattern("causal", 6))).abs().amax(-1)[0]
assert apart[-1] < 1e-5 and apart[:-1].min() > 0.05
# "none of the test" is trained on, and no sentence stands twice
assert len({tuple(row) for row in sentences.tolist()}) == len(sentences)
# "The encoder gets it right wherever you ask. So does the decoder, if you ask it at the end."
for name, where in results:
    if (name, where) != ("decoder", "at the first word"):
        assert min(results[name, where]) > 0.95
# "it can do no better than name the most frequent article"
assert all(found <= share + 0.02 for found in results["decoder", "at the first word"])
# "the next-token objective gets ten lessons, the masked one only two here"
assert len(tokens) == 11 and chosen.nonzero().flatten().tolist() == [5, 10]
# A decoder continues a text, an encoder fills a gap, an encoder-decoder translates
assert written == "The capital of France is Paris."
assert guesses("The capital of France is [MASK].")[0][0][0] == "Paris"
assert guesses("The capital of [MASK] is Paris.")[0][0][0] == "France"
assert words_of.decode(output[0], skip_special_tokens=True) == "Das Haus ist schön."
assert ("The house is beautiful.", "Das Haus ist schön.") in translation.HELD_OUT_PAIRS
# "Here the best pair happens to be right [...]; the pairs in second and third place aren't."
from llm_course.corpus.words import CAPITALS  # noqa: E402

countries, cities = guesses("The capital of [MASK] is [MASK].")
fits = [CAPITALS.get(country) == city for (country, _), (city, _) in zip(countries, cities, strict=True)]
assert fits == [True, False, False]
# "It knows twenty. With either of the two words given, it finds the other."
assert len(CAPITALS) == 20
for country, city in CAPITALS.items():
    assert guesses(f"The capital of {country} is [MASK].")[0][0][0] == city
    assert guesses(f"The capital of [MASK] is {city}.")[0][0][0] == country
# "a row for each German token, a column for each English one"
assert weights.shape == (len(says), len(reads))
assert torch.allclose(weights.sum(-1), torch.ones(len(says)), atol=1e-4)
# "each put their largest weight on their English word; for Haus it's 84 %"
assert [reads[column] for column in weights[1:4].argmax(-1)] == ["house", "is", "beautiful"]
assert 0.835 < weights[1].max() < 0.845
# "a quarter goes to house [...] and another quarter to the colon"
assert [reads[column] for column in (4, 6)] == [":", "house"]
assert all(0.22 < weights[0, column] < 0.28 for column in (4, 6))
# "gpt-oss and Qwen3-Next": "117 and 80 billion" by their names
assert round(counted["gpt-oss-120b, 2025"] / 1e3) == 117 and round(counted["Qwen3-Next-80B, 2025"] / 1e3) == 80
# "the opposite of full is closed"
assert pieces.decode(ids[0], skip_special_tokens=True) == "The opposite of full is closed."
# "Those include 201 different ones of this length", "seven tokens"
assert len(known) == 201 and rows.shape[1] == 9
# "A sentence that isn't among them need not be wrong, but most are": capitals and opposites that aren't
from llm_course.corpus.words import OPPOSITES  # noqa: E402

true = {f"The capital of {country} is {city}." for country, city in CAPITALS.items()}
true |= {f"The opposite of {one} is {other}." for pair in OPPOSITES for one, other in (pair, pair[::-1])}
said = [pieces.decode(row, skip_special_tokens=True) for row in unknown]
wrong = [text for text in said if text.startswith(("The capital of", "The opposite of")) and text not in true]
assert len(unknown) > 20 and len(wrong) > 0.5 * len(said), (len(wrong), said)
# "All at once, nothing fits." "Step by step it gets better, and filling the surest gap first beats a random order."
assert sum(before[7, "surest"]) == 0
assert sum(before[1, "surest"]) > sum(before[2, "surest"]) > sum(before[4, "surest"])
assert sum(before[1, "surest"]) > 2 * sum(before[1, "random"])
# "With the surest first, more practice at 0.15 helps at four passes but not at seven." (In any order it helps at both.)
assert sum(control[2, "surest"]) > 2 * sum(before[2, "surest"])
assert sum(control[1, "surest"]) < 1.15 * sum(before[1, "surest"])
# "3.5 of the seven tokens are hidden on average; with a share of 0.15 it's one, and in a third of the rows none"
assert round(7 * 0.15) == 1 and 0.31 < 0.85**7 < 0.34
# "Practice at every share about doubles the count at seven passes, and makes it five times as large at four."
assert 1.7 < sum(after[1, "surest"]) / sum(before[1, "surest"]) < 2.8
assert 4 < sum(after[2, "surest"]) / sum(before[2, "surest"]) < 7
# "at four passes, surest first finds twice as many"
assert 1.7 < sum(after[2, "surest"]) / sum(after[2, "random"]) < 2.8
# "A state of 32 x 32 numbers holds a few dozen pairs."
assert recalled(8) == 1 and recalled(32) > 0.9 and recalled(128) < 0.6
# "At 1,000 tokens the mix still reads nearly two thirds", "one in four" and "a quarter as much, and never less"
assert 0.6 < (full * 1000 * per_token + linear * fixed) / ((full + linear) * 1000 * per_token) < 0.66
assert linear == 3 * full and 0.25 < mixed / every < 0.26
