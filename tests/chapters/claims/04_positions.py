# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 4 says about its own output. Each runs as a cell at the chapter's end."""

# "The vector for *bites* comes out the same in both"
one, other = (attend(rows_of(line)) for line in ("dog bites man", "man bites dog"))
assert torch.allclose(one[1], other[1]) and not torch.allclose(one[0], other[0])
# "The difference is rounding"
assert difference.abs().max() < 1e-5
# "a vocabulary of 1,536 tokens, and it was trained on rows of 160 tokens"
assert model.config.vocab_size == 1536 and ROW_LENGTH == 160
# "With a wrong one, this model is nearly lost: guessing evenly among its 1,536 tokens would cost 7.34"
assert round(math.log(1536), 2) == 7.34 and min(list(order_losses.values())[1:]) > 4 > 1 > order_losses["true"]
# "The second line keeps each token beside seven neighbors, and does the least harm"
assert order_losses["runs of 8, shuffled"] < min(list(order_losses.values())[2:]) - 0.2
# "The numbers in a token's vector are small, in our decoder mostly below 1"
assert (model.get_input_embeddings().weight.abs() < 1).float().mean() > 0.95
# "With 64 pairs the squared length is 64"
assert torch.allclose(squared_lengths, torch.full_like(squared_lengths, 64.0))
# "The dot product of two rows depends only on how many positions apart they are"
assert abs(encoding[0] @ encoding[5] - encoding[50] @ encoding[55]) < 1e-9
# "The first two lines have distance 2 and the same score. At distance 0 the score is [...] 5"
assert abs(score(5, 3) - score(102, 100)) < 1e-9 and abs(score(5, 5) - 5) < 1e-9
# "a distance of $-2$ [...] is not like a distance of 2"
assert round(score(3, 5), 2) == -1.51
# "the key's arrow is 45° ahead. At distance 2 [...] 57.3° [...] 6.91"
assert abs(math.atan2(3, 1) - math.atan2(1, 2) - math.pi / 4) < 1e-9 and round(math.degrees(2 * 0.5), 1) == 57.3
assert round(50**0.5 * math.cos(1 - math.pi / 4), 2) == 6.91 == round(score(5, 3), 2)
# "Each diagonal from top left to bottom right is *one* number"
diagonals = (queries @ keys.transpose(-1, -2))[0, 0]
assert torch.allclose(diagonals[1:, 1:], diagonals[:-1, :-1], atol=1e-4)
assert abs(diagonals[0, 1] - diagonals[1, 0]) > 0.1
# "The library's own function agrees"
assert torch.allclose(queries, library_queries, atol=1e-5) and torch.allclose(keys, library_keys, atol=1e-5)
# "Up to rounding, the model is the same at any starting point", and "changed nothing" for 10,000
assert (moved - logits).abs().max() < 0.01 < 1 < logits.std()
assert abs(token_losses(ids, true_positions + 10000).mean() - token_losses(ids, true_positions).mean()) < 1e-3
# "With a learned table it doesn't: [...] the logits change by whole units [...] counted [...] both are right"
assert round((by_default.logits[0, -1] - alone).abs().max().item(), 1) == 3.8  # of stories-gpt2, which comes last
assert (counted.logits[0, -1] - alone).abs().max() < 1e-4
# "The slowest barely turn within a text"
assert wavelengths[-1] > 100 * ROW_LENGTH
# "At distance 8 [...] With another base the peak moves: to distance 2 with base 100, and to 14 with base 500,000"
sixths, apart = torch.arange(6) / 6, torch.arange(-64, 65)
for other_base, peak in ((10000.0, 8), (100.0, 2), (500000.0, 14)):
    products = (torch.outer(apart, other_base**-sixths) - 8 * 10000.0**-sixths).cos().sum(-1)
    assert apart[products.argmax()] == peak
# "Beyond the trained length the loss climbs at once"
assert whole_text[1] > max(whole_text[0], last_tokens[1]) + 0.2 and min(whole_text[-3:]) > max(last_tokens[-3:]) + 2
# "With the beginning cut off, it stays nearly level"
assert sum(last_tokens[-3:]) < sum(last_tokens[:3]) + 0.5
# "A gap as long as a training row makes the first half far worse than useless"
assert gap_losses[0] < loss_alone - 0.2 and gap_losses[160] > loss_alone + 2
# "the longest gap does less harm than that of 160", "the gap of 640 above stands near its second full turn"
assert loss_alone < gap_losses[640] < gap_losses[160] - 2 and abs(640 / 353 - 2) < 0.2
# "Six of the sixteen pairs, 0 to 5, make a full turn within a training row"
assert (wavelengths <= ROW_LENGTH).tolist() == [True] * 6 + [False] * 10
# "Pairs that have been all the way around do little harm, and so do those too slow for the gap to turn them far [...]
# The harm comes from the ones in between, and most of it from pair 7"
unharmed, harm = group_losses["none"], group_losses["6 to 10"] - group_losses["none"]
assert max(group_losses["0 to 5"], group_losses["11 to 15"]) - unharmed < 0.2 < 3 < harm
assert single_losses.index(max(single_losses)) == 7
assert max(single_losses) - unharmed > harm / 2 > 10 * (sorted(single_losses)[-2] - unharmed)
# "It needs 353 positions for a turn, and a row of 160 shows the model less than half of its circle"
assert round(wavelengths[7].item()) == 353 and ROW_LENGTH < 353 / 2
# "a gap of 353 should do little harm [...] and again one of 706": in pair 7 none, in all the least around there
for turn_count in (1, 2):
    assert loss_with_gap_in([7], gap=353 * turn_count) < unharmed + 0.05
    near = losses_by_gap["all pairs"][round(turn_count * full_turn / 40)]
    assert near < min(losses_by_gap["all pairs"][place] for place in (4, 12)) - 2
