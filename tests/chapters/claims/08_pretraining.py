# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 8 says about its own output. Each runs as a cell at the chapter's end."""

# "The loss is the mean of the last column, 1.461 nats per token": 0.693, 1.386, 2.303
import re

column = [-math.log(p) for p in (0.50, 0.25, 0.10)]
assert [round(number, 3) for number in column] == [0.693, 1.386, 2.303] and round(sum(column) / 3, 3) == 1.461
# "Minus the mean of what is left is the loss. `cross_entropy` does all three"
whole = tokenizer("The capital of France is Paris.", return_tensors="pt").input_ids
with torch.no_grad():
    assert abs(-log_p_of_targets.mean() - model(whole, labels=whole).loss) < 1e-4
# "Unshifted, a model that only copies is perfect. Shifted, it is far worse than an even guess, because nine of its
# ten targets cost 20 each"
ids = torch.tensor([[17, 230, 5, 99, 230, 41], [8, 8, 301, 77, 1200, 3]])
assert web_loss(copier(ids), ids) < 0.01 and round(shifted.item(), 1) == 18.0 and shifted > 2 * math.log(1536)
# "The natural call fails because `view` needs memory without gaps", "If every target is ignored, the mean is 0 / 0"
try:
    web_loss(copier(ids)[:, :-1], ids[:, 1:])
except RuntimeError as error:
    assert "view size" in str(error)
else:
    raise AssertionError("the natural call went through")
assert web_loss(copier(ids), torch.full_like(ids, -100)).isnan()
# "A trained model has a good loss only with the right shift, the first two of these four"
assert abs(by_hand - by_labels) < 1e-4 and min(twice, not_at_all) > by_hand + 3
# "the mean of the parts' means is not the mean"
assert mean_of_means > 2 * mean_of_all
# "If the loss doesn't get close to 0", "Nothing moves", "here $\ln 1536 = 7.34$"
assert right[-1] < 0.1 and abs(right[0] - math.log(1536)) < 0.3
assert len({round(number, 4) for number in wrong}) == 1 and round(math.log(1536), 2) == 7.34
# "`pack` joins them end to end, with an end token after each, and cuts where a row is full": as the course's own does
from llm_course.training import batches as course_batches

as_ids = (tokenizer(text).input_ids for text in training_documents())
assert rows.equal(course_batches.pack(as_ids, length=64, end=tokenizer.eos_token_id, rows=400))
# "gives 4 and 16. The quotient is 4 / √16 = 1. Therefore the first step has the length $\eta$, whatever the size"
assert abs(adam_steps([4.0])[0] - 1) < 1e-6 and abs(adam_steps([0.04])[0] - 1) < 1e-5
# "The second step has $m = 0.9 \cdot 0.4 - 0.1 \cdot 4 = -0.04$, because the two gradients nearly cancel, and the step
# is short"
assert abs(0.9 * 0.4 - 0.1 * 4 + 0.04) < 1e-9 and round(adam_steps([4, -4])[1], 2) == -0.05
# "Without the correction, the first steps are more than three times too long"
assert min(adam_steps([4] * 4, correct=False)) > 3
# "With AdamW both kinds shrink alike, by the amount we asked for. With L2 in Adam [...] goes to zero [...] drowns"
assert (shrunk["AdamW"] - (1 - 0.01 * 0.3) ** 300).abs().max() < 0.03
assert shrunk["Adam"][0] < 0.05 and shrunk["Adam"][1] > 0.85
# "With torch's default $\beta_2$ of 0.999, the first steps are too long [...] Then they are too short for hundreds of
# steps"
assert min(step_lengths[0.999][:2]) > 1.3 and max(step_lengths[0.999][50:301]) < 0.25
# "raises $m$ to $0.9 + 0.1 \cdot 100 = 10.9$, but $v$ to $0.95 + 0.05 \cdot 100^2 = 501$, whose root is 22, and
# 10.9 / 22 is 0.49. After 200 steps the length is back at 0.99"
assert round(0.95 + 0.05 * 100**2) == 501 and round(501**0.5) == 22 and round(step_lengths[0.95][0], 2) == 0.49
assert round(step_lengths[0.95][200], 2) == 0.99


# "each at its best peak, the constant rate ends 0.08 nats behind", "cosine and WSD tie here"
def mean_end(name, peak):
    return sum(final_losses[name, peak]) / 3


