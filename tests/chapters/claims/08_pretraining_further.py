# ruff: noqa: F821 -- the names are the page's
"""What the text of chapter 8's further page says about its own output. Each runs as a cell at the page's end."""

# "The lower loss belongs to the useless model": it repeats one word
assert pairs[0][1] < 0.1 < 1 < pairs[1][1]
assert len(set(continued[0])) == 1 and len(set(continued[1])) > 4
# "on unseen stories the model is *worse than an even guess*. Then the training loss jumps up" "the first 240 steps"
tenth = steps[-1] // 10
assert checked[200] > math.log(1536) and tenth == 240
before, after = (loss[steps.index(step)] for step in (tenth, tenth + 10))
assert after > before + 1
# "from 10.9 at step 200 to 5.1 at step 300"
assert [round(checked[step], 1) for step in (200, 300)] == [10.9, 5.1]
# "From step 300 on, this is the picture that you know": fast, then slowly, and the two losses are close
assert checked[600] - checked[2400] < 0.2 * (checked[300] - checked[2400]) and checked[1200] - checked[2400] < 0.3
for step in (600, 1200, 2400):
    recent = loss[steps.index(step) - 4 : steps.index(step) + 1]
    assert abs(sum(recent) / 5 - checked[step]) < 0.2
# "a line for the first step and for every tenth"
assert steps == [1, *range(10, 2401, 10)] and list(checked) == list(range(100, 2401, 100))
# "After the jump" "the loss on unseen text starts far above it and lies on it after the jump" (alt text)
late = [number for step, number in zip(steps, loss, strict=True) if 2000 < step <= 2400]
assert abs(sum(late) / len(late) - checked[2400]) < 0.15
# "The norm of the gradient moves around its limit of 1" (alt text) "Here it stays near its limit"
typical = sorted(entry["gradient_norm"] for entry in log)
assert 0.5 < typical[len(typical) // 2] < 1.5 and typical[-5] < 3
# "it stretches one direction by 4 and the other by 0.1" "That matrix turns (1, −1) into 0"
assert torch.allclose(torch.linalg.svdvals(small), torch.tensor([4.0, 0.1]), atol=1e-5)
assert (small.sign() @ torch.tensor([1.0, -1.0])).tolist() == [0, 0]
# "the nearest matrix whose singular values are all 1. For $G$ that is the identity"
left_of, _, right_of = torch.linalg.svd(small)
assert torch.allclose(left_of @ right_of, torch.eye(2), atol=1e-5)


# "A small $s$ more than triples in a round. A value near 1 stays near 1, between about 0.7 and 1.2."
def one_round(s):
    return 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5


assert all(one_round(s / 1000) > 3 * s / 1000 for s in range(1, 300))
assert all(0.65 < one_round(s / 1000) < 1.25 for s in range(680, 1210))
assert all(0.65 < value < 1.25 for value in torch.linalg.svdvals(orthogonalized(small)))
# "Ten of 128 directions carry most of the gradient, and more than half of Adam's step. They carry 17% of Muon's step"
carried = {name: (found[:10].square().sum() / found.square().sum()).item() for name, found in values_of.items()}
assert carried["gradient"] > 0.8 and carried["Adam's first step"] > 0.5 and round(carried["Muon"], 2) == 0.17
assert len(values_of["gradient"]) == 128
# "the directions in which this gradient is weakest stay below the others": not near 1 after five rounds
assert values_of["Muon"][-1] < 0.5 < values_of["Muon"][64]
# "Adam does worse than the averaged gradient here"; Muon is ahead of it, with each seed
for averaged, adam, muon in zip(*best_of.values(), strict=True):
    assert muon[0] < 0.5 * averaged[0] < 0.5 * adam[0]
# "each optimizer at the best of five rates": none of them is the first or the last
for way, step_of in ways.items():
    found = [learn_matrix(step_of, rate, seed=0) for rate in rates[way]]
    assert min(found) not in (found[0], found[-1])
# "In 16 bits the steps are lost one by one, because each is less than half of the distance [...]"
assert weight.item() == 1 and abs(full.item() - 0.85) < 1e-3
# "Each curve is a bowl, each larger budget lies lower, and its lowest point [...] further to the right" (alt text)
for found in measured.values():
    curve = [number for _, number in found]
    assert curve[0] > min(curve) and curve[-1] > min(curve) + 0.1
lowest_losses = [min(number for _, number in found) for found in measured.values()]
assert lowest_losses == sorted(lowest_losses, reverse=True)
assert list(best.values()) == sorted(best.values())
# "The best size grows with the budget, and so does the best number of characters"
read_by_best = [flops / (6 * n) for flops, n in best.items()]
assert read_by_best == sorted(read_by_best) and 0.35 < exponent < 0.9
# "about one time in eight at 0.3, and nearly always above 0.8"
assert abs(1 - (1 - 0.3**4) ** 16 - 1 / 8) < 0.01 and 1 - (1 - 0.8**4) ** 16 > 0.99
# "Here such a threshold would drop only the copies with the fewest changes; [...] has to go down to one half"
assert (exact >= 0.75).sum() <= 7 and (exact >= 0.5).sum() >= 19
# "Nearly all planted pairs are found, with few other candidates beside them"
assert caught >= 17 and len(candidates) < 60 and (guessed - exact).abs().mean() < 0.08
# "patterns repeat": texts that were never read share runs with those that were
assert touched > 10 and 0 < shared / total < 1


# "the loss on them ends more than half of the way up to that of a model that never read any", at both schedules
def on(kind, schedule, order):
    return [result[kind] for result in exam_results[schedule, order]]


for schedule in ("wsd", "constant"):
    for never, first, last in zip(*(on("facts", schedule, order) for order in ("never", "first", "last")), strict=True):
        assert 0.5 < (first - last) / (never - last) < 0.85
# "Spread or last, they stay, and last is ahead by a few hundredths. It is ahead at the constant rate as well, by more"
lead = {
    schedule: [a - b for a, b in zip(on("facts", schedule, "spread"), on("facts", schedule, "last"), strict=True)]
    for schedule in ("wsd", "constant")
}
assert all(0.005 < number < 0.05 for number in lead["wsd"]) and min(lead["constant"]) > max(lead["wsd"])
# "200 steps on nothing but facts raise the loss on stories by 0.1"
for schedule in ("wsd", "constant"):
    assert 0.06 < min(on("stories", schedule, "last")) - max(on("stories", schedule, "spread")) < 0.15
# "7.4" (the question on perplexity); "Ten times the parameters" (the question on a hundredfold budget)
assert round(math.exp(2), 1) == 7.4 and math.sqrt(100) == 10
