# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 12 says about its own output. Each runs as a cell at the chapter's end."""

# "By tokens and by log-probability, every model beats the one before."
import itertools

by_width = sorted((run for run in curves["poems"] if run["seed"] == 0), key=lambda run: run["width"])
tokens_right = [sum(run["poems"][-1]["tokens_right"]) / 10 for run in by_width]
log_probability = [sum(run["poems"][-1]["log_probability"]) / 10 for run in by_width]
exact = [run["poems"][-1]["right_before_error"][-1] / 200 for run in by_width]
assert len(by_width) == 6
for values in (tokens_right, log_probability):
    assert all(a < b for a, b in itertools.pairwise(values))
# "By exact match, the three smallest get nothing"
assert max(exact[:3]) == 0 < exact[3] < 0.3 and exact[-1] > 0.9
# "Then greedy decoding, which sees its own words instead of the true ones, recites the poem as well"
reciter, reading = models.load("poems", subfolder="width-24")
lines = reading([" ".join(poem) for poem in poems], return_tensors="pt").input_ids
recited = reciter.generate(input_ids=lines[:, :-10], do_sample=False, max_new_tokens=10)
assert (recited == lines).all(1).equal(last_ten(reciter, reading, poems)[0].all(1))
# "The power $p^{10}$ roughly predicts the cliff from the slope."
assert all(abs(p**10 - whole) < 0.2 for p, whole in zip(tokens_right, exact, strict=True))
# "The hardest is the third word"
for run in by_width[2:]:
    assert min(run["poems"][-1]["tokens_right"]) == run["poems"][-1]["tokens_right"][0]
# "If the share rose from 0.7 to 0.9, that explains it all"
assert (f"{0.7**10:.2f}", f"{0.9**10:.2f}") == ("0.03", "0.35")
# "For at least 150 steps little happens. Then, within another fifty to a hundred, most tokens are right"
copied = {seed: [sum(one["tokens_right"]) / 10 for one in run["lines"]] for seed, run in enumerate(two_layers)}
assert len(two_layers) == 5
for seed in (0, 1, 3):
    before = max(index for index, share in enumerate(copied[seed]) if share < 0.2)
    assert two_layers[seed]["steps"][before] >= 150
    assert copied[seed][before + 3] > 0.8, "75 steps later at most"
    smooth = [sum(one["log_probability"]) / 10 for one in two_layers[seed]["lines"]]
    assert smooth[before + 3] - smooth[before] > 1 > smooth[before] - smooth[3]
# "the log-probability rises by 0.44 from step 100 to 175, and by 1.48 in the 25 steps after"
of_lines = [sum(one["log_probability"]) / 10 for one in two_layers[0]["lines"]]
at_step = dict(zip(two_layers[0]["steps"], of_lines, strict=True))
assert abs(at_step[175] - at_step[100] - 0.44) < 0.015 and abs(at_step[200] - at_step[175] - 1.48) < 0.015
# "The one-layer model never gets there. Neither do two of the five seeds"
assert max(max(copied[seed]) for seed in (2, 4)) < 0.2
one_layers = [run for run in curves["songs"] if run["layers"] == 1]
assert max(sum(one["tokens_right"]) / 10 for run in one_layers for one in run["lines"]) < 0.2
# "a measured run with one layer, twice as wide, gets 0.02 of the tokens"
(wide,) = (run for run in one_layers if run["width"] == 64)
assert f"{sum(wide['lines'][-1]['tokens_right']) / 10:.2f}" == "0.02"
# "At width 16, next to nothing by either metric. At 32 and 64, some runs copy whole lists and some don't"
ends = {
    (run["width"], run["seed"]): run["lines"][-1]["right_before_error"][-1] / 256
    for run in curves["songs"]
    if run["layers"] == 2
}
token_shares = {
    (run["width"], run["seed"]): sum(run["lines"][-1]["tokens_right"]) / 10
    for run in curves["songs"]
    if run["layers"] == 2
}
assert max(ends[16, seed] for seed in range(5)) == 0
assert max(token_shares[16, seed] for seed in range(5)) < 0.1
# "two at width 64 end in between: seed 4 [...] gets nine tokens in ten and 40 % of the lists; seed 2 gets a third"
assert {run for run, end in ends.items() if 0.05 < end < 0.95} == {(64, 4)}
assert {run for run, share in token_shares.items() if 0.1 < share < 0.95} == {(64, 4), (64, 2)}
wide_runs = {
    run["seed"]: [sum(one["tokens_right"]) / 10 for one in run["lines"]]
    for run in curves["songs"]
    if (run["width"], run["layers"]) == (64, 2)
}
assert sum(0.15 < share < 0.9 for share in wide_runs[4]) > 10, "ten measurements are 250 steps"
assert 0.28 < wide_runs[2][-1] < 0.4 and ends[64, 2] == 0
assert round(wide_runs[4][-1], 1) == 0.9 and round(ends[64, 4], 1) == 0.4
# "With seed 0 the ability "emerges at 22,720 parameters"; with seed 2 it doesn't [...]; with seed 3 [...] gone"
assert ends[32, 0] > 0.9 and ends[64, 0] > 0.9 and max(ends[32, 2], ends[64, 2]) < 0.05
assert ends[32, 3] > 0.9 and ends[64, 3] < 0.05
# "5 of the 10 runs with two layers and width 32 or 64"
assert sum(end > 0.9 for (width, _), end in ends.items() if width > 16) == 5
# "attention spread evenly would give each earlier place 1/13 to 1/22, on average 0.06"
assert f"{sum(1 / place for place in range(13, 23)) / 10:.2f}" == "0.06"
# "The first layer's head starts first" and "In the other seed shown here [...] neither head forms"
looked = [
    (max(previous[0]), max(induction[1]))
    for previous, induction in zip(two_layers[0]["previous"], two_layers[0]["induction"], strict=True)
]
assert next(i for i, (one, _) in enumerate(looked) if one > 0.15) < next(
    i for i, (_, two) in enumerate(looked) if two > 0.15
)
assert looked[3][0] < 0.2 and looked[3][1] < 0.1 and looked[-1][0] > 0.6 and looked[-1][1] > 0.8
assert max(two_layers[2]["previous"][-1][0]) < 0.1 and max(two_layers[2]["induction"][-1][1]) < 0.1
# "Nor does the one-layer model form the first of them."
assert max(max(layers[0]) for run in one_layers for layers in run["previous"]) < 0.1
# "The model copies new lists of the words that its text repeats, and none of the others."
assert sum(two_layers[0]["verses"][-1]["tokens_right"]) / 10 < 0.02
# "No such list was in the training text."
from llm_course.training import tiny_series  # noqa: E402

