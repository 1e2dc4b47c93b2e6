# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the text of chapter 3 says about its own output. Each runs as a cell at the chapter's end."""

# "The dot product of any two different vectors is 0"
of_three = nn.functional.one_hot(three, len(tokenizer)).float()
assert torch.equal(of_three @ of_three.T, torch.eye(3))
# "All eight are other countries. *Paris* comes in place 671 of 1,535"
of_france = [answer.rpartition(" ")[0] for answer in nearest(trained, "France", 8)]
assert len(of_france) == 8 and {*of_france} <= {*words.CAPITALS, *words.HELD_OUT_CAPITALS}
unit_trained = nn.functional.normalize(trained, dim=1)
nearer = (unit_trained @ unit_trained[row_of("France")] > cosine_of(trained, "France", "Paris")).sum() - 1
assert abs(nearer + 1 - 671) <= 2 and len(trained) - 1 == 1535
# "*sad* is among the eight of *happy*"
assert "sad" in {answer.rpartition(" ")[0] for answer in nearest(trained, "happy", 8)}
# "At each position stands a vector of `d_model` numbers [...] it is 128 here"
assert {states.shape[-1] for states in output.hidden_states} == {model.config.hidden_size} == {128}
# "There are seven positions for five words [...] *Anna*, with no space before it, is cut in two"
assert len(tokenizer(tokenizer.bos_token + "Anna has a red ball").input_ids) == 7
assert len(tokenizer.tokenize("Anna")) == 2
# "The last of these states has already been through the final norm", the final norm
assert torch.equal(output.hidden_states[-1], model.model(ids).last_hidden_state)
# "So does an `nn.Linear` with the same numbers"
assert torch.equal(linear(one_hot), table[text_ids]) and torch.equal(one_hot @ table, table[text_ids])
# "its row gets the sum of the first and the third gradient", and an unused row gets zero
assert torch.equal(weights.grad[2], arriving[0] + arriving[2]) and not weights.grad[[1, 3]].any()
# "Two of the models have a second table"; "Llama 3 8B would save only 6.5 %"; Llama 3.2 1B "saves 17.5 %"
assert sum(row[2] == 2 for row in published.values()) == 2
assert abs(128256 * 4096 / published["Llama 3 8B"][3] - 0.065) < 0.001
untied = published["Llama 3.2 1B"][3] + 128256 * 2048
assert abs(128256 * 2048 / untied - 0.175) < 0.001 and abs(untied - 1.5e9) < 5e6
# "the share is large in small models [...] compare Llama 2 with Llama 3"; "21 % of Llama 3.2 1B and 6.5 %"
share = {name: rows * columns * count / total for name, (rows, columns, count, total) in published.items()}
assert abs(share["Llama 3.2 1B"] - 0.21) < 0.005
assert min(share["GPT-2"], share["Llama 3.2 1B"]) > 0.2 > share["Llama 3 8B"] > share["Llama 2 7B"]
# "for width $d$, the cosine has mean 0 and standard deviation $1/\sqrt{d}$. At width 128 that is 0.09"
of_random_pairs = cosine_similarity(*torch.randn(2, 20000, 128, generator=torch.Generator().manual_seed(0)))
assert abs(of_random_pairs.mean()) < 0.002 and abs(of_random_pairs.std() - 128**-0.5) < 0.002
assert f"{of_random_pairs.std():.2f}" == "0.09"
# "The untrained table knows nothing": no pair of kinds is alike
assert mean_cosines(fresh, kinds).abs().max() < 0.15
# "among 1,536 rows chance alone reaches cosines of up to 0.40"
best = [float(nearest(fresh, word)[0].rpartition(" ")[2]) for word in ("red", "Anna", "cat")]
assert len(fresh) == 1536 and max(best) == 0.40 and min(best) > 0.25
# "*Red* has *round* and *shiny* among its five, and *blue* comes only sixth, at 0.60"
assert {"round", "shiny"} < {answer.rpartition(" ")[0] for answer in nearest(trained, "red")}
assert nearest(trained, "red", 6)[-1] == "blue 0.60"
# "*Anna* has four boys and no girl, though girls' names are [...] (0.34) than to boys' names (0.28)"
near_anna = {answer.rpartition(" ")[0] for answer in nearest(trained, "Anna")}
assert len(near_anna & {*words.BOYS}) == 4 and not near_anna & {*words.GIRLS}
of_names = []
for listed in (words.GIRLS, words.BOYS):
    pieces_of_names = [tokenizer.encode(f" {name}") for name in listed]
    of_names.append([tokens[0] for tokens in pieces_of_names if len(tokens) == 1])