best_ends = {name: min((mean_end(name, peak), peak) for peak in peaks) for name in ("constant", "cosine", "wsd")}
assert [best_ends[name][1] for name in best_ends] == [0.01, 0.02, 0.014]
assert round(best_ends["constant"][0] - best_ends["cosine"][0], 2) == 0.08
assert round(best_ends["constant"][0] - best_ends["wsd"][0], 2) == 0.08
both_ends = final_losses["cosine", 0.02] + final_losses["wsd", 0.014]
assert abs(best_ends["cosine"][0] - best_ends["wsd"][0]) < (max(both_ends) - min(both_ends)) / 2
# "WSD's loss drops in the last fifth": above the cosine before it, as low after it
assert curves["wsd"][7] > curves["cosine"][7] + 0.05 and abs(curves["wsd"][9] - curves["cosine"][9]) < 0.02
# "from step 200 to 300 it even rose": 1.35 on unseen text became 1.22
assert uninterrupted[149] > uninterrupted[49]
# "the loss on unseen text is 0.49, 0.34 and 0.26 nats higher at the three looks": the last of them
with torch.no_grad():
    with_warmup, without = (network(unseen, labels=unseen).loss for network in (student, no_warmup))
assert 0.2 < without - with_warmup < 0.32
# "a row was drawn fewer than twice on average": 300 steps of 16 rows, of 4,000
assert 300 * 16 / len(corpus) < 2
# "the resumed run is the same to the last bit. Without the averages [...] sets the model back"
assert resumed == uninterrupted[:30] and sum(without_averages) / 30 > sum(uninterrupted[:30]) / 30 + 0.07
# "After 100 steps there are sentences", "trained almost thirty times as long": 8,500 steps
assert says(student).count(".") >= 2 and 27 < 8500 / 300 < 30
# "The form used in practice": it learns, and its file holds the rows of the corpus
assert own_losses[0] > 7 and sum(own_losses[-10:]) / 10 < 3
assert loader.dataset[17].equal(corpus[17]) and len(loader.dataset) == 4000
assert schedule.get_last_lr()[0] < 3e-4
# "training $N$ parameters on $D$ tokens costs about" 6 N D: as torch counts
from torch.utils.flop_counter import FlopCounterMode

counter = FlopCounterMode(display=False)
fresh = small_llama()
with counter:
    fresh(rows[:4], labels=rows[:4]).loss.backward()
assert abs(counter.get_total_flops() / (6 * sum(p.numel() for p in fresh.parameters()) * rows[:4].numel()) - 1) < 0.02
# "GPT-3 [...] has fewer than two tokens per parameter", "15,000 per parameter" of SmolLM2
ratio = {name: d / n for name, (n, d) in runs.items()}
assert ratio["GPT-3"] < 2 and ratio["Chinchilla"] == 20 and round(ratio["SmolLM2-135M"], -3) == 15_000
# "Llama 3 8B has 1,900 per parameter, Qwen3-0.6B 60,000"
assert round(ratio["Llama 3 8B"], -2) == 1_900 and ratio["Qwen3-0.6B"] == 60_000
# "about ten weeks" of 16,000 GPUs
assert 9 < 6 * 405e9 * 15.6e12 / (16_000 * 4e14) / 86_400 / 7 < 11
# "LLaMA 7B would take little more than a day on a thousand, and Llama 3 8B [...] eighteen times as long"
cost = {name: 6 * n * d for name, (n, d) in runs.items()}
assert 1 < cost["LLaMA 7B"] / 4e17 / 86_400 < 1.3 and round(cost["Llama 3 8B"] / cost["LLaMA 7B"]) == 18
# "for about the compute of Gopher"
assert 0.8 < cost["Chinchilla"] / cost["Gopher"] < 1.25
# "takes 80 minutes on one": 124 million parameters, 20 tokens for each
assert round(6 * 1.24e8 * 20 * 1.24e8 / 4e14 / 60, -1) == 80
# "8 billion parameters take two GPUs of 80 GB, and 405 billion take 81"
assert [math.ceil(16 * billions / 80) for billions in (8, 405)] == [2, 81]
# "which makes 40 MB per token, and 82 GB for a single text of 2,048 tokens": GPT-3's 96 layers of width 12,288
assert [round(34 * 96 * 12_288 / 1e6), round(34 * 96 * 12_288 * 2048 / 1e9)] == [40, 82]
# "nine days on a thousand GPUs, and our reader would need 17,000 years" "it reaches 2.0 nats per token [...] as if
# among seven tokens"
assert round(6 * 5e10 * 1e12 / 4e17 / 86_400) == 9 and round(1e12 / tokens_per_year, -3) == 17_000
assert round(fitted_loss(5e10, 1e12), 2) == 2.00 and round(math.exp(fitted_loss(5e10, 1e12))) == 7
# "160 billion: nearly a hundred times fewer", "77 billion parameters and 1.5 trillion tokens"
for_budget = split(6 * 8e9 * 15e12)
assert 90 < 15e12 / (20 * 8e9) < 100 and [round(for_budget[0] / 1e9), round(for_budget[1] / 1e12, 1)] == [77, 1.5]
# "The more a model is used, the smaller it should be": and at nothing served, it is Chinchilla's
assert cheapest == sorted(cheapest, reverse=True) and len(set(cheapest)) == 3 and cheapest[0] == 70e9
# "below about 11 billion parameters, no number of tokens is enough"
needed = (2085 / (goal - 1.82 - 482 / 25e9**0.348)) ** (1 / 0.366)
assert needed > 5 * 1.4e12 and 1.82 + 482 / 10.5e9**0.348 > goal > 1.82 + 482 / 11e9**0.348
# "The blue curve shows that law": the widget's formula is the cell's
assert f"<td>1400.00</td><td>{fitted_loss(70e9, 1.4e12):.2f}</td>" in ComputeOptimal().picture()
# "with half or twice the best number of parameters, the loss is only about 0.005 higher here"
at = [fitted_loss(factor * 70e9, 1.4e12 / factor) for factor in (0.5, 1, 2)]
assert all(0.004 < higher - at[1] < 0.006 for higher in (at[0], at[2]))
# "Gopher is about four times too large, its loss 0.02 too high"
sizes = [10 ** (9 + step / 200) for step in range(700)]


