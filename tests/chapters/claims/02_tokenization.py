# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 2 says about its own output. Each runs as a cell at the chapter's end."""

# "*dog* is one token [...] *strawberry* is not"
assert " dog" in pieces(tokenizer, "The dog ate a strawberry.")
assert " strawberry" not in pieces(tokenizer, "The dog ate a strawberry.")
# "*look*, *Look* and *looked* are three unrelated ids"
assert {"look", "Look", "looked"} <= set(known)
# "Subwords need nearly as few tokens as words, and nothing is unknown to them"
tokens = {row[0]: row[2] for row in rows}
assert tokens["words"] < tokens["subwords"] < 1.2 * tokens["words"] < tokens["characters"] / 2
assert unknown and subword.decode(subword.encode(text).ids) == text
# "The result of training is the list of merges in their order": each line is the one before, after its commonest pair
for before, after in pairwise(rounds):
    counted = Counter(pair for word in before.split("|") for pair in pairwise(word.split()))
    left, right_part = min(counted, key=lambda pair: (-counted[pair], pair))
    assert f" {before} ".replace(f" {left} {right_part} ", f" {left}{right_part} ") == f" {after} "
# "Without the cut, the longest tokens are whole sentences"
assert max(len(token) for token in uncut.get_vocab()) > 2 * max(len(token) for token in subword.get_vocab())
# "At the end the curve is flat", and "from 1024 to 2048 tokens, texts became about a sixth shorter"
assert bytes_a_token[-1] < 1.05 * bytes_a_token[sizes.index(2048)]
assert 0.12 < 1 - bytes_a_token[sizes.index(1024)] / bytes_a_token[sizes.index(2048)] < 0.2
# "One invisible key, and the model forgets the capital of France"
chances = next_tokens(prompt)
assert chances[" Paris"] > 0.8 and "Paris" not in next_tokens(prompt + " ")
# "A small letter does as much harm"
assert " Paris" not in next_tokens(prompt.replace("F", "f"))
# "By default the typed text becomes the real command tokens"
assert "<|assistant|>" in pieces(tokenizer, typed)
# "pieces such as `\" capit\"` [...] nothing trains their rows"
assert counts[tokenizer.convert_tokens_to_ids("Ġcapit")] == 0 < counts[tokenizer.convert_tokens_to_ids("Ġcapital")]
# "A look at the weights finds the untrained tokens almost without a mistake"
assert right > 0.98
# "in the Japanese example above. Token by token, both halves are invalid"
assert not real or "�" in "".join(pieces(gpt2, "大きな言語モデル"))
# "With a space before it [...] the newer two only two tokens", and the other cuts of the same word
for name, cut in {"gpt2": " ind|iv|isible", "cl100k": " indiv|isible", "o200k": " indiv|isible"}.items():
    if name in real:
        assert "|".join(pieces(real[name], "indivisible")) == "ind|iv|isible"
        assert "|".join(pieces(real[name], " indivisible")) == cut
# "The English sentence is 13 tokens [...] In Hindi it is ten times as many with GPT-2, and in Burmese nearly thirty"
if "gpt2" in real:
    english, hindi, burmese = (costs[language][0] for language in ("English", "Hindi", "Burmese"))
    assert set(costs["English"]) == {13} and 10 < hindi / english < 11 and 27 < burmese / english < 30
# "Nothing in id 41236 says that it holds three *r*"
assert "gpt2" not in real or gpt2.encode(" strawberry") == [41236]
