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


# "Three sentences later, Coco the turtle is a goat"
assert "turtle named Coco" in tokenizer.decode(beam_ids[0]) and "at the goat" in tokenizer.decode(beam_ids[0])
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
# "This draw fell into the middle of a name"
worst = int(better.max(-1).values.argmax())
assert better.max() > 200 and tokenizer.decode(drawn_ids[worst]).startswith(prompt + " Dr with")
# "On average, the tail gets one draw in a hundred. But one position in twenty has more than three quarters of it"
outside = at_each.sort(descending=True).values[..., 50:].sum(-1)
assert 0.008 < outside.mean() < 0.011 and 0.75 < heaviest.sum() / outside.sum() < 0.85 and 0.35 < 1 - never.mean() < 0.5
# "its own logit rose, from −0.97 to 0"
assert abs(by_hand.log()[0] + 0.97) < 0.005
# "With its logit at 0, *mat* has become *more* probable"
assert zeroed.softmax(-1)[0] > by_hand[0]
# "At 0.2 there is far less variety than in real stories. At 1.4 and above, words break"
assert trade[0.2][1] < min(trade[0.8][1], distinct_4(real)) - 0.1
assert max(out_of_vocabulary(real), trade[0.2][0], trade[0.8][0]) < 0.005
assert 0.02 < trade[1.4][0] < trade[1.8][0] and trade[1.8][0] > 0.08
# "the first context loses most of its good names, while the second keeps four tokens [...] once upon a *boy*"
assert [token for token, _ in most_likely(places["one word is sure"])][:2] == [" time", " boy"]
assert [count_kept(text, top_k, 5) for text in places.values()] == [5, 5]
# "The nucleus grows and shrinks with the model's certainty", and so does what min-p keeps
any_name, sure = places.values()
assert count_kept(any_name, top_p, 0.9) > 10 and count_kept(sure, top_p, 0.9) == 1
assert count_kept(any_name, min_p, 0.1) > count_kept(sure, min_p, 0.1) == 1
# "nine tenths of a flat distribution is a lot: after *called*, 150 tokens instead of 34"
assert [count_kept(any_name, top_p, 0.9, temperature) for temperature in (1.0, 1.8)] == [34, 150]
# "In plain lines, for one row": they keep what transformers keeps
from transformers import MinPLogitsWarper, TopPLogitsWarper

for text in (*places.values(), "The", "Question: What is"):
    here = model(tokenizer(text, return_tensors="pt").input_ids).logits[0, -1]
    assert torch.equal(top_p(here, 0.9), TopPLogitsWarper(0.9)(None, here[None])[0])
    assert torch.equal(min_p(here, 0.1), MinPLogitsWarper(0.1)(None, here[None])[0])
# "with p = 0.7": mat, sofa and floor
assert top_p(by_hand.log(), 0.7).isfinite().tolist() == 3 * [True] + 5 * [False]
# "*mat*, *sofa*, *floor* and *bed* stay"
assert min_p(by_hand.log(), 0.2).isfinite().tolist() == 4 * [True] + 4 * [False]
# "each of the three filters removes nearly all mistakes at some setting: min-p 0.1 keeps [...] 78 to 79 % with 0.1 %"
least = {
    name: min(max(bad for _, bad in rows) for key, rows in contest.items() if name in key)
    for name in ("top-k", "top-p", "min-p")
}
assert max(least.values()) < 0.006 < 0.04 < min(bad for _, bad in contest["no cut, T 1.5"])
assert all(0.775 < variety < 0.795 and bad < 0.0015 for variety, bad in contest["T 1.5, min-p 0.1"])
# "sampling at 0.8 with no filter at all does as well, within the spread of two seeds"
plain, cut = contest["no cut, T 0.8"], contest["T 1.5, min-p 0.1"]
assert all(bad < 0.002 for _, bad in plain) and abs(sum(row[0] for row in plain) - sum(row[0] for row in cut)) < 0.06
# "The same `top_p=0.9` keeps tens of thousands of tokens or a handful": temperature first, last, after top-k
sizes = [nucleus_size(zipf / temperature, 0.9) for temperature in (0.7, 1.0, 1.5)]
assert sizes[1] == 16_070 and sizes[0] < 150 and sizes[2] > 30_000 and nucleus_size(zipf[:50] / 0.7, 0.9) < 20
# "Transformers applies penalties and bans first, then temperature, then top-k, top-p and min-p"
from transformers import GenerationConfig

