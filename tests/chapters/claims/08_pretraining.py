# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 8 says about its own output. Each runs as a cell at the chapter's end."""

# "The loss is the mean of the last column, 1.461": 0.693, 1.386, 2.303
assert [round(n, 3) for n in (-probabilities.log()).tolist()] == [0.693, 1.386, 2.303]
assert round(-probabilities.log().mean().item(), 3) == 1.461
# "Minus its mean is the loss. `cross_entropy` does all three"
whole = tokenizer("The capital of France is Paris.", return_tensors="pt").input_ids
with torch.no_grad():
    of_targets = model(whole).logits[0, :-1].log_softmax(-1)[range(whole.shape[1] - 1), whole[0, 1:]]
assert torch.allclose(picked[0], of_targets, atol=1e-5) and abs(-picked.mean() - model(whole, labels=whole).loss) < 1e-4
# "the decoder of the earlier chapters (four layers, a million parameters, trained for 8,500 steps)"
assert model.config.num_hidden_layers == 4 and len(tokenizer) == 1536
# "`pack` joins them end to end, with an end token after each, and cuts where a row is full": as the course's own does
from llm_course.training import batches

as_ids = (tokenizer(text).input_ids for text in training_documents())
assert rows.equal(batches.pack(as_ids, length=64, end=tokenizer.eos_token_id, rows=400))
# "as in one piece": and the mean of the means is not
apart = head.weight.grad.clone().zero_()
for part in (slice(0, 50), slice(50, 55)):
    head.zero_grad()
    (functional.cross_entropy(head(states[part]), head_targets[part]) / 2).backward()
    apart += head.weight.grad
assert torch.allclose(in_parts, in_one, atol=1e-6) and not torch.allclose(apart, in_one, atol=1e-3)
# "nine of its ten targets cost 20 each (the tenth, 8 after 8, costs nothing)"
assert round(shifted.item(), 1) == 18.0
# "Unshifted, a model that only copies is perfect. Shifted, it is far worse than a guess"
ids = torch.tensor([[17, 230, 5, 99, 230, 41], [8, 8, 301, 77, 1200, 3]])
assert web_loss(copier(ids), ids) < 0.01
assert shifted > 2 * math.log(1536)
# "The natural call fails" "Where every target is ignored, the mean is 0 / 0, which is NaN"
try:
    web_loss(copier(ids)[:, :-1], ids[:, 1:])
except RuntimeError as error:
    assert "view size" in str(error)
else:
    raise AssertionError("the natural call went through")
assert web_loss(copier(ids), torch.full_like(ids, -100)).isnan()
# "The lower loss belongs to the useless model": it repeats one word
assert pairs[0][1] < 0.1 < 1 < pairs[1][1]
assert len(set(continued[0])) == 1 and len(set(continued[1])) > 4
# "A trained model has a good loss only with the right shift, the first two of these four"
assert abs(by_hand - by_labels) < 1e-4 and min(twice, not_at_all) > by_hand + 3
# "A target of the short part counts ten times as much as one of the long part"
assert abs(weight_of_part[1] / weight_of_part[0] - 10) < 1e-4
# "The mean of the parts' means is not the mean"
assert (sums / counts).mean() > 2 * sums.sum() / counts.sum()
# "A model with enough parameters has to get close to a loss of 0" "the loss stays where it began"
assert right[-1] < 0.1 and abs(right[0] - math.log(1536)) < 0.3
assert len({round(number, 4) for number in bug}) == 1
# "on unseen stories the model is *worse than an even guess*. Then the training loss jumps up" "the first 240 steps"
tenth = steps[-1] // 10
assert checked[200] > math.log(1536) and tenth == 240
before, after = (loss[steps.index(step)] for step in (tenth, tenth + 10))
assert after > before + 1 and checked[300] < checked[200] - 4
# "From step 300 on, this is the picture that you know": fast, then slowly, and the two losses are close
assert checked[600] - checked[2400] < 0.2 * (checked[300] - checked[2400]) and checked[1200] - checked[2400] < 0.3
for step in (600, 1200, 2400):
    recent = loss[steps.index(step) - 4 : steps.index(step) + 1]
    assert abs(sum(recent) / 5 - checked[step]) < 0.2
