# ruff: noqa: E402, F821 -- the names are the page's
"""What the page that goes further than chapter 2 says about its own output."""

# "Its first merges are *ll*, *ell* and *all*, those of BPE"
assert sorted(word_piece.get_vocab(), key=word_piece.get_vocab().get)[10:] == ["##ll", "##ell", "##all"]
# "By this rule *b a* goes first", and "*w e* does worse"
from collections import Counter
from itertools import pairwise

five = ("ball", "fall", "well", "fell", "tell")
pairs = Counter(pair for word in five for pair in pairwise(word))
letters = Counter("".join(five))
relative = {pair: count / (letters[pair[0]] * letters[pair[1]]) for pair, count in pairs.items()}
assert max(relative, key=relative.get) == ("b", "a") and relative["b", "a"] == 0.5
assert relative["l", "l"] == 0.05 and round(relative["w", "e"], 2) == 0.33
# "They look alike, and their ids differ"
assert composed != decomposed and tokenizer.encode(composed) != tokenizer.encode(decomposed)
# "*Anna* is cut into `A` and `nna` because there is no space before it"
assert tokenizer.tokenize("Anna has")[:2] == ["A", "nna"] and tokenizer.tokenize(" Anna") == ["ĠAnna"]
# "The padding goes on the left", and the mask says which tokens are real
assert batch.attention_mask[1][0] == 0 and batch.attention_mask[1][-1] == 1
# "There the usual line makes the table *smaller*"
assert padded.get_input_embeddings().num_embeddings == len(extended) == len(tokenizer) + 1 < rows_published
assert rows_needed == rows_published
# "gives it a new id at the end", and a file keeps it
assert len(reloaded) == len(tokenizer) + 1 and reloaded.encode(line) == extended.encode(line)
# "gets it twice"
assert twice[:2] == [bos[1], bos[1]] and once == twice[1:]
# "That is a large share": more than a tenth, of which the bytes are a sixth of the vocabulary
assert 0.1 < len(never) / len(tokenizer) < 0.4 and 1 / 6.5 < 256 / len(tokenizer) < 1 / 5.5
# "pieces such as `\" capit\"` [...] nothing trains these rows"
assert counts[tokenizer.convert_tokens_to_ids("Ġcapit")] == 0 < counts[tokenizer.convert_tokens_to_ids("Ġcapital")]
# "In the end they point the same way"
assert cosine_similarity(table[impossible_ids], reference[None]).min() > 0.9
# "The weights alone tell the two groups apart almost perfectly"
assert right > 0.98

import re

# "Nearly half of the random tokens and of the matched ones [...] it copies none", and "more than a thousand"
copied = {
    match[1]: [int(match[number].replace(",", "")) for number in (2, 3, 4)]
    for match in re.finditer(
        r"^(alike|matched|random) +median place ([\d,]+), first guess for (\d+) of (\d+)$", real_size, re.M
    )
}
assert 0.4 < copied["random"][1] / copied["random"][2] < 0.5 and copied["alike"][1] == 0
assert 0.4 < copied["matched"][1] / copied["matched"][2] < 0.55
assert copied["random"][0] <= 3 >= copied["matched"][0] and 1000 < copied["alike"][0] < 10_000
# "Most are names from source code"
assert "ManagementPlaneProtection" in real_size and "swigfaiss" in real_size