config = GenerationConfig(
    do_sample=True, temperature=0.7, top_k=50, top_p=0.9, min_p=0.05, no_repeat_ngram_size=2, repetition_penalty=1.1
)
order = model._get_logits_processor(config, 1, ids, device="cpu")
names = [type(step).__name__[:4] for step in order]
assert names == ["Repe", "NoRe", "Temp", "TopK", "TopP", "MinP"], names
# "With the ban the story falls apart as it goes on [...] Without it, the sentences stay whole"
assert out_of_vocabulary(with_ban) > 0.01 and out_of_vocabulary(without_ban) < 0.002

# "you get \"It was Anna up, but Anna stopped too and it a long car.\""
assert "It was Anna up, but Anna stopped too and it a long car." in with_ban[0]
# "only sampling undoes the cause [...] For the question about France"
assert distinct_4([greedy_answer]) < 0.5 and min(distinct_4([answer]) for answer in answers) > 0.8
# "A *stop string* ends it", and `generate_text` cuts it off
assert generate_text(model, tokenizer, starts, stop="\n") == [" Paris.", " 7."]
# "A prompt of 99 tokens leaves room for one. From 100 on, the call is an error"
long_ids = tokenizer("Zoe has a cat. " * 40, return_tensors="pt").input_ids
assert model.generate(long_ids[:, :99], max_length=100).shape[1] == 100
try:
    model.generate(long_ids[:, :101], max_length=100)
    raise AssertionError("a prompt longer than max_length was accepted")
except ValueError:
    pass
# "If you say nothing about top-k, transformers uses 50"
out = model.generate(ids, do_sample=True, max_new_tokens=1, output_scores=True, return_dict_in_generate=True)
assert out.scores[0].isfinite().sum() == 50
# "how many of the 1,536 tokens survive the first step?" With top-p 0.9, without and with the hidden top-k
kept_of = {}
for cut in (0, 50):
    out = model.generate(
        ids, do_sample=True, max_new_tokens=1, top_k=cut, top_p=0.9, output_scores=True, return_dict_in_generate=True
    )
    kept_of[cut] = int(out.scores[0].isfinite().sum())
assert kept_of == {0: 34, 50: 33}
# "`generate` refuses it"
try:
    model.generate(ids, do_sample=True, temperature=0.0, max_new_tokens=1)
    raise AssertionError("temperature 0 was accepted")
except ValueError:
    pass
# "It accepts `{7}` and `{42}`, and nothing that isn't an age"
accepted = [number for number in range(1200) if walk(age_form, 0, f"{{{number}}}") == 4]
assert accepted == list(range(1, 100)) and len(age_form) == 5
assert [walk(age_form, 0, text) for text in ("{7}", "{42", "{420}", "{seven}")] == [4, 3, None, None]

# "The form is right. The age is not", "A limit on tokens cuts a form like any other text"
written = {}
for limit in (8, 2):
    torch.manual_seed(0)
    row = model.generate(about_ids, do_sample=True, top_k=0, max_new_tokens=limit, prefix_allowed_tokens_fn=may_follow)[
        0, about_ids.shape[1] :
    ]
    written[limit] = tokenizer.decode(row, skip_special_tokens=True)
assert walk(age_form, 0, written[8]) == 4 and written[8] != "{7}" and walk(age_form, 0, written[2]) in (2, 3)
# "the two nuclei then have 40 and 32 tokens, and without the cut 28,419 and 16,070"
sizes = [nucleus_size(kept, p) for kept in (zipf[:50], zipf) for p in (0.95, 0.9)]
assert sizes == [40, 32, 28_419, 16_070]
# "Left padding with a mask gives the row's own result, up to rounding", the others do not
assert difference["left, with mask"] < 1e-4
assert min(value for key, value in difference.items() if key != "left, with mask") > 0.1
# "batch equals single"
assert together == one_by_one
# "Its `generation_config.json` names no sampler" (real_size)
import re

