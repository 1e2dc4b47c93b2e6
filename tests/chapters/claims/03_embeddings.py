# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 3 says about its own output. Each runs as a cell at the chapter's end."""

# "the dot product of any two different rows is 0"
assert torch.equal(
    nn.functional.one_hot(three, size).float() @ nn.functional.one_hot(three, size).float().T, torch.eye(3)
)
# "Each position has a row of `d_model` numbers [...] 128 here"; "The width stays the same"
assert {rows.shape[-1] for rows in passed.hidden_states} == {model.config.hidden_size} == {128}
# "An `nn.Linear` with the same numbers does it too"
assert torch.equal(linear(one_hot), linear.weight.T[[2, 0, 2]])
# "Token 2 stood at positions 0 and 2, so its row collects the first and the third line"
assert torch.equal(weights.grad[2], arriving[0] + arriving[2]) and not weights.grad[[1, 3]].any()
# "Two of the models have a second table"; of two tables Llama 3 8B "would save only 6.5 %", Llama 3.2 1B "saves 17.5 %"
assert sum(tables_of == 2 for _, _, tables_of, _ in published.values()) == 2
assert abs(128256 * 4096 / published["Llama 3 8B"][3] - 0.065) < 0.001
untied = published["Llama 3.2 1B"][3] + 128256 * 2048
assert abs(128256 * 2048 / untied - 0.175) < 0.001 and abs(untied - 1.5e9) < 5e6
# "*Anna*, with no space before it, is cut in two", and the start token is one more
assert passed.logits.shape[1] == 5 + 2  # five words
# "so the share is large in small models"; "And it grows with the vocabulary: compare Llama 2 with Llama 3"
share = {name: rows * columns * tables_of / total for name, (rows, columns, tables_of, total) in published.items()}
assert min(share["GPT-2"], share["Llama 3.2 1B"]) > share["Llama 3 8B"] > share["Llama 2 7B"]
# "No: chance decides what is near what"
assert max(abs(cell) for row in likeness(fresh) for cell in row) < 0.15
# "among 5,000 random rows, no two have a cosine above 0.25 or below -0.25"
assert largest < 0.25
# "by chance alone, the best cosines reach 0.40"
best = [float(near(fresh, word)[0].rpartition(" ")[2]) for word in ("red", "Anna", "cat")]
assert max(best) == 0.40 and min(best) > 0.25
# "*Red* has *round* and *shiny* among its five, and *blue* comes only sixth, at 0.60"
assert {"round", "shiny"} < {answer.rpartition(" ")[0] for answer in near(trained, "red")}
assert near(trained, "red", 6)[-1] == "blue 0.60"
# "*Anna* has four boys and no girl, though girls' names are [...] nearer to one another (0.34) than to boys' (0.28)"
nearest = {answer.rpartition(" ")[0] for answer in near(trained, "Anna")}
assert len(nearest & {*words.BOYS}) == 4 and not nearest & {*words.GIRLS}
named = [[cut[0] for cut in (tokenizer.encode(f" {name}") for name in listed) if len(cut) == 1]
         for listed in (words.GIRLS, words.BOYS)]  # fmt: skip
girls, boys = (nn.functional.normalize(trained[tokens], dim=1) for tokens in named)
assert abs((girls @ girls.T).fill_diagonal_(torch.nan).nanmean() - 0.34) < 0.005
assert abs((girls @ boys.T).mean() - 0.28) < 0.005
# "*heard*, near *she*"
assert "heard" in {answer.rpartition(" ")[0] for answer in near(trained, "she")}
# "It has sorted its words anyway", and "Trained, each kind is most similar to itself"
by_kind = likeness(trained)
for place, row in enumerate(by_kind):
    assert row[place] >= 0.3 and row[place] > max(cell for other, cell in enumerate(row) if other != place)
# "kinds that stand in the same places, as toys and foods, or in the same sentences, as countries and cities"
places_of = {kind: place for place, kind in enumerate(kinds)}
for one, other in (("countries", "cities"), ("toys", "foods")):
    assert by_kind[places_of[one]][places_of[other]] > 0.15
