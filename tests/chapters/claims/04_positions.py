# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 4 says about its own output. Each runs as a cell at the chapter's end."""

# "The row of *bites* comes out the same in both"
one, other = (mix(torch.stack([table[word] for word in line.split()])) for line in ("dog bites man", "man bites dog"))
assert torch.allclose(one[1], other[1]) and not torch.allclose(one[0], other[0])
# "The difference is rounding"
assert difference.abs().max() < 1e-5
# "Without it the model is nearly lost"
assert loss_by_token(ids, told * 0).mean() > 2 * loss_by_token(ids, told).mean()
# "The numbers of a token's row are small, in our decoder mostly below 1"
assert (model.get_input_embeddings().weight.abs() < 1).float().mean() > 0.95
# "this keeps the position from drowning the token", which without the factor it does
assert token_rows.norm(dim=-1).mean() < 0.5 * encoding.norm(dim=-1).mean()
assert 0.5 < (token_rows.norm(dim=-1).mean() * math.sqrt(128) / encoding.norm(dim=-1).mean()) < 4
# "With 64 hands the squared length is 64, always"
assert torch.allclose(lengths, torch.full_like(lengths, 64.0))
# "The dot product of two rows depends only on how many positions apart they are"
assert abs(exact[0] @ exact[5] - exact[50] @ exact[55]) < 1e-9
# "It does not survive the projections"
assert plain.max() - plain.min() < 1e-3 and projected.max() - projected.min() > 1
# "The first three lines have distance 2 and the same score. At distance 0 the score is 5"
assert abs(score(5, 3) - score(102, 100)) < 1e-9 and abs(score(5, 5) - 5) < 1e-9
# "at -2, it is [...] -1.51"
assert round(score(3, 5), 2) == -1.51
# "the key's arrow is 45° ahead, so at distance 0 [...] 5. At distance 2 [...] 57.3° [...] 6.91"
assert abs(math.atan2(3, 1) - math.atan2(1, 2) - math.pi / 4) < 1e-9 and round(math.degrees(2 * 0.5), 1) == 57.3
assert round(50**0.5 * math.cos(1 - math.pi / 4), 2) == 6.91 == round(score(5, 3), 2)
# "It is the same model at any starting point, up to rounding", and "changed nothing" for 10,000
assert abs(loss_by_token(ids, told + 10000).mean() - loss_by_token(ids, told).mean()) < 1e-3
# "The slowest barely turn at all within a text"
assert wavelengths[-1] > 100 * ROW_LENGTH
# "both models agree: they hold the same weights. With real positions, the unconverted one turns the wrong pairs"
assert abs(loss_by_token(ids, told * 0).mean() - loss_by_token(ids, told * 0, of=unconverted).mean()) < 1e-3
assert loss_by_token(ids, told, of=unconverted).mean() > 2 * loss_by_token(ids, told).mean()
# "Beyond the trained length the loss climbs at once"
assert whole[1] > max(whole[0], recent[1]) + 0.2 and min(whole[-3:]) > max(recent[-3:]) + 2
# "With the beginning cut off, it stays nearly level"
assert sum(recent[-3:]) < sum(recent[:3]) + 0.5
# "A gap as long as a training row makes the first half far worse than useless"
assert gap_losses[0] < hidden - 0.2 and gap_losses[160] > hidden + 2
# "with all positions multiplied by 0.5, the loss in these rows rises from 0.60 to 2.51"
assert [round(loss_by_token(ids, told * scale).mean().item(), 2) for scale in (1, 0.5)] == [0.60, 2.51]
# "Six of the sixteen pairs, 0 to 5, make a full turn within a training row"
assert (wavelengths <= ROW_LENGTH).tolist() == [True] * 6 + [False] * 10
# "The harm comes from the ones in between, and most of it from a single one, pair 7"
unharmed = loss_if_told([], gap=160)
assert round(unharmed, 2) == 0.49  # "Without a gap, the loss in these rows is 0.49"
between = loss_if_told(slice(6, 11), gap=160) - unharmed
assert max(loss_if_told(group, gap=160) - unharmed for group in (slice(6), slice(11, 16))) < 0.2 < 3 < between
assert alone.index(max(alone)) == 7 and alone[7] - unharmed > between / 2 > 10 * (sorted(alone)[-2] - unharmed)
# "It needs 353 positions for a turn, so a row of 160 shows the model less than half of its dial"
assert round(wavelengths[7].item()) == 353 and ROW_LENGTH < 353 / 2
# "a gap of 353 should do little harm [...] The same again at 706": to pair 7 none, with all told the least around there
for turns in (1, 2):
    assert loss_if_told([7], gap=353 * turns) < unharmed + 0.05
    near = tides["all pairs"][round(turns * full_turn / 40)]
    assert near < min(tides["all pairs"][place] for place in (4, 12)) - 2
