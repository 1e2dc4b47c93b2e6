# ruff: noqa: E402, F821 -- the names are the chapter's, and each claim imports what it needs
"""What the text of chapter 2 says about its own output. Each runs as a cell at the chapter's end."""

# "*dog* is one token [...] *strawberry* is not"
assert " dog" in pieces(tokenizer, "The dog ate a strawberry.")
assert " strawberry" not in pieces(tokenizer, "The dog ate a strawberry.")
# "*look*, *Look* and *looked* are three unrelated ids"
assert {"look", "Look", "looked"} <= set(known)
# "Subwords need nearly as few tokens as words, and nothing is unknown to them"
needed = {row[0]: row[2] for row in rows}
assert needed["words"] < needed["subwords"] < 1.2 * needed["words"] < needed["characters"] / 2
assert unknown and subword.decode(subword.encode(text).ids) == text
# "The result of training is the list of merges in their order": each line is the one before, after its commonest pair
for before, after in pairwise(rounds):
    counted = Counter(pair for word in before.split("|") for pair in pairwise(word.split()))
    left, right_part = min(counted, key=lambda pair: (-counted[pair], pair))
    assert f" {before} ".replace(f" {left} {right_part} ", f" {left}{right_part} ") == f" {after} "
# "Without the cut, the longest tokens are long phrases"
assert max(len(token) for token in uncut.get_vocab()) > 2 * max(len(token) for token in subword.get_vocab())
# "training stopped at 2,603: every word of this little language was one token", and the line breaks join 200 documents
assert sizes[-1] == 2603 == trained.get_vocab_size() and len(unseen) == 200
for document in seen[:300]:
    assert len(trained.encode(document).ids) == len(trained.pre_tokenizer.pre_tokenize_str(document))
# "At the end the curve is flat", and "from 1024 to 2048 tokens, texts became about an eighth shorter"
assert bytes_per_token[-1] < 1.05 * bytes_per_token[sizes.index(2048)]
assert 0.1 < 1 - bytes_per_token[sizes.index(1024)] / bytes_per_token[sizes.index(2048)] < 0.15
# "One invisible character, and the model forgets the capital of France"
chances = next_tokens(prompt)
assert chances[" Paris"] > 0.8 and "Paris" not in next_tokens(prompt + " ")
# "a lone space comes before words that have no token with their space in it: `␣|z|ero`, `␣|ke|pt`"
space, beginnings, begun = tokenizer.encode(" ")[0], Counter(), set()
for document in seen:
    ids = tokenizer.encode(document)
    for place, (before, after) in enumerate(pairwise(ids)):
        if before == space:
            beginnings[tokenizer.decode([after])] += 1
            begun.add(tokenizer.decode(ids[place + 1 : place + 8]).split()[0].strip('.,!?"'))
assert all(tokenizer.encode(" " + word)[0] == space for word in begun) and beginnings["Paris"] == 0
assert pieces(tokenizer, " zero") == [" ", "z", "ero"] and pieces(tokenizer, " kept") == [" ", "ke", "pt"]
# "Its first guess, *z*, is the beginning of *zero*"
assert next(iter(next_tokens(prompt + " "))) == "z"
assert [word for word in begun if word.startswith("z")] == ["zero"] and {"zero", "kept"} <= begun
# "*france*, too, is made of other tokens. But the stories never write it so"
assert " Paris" not in next_tokens(prompt.replace("F", "f")) and not any("france" in document for document in seen)
# "By default the typed text becomes the real command tokens"
assert "<|assistant|>" in pieces(tokenizer, typed)
# "pieces such as `\" capit\"` [...] nothing trains their rows"
assert counts[tokenizer.convert_tokens_to_ids("Ġcapit")] == 0 < counts[tokenizer.convert_tokens_to_ids("Ġcapital")]
# "a word as common as *the* is whole after four merges"
assert "Ġthe" in learned[:4]
# "the small random numbers they started from no longer count [...] they end up pointing in the same direction"
rows_of_bytes = table[tokenizer.convert_tokens_to_ids(impossible)]
assert torch.nn.functional.cosine_similarity(rows_of_bytes, reference[None]).min() > 0.9
# "*Anna* is cut into `A` and `nna` because there is no space before it"
assert pieces(tokenizer, "Anna has")[:2] == ["A", "nna"] and pieces(tokenizer, " Anna") == [" Anna"]
# "A look at the weights tells the two groups apart almost without a mistake"
assert right > 0.98
# "in the Japanese example above. Decoded token by token, both parts are invalid"
assert not real or "�" in "".join(pieces(gpt2, "大きな言語モデル"))
# "With a space before it [...] the newer two only two tokens", and the other cuts of the same word
for name, cut in {"gpt2": " ind|iv|isible", "cl100k": " indiv|isible", "o200k": " indiv|isible"}.items():
    if name in real:
        assert "|".join(pieces(real[name], "indivisible")) == "ind|iv|isible"
        assert "|".join(pieces(real[name], " indivisible")) == cut