by_gender = mean_cosines(trained, of_names)
assert abs(by_gender[0, 0] - 0.34) < 0.005 and abs(by_gender[0, 1] - 0.28) < 0.005
# "After it, each kind is most similar to itself"
by_kind = mean_cosines(trained, kinds)
assert torch.equal(by_kind.argmax(dim=1), torch.arange(len(kinds))) and by_kind.diagonal().min() > 0.25
# "Kinds that fill the same gaps, like toys and foods, or that share sentences, like countries and cities"
names_of_kinds = list(lists)
for one_kind, other_kind in (("countries", "cities"), ("toys", "foods")):
    assert by_kind[names_of_kinds.index(one_kind), names_of_kinds.index(other_kind)] > 0.15
# "opposites such as *small* and *big* are near"
assert "small" in {answer.rpartition(" ")[0] for answer in nearest(trained, "big")}
# "Of the tokens that occur in the text, hardly any two random ones are so near" as Monday and Tuesday
unit_seen = nn.functional.normalize(trained[seen], dim=1)
above = (unit_seen @ unit_seen.T > cosine_of(trained, "Monday", "Tuesday")).float().mean() - 1 / len(unit_seen)
assert above < 0.01
# "The words in the first three pairs [...] move together and stay together. *Red* and *Anna* do not", in each run
assert histories[:, -1, :3].min() > 0.6 and histories[:, -1, 3].max() < 0.5 and histories[:, 0].abs().max() < 0.55
assert histories[:, 100:, :3].min() > 0.5
# "The pairs that are alike in the counts are alike in each run"
of_counts = [cosine_of(counts, *pair) for pair in pairs]
assert min(of_counts[:3]) > 0.7 and of_counts[3] < 0.4 and counts.sum() == len(read) - 1
# "Each column has a different winner"; "the three measures give the same order" at length 1
compared = torch.tensor([[4.0, 2.0], [9.0, -1.0], [1.0, 1.0]])
asked = torch.tensor([2.0, 1.0])
assert (compared @ asked).argmax() == 1 and (compared - asked).norm(dim=1).argmin() == 2
assert cosine_similarity(compared, asked[None]).argmax() == 0
# "one and the same matrix", and the logits by hand; "The opposite of hot is", and the guess, cold
assert output_table is input_table and (by_hand - by_model).abs().max() < 1e-4
assert tokenizer.decode(by_hand[0, -1].argmax()).strip() == "cold"
# "The rows of the 441 have become nearly one and the same"
assert mean_cosine(trained[~seen]) > 0.9 and mean_cosine(trained[seen]) < 0.15
# "Layer 0 is the table: there all vectors are one and the same. Up to layer 3 they drift apart [...] In the last layer
# those that expect the same come together"
of_white = torch.stack(vectors_of_white, dim=1)  # [layer, text, d_model]
between = of_white @ of_white.mT
assert between[0].min() > 0.999
across = between[:, :5, 5:].mean(dim=(1, 2))
within = [torch.stack([layer[:5, :5], layer[5:, 5:]]).sum(dim=(1, 2)).sub(5) / 20 for layer in between]
assert across[:4].tolist() == sorted(across[:4].tolist(), reverse=True)
assert all(pairs.min() > across[number] for number, pairs in enumerate(within) if number > 1)
assert (within[4] > within[3]).all() and within[4].min() > across[4] + 0.15
# "nine of the ten are nearest to one of their own five"
nearest_text = between[4].sub(2 * torch.eye(10)).argmax(dim=1)
assert ((nearest_text < 5) == (torch.arange(10) < 5)).sum() == 9
# "With all rows allowed, one of the words of the question wins every time"
import re

for expected in (
    "king - man + woman: king 0.89, queen 0.69, kings",
    "paris - france + italy: italy 0.75, paris 0.73",
    "walked - walk + play: play",
    "bigger - big + small: small",
):
    assert expected in real_size, expected
