# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 8 says about its own output. Each runs as a cell at the chapter's end."""

# "The loss is the mean of the last column, 1.461": 0.693, 1.386, 2.303
assert [round(n, 3) for n in (-probabilities.log()).tolist()] == [0.693, 1.386, 2.303]
assert round(-probabilities.log().mean().item(), 3) == 1.461
# "Unshifted, a model that only copies is perfect. Shifted, it is far worse than a guess"
ids = torch.tensor([[17, 230, 5, 99, 230, 41], [8, 8, 301, 77, 1200, 3]])
assert source_loss(copier(ids), ids) < 0.01
assert shifted > 2 * math.log(1536)
# "The natural call fails" "Where every target is ignored, the mean is 0 / 0, which is NaN"
try:
    source_loss(copier(ids)[:, :-1], ids[:, 1:])
except RuntimeError as error:
    assert "view size" in str(error)
else:
    raise AssertionError("the natural call went through")
assert source_loss(copier(ids), torch.full_like(ids, -100)).isnan()
# "The lower loss belongs to the useless model": it repeats one word
assert pairs[0][1] < 0.1 < 1 < pairs[1][1]
assert len(set(continued[0])) == 1 and len(set(continued[1])) > 4
# "Only the right shift, the first two of these four, gives a model that predicts well a good loss"
assert abs(by_hand - by_labels) < 1e-4 and min(twice, not_at_all) > by_hand + 3
# "A target of the short part counts ten times as much as one of the long part"
assert abs(weight_of_part[1] / weight_of_part[0] - 10) < 1e-4
# "The mean of the parts' means is not the mean"
assert (sums / counts).mean() > 2 * sums.sum() / counts.sum()
# "A model with enough parameters has to get to a loss near 0" "the loss stays where it began"
assert right[-1] < 0.1 and abs(right[0] - math.log(1536)) < 0.3
assert len({round(number, 4) for number in bug}) == 1
# "on unseen text, which is stories, the model is *worse than an even guess*. Then [...] one jumps up, the other falls"
tenth = steps[-1] // 10
assert checked[200] > math.log(1536) and tenth == 240
before, after = (loss[steps.index(step)] for step in (tenth, tenth + 10))
assert after > before + 1 and checked[300] < checked[200] - 4
# "Most of the way is done soon after the jump, and the second half of the steps brings little more"
assert checked[600] - checked[2400] < 0.2 * (checked[300] - checked[2400]) and checked[1200] - checked[2400] < 0.3
# "After the jump, both losses agree" "the training loss lies on the loss on unseen text" (alt text)
late = [number for step, number in zip(steps, loss, strict=True) if 2000 < step <= 2400]
assert abs(sum(late) / len(late) - checked[2400]) < 0.15
# "The norm of the gradient moves around its limit of 1" (alt text) "Here it stays near its limit"
typical = sorted(entry["gradient_norm"] for entry in log)
assert 0.5 < typical[len(typical) // 2] < 1.5 and typical[-5] < 3
# "The constant rate ends worst" "Cosine and WSD end close to each other"
ends = {name: curve[-1] for name, curve in curves.items()}
assert ends["constant"] > max(ends["cosine"], ends["WSD"]) + 0.05
assert abs(ends["cosine"] - ends["WSD"]) < 0.1 < ends["constant"] - min(ends.values())
# "WSD's loss lies with the constant rate's up to the last fifth, and then drops"
apart = [a - b for a, b in zip(curves["constant"], curves["WSD"], strict=True)]
assert max(map(abs, apart[:7])) < 1e-3 and apart[-1] > 0.1
# "m = 0.4, v = 0.016 [...] gives 4 and 16. The quotient is 4 / √16 = 1"
assert abs(adam_steps([4.0])[0] - 1) < 1e-6 and abs(adam_steps([0.04])[0] - 1) < 1e-5
# "Without the correction, the first steps are more than three times too long, and get longer"
uncorrected = adam_steps([4] * 5, False)
assert uncorrected[0] > 3 and uncorrected == sorted(uncorrected)
# "With AdamW both shrink alike, by what was asked for. With L2, the one kind is pressed to nothing [...]"
assert (shrunk["AdamW"] - (1 - 0.01 * 0.3) ** 300).abs().max() < 0.03
assert shrunk["L2 in Adam"][0] < 0.05 and shrunk["L2 in Adam"][1] > 0.85
# "One strange batch": noise has a far longer gradient than stories
assert norms["noise"][0] > 5 * norms["stories"][0] and norms["noise"][0] > 1
# "Ten of 128 directions carry nearly all of the gradient, and most of Adam's step. Muon spreads its step over all"
carried = {name: (found[:10].square().sum() / found.square().sum()).item() for name, found in values_of.items()}
assert carried["gradient"] > 0.8 and carried["Adam's first step"] > 0.5 and carried["Muon"] < 0.3
assert len(values_of["gradient"]) == 128
# "Adam gains nothing here"; Muon does
assert left["Muon"] < 0.5 * left["averaged gradient"] < 0.5 * 1.01 * left["Adam"]
# "The scores of attention are in neither number [...] torch's counter does not see them here"
assert abs(counted / estimated - 1) < 0.02
# "GPT-3 [...] has fewer than two tokens per parameter" "Llama 3 8B, with nearly two thousand"
ratio = {name: d / n for name, (n, d) in runs.items()}
assert ratio["GPT-3"] < 2 and 1800 < ratio["Llama 3 8B"] < 2000 and ratio["Chinchilla"] == 20
# "By the table that is about ten weeks" of 16,000 GPUs
assert 9 < 6 * 405e9 * 15.6e12 / (16_000 * 4e14) / 86_400 / 7 < 11
# "LLaMA cost little more than a day on a thousand GPUs, and the 8 billion of Llama 3 cost eighteen times as much"
cost = {name: 6 * n * d for name, (n, d) in runs.items()}
assert 1 < cost["LLaMA 7B"] / 4e17 / 86_400 < 1.3 and round(cost["Llama 3 8B"] / cost["LLaMA 7B"]) == 18
# "for the compute that Gopher had spent"
assert 0.8 < cost["Chinchilla"] / cost["Gopher"] < 1.25
# "about 16 bytes for each parameter"
assert sum(bytes_per_parameter.values()) == 16
# "In 16 bits the steps are lost one by one"
assert weight.item() == 1 and abs(full.item() - 0.85) < 1e-3
# "Each curve is a bowl, each larger budget lies lower, and its lowest point [...] further to the right" (alt text)
for found in measured.values():
    curve = [number for _, number in found]
    assert curve[0] > min(curve) and curve[-1] > min(curve) + 0.1
lowest_losses = [min(number for _, number in found) for found in measured.values()]
assert lowest_losses == sorted(lowest_losses, reverse=True)
assert list(best.values()) == sorted(best.values())
# "The best size grows with the budget, and so does the best number of characters"
read = [flops / (6 * n) for flops, n in best.items()]
assert read == sorted(read) and 0.35 < exponent < 0.9
# "The more a model is used, the smaller it should be": and at nothing served, it is Chinchilla's
assert cheapest == sorted(cheapest, reverse=True) and len(set(cheapest)) == 3 and cheapest[0] == 70e9
# "needs more than five times the tokens of the 70 billion, and below about 11 billion no number of tokens is enough"
needed = (2085 / (goal - 1.82 - 482 / 25e9**0.348)) ** (1 / 0.366)
assert needed > 5 * 1.4e12 and 1.82 + 482 / 10.5e9**0.348 > goal > 1.82 + 482 / 11e9**0.348
# "The curve below is that law": the widget's formula is the cell's
assert f"<td>1400.00</td><td>{fitted_loss(70e9, 1.4e12):.2f}</td>" in ComputeOptimal().picture()
# "raises the loss by about 0.005 here [...] what about 15 % of the compute would buy"
at = [fitted_loss(factor * 70e9, 1.4e12 / factor) for factor in (0.5, 1, 2)]
lower = [fitted_loss(70e9 * share**0.5, 1.4e12 * share**0.5) for share in (0.8, 0.9)]
assert all(0.004 < loss - at[1] < 0.007 and lower[1] < loss < lower[0] for loss in (at[0], at[2]))
# "How many times too large is it": four times; "Why not both by ten?": the powers of the law are not quite equal
sizes = [10 ** (9 + step / 200) for step in range(700)]


def best_size(cost, served=0):
    runs = {n: (cost - 2 * n * served) / (6 * n) for n in sizes}
    return min((n for n in runs if runs[n] > 0), key=lambda n: fitted_loss(n, runs[n]))


gopher, chinchilla = 6 * 280e9 * 300e9, 6 * 70e9 * 1.4e12
assert 3.5 < 280e9 / best_size(gopher) < 4.5
assert 10.2 < best_size(100 * chinchilla) / best_size(chinchilla) < 11
# "Start from Llama 3 8B [...] From how many on is a model of its size the best?": from 200 trillion on
llama = {served: 6 * 8e9 * 15e12 + 2 * 8e9 * served for served in (0, 1e14, 2e14)}
assert [best_size(cost, served) > 8.1e9 for served, cost in llama.items()] == [True, True, False]
# "The normal batch stays about as it is. The noise [...] is cut to a small part of its length"
assert norms["stories"][0] < 1.3 and norms["noise"][0] > 10
# "each optimizer at the best of five rates": none of them is the first or the last
for way, step_of in ways.items():
    found = [learn_matrix(step_of, rate) for rate in rates[way]]
    assert min(found) not in (found[0], found[-1])
# "Ten times the parameters, on ten times the tokens" (the question on a hundredfold budget)
assert [round(big / small) for big, small in zip(split(1e23), split(1e21), strict=True)] == [10, 10]
# "about one time in eight at 0.3, and nearly always above 0.8"
assert abs(1 - (1 - 0.3**4) ** 16 - 1 / 8) < 0.01 and 1 - (1 - 0.8**4) ** 16 > 0.99
# "Nearly all planted pairs are found, with few other candidates beside them"
assert caught >= 17 and len(candidates) < 60 and (guessed - exact).abs().mean() < 0.08
# "Padding each document to the longest wastes compute": packing does not
assert list(used.values()) == sorted(used.values()) and used["packed"] > 0.99 and next(iter(used.values())) < 0.6
# "Here the difference is small"
assert abs(difference) < 0.15
# "7.4" (the question on perplexity)
assert round(math.exp(2), 1) == 7.4
