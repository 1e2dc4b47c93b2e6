# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 3 says about its own output. Each runs as a cell at the chapter's end."""

# "Each position has a row of `d_model` numbers [...] The width never changes"
assert {rows.shape[-1] for rows in passed.hidden_states} == {model.config.hidden_size}
# "Token 2 stood at positions 0 and 2, so its row collects the first and the third line"
assert torch.equal(weights.grad[2], arriving[0] + arriving[2]) and not weights.grad[[1, 3]].any()
# "Two of the models have a second table", and "for Llama 3 8B it would save 6.5 %", "for Llama 3.2 1B [...] a fifth"
assert sum(tables_of == 2 for _, _, tables_of, _ in published.values()) == 2
assert abs(128256 * 4096 / published["Llama 3 8B"][3] - 0.065) < 0.001
assert abs(128256 * 2048 / published["Llama 3.2 1B"][3] - 0.2) < 0.02
# "*Anna*, with no space before it, is cut in two", and the start token is one more
assert passed.logits.shape[1] == 5 + 2  # five words
# "so the share is large in small models"; "And it grows with the vocabulary: compare Llama 2 with Llama 3"
share = {name: rows * columns * tables_of / total for name, (rows, columns, tables_of, total) in published.items()}
assert min(share["GPT-2"], share["Llama 3.2 1B"]) > share["Llama 3 8B"] > share["Llama 2 7B"]
# "No: chance decides what is near what"
assert max(abs(cell) for row in likeness(fresh) for cell in row) < 0.15
# "of 5,000 random rows, no two have a cosine beyond 0.25"
rows = nn.functional.normalize(torch.randn(5000, 768, generator=torch.Generator().manual_seed(0)), dim=1)
assert (rows @ rows.T).fill_diagonal_(0).abs().max() < 0.25
# "*heard*, near *she*"
assert "heard" in {answer.rpartition(" ")[0] for answer in near("she")}
# "It has sorted its words all the same", and "Trained, each kind is most similar to itself"
by_kind = likeness(trained)
for place, row in enumerate(by_kind):
    assert row[place] > 0.3 and row[place] > max(cell for other, cell in enumerate(row) if other != place)
# "kinds that stand in the same places, as toys and foods, or in the same sentences, as countries and cities"
places_of = {kind: place for place, kind in enumerate(kinds)}
for one, other in (("countries", "cities"), ("toys", "foods")):
    assert by_kind[places_of[one]][places_of[other]] > 0.15
# "opposites are often near, such as *small* and *big*"
assert "small" in {answer.rpartition(" ")[0] for answer in near("big")}
# "The nearest words to *France* are other countries, not *Paris*"
assert all(answer.rpartition(" ")[0] in {*words.CAPITALS, *words.HELD_OUT_CAPITALS} for answer in near("France"))
# "The first three pairs start where chance put them, find each other and stay together. *Red* and *Anna* do not"
assert min(followed[-1][:3]) > 0.6 and max(map(abs, [followed[-1][3], *followed[0]])) < 0.5
# "the nearest row to *king - man + woman* is *king*", "the first answer is *queen*", "*italian*, with *rome* second"
if minilm is not None:
    assert answers("man", "king", "woman", left_out=False).startswith("king,")
    assert answers("man", "king", "woman", left_out=True).startswith("queen,")
    assert answers("france", "paris", "italy", left_out=False).startswith("italy,")
    assert answers("france", "paris", "italy", left_out=True).startswith("italian, rome,")
# "hardly any answer is right", "MiniLM's table gets about half of them right", "finds only about one in eight"
right, returned, allowed = capitals_right(*tables["stories"])
assert right < 0.1 and returned > 0.8 and 0.1 < allowed < 0.16
assert minilm is None or 0.4 < capitals_right(*tables["MiniLM"])[2] < 0.6
# "At the entrance the four rows are one and the same", "1 and 2 are similar, and 3 and 4, and less so across"
assert by_layer[0].min() > 0.999
assert min(by_layer[-1, 0, 1], by_layer[-1, 2, 3]) > by_layer[-1, :2, 2:].mean() + 0.15
# "The last layer brings all four closer together again, but the gap between the two uses stays."
assert (
    by_layer[-1].mean() > by_layer[-2].mean() + 0.1 and by_layer[-1, :2, 2:].mean() > by_layer[-2, :2, 2:].mean() + 0.1
)
# "0.88 and 0.90 for the same sense, and 0.80 on average between the two senses"
if minilm is not None:
    measured = torch.stack([cosines[0, 1], cosines[2, 3], cosines[:2, 2:].mean()])
    assert torch.allclose(measured, torch.tensor([0.88, 0.90, 0.80]), atol=0.006)
# "their cosine is 0.63, and that of *king* and *car* only 0.10", "(0.36) [...] (0.32)", "(0.70 against 0.46)"
if minilm is not None:
    measured = []
    for one, other in (("king", "queen"), ("king", "car"), ("cat", "feline"), ("cat", "car")):
        with torch.no_grad():
            measured.append(cosine_similarity(in_table(one), in_table(other), dim=0))
            measured.append(cosine_similarity(after_layers(one), after_layers(other), dim=0))
    expected = torch.tensor([0.63, 0.68, 0.10, 0.29, 0.36, 0.70, 0.32, 0.46])
    assert torch.allclose(torch.stack(measured), expected, atol=0.006)
# "one and the same matrix", and the logits by hand
assert entrance.data_ptr() == exit_.data_ptr() and (by_hand - by_model).abs().max() < 1e-4
# "pushed and never pulled, all in the same directions"
assert mean_cosine(trained[~seen]) > mean_cosine(trained[seen]) + 0.3