# "it never goes to zero when all are told"
assert min(tides["all pairs"][1:]) > unharmed + 0.1
# "With slope 1/16, the loss at the end is about what it was with the beginning cut off"
assert abs(tried["1/16"][0] - recent[-1]) < 0.15 and tried["0"][0] > 6
# "the same slope makes the model forget what was said 50 tokens ago"
assert tried["1/16"][2] < 0.1 < 0.8 < tried["0"][2] and all(at_once == 1 for _, at_once, _ in tried.values())
assert 45 < len(tokenizer(facts).input_ids) < 60
# "Now *bites* knows who came first"
one, other = (mix_back(torch.stack([table[word] for word in line.split()])) for line in ("dog bites", "man bites"))
assert not torch.allclose(one[1], other[1])
# "a head spreads its weight evenly [...] token p receives 1/(p + 1)", "falls by 0.014, from 500 to 501 by 0.000004"
even = torch.ones(8, 8).tril() / torch.arange(1, 9)[:, None]
assert torch.allclose(even @ torch.eye(8)[0], 1 / torch.arange(1, 9))
assert round(1 / 8 - 1 / 9, 3) == 0.014 and round(1 / 501 - 1 / 502, 6) == 0.000004
# "At distance 8 [...] With another base, the peak moves: to distance 2 with base 100, and to 14 with base 500,000"
hands, distances = torch.arange(6) / 6, torch.arange(-64, 65)
for other_base, peak in ((10000.0, 8), (100.0, 2), (500000.0, 14)):
    products = (torch.outer(distances, other_base**-hands) - 8 * 10000.0**-hands).cos().sum(-1)
    assert distances[products.argmax()] == peak
# "guessing evenly among its 1,536 tokens would cost 7.34" "Reverse order costs least"
assert round(math.log(model.config.vocab_size), 2) == 7.34
wrong = {name: loss_by_token(ids, lie).mean() for name, lie in (("one", told * 0), ("reverse", told.flip(0)))}
assert wrong["reverse"] < wrong["one"] < 7.34
# "That is all of RoPE": the ten lines turn as transformers' Llama does, whose pairs are halves
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

torch.manual_seed(0)
query, key = torch.randn(2, 64)
halves = torch.arange(64).view(-1, 2).T.flatten()  # 0, 2, 4, ... 1, 3, 5, ...
angles = torch.outer(torch.arange(6), 10000.0 ** (-torch.arange(0, 64, 2) / 64)).repeat(1, 2)
rows = query.expand(1, 1, 6, 64)
turned, _ = apply_rotary_pos_emb(rows[..., halves], rows[..., halves], angles.cos()[None], angles.sin()[None])
assert torch.allclose(turned[0, 0], rope(rows[0, 0])[:, halves], atol=1e-5)
# "each diagonal is *one* number. Row 5, column 3 is row 2, column 0"
scores = rope(rows[0, 0]) @ rope(key.expand(6, 64)).T
assert torch.allclose(scores[1:, 1:], scores[:-1, :-1], atol=1e-4) and abs(scores[0, 1] - scores[1, 0]) > 0.1
# "the next layer refuses it", and "from 1.42 to 16, twice the length of a position's row"
assert total.dtype == torch.float64
longer = token_rows.norm(dim=-1).mean()
assert round(longer.item(), 2) == 1.42 and round((longer * math.sqrt(128)).item()) == 16
