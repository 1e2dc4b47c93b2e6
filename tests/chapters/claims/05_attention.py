# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "every weight is close to one fifth", and "between 0.15 and 0.27", 99 %, on the corrections page
assert random_weights["rand"].min() > 0.15 and random_weights["rand"].max() < 0.27
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
# ... whatever the seed, "more than fifty times what a typical scaled query gets"
for seed in range(1, 6):
    torch.manual_seed(seed)
    asked_by, found, handed = torch.randn(200, 256), torch.randn(256, 256), torch.randn(256, 1)
    sizes = {}
    for divisor in (1.0, 16.0):
        asking = asked_by.clone().requires_grad_()
        (torch.softmax(asking @ found.T / divisor, dim=-1) @ handed).sum().backward()
        sizes[divisor] = asking.grad.norm(dim=-1)
    typical = sizes[16.0].median()
    assert sizes[1.0].quantile(0.1) < typical / 50 and sizes[1.0].quantile(0.9) > 50 * typical
    assert sizes[16.0].quantile(0.9) < 2 * sizes[16.0].quantile(0.1)
# "Without a mask, every position changes [...] With the causal mask only the last position does"
no_mask = torch.ones(5, 5, dtype=torch.bool)
assert (outputs(x, no_mask) - outputs(changed, no_mask)).abs().amax(-1).min() > 0.1
assert (outputs(x, causal) - outputs(changed, causal))[:-1].abs().max() == 0
# "Here gradient descent found it, with the games and that extra loss", and the model answers *Anna*
assert on_hat.max() > 0.6 and untrained_maps[:, :, -1, hat].max() < 0.2 and on_hat.median() < 0.1
assert result.logits[0, -1].argmax() == names[0]
# "from here no head puts more than 9 % on *Anna*", "When the first *hat* is read, one head takes Anna from its past"
assert maps[:, :, -1, anna].max() < 0.095 and noted.max() > 0.7 and noter[0] < finder[0]
# "although from the last token it does not look at the first hat at all"
assert on_hat[noter] < 0.01
# "five tokens back (*belonged* is four of them)"
assert len(words) - 1 - asked == 5 and "".join(words[asked + 1 : -1]) == "belonged"
# "Heads 1 and 4 of the first layer do"
assert [head for head in range(maps.shape[1]) if maps[0, head, -1, asked] > 0.5] == [0, 3]
# "Without the head that finds the hat, Anna is gone, and the model does not say *Tom* instead"
assert whole[0] > 0.9 and silenced[finder][names[0]] < 0.1 and silenced[finder][names[1]] < 0.1
# "*P* is only a piece of a word"
assert tokenizer.decode(silenced[finder].argmax()) == " P"
# "Without 1.1 alone, or 1.4 alone, the answer is still *Anna*: each can stand in for the other"
assert all(silenced[0, head].argmax() == names[0] for head in (0, 3))
assert owner_chances[0][0] > 0.9 and owner_chances[0][5] < 0.005
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
# "on average its heads give START less than an even share, and on this text none gives it three times as much"
assert on_first["stories"].mean() < even and not (on_first["stories"] > 3 * even).any()
# "`stories-gpt2` [...] has a few mild ones", and in the picture one is more than five times as high
assert on_first["stories-gpt2"].max() > 5 * even
assert 2 <= (on_first["stories-gpt2"] > 2 * even).sum() < 6 and on_first["stories-gpt2"].max() < 0.4
# "In the strongest, START's value is shorter than the others', but not close to nothing"
assert lengths[1:].mean() / 2 < lengths[0] < lengths[1:].mean()
# "Four other texts gave the same picture"
for sunk in (
    "Once upon a time there was a little dog who lived near the lake. One morning he found a big bone under a tree.",
    "Lily wanted to bake a cake with her mother. They went to the shop and bought eggs and flour. Then they came home.",
    "The sun was hot. Ben and Mia sat in the shade and drank cold water. A bird came and sang for them all day.",
    "Tim had a small boat. He took it to the pond and let it float. The wind pushed it far away, and Tim was sad.",
):
    for which in ("stories", "stories-gpt2"):
        other, _ = models.load(which, attn_implementation="eager")
        sunk_ids = tokenizer(tokenizer.bos_token + sunk, return_tensors="pt").input_ids
        fair = sum(1 / (row + 1) for row in range(8, sunk_ids.shape[1])) / (sunk_ids.shape[1] - 8)
        with torch.no_grad():
            layers_seen = other(sunk_ids, output_attentions=True).attentions
        shares = torch.stack([layer[0, :, 8:, 0].mean(-1) for layer in layers_seen])
        mild = (shares > 2 * fair).sum()
        if which == "stories":
            assert shares.mean() < fair and mild <= 1
        else:
            assert 3 <= mild <= 6 and shares.max() > 5 * fair
# "She hears a little less, mostly because the third axis makes the divisor √3 in place of √2"
parking = torch.cat([plain_query, nothing], dim=-1) * math.sqrt(3 / 2)
found_by = torch.cat([torch.tensor([[0.0, 0.0, 8.0]]), torch.cat([plain_key, torch.zeros(6, 1)], dim=-1)])
same_divisor, _ = attend(parking, found_by, torch.cat([torch.zeros(1, 5), described]))
she = tokens.index("She")
assert parked[she].norm() < same_divisor[she].norm() < plain[she].norm()
assert plain[she].norm() - same_divisor[she].norm() < 0.5 * (plain[she].norm() - parked[she].norm())
