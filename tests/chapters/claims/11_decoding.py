# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 11 says about its own output. Each runs as a cell at the chapter's end."""

# "soon the text goes round in a circle"
circle = [line for line in greedy_answer.splitlines() if line.startswith("Question")][-4:]
assert len(circle) == 4 and len(set(circle)) <= 2
# "Many words are about equally likely"
last_choice = most_likely(asking.join(parts[:-1]) + asking, 8)
assert last_choice[0][1] < 0.3 and last_choice[7][1] > last_choice[0][1] / 3
assert parts[-2].split("?")[0] == parts[-3].split("?")[0]
# "What is rare in one draw is common in a long text"
assert tail < 0.02 and 1 - (1 - tail) ** 300 > 0.5
# "The same seed gives the same draws, and the same story"
assert write(ids, drawn, 1) and len({sampled(1, 24, seed=s)[0] for s in (1, 1, 2)}) == 2
# "With its logit at 0, *mat* has become *more* probable"
assert zeroed.softmax(-1)[0] > by_hand[0]
# "At low temperature there is less variety than in real stories. Well above 1, words break"
assert trade[0.2][1] < min(trade[0.8][1], variety(real)) - 0.1
assert max(broken(real), trade[0.2][0], trade[0.8][0]) < 0.02 and trade[1.8][0] > 0.08
# "the first place loses most of its good names, while the second keeps four tokens that don't belong there"
sure = [model(tokenizer(text, return_tensors="pt").input_ids).logits[0, -1] for text in places.values()]
nucleus, near_best = TopPLogitsWarper(0.9), MinPLogitsWarper(0.1)
assert survivors(sure[0], nucleus) > 10 and survivors(sure[1], nucleus) == 1
# "The nucleus grows and shrinks with the model's certainty"
assert survivors(sure[0], near_best) > survivors(sure[1], near_best)
# "you need *some* cut when the temperature goes up"
assert max(hot[name] for name in hot if name != "no cut") < 0.75 * hot["no cut"]
# "Penalties and bans come first, then temperature, then top-k, top-p and min-p"
order = processors_of(temperature=0.7, top_k=50, top_p=0.9, min_p=0.05, no_repeat_ngram_size=2)
assert [name[:4] for name in order] == ["NoRe", "Temp", "TopK", "TopP", "MinP"]
# "keeps many thousands of tokens or just a few"
assert nucleus_size(zipf, 0.9) > 10_000 and nucleus_size(zipf[:50] / 0.7, 0.9) < 20
# "With the ban the story falls apart as it goes on [...] Without the ban, the story keeps its thread"
assert broken(with_ban) > 2 * broken(without_ban) and broken(without_ban) < 0.02
assert surprisal(with_ban, ids.shape[1]) > 2 * surprisal(without_ban, ids.shape[1])
# "Ask for a word that the prompt itself makes likely"
assert last.softmax(-1)[0, kite] > 0.3 and banned_kite == 0
# "A prompt of 99 tokens leaves room for one token. From 100 on, the call is an error"
assert len(call(tokenizer.decode(long_prompt[:99]))) == 100
assert call(tokenizer.decode(long_prompt[:121])).startswith("ValueError")
# "If you say nothing about top-k, transformers uses 50"
out = model.generate(ids, do_sample=True, max_new_tokens=1, output_scores=True, return_dict_in_generate=True)
assert out.scores[0].isfinite().sum() == 50
# "Temperature 0 is refused" and "An empty prompt has no last token to go on from"
assert call("Once", temperature=0.0).startswith("ValueError") and call("").startswith("RuntimeError")
# "Texts drawn at temperature 1 are somewhat more surprising than real ones"
assert 1.05 < nats["sampled, T = 1.0"] / nats["real stories"] < 1.4
# "Greedy decoding is *less* surprising than what a person writes [...] and beam search far less"
assert nats["greedy"] < 0.95 * nats["real stories"] and nats["beam search, 4"] < 0.7 * nats["real stories"]
assert nats["greedy"] < nats["sampled, T = 0.7"] < nats["sampled, T = 1.0"] < nats["sampled, T = 1.3"]
# "The peaks of the real story are more than twice as high"
assert heights["real stories"].max() > 2 * heights["greedy"].max()
# "the same text" with the cache
assert plain == cached
# "Left padding with a mask gives the row's own result, up to rounding", the others do not
assert difference["left, with mask"] < 1e-4
assert min(value for key, value in difference.items() if key != "left, with mask") > 0.1
# "batch equals single"
assert together == one_by_one
# "Every output parses", whatever is drawn
for seed in range(20, 26):
    found = json.loads(write_json(about, seed))
    assert set(found) == {"name", "age"} and 1 <= found["age"] <= 99
# "nine in ten would begin with *b*"
assert 0.9 < joint["b"] / sum(joint.values()) < 0.92
