# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 9 says about its own output. Each runs as a cell at the chapter's end."""

# "It doesn't answer. It keeps writing"
said, place = write(base, ["What is 3 + 4?"], seed=1)
assert "7" not in text_of(said[0, place:])
# "the turns of a new draw that never occurred in training, one in eight", "little more than half the loss without it"
assert 2048 / 9 < len(new_turns) < 2048 / 7 and not set(new_turns) & set(turns)
assert 0.4 < answer_loss["mask"] / answer_loss["no mask"] < 0.7
# "After a hundred steps it answers, and in the right form, though 3 + 4 isn't 6"
said, place = write(tuned, ["What is 3 + 4?"], seed=1)
assert text_of(said[0, place:]) == "3 + 4 = 6."
# "The other column asks how likely each token is to *follow itself*"
row = torch.tensor([row_of("What is 3 + 4?", "3 + 4 = 7.")[0]])
with torch.no_grad():
    shifted = token_log_probs(tuned, row, 9).sum()
    own = tuned(input_ids=row).logits[:, 9:].log_softmax(-1).gather(-1, row[:, 9:, None]).sum()
assert own < shifted - 10
# "a chance of $e^{-2.28}$, about 10 %. The wrong one is some fifteen times less likely", "the cow would be the best"
by_place = {}
for answer in ("3 + 4 = 7.", "3 + 4 = 8.", "The cow eats."):
    row = torch.tensor([row_of("What is 3 + 4?", answer)[0]])
    with torch.no_grad():
        own = tuned(input_ids=row).logits[:, 9:].log_softmax(-1).gather(-1, row[:, 9:, None]).sum().item()
        by_place[answer] = token_log_probs(tuned, row, 9).sum().item(), own
(right, own_right), (wrong, own_wrong), (cow, own_cow) = by_place.values()
assert 0.08 < math.exp(right) < 0.13 and 10 < math.exp(right - wrong) < 22 and cow < right - 20
assert own_cow > max(own_right, own_wrong)
# "The reward model has learned to like length, and hardly minds a false sentence"
step_up = (learned[3, False] - learned[1, False]) / 2
cost = sum(learned[n, False] - learned[n, True] for n in (1, 2, 3)) / 3
assert step_up > 0.1 and cost < step_up
# "sixteen pairs of answers about each of 18 animals", "Pairs of equal answers are dropped"
assert len(ANIMALS) == 18 and 0.8 * 16 * 18 < len(compared) < 16 * 18
# "Answers get longer, and fewer of them are all true"
length, clean, false, value = preferred["tuned"][0]
assert all(now[0] > length + 0.3 and now[1] < clean for name, (now, _) in preferred.items() if name != "tuned")
# "of single sentences, too, between 47 and 60 % were false, against a third before"
assert 0.42 < preferred["beta 0.05"][0][2] < 0.65 and 0.27 < false < 0.38
# "worth between 4.5 and 5.3, against 3.4 before", in the four draws of which the page shows one
assert 4.2 < preferred["beta 0.05"][0][3] < 5.6 and 3.2 < value < 3.7
for length_now, clean_now, _, value_now in (report for report, _ in preferred.values()):
    assert abs(2 * clean_now + length_now - value_now) < 1e-6  # the rater's scale, as the page states it
# "With the small beta the chosen answers became *less* probable too", and the margin grows all the same
for _, moved in (preferred["beta 0.05"], preferred["beta 2.0"]):
    assert moved[0] > moved[1] + 1
# "A beta of 0.3 comes close. With 2.0 the policy has moved little": its answers are worth no more than before
assert preferred["beta 0.3"][0][3] > preferred["beta 0.05"][0][3] - 0.4
assert abs(preferred["beta 2.0"][0][3] - value) < 0.25
# "a little longer and a little more often false, and the two cancel"
assert preferred["beta 2.0"][0][2] > false + 0.05 and preferred["beta 2.0"][0][0] > length + 0.1
# "they grew to between 4.2 and 5.1 sentences", "by 3.5 to 4.6 nats", in four draws of which the page shows one
assert 3.9 < preferred["beta 0.05"][0][0] < 5.4 and -5 < preferred["beta 0.05"][1][0] < -3.2
assert preferred["beta 0.05"][1][0] < preferred["beta 2.0"][1][0]
# "`stories` saw 4 + 7, for example, but never 7 + 4"
assert all((right, left) in short_turns.SHOWN_SUMS for left, right in short_turns.NEVER_SHOWN_SUMS)
assert (7, 4) in short_turns.NEVER_SHOWN_SUMS
# "the chance of a right answer to the paid sums rises from 0.29 to 0.50", with the plain loop
assert 0.45 < sums["plain loop"][0] < 0.54
# "with both seeds, the chance of a right answer to the paid sums doubles, from 0.29 to about 0.57"
for seed in (0, 1):
    paid, unpaid, reversed_sums = sums[f"complete, seed {seed}"]
    assert round(sums["tuned"][0], 2) == 0.29 and 0.52 < paid < 0.62
    # "The unpaid and the reversed ones gain at most a few hundredths"
    assert abs(unpaid - sums["tuned"][1]) < 0.05 and -0.01 < reversed_sums - sums["tuned"][2] < 0.07
