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
# "(The wrong *scale* does, too"
assert loss_by_token(ids, told * 0.5).mean() > loss_by_token(ids, told).mean() + 0.3
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
