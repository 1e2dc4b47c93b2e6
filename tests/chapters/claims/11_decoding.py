# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 11 says about its own output. Each runs as a cell at the chapter's end."""

# "Druppa owns a ball and a box, and is about to give one of them away"
assert "Druppa gave" in write(ids, most_probable, 40)
# "soon it is going in circles"
circle = [line for line in greedy_answer.splitlines() if line.startswith("Question")][-4:]
assert len(circle) == 4 and len(set(circle)) <= 2
# "Many words are about equally likely"
last_choice = most_likely(asking.join(parts[:-1]) + asking, 8)
assert last_choice[0][1] < 0.3 and last_choice[7][1] > last_choice[0][1] / 3
assert parts[-2].split("?")[0] == parts[-3].split("?")[0]
# "The numbers hardly move, and ` e` wins again"
tops = [most_likely(asking.join(parts[:turn]) + asking)[0] for turn in range(1, len(parts))]
assert {token for token, _ in tops} == {" e"} and max(p for _, p in tops) < 0.08


# "The log-probability of these 60 tokens is -21; for greedy decoding's, it is -31"
def log_p(row):
    of_each = model(row).logits[0, :-1].log_softmax(-1).gather(-1, row[0, 1:, None])
    return of_each[ids.shape[1] - 1 :].sum().item()


beamed = model.generate(ids, do_sample=False, num_beams=4, max_new_tokens=60)
assert round(log_p(beamed)) == -21
assert round(log_p(model.generate(ids, do_sample=False, max_new_tokens=60))) == -31
# "Three sentences later, Coco the turtle is a goat"
assert "turtle named Coco" in tokenizer.decode(beamed[0]) and "at the goat" in tokenizer.decode(beamed[0])
# "At 0.2 Anna takes the train to Copenhagen, eats her cakes in Vienna, and travels home with an aunt [...]"
mild, warm, hot_text = (tell(temperature=temperature) for temperature in (0.2, 0.8, 1.8))
assert "Anna and her grandfather took the train to Copenhagen." in mild and "On the way home, the aunt" in mild
assert "In Vienna, they walked along the old streets and ate cakes." in mild
# "At 0.8 a pink kite and a green lamp change hands, and Anna goes home with a pink lamp. At 1.8 *the spiderlla [...]"
assert "Anna went home with the pink lamp." in warm and "spiderlla boatis could doZoe without fricar" in hot_text
# "in Budapest a frog eats *fures*" and "*Somebodyody thehere shell.*"
assert "the train to Budapest. A frog eats fures." in tell(temperature=1.8, top_k=10)
assert "Somebodyody thehere shell" in tell(temperature=1.8, top_p=0.9)
# "Zrima asks nicely whether she may come along"
assert '"May I come with you, Anna?" asked Zrima.' in tell(temperature=1.8, min_p=0.1)
# "This one fell into the middle of a name"
worst = int(better.max(-1).values.argmax())
assert better.max() > 200 and tokenizer.decode(drawn_ids[worst]).startswith(prompt + " Dr with")
# "What is rare in one draw is common in a long text"
assert tail < 0.02 and 1 - (1 - tail) ** 300 > 0.5
# "The same seed gives the same draws, and the same story"
assert write(ids, drawn, 1) and len({sampled(1, 24, seed=s)[0] for s in (1, 1, 2)}) == 2
# "its own logit rose, from −0.97 to 0"
assert abs(logits[0] + 0.97) < 0.005
# "With its logit at 0, *mat* has become *more* probable"
assert zeroed.softmax(-1)[0] > by_hand[0]
# "At 0.2 there is far less variety than in real stories. At 1.4 and above, words break"
assert trade[0.2][1] < min(trade[0.8][1], variety(real)) - 0.1
assert max(broken(real), trade[0.2][0], trade[0.8][0]) < 0.005
assert 0.02 < trade[1.4][0] < trade[1.8][0] and trade[1.8][0] > 0.08
# "the first place loses most of its good names, while the second keeps four tokens [...] once upon a *boy*"
assert [token for token, _ in most_likely(places["one word is sure"])][:2] == [" time", " boy"]
assert [survivors(text, top_k, 5) for text in places.values()] == [5, 5]
# "The nucleus grows and shrinks with the model's certainty", and so does what min-p keeps
any_name, sure = places.values()
assert survivors(any_name, top_p, 0.9) > 10 and survivors(sure, top_p, 0.9) == 1
assert survivors(any_name, min_p, 0.1) > survivors(sure, min_p, 0.1) == 1
# "nine tenths of a flat distribution is a lot: after *called*, 150 tokens instead of 34"
assert [survivors(any_name, top_p, 0.9, temperature) for temperature in (1.0, 1.8)] == [34, 150]
# "In plain lines, for one row": they keep what transformers keeps
from transformers import MinPLogitsWarper, TopPLogitsWarper