# "With the rule, *queen* comes first [...] *played* and *smaller* are right [...] *italian*, with *rome* second"
without = re.findall(r"without the three words: (\w+) [\d.]+, (\w+)", real_size)
assert [first for first, _ in without] == ["queen", "italian", "played", "smaller"] and without[1][1] == "rome"
# "for all ten, the nearest other *bank* has the same sense. The cosines differ little"
assert "nearest other bank has the same sense: 10 of 10" in real_size
assert re.search(r"same sense:  0\.8[89] \(money\), 0\.8[78] \(river\)\nother sense: 0\.80", real_size)
# "*feline* (0.36) is hardly closer to *cat* than *car* is (0.32) [...] (0.64 against 0.30)"; "*King* and *queen*"
measured = {line[:14].strip(): re.findall(r"\d\.\d\d", line) for line in real_size.splitlines() if " | " in line}
assert measured["cat | fe ##lin"] == ["0.36", "0.64"] and measured["cat | car"] == ["0.32", "0.30"]
assert float(measured["king | queen"][0]) > 0.6 > 0.2 > float(measured["king | car"][0])
# "Without it, 27 padding positions pull the vector away"
positions, tokens = map(int, re.search(r"(\d+) positions, (\d+) tokens", real_size).groups())
assert positions - tokens == 27
with_mask, without_mask = map(float, re.search(r"(\S+) with the mask, (\S+) without", real_size).groups())
assert with_mask == 1.00 and without_mask < 0.8
# "its cosine with the right one is 0.16", "the same on both sides", "MiniLM's falls to 0.83 on the left"
by_side = dict(re.findall(r"^(\w+) +padded left against right: masked mean (\S+), column", real_size, re.M))
assert by_side == {"MiniLM": "0.83", "SmolLM2": "1.00"}
assert re.search(r"SmolLM2 padded left .* column mask.sum\(\) - 1 0\.16$", real_size, re.M)
# "two random tokens have a cosine of 0.44 on average, and 15 % of the random pairs are "more similar""
row = re.search(r"SmolLM2 +(\S+) ± (\S+) +(\S+) \( *(\S+)%\)", real_size).groups()
assert row[0] == "0.44" and row[2] == "0.57" and abs(float(row[3]) - 15) < 0.6
# "0.02 in MiniLM's table", "0.57 is rare in MiniLM's table": even 0.53 is
row = re.search(r"MiniLM +(\S+) ± (\S+) +(\S+) \( *(\S+)%\)", real_size).groups()
assert row[0] == "0.02" and row[2] == "0.53" and float(row[3]) < 1
# "Subtract the mean of all rows from each, and random pairs go back to 0.00, while practically none of them is as
# similar"
row = re.search(r"SmolLM2 - mean +(\S+) ± (\S+) +(\S+) \( *(\S+)%\)", real_size).groups()
assert abs(float(row[0])) < 0.005 and float(row[3]) < 0.05
# "It is strongest in tokens with late ids, which are mostly rare"
early, late = map(float, re.findall(r"ids: mean cosine (\S+)", real_size))
assert late > early + 0.3
# "MiniLM with the mask puts the right passage first for 62 % of the queries", "Without the mask [...] 28 %"
of_python, of_inductor = real_size.split("200 docstrings of PyTorch's compiler Inductor\n")
lines = re.findall(r"^(\w.{32}) +(\d\.\d\d) +\d\.\d\d$", of_python, re.M)
recalls = {name.strip(): float(first) for name, first in lines}
assert abs(recalls["MiniLM   states, mean with mask"] - 0.62) < 0.006
assert abs(recalls["MiniLM   states, mean of all"] - 0.28) < 0.006
# "One position alone, the first or the last, finds 43 or 44 %", "Its table rows find 27 %"
# and "BM25 [...] finds 46 % in whole passages, 44 %"
assert abs(recalls["MiniLM   states, first token"] - 0.43) < 0.006
assert abs(recalls["MiniLM   states, last token"] - 0.44) < 0.006
assert abs(recalls["MiniLM   table rows, mean"] - 0.27) < 0.006
assert abs(recalls["BM25     whole passages"] - 0.46) < 0.006
assert abs(recalls["BM25     the first 64 tokens"] - 0.44) < 0.006
# "SmolLM2 finds 14 % with the mean of its states and 20 % with that of its table rows, in about ten times the time"
assert abs(recalls["SmolLM2  states, mean with mask"] - 0.14) < 0.006
assert abs(recalls["SmolLM2  table rows, mean"] - 0.20) < 0.006
seconds = list(map(int, re.findall(r"(\d+) s, \d+ MB beside the weights", real_size)))
assert 6 < seconds[1] / seconds[0] < 14
# "There MiniLM finds 47 %, BM25 50 % in whole passages and 45 % in the same 64 tokens", and in the table 0.50 and 0.47
recalls = dict(re.findall(r"^(\w.{32}) +(\d\.\d\d) +\d\.\d\d$", of_inductor, re.M))
recalls = {name.strip(): float(first) for name, first in recalls.items()}
assert abs(recalls["MiniLM   states, mean with mask"] - 0.47) < 0.006
assert abs(recalls["BM25     whole passages"] - 0.50) < 0.006
assert abs(recalls["BM25     the first 64 tokens"] - 0.45) < 0.006