sung = tiny_series.rows("songs", (vocabulary := models.load("songs").tokenizer), "0", 600 * 32)
text = " ".join(map(str, sung.flatten().tolist()))
assert not any(" ".join(map(str, vocabulary(" ".join(one[:11])).input_ids)) in text for one in lists)
# "helps where each step is known"
assert sum(a == str(sum(t)) for a, t in zip(at_once, triples, strict=True)) < 0.1 * len(triples)
assert sum(a == str(sum(t)) for a, t in zip(in_two_steps, triples, strict=True)) > 0.9 * len(triples)
# "`stories` finishes all twenty sentences [...] it shows what those steps added: an answer to a question in this form"
begun, plain_question, in_template, tuned = followed.values()
assert begun == tuned == 20 and plain_question <= 5 and in_template <= 2
assert stories.num_parameters() == chat.num_parameters()
# "a paired error of 0.017. This test can't tell", "`stories-early` (four errors) and `stories-draft` (nine)"
in_errors, paired_error, unpaired_error, difference = {}, {}, {}, {}
for name in names[1:]:
    one, other = torch.tensor(results["stories"]), torch.tensor(results[name])
    difference[name] = (one - other).mean().item()
    paired_error[name] = ((one - other).var() / len(one)).sqrt().item()
    unpaired_error[name] = ((one.var() + other.var()) / len(one)).sqrt().item()
    in_errors[name] = difference[name] / paired_error[name]
assert abs(difference["stories-chat"] - 0.02) < 0.006 and abs(paired_error["stories-chat"] - 0.017) < 0.003
assert in_errors["stories-chat"] < 2 and abs(in_errors["stories-early"] - 4) < 0.6
assert abs(in_errors["stories-draft"] - 9.25) < 0.8
# "it cut the error from 0.028 to 0.017 for `stories-chat`, and hardly at all for `stories-draft`"
assert abs(unpaired_error["stories-chat"] - 0.028) < 0.003
assert 0.9 < paired_error["stories-draft"] / unpaired_error["stories-draft"] < 1.1
# "$s$ is $0.017 \sqrt{200} = 0.24$. To find a true loss of $d = 0.02$, you need [...] about 1,100 items"
spread = paired_error["stories-chat"] * 200**0.5
assert abs(spread - 0.24) < 0.006 and abs(0.017 * 200**0.5 - 0.24) < 0.005
assert 1050 < (2.8 * 0.24 / 0.02) ** 2 < 1150
# "With an error rate of 3/20, twenty right answers in a row still have a chance of $0.85^{20} = 0.04$"
assert f"{(1 - 3 / 20) ** 20:.2f}" == "0.04"
# "Pairing is free, and worth most for models that are alike"
gains = {}
for name in names[1:]:
    one, other = torch.tensor(results["stories"]), torch.tensor(results[name])
    gains[name] = ((one.var() + other.var()) / (one - other).var()).item()
