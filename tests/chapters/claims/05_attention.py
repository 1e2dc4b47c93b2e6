# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "every weight is close to one fifth", and 99 % on the corrections page
assert (random_weights["rand"] - 0.2).abs().max() < 0.1
assert (random_weights["randn"] - 0.2).abs().max() > 0.25
entropies = {name: -(w * w.log()).sum(-1).mean() / math.log(5) for name, w in random_weights.items()}
assert entropies["rand"] > 0.99 and entropies["randn"] < 0.95
# "She looks for a person and takes nearly everything from Anna"
assert projected[-1, 0] > 0.9
# "Unscaled, one key wins at random and takes almost everything"
assert ranked["unscaled"][0] > 0.8 and ranked["scaled"][0] < 0.1
# "A tenth of the queries get next to none [...] while another tenth gets more than fifty times what a scaled query
# gets [...] Scaled, all queries get about the same"
few, typical, many = gradients["scaled"]
assert gradients["unscaled"][0] < typical / 100 and gradients["unscaled"][2] > 50 * many
assert many < 2 * few
# "Without a mask, every position changes [...] With the causal mask only the last position does"
no_mask = torch.ones(5, 5, dtype=torch.bool)
assert (outputs(x, no_mask) - outputs(changed, no_mask)).abs().amax(-1).min() > 0.1
assert (outputs(x, causal) - outputs(changed, causal))[:-1].abs().max() == 0
# "Here the weights come from gradient descent, on the games and with that extra loss", and the model answers *Anna*
assert on_hat.max() > 0.6 and untrained_maps[:, :, -1, hat].max() < 0.2 and on_hat.median() < 0.1
assert result.logits[0, -1].argmax() == names[0]
# "from here no head puts more than 9 % on *Anna*", "When the first *hat* is read, one head takes Anna from its past"
assert maps[:, :, -1, anna].max() < 0.095 and noted.max() > 0.7 and noter[0] < finder[0]
# "from the last token they do not look at the hat at all: one of them wrote the note"
assert on_hat[noter] < 0.2
# "Heads 1 and 4 of the first layer do"
assert [head for head in range(maps.shape[1]) if maps[0, head, -1, asked] > 0.5] == [0, 3]
# "Without the head that finds the hat, Anna is gone, and the model does not say *Tom* instead"
assert whole[0] > 0.9 and silenced[finder][names[0]] < 0.1 and silenced[finder][names[1]] < 0.1
# "The head that wrote the note matters as much"
assert noter[0] == 0 and silenced[noter][names[0]] < 0.15
# "All six need both the finder and the note writer"
assert all(chance[0] > 0.9 and max(chance[1:3]) < 0.15 for chance in owner_chances)
# "most of the probability or none of it, and in two cases the *other* child becomes the answer"
assert min(chance[3] for chance in owner_chances) < 0.05 and max(chance[3] for chance in owner_chances) > 0.7
# "Without it alone, five of the six owners keep nearly everything, and the sixth nearly nothing. Without both [...] 0"
assert sum(chance[4] > 0.85 for chance in owner_chances) == 5 and min(chance[4] for chance in owner_chances) < 0.15
assert max(chance[5] for chance in owner_chances) < 0.005
# "largest difference from PyTorch's layer"
assert module_difference < 1e-5
# "Find one that often looks at the token just before, and one that hardly prefers anything"
assert max((head.diagonal(-1) > 0.4).sum() for layer in maps for head in layer) > 8
assert min(head[8:].amax(-1).mean() for layer in maps for head in layer) < 0.5
# "It looks at the hat as the finished model does, and is nearly as sure"
assert abs(early_on_hat - on_hat.max()) < 0.1 and 0.75 < early_chances[0] < whole[0]
# "all heads together give START less than its even share, and none gives it three times as much"
assert on_first["stories"].mean() < even and not (on_first["stories"] > 3 * even).any()
# "`stories-gpt2` [...] has a few mild ones", and in the picture one is more than five times as high
assert on_first["stories-gpt2"].max() > 5 * even
assert 2 <= (on_first["stories-gpt2"] > 2 * even).sum() < 6 and on_first["stories-gpt2"].max() < 0.4
# "START's value is shorter than the others', but not close to nothing"
assert lengths[1:].mean() / 2 < lengths[0] < lengths[1:].mean()
# "She hears a little less, mostly because the third axis makes the divisor √3 in place of √2"
parking = torch.cat([plain_query, nothing], dim=-1) * math.sqrt(3 / 2)
found_by = torch.cat([torch.tensor([[0.0, 0.0, 8.0]]), torch.cat([plain_key, torch.zeros(6, 1)], dim=-1)])
same_divisor, _ = attend(parking, found_by, torch.cat([torch.zeros(1, 5), described]))
she = tokens.index("She")
assert parked[she].norm() < same_divisor[she].norm() < plain[she].norm()
assert plain[she].norm() - same_divisor[she].norm() < 0.5 * (plain[she].norm() - parked[she].norm())
