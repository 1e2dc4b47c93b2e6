# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 12 says about its own output. Each runs as a cell at the chapter's end."""

# "By tokens, and by log-probability, every model is better than the one before."
import itertools

by_width = sorted((run for run in curves["poems"] if run["seed"] == 0), key=lambda run: run["width"])
tokens_right = [sum(run["poems"][-1]["tokens_right"]) / 10 for run in by_width]
log_probability = [sum(run["poems"][-1]["log_probability"]) / 10 for run in by_width]
exact = [run["poems"][-1]["right_before_error"][-1] / 200 for run in by_width]
assert len(by_width) == 6
for values in (tokens_right, log_probability):
    assert all(a < b for a, b in itertools.pairwise(values))
# "By whole answers, the three smallest get nothing"
assert max(exact[:3]) == 0 < exact[3] < 0.3 and exact[-1] > 0.9
# "The power $p^{10}$ predicts the cliff roughly from the slope."
assert all(abs(p**10 - whole) < 0.2 for p, whole in zip(tokens_right, exact, strict=True))
# "The hardest is the word right after the title"
for run in by_width[2:]:
    assert min(run["poems"][-1]["tokens_right"]) == run["poems"][-1]["tokens_right"][0]
# "For at least 150 steps little happens; then, within some fifty to a hundred more, most tokens are right"
copied = {seed: [sum(one["tokens_right"]) / 10 for one in run["lines"]] for seed, run in enumerate(two_layers)}
assert len(two_layers) == 5
for seed in (0, 1, 3):
    before = max(index for index, share in enumerate(copied[seed]) if share < 0.2)
    assert two_layers[seed]["steps"][before] >= 150
    assert copied[seed][before + 3] > 0.8, "75 steps later at most"
    smooth = [sum(one["log_probability"]) / 10 for one in two_layers[seed]["lines"]]
    assert smooth[before + 3] - smooth[before] > 1 > smooth[before] - smooth[3]
# "A model of one layer never gets there. Neither do two of the five seeds"
assert max(max(copied[seed]) for seed in (2, 4)) < 0.2
one_layers = [run for run in curves["songs"] if run["layers"] == 1]
assert max(sum(one["tokens_right"]) / 10 for run in one_layers for one in run["lines"]) < 0.2
# "among the measured runs is one with a single layer, twice as wide. It gets 0.02 of the tokens."
(wide,) = (run for run in one_layers if run["width"] == 64)
assert f"{sum(wide['lines'][-1]['tokens_right']) / 10:.2f}" == "0.02"
# "At width 16 nothing. At 32 and 64 some runs copy whole lists and some do not, and one is halfway there"
ends = {
    (run["width"], run["seed"]): run["lines"][-1]["right_before_error"][-1] / 256
    for run in curves["songs"]
    if run["layers"] == 2
}
assert max(ends[16, seed] for seed in range(5)) == 0
assert sum(0.05 < end < 0.95 for end in ends.values()) == 1
# "one run at width 64 climbs slowly, and another that copies no whole list gets a third of the tokens"
wide_runs = {
    run["seed"]: [sum(one["tokens_right"]) / 10 for one in run["lines"]]
    for run in curves["songs"]
    if (run["width"], run["layers"]) == (64, 2)
}
assert sum(0.15 < share < 0.9 for share in wide_runs[4]) > 10, "ten measurements are 250 steps"
assert 0.28 < wide_runs[2][-1] < 0.4 and ends[64, 2] == 0
# "By seed 0 the ability "emerges at 22,720 parameters", by seed 2 not within these 600 steps, and by seed 3 [...] gone"
assert ends[32, 0] > 0.9 and ends[64, 0] > 0.9 and max(ends[32, 2], ends[64, 2]) < 0.05
assert ends[32, 3] > 0.9 and ends[64, 3] < 0.05
# "with two layers and width 32 or 64 in about half of the runs"
assert 4 <= sum(end > 0.9 for end in ends.values()) <= 6
# "The first layer's head comes first" and "In the seed that never copies, neither head has formed."
looked = [
    (max(previous[0]), max(induction[1]))
    for previous, induction in zip(two_layers[0]["previous"], two_layers[0]["induction"], strict=True)
]
assert next(i for i, (one, _) in enumerate(looked) if one > 0.15) < next(
    i for i, (_, two) in enumerate(looked) if two > 0.15
)
assert looked[3][0] < 0.2 and looked[3][1] < 0.1 and looked[-1][0] > 0.6 and looked[-1][1] > 0.8
assert max(two_layers[2]["previous"][-1][0]) < 0.1 and max(two_layers[2]["induction"][-1][1]) < 0.1
# "The model copies new lists of the words that its text repeats, and none of the others."
assert sum(two_layers[0]["verses"][-1]["tokens_right"]) / 10 < 0.02
# "No such list was in its text."
from llm_course.training import tiny_series  # noqa: E402