assert gains["stories-chat"] == max(gains.values()) > 1.5
# "with the same knowledge, gets 20 of 20 or next to nothing", "in forms 3 and 4, `stories` [...] comes last"
assert max(table["stories"]) == 20 and min(table["stories"]) <= 2
last = [
    form
    for form in range(1, 7)
    if table["stories"][form - 1] < min(table["stories-gpt2"][form - 1], table["stories-draft"][form - 1])
]
assert last == [3, 4]
assert sum(results["stories"]) > 1.3 * sum(results["stories-draft"])
# "The first is found. The second asks for a fact that the model has read many times, yet two thirds [...] are new."
copy, reworded, unknown = shares.values()
assert copy > 0.9 and f"{reworded:.2f}" == "0.33" and unknown == 0
texts = list(islice(curriculum.training_documents(), 2000))
assert sum("The capital of France is Paris" in text for text in texts) > 5
# "three prefixes occur in the 2,000 documents, all as short as \"There was a girl called Anna, and\""
found = {item.prefix for item in items if any(item.prefix in text for text in texts)}
assert len(found) == 3 and max(map(len, found)) < 40
# "Counted by whole answers, three of them get nothing." The picture's models:
drawn_luck = torch.rand(4, 5, generator=torch.Generator().manual_seed(8165))
assert [int((drawn_luck < p).all(1).sum()) for p in (0.3, 0.5, 0.7, 0.85, 0.95)] == [0, 0, 0, 1, 3]
# "The third row": "0.905 of its tokens right gets only 0.37 of its ten-token answers right"
assert f"{0.905**10:.2f}" == "0.37"
# What SmolLM2 printed: its score per draw, mean and interval, and the paired difference
import re  # noqa: E402


def printed_row(label):
    """The numbers of a row at real size: scores of the draws, mean, ends of the interval, difference and its error."""
    (row,) = re.findall(rf"^ *{label} +(\d\.\d\d.*)$", real_size, flags=re.MULTILINE)
    return [float(value) for value in re.findall(r"[+-]?\d\.\d+", row)]


none, one_example, two_examples, _, sixteen = (printed_row(f"bare +{count}") for count in (0, 1, 2, 4, 16))
in_chat_none, in_chat_one = (printed_row(f"chat +{count}") for count in (0, 1))
# "In the bare form and without an example, not one of 100 answers is right. The interval of zero width"
assert none == [0, 0, 0, 0]
# "The chat template [...] brings 7 %", "as an earlier turn of a chat [...] at most one in a hundred is right"
assert in_chat_none[0] == 0.07 and max(in_chat_one[:3]) == 0.01
# "`70 + 44 = 164.`", "all three answers shown repeat a number from the question", "repeat the example's sum, 129"
assert "bare  0: 70 + 44 = 164.   94 + 77 = 114.   95 + 54 = 105." in real_size
assert "70 + 44 = The answer is: 70.   94 + 77 = The answer is: 94   95 + 54 = The answer is: 95." in real_size
assert "chat  1: 70 + 44 = 129   94 + 77 = 129   95 + 54 = 129" in real_size
# "One example brings 16 % in the bare form", "with 16, the score falls to 4 %, and it falls in each of the three draws"
assert one_example[3] == 0.16 and sixteen[3] == 0.04
assert all(sixteen[draw] < one_example[draw] - 0.05 for draw in range(3))
# "still numbers of the right length, off by 30 or 50"
assert "bare 16: 70 + 44 = 144   94 + 77 = 221   95 + 54 = 199" in real_size
# "two examples bring 22 %", "the gain of two examples over one is 0.063 ± 0.023, which passes for a finding"
assert two_examples[3] == 0.22 and two_examples[6:] == [0.063, 0.023]
# "the draws gain 0.19, −0.01 and 0.01: over the three draws the same mean has an error of 0.06"
gains = torch.tensor([two_examples[draw] - one_example[draw] for draw in range(3)])
assert [round(gain, 2) for gain in gains.tolist()] == [0.19, -0.01, 0.01]
assert f"{gains.std() / 3**0.5:.2f}" == "0.06"
# "gets 0.33, 0.15 or 0.18", "Draw 0 beats draw 1 by 0.18, with a paired error of 0.05", "doubled the accuracy"
assert two_examples[:3] == [0.33, 0.15, 0.18] and two_examples[0] > 2 * one_example[3]
between_draws, its_error = re.search(r"draw 0 - draw 1: ([+-][\d.]+), paired ± ([\d.]+)", real_size).groups()
assert abs(float(between_draws) - 0.18) < 0.005 and abs(float(its_error) - 0.05) < 0.005
# "0.09 instead of 0.13, and a difference of −0.045 with a paired error of 0.030", "With the first step given, [...]
# 0.86"
whole, own_steps, given_step = (printed_row(name) for name in ("at once", "its own steps", "first step given"))
assert (whole[2], own_steps[2], given_step[2]) == (0.13, 0.09, 0.86)
assert own_steps[5:] == [-0.045, 0.03] and abs(own_steps[5]) < 2 * own_steps[6]
# "Draw 0 alone would have said that steps hurt, and draw 1 that they help."
assert own_steps[0] < whole[0] and own_steps[1] > whole[1]
# "counted, it is right in 10 of 200 lines, and all ten of these end right, too"
assert "the first sum right in 10 of 200 lines, the last one, too, in 10" in real_size
# "after `9 + 6 + 7 =`, it writes the sum of all three, 22"
assert "9 + 6 + 7 = 22 + 7" in real_size
