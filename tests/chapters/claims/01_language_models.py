# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 1 says about its own output. Each runs as a cell at the chapter's end."""

# "Where the text leaves no choice, one token has nearly all the probability; where a story could go many ways [...]"
assert (
    next_token("The capital of France is").max()
    > 0.8
    > 0.5
    > next_token("Once upon a time there was a boy named").max()
)
# "*6*, which is wrong, comes close behind *5*, which is right", and Anna is "*bright*"
assert [tokenizer.decode(token) for token in next_token("2 + 3 =").topk(2).indices] == [" 5", " 6"]
assert tokenizer.decode(next_token("Anna lost her ball. She was very").argmax()) == " bright"
# "SmolLM2 has 135 million parameters, 124 times as many as `stories`"
assert round(134_515_008 / model.num_parameters()) == 124
# "The `bos_token` of SmolLM2 opens a turn of a chat": where it is installed
try:
    assert models.load("smollm2-135m-instruct").tokenizer.bos_token == "<|im_start|>"
except models.ModelError as error:
    assert "not installed" in str(error)
# "its guesses are spread wider here. They can be bad, too: Anna is *lucky*. After *2 + 3 =* comes a space"
import re

for opening, token, low, high in (
    ("The opposite of hot is", " cold", 0.6, 0.769),
    ("The capital of France is", " Paris", 0.6, 0.9),
    ("A fish lives in the", " ocean", 0.45, 0.75),
    ("Anna lost her ball. She was very", " lucky", 0.04, 0.12),
    ("2 + 3 =", " ", 0.8, 0.99),
):
    guess = re.search(re.escape(opening) + r"\s+'([^']*)' (\d\.\d+)", real_size)
    assert guess[1] == token and low < float(guess[2]) < high
# "Same beginning, same model, two stories: the draw decides"
assert write("Once upon a time", length=20, seed=1) != write("Once upon a time", length=20, seed=2)
# "In `stories` the same token stands at the start of every text"
assert tokenizer.bos_token_id == tokenizer.eos_token_id
# The answers to "You are the loop": by mood and by rank
for verb, expected in (("lost", ["proud", "glad", "cheerful"]), ("found", ["proud", "happy", "cheerful"])):
    moods = next_token(f"Anna {verb} the ball. She was very").topk(3).indices
    assert [tokenizer.decode(mood).strip() for mood in moods] == expected
likely = strange = "Once upon a time there was a"
for _ in range(12):
    likely += tokenizer.decode(next_token(likely).argmax())
    strange += tokenizer.decode(next_token(strange).topk(3).indices[2])
assert likely.startswith("Once upon a time there was a girl named Ruby. Ruby had a small key")
assert strange.startswith("Once upon a time there was a time boyver Emilalao couldet")
# "it can write *a cat sat*, which it has never read": with probability 1/6; "*The dog ran* can never come out"
share = {(a, b): count / counts.total() for (a,), counts in followers.items() for b, count in counts.items()}
assert abs(share["|", "a"] * share["a", "cat"] * share["cat", "sat"] * share["sat", "|"] - 1 / 6) < 1e-9
assert ("dog", "ran") not in share
# "P(\textit{the dog sat}) =" 1/3
assert abs(share["|", "the"] * share["the", "dog"] * share["dog", "sat"] * share["sat", "|"] - 1 / 3) < 1e-9
# "in new stories, about one pair of tokens in twenty never occurred in our training text"
unseen = sum(new_ids[t] not in bigrams[(new_ids[t - 1],)] for t in range(1, len(new_ids))) / len(new_ids)
assert 1 / 25 < unseen < 1 / 18
# "in 32-bit numbers, a token whose score is 104 below the largest gets exactly 0"
assert torch.tensor([0.0, -104.0]).softmax(-1)[1] == 0 and torch.tensor([0.0, -104.0]).log_softmax(-1)[1] == -104
# "The product *underflows* to 0"
assert torch.full((200,), 0.1).prod() == 0
# "In these three pairs, word order, roles and facts all show up in one number", "Each line has 7 tokens"
for good, bad in (
    ("A fish lives in the water.", "A fish water the in lives."),
    ("The capital of Italy is Rome.", "The capital of Rome is Italy."),
    ("The capital of France is Paris.", "The capital of France is Berlin."),
):
    assert log_probs(good).sum() > log_probs(bad).sum() + 3
    assert len(log_probs(good)) == len(log_probs(bad)) == 7
