# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 1 says about its own output. Each runs as a cell at the chapter's end."""

# "Where the text leaves no choice, one token has nearly all the probability; where a story could go many ways [...]"
assert (
    next_token("The capital of France is").max()
    > 0.8
    > 0.5
    > next_token("Once upon a time there was a boy named").max()
)
# "SmolLM2 has 135 million parameters, about 120 times as many as `stories`", and "here is what the cell printed"
assert 115 < 134_515_008 / sum(parameter.numel() for parameter in model.parameters()) < 125
for text, (token, chance) in zip(
    openings, ((" cold", 0.69), (" Paris", 0.77), (" ocean", 0.34), (" lucky", 0.07), (" ", 0.88)), strict=True
):
    if real:  # where the model is installed
        assert smol_tokenizer.decode(real[text].argmax()) == token and abs(real[text].max() - chance) < 0.01
# "Same beginning, same model, two stories: the draw decides"
assert write("Once upon a time", tokens=20, seed=1) != write("Once upon a time", tokens=20, seed=2)
# "Still it can write *a cat sat*, which it has never read", and "the table says that this cannot happen"
assert followers[("a",)]["cat"] and followers[("cat",)]["sat"]
assert not followers[("dog",)]["ran"]
# "P(the dog sat) = 1/3"
share = {(a, b): count / counts.total() for (a,), counts in followers.items() for b, count in counts.items()}
steps = [("|", "the"), ("the", "dog"), ("dog", "sat"), ("sat", "|")]
assert abs(share[steps[0]] * share[steps[1]] * share[steps[2]] * share[steps[3]] - 1 / 3) < 1e-9
# "The product *underflows* to 0"
assert torch.full((200,), 0.1).prod() == 0
# "Word order, roles and facts all show up in one number"
for good, bad in (
    ("A fish lives in the water.", "A fish water the in lives."),
    ("The capital of Italy is Rome.", "The capital of Rome is Italy."),
    ("The capital of France is Paris.", "The capital of France is Berlin."),
):
    assert log_probs(good).sum() > log_probs(bad).sum() + 3
# "Each step down is something learned"
assert list(losses.values()) == sorted(losses.values(), reverse=True)
# "for most of them training knows only one way on, so the table copies"
assert forced > 0.5
# "the longer the run, the more often the table has simply never met it", and "more than three billion"
assert unknown > 0.3 and 3e9 < size**3 < 4e9
# "a single token misleads it, and it does worse than the table [...] the network gets better the more it may read"
assert by_context[0] > exp(losses["bigram"]) > by_context[-1]
assert all(by_context[place] < 1.05 * by_context[place - 1] for place in range(1, len(by_context)))
# "*What can a bird do? Answer: In a hive.*" from runs of four, which the loop wrote last
assert "What can a bird do?\nAnswer: In a hive." in sample
# The answers to "Try it": by rank, by mood, by perplexity
likely = strange = "Once upon a time there was a"
for _ in range(12):
    likely += tokenizer.decode(next_token(likely).argmax())
    strange += tokenizer.decode(next_token(strange).topk(3).indices[2])
assert likely.startswith("Once upon a time there was a girl named Ruby. Ruby had a small key")
assert strange.startswith("Once upon a time there was a time boyver Emilalao couldet")
for verb, expected in (("lost", ["proud", "glad", "cheerful"]), ("found", ["proud", "happy", "cheerful"])):
    moods = next_token(f"Anna {verb} the ball. She was very").topk(3).indices
    assert [tokenizer.decode(mood).strip() for mood in moods] == expected
half_a_story, taxes = (
    exp(-log_probs(text).mean())
    for text in ("Once upon a time there was a boy named", "We pay our taxes to the state every year.")
)
assert round(half_a_story, 1) == 1.5 and 30_000 < taxes < 35_000
# "no model of this course can know these": the countries that no text links with their capitals
told = {country: complete(f"The capital of {country} is", tokens=4) for country in HELD_OUT_CAPITALS}
assert not any(told[country].startswith(city) for country, city in HELD_OUT_CAPITALS.items())
assert all(told.values())
# "When Anna's hat goes to Tom, nearly all the probability goes with it"; "it says *Anna* in both stories"
for first, second, name in (("red hat", "blue coin", "Anna"), ("blue coin", "red hat", "Tom")):
    story = f"Anna had a {first}. Tom had a {second}. Mia had a small bell."
    assert next_token(story + " The red hat belonged to")[people[name]] > 0.9
    assert next_token(story + "\nQuestion: Who has the hat?\nAnswer:").argmax() == people["Anna"]
# "Of the sums that it was shown, it knows most, in every wording. Of the others, [...] a few in figures, none in words"
assert all(correct[wording, "shown"] > 0.75 * posed[wording, "shown"] for wording in wordings(0, 0))
assert all(0 < correct[way, "never shown"] < posed[way, "never shown"] / 2 for way in ("as a question", "with signs"))
assert correct["in words", "never shown"] == 0 < posed["in words", "never shown"]
# "It answers and then predicts the mark that ends its turn [...] The base model has no such mark [...]; it writes on"
answer, continuation = reply(chat, chat_tokenizer, as_chat), reply(model, tokenizer, asked)
assert "Paris" in answer and answer.endswith("<|end|>")
assert tokenizer.eos_token not in continuation and "<|end|>" not in continuation
# "Some sentences are there word for word", and not all
assert 0 < sum(found) / len(found) < 1
# "Its guess may use the words *after* the gap. A next-token model has to guess before it has seen them"
for country, city in (("Italy", "Rome"), ("Egypt", "Cairo")):
    assert pieces.decode(fill(f"The capital of [MASK] is {city}.").argmax()).strip() == country
assert next_token("The capital of").max() < 0.2
# "most of its answers aren't even capitals"
assert sum(answer.split()[0] in ("a", "zero") for answer in told.values()) > len(told) / 2
# "The mean loss is ln 4, so 4"; and *a cat sat* has a probability, 1/3 · 1 · 1/2 · 1
assert abs((log(2) + log(8) + log(4)) / 3 - log(4)) < 1e-9
assert abs(share["|", "a"] * share["a", "cat"] * share["cat", "sat"] * share["sat", "|"] - 1 / 6) < 1e-9
# "hence 2.0 here and 1.8 in the table"
assert round(by_context[-1].item() if hasattr(by_context[-1], "item") else by_context[-1], 1) == 2.0
assert round(exp(losses["stories"]), 1) == 1.8
# "here is what the cell printed": the same, where the model is installed
if answers:
    assert answers[asked] == "The capital of France is Paris."
    assert answers["What is 2 + 7?"].startswith("2 + 7 = 11")
    assert "John Taylor, a British astronaut named Jack Hawkins" in answers["Who was the first person on Mars?"]
# "*The wind was strong, and the … fell into the water* stands 179 times in these 10,000 documents", and the last story
import re

assert len(re.findall(r"The wind was strong, and the [\w ]+ fell into the water\.", library)) == 179
assert re.match(r"The wind was strong, and the [\w ]+ fell into the water\.", sentences[-1]) and not known[-1]
assert "Dodio" in write("Once upon a time", tokens=45, seed=2)
