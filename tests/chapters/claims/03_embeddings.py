# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 3 says about its own output. Each runs as a cell at the chapter's end."""

# "Each position has a row of `d_model` numbers [...] The width never changes"
assert {rows.shape[-1] for rows in passed.hidden_states} == {model.config.hidden_size}
# "Token 2 stood in places 0 and 2, so its row collects the first and the third line"
assert torch.equal(weights.grad[2], wanted_change[0] + wanted_change[2]) and not weights.grad[[1, 3]].any()
# "Two of the models have a second table", and "for Llama 3 8B it would save 6.5 %", "for Llama 3.2 1B [...] a fifth"
assert sum(tables_of == 2 for _, _, tables_of, _ in published.values()) == 2
assert abs(128256 * 4096 / published["Llama 3 8B"][3] - 0.065) < 0.001
assert abs(128256 * 2048 / published["Llama 3.2 1B"][3] - 0.2) < 0.02
# "Nothing: chance decides what is near what"
assert max(abs(cell) for row in likeness(fresh) for cell in row) < 0.15
# "It has sorted its words all the same", and "The diagonal is what training has done"
by_kind = likeness(trained)
for place, row in enumerate(by_kind):
    assert row[place] > 0.3 and row[place] > max(cell for other, cell in enumerate(row) if other != place)
# "Near *France* are other countries and not *Paris*"
assert all(answer.rpartition(" ")[0] in {*words.CAPITALS, *words.HELD_OUT_CAPITALS} for answer in near("France"))
# "The first three pairs start where chance put them and find each other. *Red* and *Anna* do not"
assert min(followed[-1][:3]) > 0.3 > abs(followed[-1][3]) and max(map(abs, followed[0])) < 0.6
# "The nearest row to *king - man + woman* is *king*", "and with the rule *queen*"
if minilm is not None:
    assert answers("man", "king", "woman", left_out=False).startswith("king,")
    assert answers("man", "king", "woman", left_out=True).startswith("queen,")
# "With all rows allowed, hardly any answer is right", "the steps of its table find few of them"
right, returned, allowed = capitals_right(*tables["stories"])
assert right < 0.1 and returned > 0.8 and allowed < 0.3
# "At the entrance they are one and the same row", "1 and 2 are similar, and 3 and 4, and less so across"
assert by_layer[0].min() > 0.999
assert min(by_layer[-1, 0, 1], by_layer[-1, 2, 3]) > by_layer[-1, :2, 2:].mean() + 0.15
# "Their rows after the layers differ, as the cell shows"
assert minilm is None or min(cosines[0, 1], cosines[2, 3]) > cosines[:2, 2:].mean()
# "the table puts it about as near to *cat* as *car* is. Only the layers [...] make a cat of it"
if minilm is not None:
    with torch.no_grad():
        static = [cosine_similarity(in_table("cat"), in_table(word), dim=0) for word in ("feline", "car")]
        contextual = [cosine_similarity(after_layers("cat"), after_layers(word), dim=0) for word in ("feline", "car")]
    assert abs(static[0] - static[1]) < 0.1 and contextual[0] > contextual[1] + 0.2
# "one and the same matrix", and the logits by hand
assert entrance.data_ptr() == exit_.data_ptr() and (by_hand - by_model).abs().max() < 1e-4
# "pushed and never pulled, all in the same directions"
assert mean_cosine(trained[~seen]) > mean_cosine(trained[seen]) + 0.3