# "The smallest perplexity on these 200 stories has $\alpha = 0.01$"
by_alpha = {alpha: table_loss(bigrams, tuning_ids, alpha) for alpha in (1, 0.1, 0.01, 0.001)}
assert min(by_alpha, key=by_alpha.get) == 0.01
# "Each step down is something learned", and "Ten times the text helps the table far less than the step to a network
# does"
assert list(losses.values()) == sorted(losses.values(), reverse=True)
assert losses["bigram"] - losses["bigram, 10 x the text"] < 0.2 * (losses["bigram"] - losses["stories-early"])
# "From single tokens, hardly a phrase makes sense [...] *What can a bird do? Answer: In a hive.*"
assert "What can a bird do?\nAnswer: In a hive." in ramble(tables[4], n=4, length=90)
# "The longer the run, the more often training had only one follower for it, [...] or never met it at all"
assert [one_way_on(n) for n in (1, 2, 3, 5, 8)] == sorted(one_way_on(n) for n in (1, 2, 3, 5, 8))
assert [never_met(n) for n in (1, 2, 3, 5, 8)] == sorted(never_met(n) for n in (1, 2, 3, 5, 8))
# "more than three billion for n = 3 with the 1,536 tokens here"
assert size == 1536 and 3e9 < size**3 < 4e9
# "The more `stories` may read, the better it gets", "At the short end it does worse than the table": at first worse
# than 1,536 equal choices
for perplexities in by_context:
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[0] > size > exp(losses["bigram"]) > perplexities[-1]
# "One line of seven tokens is six exercises with solutions"
assert len(italy) == 7
# "When Anna's hat goes to Tom, nearly all the probability goes with it"; "it says *Anna* in both stories"
for first, second, name in (("red hat", "blue coin", "Anna"), ("blue coin", "red hat", "Tom")):
    story = f"Anna had a {first}. Tom had a {second}. Mia had a small bell."
    assert next_token(story + " The red hat belonged to")[name_ids[name]] > 0.9
    assert next_token(story + "\nQuestion: Who has the hat?\nAnswer:").argmax() == name_ids["Anna"]
# "no model of this course can know these", and "none of these answers is even a capital"
answers = [capital_of(country) for country in HELD_OUT_CAPITALS]
assert (len(CAPITALS), len(HELD_OUT_CAPITALS)) == (20, 4)
cities = {*CAPITALS.values(), *HELD_OUT_CAPITALS.values()}
assert all(answers) and not any(city in answer for city in cities for answer in answers)
# "It answers, then predicts the mark that ends its turn [...]. The base model has no mark for the end of a *turn*"
answer, continuation = reply(chat, chat_tokenizer, as_chat), reply(model, tokenizer, asked)
assert "Paris" in answer and answer.endswith("<|end|>")
assert tokenizer.eos_token not in continuation and "<|end|>" not in continuation
# "The sum is wrong, and nobody has been to Mars"
assert "The capital of France is Paris." in real_size and "-> 2 + 7 = 11" in real_size
assert re.search(r"first person on Mars\? -> The first person to walk on Mars was", real_size)
# "On its own stories, `stories` beats a model 124 times its size [...] more than the 8 bits of the plain file"
scores = {
    name: [float(score) for score in re.search(rf"{name}\s+[\d,]+\s+(\S+)\s+(\S+)\n", real_size).groups()]
    for name in ("new stories", "release notes", "Python's manual", "Python's license")
}
assert scores["new stories"][0] < 0.5 < 0.7 < scores["new stories"][1]
assert all(scores[name][0] > 8 for name in scores if name != "new stories")
# "less than 1 bit per byte for the manual and the license [...] and 1.7 for the notes"
assert scores["Python's manual"][1] < 1 > scores["Python's license"][1] and round(scores["release notes"][1], 1) == 1.7
# "Without overlap, the license costs 0.06 bits per byte more"
no_overlap = float(re.search(r"stride of a whole window: (\d\.\d+)", real_size)[1])
assert 0.04 < no_overlap - scores["Python's license"][1] < 0.08
# Beside the figures stand seconds, and tokens per second of the answers
assert 5 < int(re.search(r"(\d+) s, \d+ MB", real_size)[1]) < 240
assert 3 < int(re.search(r"(\d+) tokens per second", real_size)[1]) < 60
# "SmolLM2 falls from 5.17 nats, or 176 equally likely choices, to 2.31, or 10"; the table "doesn't fall"
by_tokens_read = {
    int(row[0]): [float(value) for value in row[1:]]
    for row in re.findall(r"^ +(\d+) to +\d+" + r" +(\d\.\d\d) ± (\d\.\d\d)" * 3, real_size, re.MULTILINE)
}
table, table_error, no_start, no_start_error, started, started_error = zip(*by_tokens_read.values(), strict=True)
assert list(by_tokens_read) == [1, 8, 32, 128] and (started[0], started[-1]) == (5.17, 2.31)
assert round(exp(5.17)) == 176 and round(exp(2.31)) == 10
assert list(started) == sorted(started, reverse=True) and min(table) == table[0]
# "With at most 7 tokens to read, SmolLM2 does no better than the table", and it was counted on "93,000 other tokens"
assert started[0] > table[0] and "92,838 tokens counted" in real_size
# "without it, the first row costs 1 nat more, and the last two nothing"
assert 0.9 < no_start[0] - started[0] < 1.1
assert all(abs(without - with_start) < 0.02 for without, with_start in zip(no_start[2:], started[2:], strict=True))
# "above, perplexity 17.9, and 3.7 for `stories` stopped early"
assert round(exp(losses["bigram"]), 1) == 17.9 and round(exp(losses["stories-early"]), 1) == 3.7