# "The English sentence is 13 tokens [...] the Hindi one takes ten times as many, and the Burmese one nearly thirty"
english, hindi, burmese = (costs[language][0] for language in ("English", "Hindi", "Burmese"))
assert set(costs["English"]) == {13} and 10 < hindi / english < 11 and 27 < burmese / english < 30
# "there a token is hardly more than a byte", and "shrink the gap but do not close it"
assert len(SENTENCES["Burmese"].encode()) < 1.1 * burmese
assert all(costs[language][0] > costs[language][1] > costs[language][2] > 13 for language in languages[1:])
# "three ids, and with a space before it as one, 41236", and "\" strawbery\" two quite different ones"
if "gpt2" in real:
    spellings = ("strawberry", " strawberry", " strawbery")
    assert [len(gpt2.encode(word)) for word in spellings] == [3, 1, 2] and gpt2.encode(" strawberry") == [41236]
# "the longest match of *\" sunflowers\"* is ` sun|flower|s` [...] and the result is ` sun|fl|owers`"
if "gpt2" in real:
    assert longest_match("Ġsunflowers", gpt2.get_vocab()) == ["Ġsun", "flower", "s"]
    assert gpt2.tokenize(" sunflowers") == ["Ġsun", "fl", "owers"]
# "GPT-2 has a token for 1993 but cuts 2026 into 20|26", and "The newer two [...]: 1234567 is 123|456|7"
numerals = {"gpt2": ("1993", "20|26"), "cl100k": ("123|456|7",), "o200k": ("123|456|7",)}
for name, found in real.items():
    shown = ["|".join(pieces(found, number)) for number in ("1993", "2026", "1234567")]
    assert set(numerals[name]) <= set(shown)
# "a single token of GPT-2's vocabulary [...] The newer vocabularies cut the name into five tokens"
for name, found in real.items():
    assert len(pieces(found, " SolidGoldMagikarp")) == (1 if name == "gpt2" else 5)
# "the same two numbers as in chapter 1": its cell predicts the same tokens, the end of each document included
assert tokens == sum(len(tokenizer.encode(document)) + 1 for document in unseen)
# "Which merge comes between `ell` and `all`, and where does its space come from?": " f", by the widget's rule for ties
from solutions.tokenization import merge_pair

parts, made = [list(word) for word in (b"ball", b" fall", b" well", b" fell", b" tell")], []
for new_id in range(256, 260):
    counted = Counter(pair for part in parts for pair in pairwise(part))
    made.append(min(counted, key=lambda pair: (-counted[pair], pair)))
    parts = [merge_pair(part, made[-1], new_id) for part in parts]
assert made == [(108, 108), (101, 256), (32, 102), (97, 256)]
# "the merges and the word done by hand", in code; and "l and l stand together five times"
assert three_merges == [("l", "l"), ("e", "ll"), ("a", "ll")]
assert encode_bpe("fallbell", three_merges) == ["f", "all", "b", "ell"]
# "They look alike, and their ids differ"
assert composed != decomposed and tokenizer.encode(composed) != tokenizer.encode(decomposed)
# "gives it a new id at the end", and a file keeps it
assert len(reloaded) == len(tokenizer) + 1 and reloaded.encode(line) == extended.encode(line)