# "With all pairs moved it never goes to zero"
assert min(losses_by_gap["all pairs"][1:]) > unharmed + 0.1
# "Now *bites* knows who came first"
one, other = (attend(rows_of(line), hidden=later) for line in ("dog bites man", "man bites dog"))
assert not torch.allclose(one[1], other[1], atol=0.1)
# "a head spreads its weight evenly [...] token $p$ receives $1/(p+1)$", "falls by 0.014, from 500 to 501 by 0.000004"
even = torch.ones(8, 8).tril() / torch.arange(1, 9)[:, None]
assert torch.allclose(even @ torch.eye(8)[0], 1 / torch.arange(1, 9))
assert round(1 / 8 - 1 / 9, 3) == 0.014 and round(1 / 501 - 1 / 502, 6) == 0.000004
# "turns once in 54,410 positions", with base 500,000 in "2.6 million"
slowest_turns = [2 * math.pi * base_of_128 ** (126 / 128) for base_of_128 in (1e4, 5e5)]
assert round(slowest_turns[0]) == 54410 and round(slowest_turns[1] / 1e6, 1) == 2.6 and 2 * slowest_turns[0] < 131072
# "the loss at the end of 640 tokens falls from 6.76 to 1.01; rows of the old length cost a little more than before"
as_trained, divided, parted = (slower_losses[name] for name in ("as trained", "all divided", "YaRN"))
assert (round(as_trained[1], 2), round(parted[1], 2)) == (6.76, 1.01) and min(divided) > 4
assert 0.05 < parted[0] - as_trained[0] < 0.25

# At real size: "moving the text changes nothing, and wrong orders cost between 1.6 and 3.2 nats per token"
import re

ordered = {label: float(loss) for label, loss in re.findall(r"^([a-z][\w ,]+?) +(\d\.\d\d) ", real_size, re.MULTILINE)}
assert ordered["moved on by 7,000"] == ordered["true"]
costs = [ordered[label] - ordered["true"] for label in ("runs of 8, shuffled", "reversed", "all equal", "shuffled")]
assert 1.55 < min(costs) < 1.65 and 3.1 < max(costs) < 3.25
rows = re.findall(r"^ +([\d,]+) +(\d\.\d\d) +(\d+) of 24$", real_size, re.MULTILINE)
table = [(int(gap.replace(",", "")), float(loss), int(found)) for gap, loss, found in rows]
own, yarn = ({gap: (loss, found) for gap, loss, found in half} for half in (table[:9], table[9:]))
alone_loss = float(re.search(r"second half alone +(\d\.\d\d)", real_size)[1])
# "Text 1,000 positions away still helps: 2.63, against 2.82 for the second half alone. At 4,000 its help is nearly
# gone, and at 7,500 it does harm"
assert (own[1000][0], alone_loss) == (2.63, 2.82) and own[7500][0] > alone_loss + 0.05
assert own[1000][0] < alone_loss - 0.1 and alone_loss - 0.1 < own[4000][0] < alone_loss
# "All 24 succeed at 1,000 and 2,000, but 8 at 4,000 and none at 7,500"
assert [own[gap][1] for gap in (1000, 2000, 4000, 7500)] == [24, 24, 8, 0]
# "Without a gap, 17 succeed"
assert own[0][1] == 17
# "at 12,000 and more, beyond what the configuration allows, it is far worse than useless"
assert min(own[gap][0] for gap in (12000, 16000, 32000, 64000)) > alone_loss + 1
# "With YaRN the loss stays within 0.2 of the second half alone up to 32,000 [...] and breaks at 64,000"
assert max(yarn[gap][0] for gap in (1000, 2000, 4000, 7500, 12000, 16000, 32000)) < alone_loss + 0.2
assert yarn[64000][0] > alone_loss + 2
# "22 words are found at 7,500 [...] and all 24 at 16,000, but hardly any at 4,000 and 12,000"
assert yarn[7500][1] == 22
assert yarn[16000][1] == 24 and max(yarn[4000][1], yarn[12000][1]) <= 6
# "this model's look-ups come and go with the distance, even within the old length"
assert yarn[4000][1] < own[4000][1]
