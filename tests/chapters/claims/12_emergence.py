# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 12 says about its own output. Each runs as a cell at the chapter's end."""

# "By tokens, the models grow better step by step. By whole answers, the small ones are at zero"
import itertools

by_width = sorted(curves["poems"], key=lambda run: run["width"])
tokens_right = [sum(run["poems"][-1]["tokens_right"]) / 10 for run in by_width]
exact = [run["poems"][-1]["right_before_error"][-1] / 200 for run in by_width]
assert all(a < b for a, b in itertools.pairwise(tokens_right))
assert exact[0] < 0.01 and exact[1] < 0.05 < exact[-1]
# "And $p^{10}$ predicts the cliff roughly"
assert all(abs(p**10 - whole) < 0.15 for p, whole in zip(tokens_right, exact, strict=True))
# "within some fifty steps the ability is there" and "The three rulers agree", for each run of two layers
for run in curves["songs"]:
    copied = [sum(one["tokens_right"]) / 10 for one in run["lines"]]
    log_probability = [sum(one["log_probability"]) / 10 for one in run["lines"]]
    if run["layers"] == 1:
        # "A model with one layer of the same width never gets there"
        assert max(copied) < 0.3
        continue
    before = max(index for index, share in enumerate(copied) if share < 0.2)
    assert copied[before + 3] > 0.8, "75 steps later at most"
    assert copied[-1] > 0.9
    assert log_probability[before + 3] - log_probability[before] > 1
# "The two rise together"
first_run = curves["songs"][0]
looked = [
    (max(previous[0]), max(induction[1]))
    for previous, induction in zip(first_run["previous"], first_run["induction"], strict=True)
]
assert looked[1][0] < 0.4 and looked[1][1] < 0.2 and looked[-1][0] > 0.6 and looked[-1][1] > 0.6
# "It copies any sequence of the words that its text repeats, and next to none of the others"
assert sum(first_run["verses"][-1]["tokens_right"]) / 10 < 0.1
# What the page measures is what the curves say
again, splitter = models.load("songs")
assert abs(last_ten(again, splitter, lists)[0].float().mean() - sum(first_run["lines"][-1]["tokens_right"]) / 10) < 0.01
# "helps where each step is known"
assert sum(a == str(sum(t)) for a, t in zip(direct, triples, strict=True)) < 0.3 * len(triples)
assert sum(a == str(sum(t)) for a, t in zip(second, triples, strict=True)) > 0.8 * len(triples)
# "Pairing is free, and worth most for models that are alike"
alike = torch.tensor(results["stories"]) - torch.tensor(results["stories-chat"])
apart = sum(torch.tensor(results[name]).var() for name in ("stories", "stories-chat"))
assert alike.var() < 0.6 * apart
# "one model, one knowledge, and nearly every score there is" and "in some forms the order of the models turns"
assert max(table["stories"]) == 20 and min(table["stories"]) <= 2
orders = {tuple(sorted(table, key=lambda name: -table[name][form])) for form in range(len(forms))}
assert len(orders) > 1
# "The first is found. The second [...] hardly differs from the third"
shares = [
    sum(run in seen for run in runs(words(text).input_ids, 8)) / len(runs(words(text).input_ids, 8))
    for text in tests.values()
]
assert shares[0] > 0.9 and shares[1] < shares[0] - 0.3 and shares[1] - shares[2] < 0.35
# "Where that is the truth it lifts the score; where it is not, voting makes the error more certain"
assert votes["sums of training"][1] > votes["sums of training"][0]
assert votes["sums never shown"][1] < votes["sums never shown"][0]
assert min(any_right for _, _, any_right in votes.values()) > 0.7
# "a judge that prefers the first answer", "a verdict comes all the same", "The swap unmasks it"
assert first > 0.6 and abs(right - 0.5) < 0.15 and stable <= 3