# "opposites are often near, such as *small* and *big*"
assert "small" in {answer.rpartition(" ")[0] for answer in near(trained, "big")}
# "The nearest words to *France* are other countries, not *Paris*"
assert all(
    answer.rpartition(" ")[0] in {*words.CAPITALS, *words.HELD_OUT_CAPITALS} for answer in near(trained, "France")
)
# "The first three pairs start where chance put them, find each other and stay together. *Red* and *Anna* do not"
assert min(followed[-1][:3]) > 0.6 and max(map(abs, [followed[-1][3], *followed[0]])) < 0.5
# "That is what was expected, minus what came"
e, u = torch.randn(32, requires_grad=True), small[1].weight.detach()
nn.functional.cross_entropy((u @ e)[None], torch.tensor([7])).backward()
assert torch.allclose(e.grad, (u @ e).softmax(0).detach() @ u - u[7], atol=1e-5)
# "The pairs that are alike in one are alike in the other"
followed_pairs = [("red", "blue"), ("France", "Italy"), ("Anna", "Max"), ("red", "Anna")]
counted = [cosine_similarity(counts[row_of(a)], counts[row_of(b)], dim=0) for a, b in followed_pairs]
assert min(counted[:3]) > 0.7 and counted[3] < 0.4 and counts.sum() == len(read) - 1
# "Recorded: [...]", with all rows and without the three
if minilm is not None:
    recorded = {
        ("man", "king", "woman"): ("king, queen, kings", "queen, kings, monarch"),
        ("france", "paris", "italy"): ("italy, paris, italian", "italian, rome, florence"),
        ("walk", "walked", "play"): ("play, played, plays", "played, plays, playing"),
        ("big", "bigger", "small"): ("small, smaller, larger", "smaller, larger, tiny"),
    }
    for asked, (all_rows, without) in recorded.items():
        assert answers(*asked, left_out=False) == all_rows and answers(*asked, left_out=True) == without
# "1 - 0.17 + 0.07 [...]; that of *queen* is 0.63 - 0.12 + 0.19"
if minilm is not None:
    rows = minilm.get_input_embeddings().weight.detach()
    rows = nn.functional.normalize(rows[pieces.convert_tokens_to_ids(["king", "man", "woman", "queen"])], dim=1)
    measured = (rows[[0, 3]] @ rows[:3].T).round(decimals=2)
    assert torch.allclose(measured, torch.tensor([[1, 0.17, 0.07], [0.63, 0.12, 0.19]]), atol=1e-4)
# "hardly any answer is right", "finds only about one in eight"; MiniLM: "0% right, 100% an input; [...] 53% right"
right, returned, allowed = capitals_right(*tables["stories"])
assert right < 0.1 and returned > 0.8 and 0.1 < allowed < 0.16
if minilm is not None:
    assert [round(share.item(), 2) for share in capitals_right(*tables["MiniLM"])] == [0, 1, 0.53]
# "At the input the four rows are one and the same", "1 and 2 are similar, and 3 and 4, and less so across"
assert by_layer[0].min() > 0.999
assert min(by_layer[-1][0, 1], by_layer[-1][2, 3]) > by_layer[-1][:2, 2:].max() + 0.05
# "a noun in the first two texts, a period in the others", and "After *I like my white* [...] (0.69) [...] (0.64)"
top = []
texts_of_white = ["Tom had a white", "Anna found the white", "Snow is white", "In the morning the garden was white"]
for text in (*texts_of_white, "I like my white"):
    ids = tokenizer(tokenizer.bos_token + text, return_tensors="pt").input_ids
    with torch.no_grad():
        output = model(ids, output_hidden_states=True)
    top.append((tokenizer.decode(output.logits[0, -1].argmax()).strip(), output.hidden_states[-1][0, -1]))
assert {top[0][0], top[1][0]} < {*words.TOYS, *words.THINGS} and top[2][0] == top[3][0] == "."
assert abs(cosine_similarity(top[4][1], top[0][1], dim=0) - 0.64) < 0.006
assert abs(cosine_similarity(top[4][1], top[2][1], dim=0) - 0.69) < 0.006
# "same sense:  0.88 (money), 0.86 (river)", "other sense: 0.71 to 0.85"
if minilm is not None:
    measured = torch.stack([cosines[0, 1], cosines[2, 3], across.min(), across.max()])
    assert torch.allclose(measured, torch.tensor([0.88, 0.86, 0.71, 0.85]), atol=0.006)
# "Recorded: [...] king queen [...] 0.63  0.68"
if minilm is not None:
    measured = []
    for one, other in (("king", "queen"), ("king", "car"), ("cat", "feline"), ("cat", "car")):
        with torch.no_grad():
            measured.append(cosine_similarity(in_table(one), in_table(other), dim=0))
            measured.append(cosine_similarity(after_layers(one), after_layers(other), dim=0))
    expected = torch.tensor([0.63, 0.68, 0.10, 0.29, 0.36, 0.70, 0.32, 0.46])
    assert torch.allclose(torch.stack(measured), expected, atol=0.006)
# "one and the same matrix", and the logits by hand
assert input_table.data_ptr() == output_table.data_ptr() and (by_hand - by_model).abs().max() < 1e-4
# "pushed and never pulled, all in the same directions"
assert mean_cosine(trained[~seen]) > mean_cosine(trained[seen]) + 0.3