for text in (*places.values(), "The", "Question: What is"):
    here = model(tokenizer(text, return_tensors="pt").input_ids).logits[0, -1]
    assert torch.equal(top_p(here, 0.9), TopPLogitsWarper(0.9)(None, here[None])[0])
    assert torch.equal(min_p(here, 0.1), MinPLogitsWarper(0.1)(None, here[None])[0])
# "with p = 0.7": mat, sofa and floor
assert top_p(logits, 0.7).isfinite().tolist() == 3 * [True] + 5 * [False]
# "*mat*, *sofa*, *floor* and *bed* stay"
assert min_p(logits, 0.2).isfinite().tolist() == 4 * [True] + 4 * [False]
# "you need *some* cut when the temperature goes up"
assert max(hot[name] for name in hot if name != "no cut") < 0.75 * hot["no cut"]
# "Penalties and bans come first, then temperature, then top-k, top-p and min-p"
order = processors_of(temperature=0.7, top_k=50, top_p=0.9, min_p=0.05, no_repeat_ngram_size=2)
assert [name[:4] for name in order] == ["NoRe", "Temp", "TopK", "TopP", "MinP"]
# "keeps many thousands of tokens or just a few"
assert nucleus_size(zipf, 0.9) > 10_000 and nucleus_size(zipf[:50] / 0.7, 0.9) < 20
# "With the ban the story falls apart as it goes on [...] Without it, the sentences stay whole"
assert broken(with_ban) > 0.01 and broken(without_ban) < 0.002


def surprisal(texts):
    rows = [tokenizer(text, return_tensors="pt").input_ids for text in texts]
    return torch.cat([surprisals(row, ids.shape[1])[0] for row in rows]).mean()


assert surprisal(with_ban) > 2 * surprisal(without_ban)
# "you get \"It was Anna up, but Anna stopped too and it a long car.\"", and the person with the bag
assert "It was Anna up, but Anna stopped too and it a long car." in with_ban[0]
people = ("her grandfather", "The grandmother", "the neighbor", "the grandfather")
found_at = [without_ban[0].index(person) for person in people]
assert found_at == sorted(found_at)
# "The question about France sent greedy decoding round in circles. Just sample instead"
assert variety([greedy_answer]) < 0.5 and min(variety([answer]) for answer in answers) > 0.8
# "A *stop string* ends it", and it is left in the result, which `generate_text` cuts
assert tokenizer.decode(stopped[0]).endswith("Answer: Paris.\nQuestion")
assert generate_text(model, tokenizer, starts, stop="\n") == [" Paris.", " 7."]
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
hungry = {name: sum("very quiet" in text for text in texts) for name, texts in written.items()}
assert 36 <= hungry["greedy"] <= 42 and 36 <= hungry["beam search, 4"] <= 42 and hungry["real stories"] == 1
# "In both, the model is sure of most tokens. But now and then, real text takes a rare turn"
rare = {name: (height > math.log(50)).float().mean().item() for name, height in heights.items()}
assert rare["real stories"] > 2 * rare["greedy"] and heights["real stories"].max() > heights["greedy"].max()
assert all(height.median() < 0.3 for height in heights.values())
# "It accepts `{7}` and `{42}`, and nothing that isn't an age"
accepted = [number for number in range(1200) if walk(small, 0, f"{{{number}}}") == 4]
assert accepted == list(range(1, 100)) and len(small) == 5
assert [walk(small, 0, text) for text in ("{7}", "{42", "{420}", "{seven}")] == [4, 3, None, None]


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
assert all(re.search(r'"[A-Z][a-z]{9}", "age": .0', output) for output in outputs)
# "the two nuclei then have 40 and 32 tokens, and without the cut 28,419 and 16,070"
sizes = [nucleus_size(kept, p) for kept in (zipf[:50], zipf) for p in (0.95, 0.9)]
assert sizes == [40, 32, 28_419, 16_070]
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