def best_size(cost, served=0):
    tokens = {n: (cost - 2 * n * served) / (6 * n) for n in sizes}
    return min((n for n in tokens if tokens[n] > 0), key=lambda n: fitted_loss(n, tokens[n]))


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
# "padding to the longest of all wasted half the places, of a batch a third"
assert list(share_of_text.values()) == sorted(share_of_text.values())
assert 0.6 < share_of_text["padded to the longest of a batch"] < 0.7
assert share_of_text["packed into rows of 160"] > 0.99 and 0.4 < share_of_text["padded to the longest of all"] < 0.6
# "Packing costs `stories` about 0.03 nats, 3 % of the loss, over 400 documents", in rows of 160 tokens
assert round(price, 2) == 0.03 and len(differences) == 400 and standard_error < price / 3
assert round(100 * price / loss_alone.mean().item()) == 3 and max(map(len, texts)) * 2 + 2 < 160
# "The loss on the first tokens is three times the loss after 256 [...] From there on it hardly falls."
by_place = [float(loss) for loss in re.findall(r"^ +\d+ to \d+ +([\d.]+) +[\d.]+$", real_size, flags=re.MULTILINE)]
assert len(by_place) == 6 and 2.8 < by_place[0] / by_place[-1] < 3.4 and by_place[-2] - by_place[-1] < 0.1
# "Here a document in front *lowers* the loss, related or not"
shifts = [
    (float(difference), float(error))
    for difference, error in re.findall(r"difference ([+-][\d.]+) ± ([\d.]+)", real_size)
]
assert len(shifts) == 2 and all(difference < -2 * error for difference, error in shifts)
# "4 times 4 bytes for each of 134.5 million parameters, 2,152 MB", "two temporary copies of the largest matrix, 113 MB
# each": together within 1 % of the peak of 2,388 MB
assert abs((2_152 + 2 * 49_152 * 576 * 4 / 1e6) / 2_388 - 1) < 0.01 and "256 tokens 2,388 MB" in real_size
assert round(16 * 134.515) == 2_152 and "weights 538 MB, gradients as much, m and v 1076 MB" in real_size
# "Activations add 1.5 MB per token", "three times as much as the model's weights", "to less than a fifth, for a step
# that takes longer", "some $7 \cdot 10^{10}$ operations per second"
steps_at = {
    (tokens, way): (float(held.replace(",", "")), float(seconds), float(rate))
    for tokens, way, held, seconds, rate in re.findall(
        r"^ *([\d,]+)  (yes|no) +([\d,]+) MB +([\d.]+) +([\d.e+]+)$", real_size, flags=re.MULTILINE
    )
}
assert len(steps_at) == 4 and 1.5 < steps_at["256", "no"][0] / 256 < 1.6
assert 2.8 < steps_at["1,024", "no"][0] / 538 < 3.1
for tokens in ("256", "1,024"):
    assert steps_at[tokens, "yes"][0] < steps_at[tokens, "no"][0] / 5
    assert 1 < steps_at[tokens, "yes"][1] / steps_at[tokens, "no"][1] < 1.6
assert all(5e10 < rate < 1e11 for _, _, rate in steps_at.values())
# "The loop passes the test of one batch in eight steps"
on_one_batch = [float(loss) for loss in re.search(r"one batch, losses: ([\d. ]+)", real_size)[1].split()]
assert on_one_batch[0] > 2 and on_one_batch[-1] < 0.1
# "would take it more than 700 years. One H100 [...] would need 47 days"
assert 700 < 6 * 1.345e8 * 2e12 / 7e10 / 86_400 / 365 < 800 and round(6 * 1.345e8 * 2e12 / 4e14 / 86_400) == 47