# "a line for the first step and for every tenth"
assert steps == [1, *range(10, 2401, 10)] and list(checked) == list(range(100, 2401, 100))
# "After the jump" "the training loss lies on the loss on unseen text" (alt text)
late = [number for step, number in zip(steps, loss, strict=True) if 2000 < step <= 2400]
assert abs(sum(late) / len(late) - checked[2400]) < 0.15
# "The norm of the gradient moves around its limit of 1" (alt text) "Here it stays near its limit"
typical = sorted(entry["gradient_norm"] for entry in log)
assert 0.5 < typical[len(typical) // 2] < 1.5 and typical[-5] < 3


# "The constant rate ends worst, even at its best peak"
def ends_of(name, peak):
    return [runs_of[name, peak, seed][-1] for seed in (0, 1)]


assert min(ends_of("constant", 0.01)) > max(ends_of("cosine", 0.02) + ends_of("WSD", 0.01)) + 0.05
# "At their best peaks, cosine and WSD finish almost even: cosine leads by little more than 0.01 for both seeds"
assert all(0 < wsd - cosine < 0.018 for cosine, wsd in zip(ends_of("cosine", 0.02), ends_of("WSD", 0.01), strict=True))
# "At the *same* peak they don't: at 0.02, cosine leads by more than 0.02, and at 0.01, WSD by more than 0.05"
pairs_at = {peak: list(zip(ends_of("WSD", peak), ends_of("cosine", peak), strict=True)) for peak in (0.01, 0.02)}
assert all(wsd_end - cosine_end > 0.02 for wsd_end, cosine_end in pairs_at[0.02])
assert all(cosine_end - wsd_end > 0.05 for wsd_end, cosine_end in pairs_at[0.01])
# "We also tried peaks of 0.005 and 0.04. Both were worse for all three"
for name, best_end in (("cosine", 0.02), ("WSD", 0.01), ("constant", 0.01)):
    for other in (0.005, 0.04):
        torch.manual_seed(0)
        assert train(character_model(64), 500, other, schedules[name], watch[-1:])[-1] > ends_of(name, best_end)[0]
# "WSD's loss stays with the constant rate's for four fifths of the run, and then drops"
both = zip(runs_of["constant", 0.02, 0], runs_of["WSD", 0.02, 0], strict=True)
apart = [a - b for a, b in both]
assert max(map(abs, apart[:7])) < 1e-3 and apart[-1] > 0.1
# "Both losses come down from near ln 1536" "From step 200 to 300 it even rose"; on unseen text 1.35 became 1.22
assert abs(beginning[0] - math.log(1536)) < 0.3 and uninterrupted[149] > uninterrupted[49]
# "over the last 30 steps, the training loss is about 1.26 on average"
assert abs(sum(uninterrupted[-30:]) / 30 - 1.26) < 0.03
# "A row was drawn fewer than twice on average": 300 steps of 16 rows, of 4,000
assert 300 * 16 / len(corpus) < 2
# "the resumed run is the same to the last bit" "Without the averages [...] sets the model back"
assert resumed[True] == uninterrupted[:30]
worse = [a > b for a, b in zip(resumed[False][1:], uninterrupted[1:30], strict=True)]
assert all(worse) and sum(resumed[False]) / 30 > sum(uninterrupted[:30]) / 30 + 0.07
# "After 100 steps there are sentences [...] Later they make a story" (the last sample of the run)
assert says(student).count(".") >= 2
# "`stories` is larger and was trained almost thirty times as long": 8,500 steps
assert 27 < 8500 / 300 < 30
# "m = 0.4, v = 0.016 [...] gives 4 and 16. The quotient is 4 / √16 = 1"
assert abs(adam_steps([4.0])[0] - 1) < 1e-6 and abs(adam_steps([0.04])[0] - 1) < 1e-5
# "the second step has m = -0.04 [...] and the step is only 0.05 long"
assert abs(0.9 * 0.4 - 0.1 * 4 + 0.04) < 1e-9 and round(adam_steps([4, -4])[1], 2) == -0.05
# "Without the correction, the first steps are more than three times too long, and the next ones even longer"
uncorrected = adam_steps([4] * 5, False)
assert uncorrected[0] > 3 and uncorrected == sorted(uncorrected)
# "With AdamW both kinds shrink alike, by the amount we asked for. With L2, one kind is pushed to zero [...]"
assert (shrunk["AdamW"] - (1 - 0.01 * 0.3) ** 300).abs().max() < 0.03
assert shrunk["L2 in Adam"][0] < 0.05 and shrunk["L2 in Adam"][1] > 0.85
# "One strange batch": noise has a far longer gradient than stories
assert norms["noise"] > 5 * norms["stories"] and norms["noise"] > 1
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
# "from near 7.34 to near 0": the step with parts and 16 bits passes the test of one batch
assert abs(own_losses[0] - math.log(1536)) < 0.3 and own_losses[-1] < 0.1
# "Ten of 128 directions carry most of the gradient, and more than half of Adam's step. Of Muon's [...] 17 %"
carried = {name: (found[:10].square().sum() / found.square().sum()).item() for name, found in values_of.items()}
assert carried["gradient"] > 0.8 and carried["Adam's first step"] > 0.5 and round(carried["Muon"], 2) == 0.17
assert len(values_of["gradient"]) == 128
# "the directions in which this gradient is weakest stay below the others": not near 1 after five rounds
assert values_of["Muon"][-1] < 0.5 < values_of["Muon"][64]
# "Adam is behind the averaged gradient here"; Muon is ahead of it, with each seed
for averaged, adam, muon in zip(*best_of.values(), strict=True):
    assert muon[0] < 0.5 * averaged[0] < 0.5 * adam[0]
# "Neither number includes the scores of attention [...] has no rule for them when the model runs on a CPU"
from torch.utils.flop_counter import flop_registry

assert not any("cpu" in str(operation) for operation in flop_registry)
assert abs(counted / estimated - 1) < 0.02
# "GPT-3 [...] has fewer than two tokens per parameter" "Llama 3 8B, with nearly two thousand"
ratio = {name: d / n for name, (n, d) in runs.items()}
assert ratio["GPT-3"] < 2 and 1800 < ratio["Llama 3 8B"] < 2000 and ratio["Chinchilla"] == 20
# "By the table, that is about ten weeks" of 16,000 GPUs
assert 9 < 6 * 405e9 * 15.6e12 / (16_000 * 4e14) / 86_400 / 7 < 11
# "LLaMA 7B would take little more than a day on a thousand GPUs" "Llama 3 8B costs eighteen times as much"
cost = {name: 6 * n * d for name, (n, d) in runs.items()}
assert 1 < cost["LLaMA 7B"] / 4e17 / 86_400 < 1.3 and round(cost["Llama 3 8B"] / cost["LLaMA 7B"]) == 18
# "for the compute that Gopher had spent" "our table has 5.9e23 for the one and 5.0e23 for the other"
assert f"{cost['Chinchilla']:.1e} {cost['Gopher']:.1e}" == "5.9e+23 5.0e+23"
assert 0.8 < cost["Chinchilla"] / cost["Gopher"] < 1.25
# "80 minutes on one such GPU at the very least": 124 million parameters, 20 tokens for each
assert round(6 * 1.24e8 * 20 * 1.24e8 / 4e14 / 60, -1) == 80
# "about 16 bytes for each parameter"
assert sum(bytes_per_parameter.values()) == 16
# "which makes 40 MB per token, and 82 GB for a single text of 2,048 tokens": GPT-3's 96 layers of width 12,288
assert [round(34 * 96 * 12_288 / 1e6), round(34 * 96 * 12_288 * 2048 / 1e9)] == [40, 82]
# "nine days on a thousand GPUs, and our reader would need 17,000 years" "a loss of 2.0 [...] as if among seven tokens"
assert round(6 * 5e10 * 1e12 / 4e17 / 86_400) == 9 and round(1e12 / tokens_per_year, -3) == 17_000
assert round(fitted_loss(5e10, 1e12), 2) == 2.00 and round(math.exp(fitted_loss(5e10, 1e12))) == 7
# "160 billion tokens: nearly a hundred times fewer" "77 billion parameters and 1.5 trillion tokens: ten times fewer"
for_budget = split(6 * 8e9 * 15e12)
assert 90 < 15e12 / (20 * 8e9) < 100 and [round(for_budget[0] / 1e9), round(for_budget[1] / 1e12, 1)] == [77, 1.5]
# "In 16 bits the steps are lost one by one, since each is less than half of the distance [...]"
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
# "more than five times the tokens of the 70 billion one, and below about 11 billion parameters no number [...]"
needed = (2085 / (goal - 1.82 - 482 / 25e9**0.348)) ** (1 / 0.366)
assert needed > 5 * 1.4e12 and 1.82 + 482 / 10.5e9**0.348 > goal > 1.82 + 482 / 11e9**0.348
# "The curve below shows that law": the widget's formula is the cell's
assert f"<td>1400.00</td><td>{fitted_loss(70e9, 1.4e12):.2f}</td>" in ComputeOptimal().picture()
# "the loss is only about 0.005 higher here [...] saving 0.005 with the best size takes a fifth more compute"
at = [fitted_loss(factor * 70e9, 1.4e12 / factor) for factor in (0.5, 1, 2)]
assert all(0.004 < higher - at[1] < 0.006 for higher in (at[0], at[2]))
assert round(at[1] - fitted_loss(70e9 * 1.2**0.5, 1.4e12 * 1.2**0.5), 3) == 0.005
# "How many times too large is it": four times; "Why aren't both factors ten?": the law's powers are not quite equal
sizes = [10 ** (9 + step / 200) for step in range(700)]


def best_size(cost, served=0):
    runs = {n: (cost - 2 * n * served) / (6 * n) for n in sizes}
    return min((n for n in runs if runs[n] > 0), key=lambda n: fitted_loss(n, runs[n]))


gopher, chinchilla = 6 * 280e9 * 300e9, 6 * 70e9 * 1.4e12
assert 3.5 < 280e9 / best_size(gopher) < 4.5
gopher_best = fitted_loss(best_size(gopher), gopher / 6 / best_size(gopher))
assert round(fitted_loss(280e9, 300e9) - gopher_best, 2) == 0.02
# "10.6 times the parameters and 9.4 times the tokens"
times_larger = best_size(100 * chinchilla) / best_size(chinchilla)
assert [round(times_larger, 1), round(100 / times_larger, 1)] == [10.6, 9.4]
# "when it serves between 150 and 200 trillion tokens"
llama = {served: 6 * 8e9 * 15e12 + 2 * 8e9 * served for served in (0, 1.5e14, 2e14)}
assert [best_size(cost, served) > 8e9 for served, cost in llama.items()] == [True, True, False]
# "The normal batch stays about as it is. The noise [...] is cut to a small part of its length"
assert norms["stories"] < 1.3 and norms["noise"] > 10
# "each optimizer at the best of five rates": none of them is the first or the last
for way, step_of in ways.items():
    found = [learn_matrix(step_of, rate, seed=0) for rate in rates[way]]
    assert min(found) not in (found[0], found[-1])
# "Ten times the parameters, on ten times the tokens" (the question on a hundredfold budget)
assert [round(big / small) for big, small in zip(split(1e23), split(1e21), strict=True)] == [10, 10]
# "about one time in eight at 0.3, and nearly always above 0.8"
assert abs(1 - (1 - 0.3**4) ** 16 - 1 / 8) < 0.01 and 1 - (1 - 0.8**4) ** 16 > 0.99
# "Here such a threshold would drop only the copies with the fewest changes; [...] has to go down to one half"
assert (exact >= 0.75).sum() <= 7 and (exact >= 0.5).sum() >= 19
# "Nearly all planted pairs are found, with few other candidates beside them"
assert caught >= 17 and len(candidates) < 60 and (guessed - exact).abs().mean() < 0.08
# "Padding each document to the longest wastes compute": packing does not
assert list(used.values()) == sorted(used.values()) and used["packed"] > 0.99 and next(iter(used.values())) < 0.6
# "Sorted by length, padding wastes almost as little as packing does" "the smallest has 102 tokens [...] 1,313"
assert used["packed"] - used["the same, sorted by length"] < 0.02
assert (sum(order[:8]), sum(order[-8:])) == (102, 1313)
# "Here it costs 0.04 nats, 6% of the loss, over 40 documents (±, one standard error)"
assert round(difference.item(), 2) == 0.04 and len(alone) == 40 and margin < difference / 2
assert round(100 * (difference / alone.mean()).item()) == 6
# "With the facts first, the loss on them ends at 1.98 and 2.14, not far below the 2.3 of a model that never read any"
on = {name: {kind: [result[kind] for result in found] for kind in exams} for name, found in exam_results.items()}
assert min(on["first"]["facts"]) > 1.9 and min(on["no facts"]["facts"]) > max(on["first"]["facts"])
# "Spread or last, they stay, and last is ahead by a few hundredths"
assert max(on["spread"]["facts"]) < 1.6 and 0.005 < min(on["spread"]["facts"]) - max(on["last"]["facts"]) < 0.05
# "200 steps on nothing but facts cost 0.1 on the stories"
assert 0.06 < min(on["last"]["stories"]) - max(on["spread"]["stories"]) < 0.15
# "7.4" (the question on perplexity)
assert round(math.exp(2), 1) == 7.4

# "they are still a fifth of what they should be", hundreds of steps after one large gradient
assert outlier[200] > 1.4 and 0.15 < outlier[300] < 0.25 and 0.15 < outlier[500] < 0.25