# "The entropy falls in both runs"
for log in logs:
    assert sum(row[2] for row in log[-10:]) < sum(row[2] for row in log[:10])
    assert any(row[1] > 0 for row in log)  # "A group of equal rewards teaches nothing": there are some
# "The score rises by about 0.9 with both seeds", "four sentences in five are false, against one in three before"
score, moved, length, clean, false, value = judged_policies["tuned"]
for seed in (0, 1):
    free, priced = (judged_policies[f"price {kl_price}, seed {seed}"] for kl_price in (0.0, 0.2))
    assert 0.75 < free[0] - score < 1.15 and 0.72 < free[4] < 0.88 and 0.27 < false < 0.38
    # "To this rater the answers are worth more all the same"
    assert free[5] > value + 0.5
    # "With a price of 0.2 the policy moves at most half as far [...]. The score rises less, and a smaller share"
    assert priced[1] < 0.52 * free[1] and priced[0] < free[0] and priced[4] < free[4]
    # "though still about twice the share of the tuned model"
    assert 1.7 < priced[4] / false < 2.4
# "200 steps with the faulty reward alone leave no answer right", "75 % of the answers earn the reward but only 45 %
# are right. Paid for right answers [...] 75 % of them right"
from llm_course.widgets.policy_lab import AFTER, STEPS  # noqa: E402 -- held against the lab's own runs in tests/widgets

assert STEPS == 200 and AFTER["found", 0.0][1] < 0.02
assert AFTER["found", 0.3][:2] == [0.75, 0.45] and AFTER["right", 0.3][1] == 0.75
# "The template adds a system prompt that nobody typed", "With it, SmolLM2 answers and stops" (real_size)
assert real_size.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
assert "chat template          'The capital of France is Paris.<|im_end|>'" in real_size
# "Without the assistant's mark, it first has to write that mark itself", "the model stops at once" (real_size)
assert (
    "no assistant mark      '<|im_start|>assistant" in real_size and "no template            '<|im_end|>'" in real_size
)
# "With another model's marks it still finds Paris" (real_size)
assert "Paris" in real_size.split("another model's marks")[1].splitlines()[0]
# "Before, none of twelve answers ended within 48 tokens, where we cut them off; afterwards, 8 and 10 of them do"
# (real_size)
import re  # noqa: E402

rows = re.findall(
    r"^(before|seed \d) +([\d.]+) +(\d+) of 12 +(\d+) of 10 +(-?[\d.]+) +(-?[\d.]+)$", real_size, flags=re.MULTILINE
)
ended = [int(row[2]) for row in rows]
assert len(rows) == 3 and ended[0] == 0 and sorted(ended[1:]) == [8, 10]
# "The facts are the same as before, 7 of 10" (real_size)
assert {row[3] for row in rows} == {"7"}
# "the chosen answers became likelier, by about 6 nats, and the rejected ones less likely by as much" (real_size)
for row in rows[1:]:
    assert 5.5 < float(row[4]) < 7 and -7 < float(row[5]) < -5.5
# "13 seconds of one core to write the 32 answers, under a minute to train, and 3.1 GB" (real_size)
costs = re.findall(r"16 pairs: written in (\d+) s, trained in (\d+) s and ([\d,]+) MB", real_size)
assert len(costs) == 2 and all(8 < int(cost[0]) < 20 and int(cost[1]) < 60 for cost in costs)
assert 2_700 < int(costs[0][2].replace(",", "")) < 3_500 and round(4 * 4 * 0.135, 1) == 2.2