sung = tiny_series.rows("songs", (vocabulary := models.load("songs").tokenizer), "0", 600 * 32)
text = " ".join(map(str, sung.flatten().tolist()))
assert not any(" ".join(map(str, vocabulary(" ".join(one[:11])).input_ids)) in text for one in lists)
# What the page measures is what the curves say
again, splitter = models.load("songs")
shown = last_ten(again, splitter, lists)[0].float().mean()
assert abs(shown - sum(two_layers[0]["lines"][-1]["tokens_right"]) / 10) < 0.01
# "helps where each step is known"
assert sum(a == str(sum(t)) for a, t in zip(direct, triples, strict=True)) < 0.1 * len(triples)
assert sum(a == str(sum(t)) for a, t in zip(second, triples, strict=True)) > 0.9 * len(triples)
# "The knowledge was there before. What 500 steps of fine-tuning added is that a question is answered."
begun, plain_question, in_template, tuned = followed.values()
assert begun == tuned == 20 and plain_question <= 5 and in_template <= 2
assert stories.num_parameters() == chat.num_parameters()
# "Pairing is free, and is worth most for models that are alike."
gains = {}
for name in names[1:]:
    one, other = torch.tensor(results["stories"]), torch.tensor(results[name])
    gains[name] = ((one.var() + other.var()) / (one - other).var()).item()
assert gains["stories-chat"] == max(gains.values()) > 1.5
# "one model, one knowledge, and 20 of 20 or next to nothing", "in two forms `stories` [...] comes last"
assert max(table["stories"]) == 20 and min(table["stories"]) <= 2
last = [
    form for form in range(6) if table["stories"][form] < min(table["stories-gpt2"][form], table["stories-draft"][form])
]
assert len(last) == 2
assert sum(results["stories"]) > 1.3 * sum(results["stories-draft"])
# "No score here falls, and several rise, but the forms stay unequal"
for name in ("stories", "stories-gpt2", "stories-draft"):
    plain, by_information = table[name], table[f"{name}, PMI"]
    assert all(one <= other for one, other in zip(plain, by_information, strict=True)) and plain != by_information
assert min(table["stories, PMI"]) < 10
# "The first is found. The second [...] hardly differs from the third"
copy, reworded, unknown = shares.values()
assert copy > 0.9 and reworded < 0.4 and reworded - unknown < 0.35
# "Where that is the truth, the vote lifts the score. Where it is not, the vote does not help"
(known_one, known_vote, known_any), (new_one, new_vote, new_any) = votes.values()
assert known_vote > known_one + 1 and new_vote < new_one + 0.5
assert min(known_any, new_any) > 8 and known_vote - new_vote >= 6
# "it says *first*, whatever stands there: half of its verdicts are right", "Asked to name the city, it is right"
assert judged["first or second"] == (1.0, 0.5, 0) and judged["the answer itself"] == (0.5, 1.0, 20)