own_settings = re.search(r"^its settings: (.+)$", real_size, flags=re.MULTILINE)[1]
assert "eos_token_id" in own_settings and not re.search("temperature|top_p|top_k|do_sample", own_settings)
# "The first token waits for the whole prompt [...] (0.16 s); then each token is one *decode* step (0.06 s)" (real_size)
first_token, decoded, whole_answer = map(
    float, re.search(r"first token after ([\d.]+) s; (\d+) tokens after ([\d.]+) s", real_size).groups()
)
assert decoded == 60 and 0.1 < first_token < 0.25 and 0.03 < (whole_answer - first_token) / (decoded - 1) < 0.09
# "Along the chat answer above the tail holds 0.9 %" (real_size)
(along_answer,) = re.findall(r"along this answer, outside the top 50 at T 1: ([\d.]+)%", real_size)
assert float(along_answer) == 0.9
# "At temperature 1 [...] The tail outside the top 50 holds 10 to 12 % of the probability" (real_size)
number = r" +([\d.,]+)"
table_rows = {
    (row[0], row[1]): [float(value.replace(",", "")) for value in row[2:]]
    for row in re.findall(
        rf"^(license|documentation) +([\d.]+){3 * number}{number}%{4 * number}$", real_size, flags=re.MULTILINE
    )
}
assert len(table_rows) == 6
for of_text in ("license", "documentation"):
    mean, low, high, outside_50, top_p_median, top_p_mean, min_p_median, min_p_mean = table_rows[of_text, "1.0"]
    # "the entropy is 3.7 to 3.9 bits on average, as if it chose among some 14 equal tokens", "0.7", "6.7" (real_size)
    assert 3.65 < mean < 3.95 and 12 < 2**mean < 16 and low <= 0.7 and high >= 6.7
    assert 9.5 < outside_50 < 12.5
    # "at temperature 0.7 under 2 % even here" (real_size)
    assert table_rows[of_text, "0.7"][3] < 2
    # "At 1.8, top-p 0.9 keeps over 8,000 tokens, a sixth of the vocabulary, and min-p 0.1 about 20" (real_size)
    assert 8_000 < table_rows[of_text, "1.8"][5] < 9_500 and 18 < table_rows[of_text, "1.8"][7] < 24
# "the real next token lies there just as often" (real_size)
outside_top_50 = [int(share) for share in re.findall(r"outside the top 50 at (\d+)%", real_size)]
assert len(outside_top_50) == 2 and all(9 < share < 15 for share in outside_top_50)
# "Greedy decoding loops, and so does beam search: [...] as few as 0.40 and 0.14 are distinct" (real_size)
loops = {
    row[0]: [float(value) for value in row[1:]]
    for row in re.findall(rf"^(\S.*?){4 * ' +([0-9.]+)'}$", real_size, flags=re.MULTILINE)
    if row[0].startswith(("greedy", "beam", "T "))
}
assert len(loops) == 8
assert round(min(loops["greedy"][:2]), 2) == 0.40 and round(min(loops["beam search, 4"][:2]), 2) == 0.14
assert round(max(loops["greedy"][:2]), 2) == 0.51
# "0.3 still loops on the second; from 0.7 on, little repeats", "0.87 and 0.96 distinct 4-grams at 0.7" (real_size)
assert loops["T 0.3"][1] < 0.7 and loops["T 0.7"][:2] == [0.87, 0.96]
# "At 1.5 everything is distinct" (real_size)
assert min(loops["T 1.0"] + loops["T 1.5"]) > 0.99
# "Greedy ends on "I had lost my father's life, [...]", "the text reads *orbital ablation survival [...]*" (real_size)
assert re.search(r"^greedy ends: .*I had lost my father's life, and I had\"$", real_size, re.M)
assert "orbital ablation survival intellectual may pangdate" in real_size
# "With min-p 0.1 the same temperature gives words and sentences" (real_size)
assert re.search(r"^T 1.5, min-p 0.1 ends: .*that’s the right thing to do, I just want you", real_size, re.M)
# "Greedily it names 15 of 20 cities, at 0.7 it names 11 or 12, at 1.0 from 5 to 9, and at 1.5 at most 2" (real_size)
right_of_20 = {
    name: [int(right) for right in counts.split()]
    for name, counts in re.findall(r"^(greedy|T 1?[\d.]+.*): ([\d ]+) of 20$", real_size, re.M)
}
assert right_of_20["greedy"] == [15] and set(right_of_20["T 0.7"]) == {11, 12}
assert (min(right_of_20["T 1.0"]), max(right_of_20["T 1.0"])) == (5, 9)
assert (min(right_of_20["T 1.5"]), max(right_of_20["T 1.5"])) == (0, 2)
# "Min-p 0.1 lifts 1.5 to 6 to 12", "The hidden top-k of 50 gives 6 to 12 at 1.0" (real_size)
for name in ("T 1.5, min-p 0.1", "T 1.0, top-k 50"):
    assert (min(right_of_20[name]), max(right_of_20[name])) == (6, 12)
