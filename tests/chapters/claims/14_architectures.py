# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 14 says about its own output. Each runs as a cell at the chapter's end."""

# "In `stories` only the last position changes. In `fill-mask` all of them do. There are six"
assert changed_positions("stories", "The sky is blue", "The sky is green") == [False, False, False, True]
assert changed_positions("fill-mask", "The sky is blue", "The sky is green") == [True] * 6
# "`fill-mask`, an encoder of about the same size"; "All three are small, with about one or two million parameters"
sizes = [models.load(name).model.num_parameters() / 1e6 for name in ("fill-mask", "stories", "translate")]
assert all(0.8 < size < 2.5 for size in sizes) and sizes[0] < 1.6, sizes
# "Hiding padding must have the same effect as leaving it out"
assert tuple(padded.shape) == (2, 4, 32) and torch.allclose(padded[:1], alone, atol=1e-6)
assert not torch.allclose(read(x, memory)[:1], alone, atol=1e-3)
# "the lines from `scores` to `mixed` [...] fuses them"
queries, keys, values = read.split(read.query(x)), read.split(read.key(memory)), read.split(read.value(memory))
fused = nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=real[:, None, None, :])
assert torch.allclose(read.output(fused.transpose(1, 2).flatten(2)), padded, atol=1e-5)
# "A softmax over nothing but $-\infty$ is NaN"
assert read(x, memory, torch.zeros(2, 1, 1, 6, dtype=torch.bool)).isnan().all()
# "the same object here, with the same weights. Only the pattern differs"
assert tuple(encoded.shape) == tuple(decoded.shape) == (1, 6, 32) and tuple(translated.shape) == (1, 4, 32)
# "In a single block, the last position doesn't notice"; all others do
apart = (encoded - decoded).abs().amax(-1)[0]
assert apart[-1] < 1e-5 and apart[:-1].min() > 0.05
# "none of the test" is trained on, and no sentence stands twice
assert len({tuple(row) for row in sentences.tolist()}) == len(sentences)
# "The test sentences are new, but their nouns were in training."
seen_in_training = {token for tokens, _ in asked[: len(asked) - 300] for token in tokens}
assert all(set(tokens) <= seen_in_training for tokens, _ in asked[test])
# "The encoder gets it right wherever you ask. So does the decoder, if you ask it at the end."
for name, where in results:
    if (name, where) != ("decoder", "at the first word"):
        assert min(results[name, where]) > 0.95
# "the decoder can do no better than name the most frequent article"
assert all(found <= share + 0.02 for found in results["decoder", "at the first word"])
# "From one pass over eleven tokens the next-token objective gets ten labels, the masked one only two here"
assert len(tokens) == 11 and len(objectives["next token"][1]) == 10 and len(objectives["masked"][1]) == 2
# "only the text is rearranged": fill in the middle is the next-token objective on all that was there and four marks
text_read, text_labels = objectives["fill in the middle"]
assert text_labels[:-1] == text_read[1:] and sorted(set(text_read) - {"<PRE>", "<SUF>", "<MID>"}) == sorted(set(tokens))
# "A decoder continues a text", "An encoder fills a gap" (the cells at real size name another tokenizer `pieces`)
pieces = AutoTokenizer.from_pretrained(models.path("fill-mask"))
assert written == "The capital of France is Paris."
assert guesses("The capital of France is [MASK].")[0][0][0] == "Paris"
assert guesses("The capital of [MASK] is Paris.")[0][0][0] == "France"
assert words_of.decode(written_ids[0], skip_special_tokens=True) == "Das Haus ist schön."
assert ("The house is beautiful.", "Das Haus ist schön.") in translation.HELD_OUT_PAIRS
# "Here the best pair happens to be right. The pairs in second and third place aren't."
from llm_course.corpus.words import CAPITALS  # noqa: E402

countries, cities = guesses("The capital of [MASK] is [MASK].")
fits = [CAPITALS.get(country) == city for (country, _), (city, _) in zip(countries, cities, strict=True)]
assert fits == [True, False, False]
# "It knows twenty. With either of the two words given, it finds the other."
assert len(CAPITALS) == 20
for country, city in CAPITALS.items():
    assert guesses(f"The capital of {country} is [MASK].")[0][0][0] == city
    assert guesses(f"The capital of [MASK] is {city}.")[0][0][0] == country
# "a row for each German token and a column for each English one"
reads = [words_of.decode([i]).strip() for i in task.input_ids[0].tolist()]
assert weights.shape == (len(writes), len(reads))
assert torch.allclose(weights.sum(-1), torch.ones(len(writes)), atol=1e-4)
# "each put their largest weight on their English word; for Haus it's 84 %"
assert [reads[column] for column in weights[1:4].argmax(-1)] == ["house", "is", "beautiful"]
assert 0.835 < weights[1].max() < 0.845
# "a quarter goes to house [...] another quarter to the colon"
assert [reads[column] for column in (4, 6)] == [":", "house"]
assert all(0.22 < weights[0, column] < 0.28 for column in (4, 6))
# "gpt-oss and Qwen3-Next are such mixtures": 117 and 80 billion
assert round(counted["gpt-oss-120b, 2025"] / 1e3) == 117 and round(counted["Qwen3-Next-80B, 2025"] / 1e3) == 80
# "the opposite of full is closed"
assert pieces.decode(ids[0], skip_special_tokens=True) == "The opposite of full is closed."
# "the first paragraphs of 548 docstrings from 60 modules"
import re  # noqa: E402

assert "548 passages of 60 modules" in real_size
row = r"^(\w[\w ,-]+?) +(0\.\d\d) +(0\.\d\d) to +(0\.\d\d) +(-?\d\.\d\d) to +(-?\d\.\d\d) +(\d+)$"
measured = {name: list(map(float, values)) for name, *values in re.findall(row, real_size, re.MULTILINE)}
assert len(measured) == 7, sorted(measured)
accuracy_of = {name: values[0] for name, values in measured.items()}
frozen_name, tuned_name = "MiniLM frozen, mean", "MiniLM fine-tuned, mean"
# "It lifts MiniLM from 0.62 to 0.66"
assert abs(accuracy_of[frozen_name] - 0.62) < 0.02 and abs(accuracy_of[tuned_name] - 0.66) < 0.04
# "The interval of the difference includes zero"
assert measured[frozen_name][3] < 0 <= measured[frozen_name][4] < 0.03
# "A training took about 35 seconds of one core."
assert 15 < measured[tuned_name][5] / 3 < 60
# "A head on MiniLM's got 0.62, the words alone 0.45."
assert abs(accuracy_of["words of the passage"] - 0.45) < 0.02
# "its last vector gets 0.55 and the mean 0.56"
causal = [accuracy_of[f"SmolLM2 frozen, causal, {vector}"] for vector in ("last", "mean")]
assert abs(causal[0] - 0.55) < 0.02 and abs(causal[1] - 0.56) < 0.02
# "it costs the last vector 0.10 (from 0.04 to 0.15) and the mean 0.05 (from 0.00 to 0.09)"
lifted = re.findall(r"^ +(?:last|mean) +(-?0\.\d\d) +(-?0\.\d\d) to +(-?0\.\d\d)$", real_size, re.MULTILINE)
(of_last, *last_interval), (of_mean, *mean_interval) = (tuple(map(float, one)) for one in lifted)
assert abs(of_last + 0.10) < 0.03 and abs(of_mean + 0.05) < 0.03
assert abs(last_interval[0] + 0.15) < 0.03 and -0.07 < last_interval[1] < 0
assert abs(mean_interval[0] + 0.09) < 0.03 and abs(mean_interval[1]) < 0.02
