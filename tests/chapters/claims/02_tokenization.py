# ruff: noqa: E402, F821 -- the names are the chapter's, and each claim imports what it needs
"""What the text of chapter 2 says about its own output. Each runs as a cell at the chapter's end."""

# "*dog* is one token [...] *strawberry* is rare there, and is cut into pieces"
assert " dog" in pieces(tokenizer, "The dog ate a strawberry.")
assert " strawberry" not in pieces(tokenizer, "The dog ate a strawberry.")
# "The last two lines give the same number"
assert len(tokenizer) == model.get_input_embeddings().num_embeddings
# "*look*, *Look* and *looked* are three unrelated ids"
assert {"look", "Look", "looked"} <= set(known)
# "Subwords need nearly as few tokens as words here, and nothing is unknown to them"
needed = {row[0]: row[2] for row in rows}
assert needed["words"] < needed["subwords"] < 1.2 * needed["words"] < needed["characters"] / 2
assert unknown and subword.decode(subword.encode(text).ids) == text
# "The result of training is the list of merges in their order": each line is the one before, after its commonest pair
for before, after in pairwise(rounds):
    counted = Counter(pair for word in before.split("|") for pair in pairwise(word.split()))
    left, right_part = min(counted, key=lambda pair: (-counted[pair], pair))
    assert f" {before} ".replace(f" {left} {right_part} ", f" {left}{right_part} ") == f" {after} "
# "Without the cut, the longest tokens are long phrases", from the same 300 documents
assert max(map(len, without_cut.get_vocab())) > 2 * max(map(len, with_cut.get_vocab()))
assert max(without_cut.get_vocab(), key=len).count("Ġ") > 1 and len(few) == 300
# "training stopped at 2,603, because every word of this little language was one token by then"
assert sizes[-1] == 2603 == trained.get_vocab_size() and len(unseen) == 200
for document in seen[:300]:
    assert len(trained.encode(document).ids) == len(trained.pre_tokenizer.pre_tokenize_str(document))
# "On the stories the curve ends flat", and "from 1024 to 2048 tokens, texts became about an eighth shorter"
assert bytes_per_token[-1] < 1.05 * bytes_per_token[sizes.index(2048)]
assert 0.1 < 1 - bytes_per_token[sizes.index(1024)] / bytes_per_token[sizes.index(2048)] < 0.15
# "that was 21 % of SmolLM2's 135 million parameters and 13 % of Llama 3's 8 billion", and Llama 3 has four times as
# many tokens as Llama 2
shares = {name: size * width * tables / total for name, size, width, tables, total in published}
assert round(shares["SmolLM2 135M"], 2) == 0.21 and round(shares["Llama 3 8B"], 2) == 0.13
assert round(128_256 / 32_000) == 4
# "One invisible character, and the model forgets the capital of France"
found = next_tokens(prompt)
assert found[" Paris"] > 0.8 and "Paris" not in next_tokens(prompt + " ")
# "a lone space comes before words that have no token with their space in it: *zero* is cut into `␣|z|ero`, *kept* into
# `␣|ke|pt`"
space, beginnings, begun = tokenizer.encode(" ")[0], Counter(), set()
for document in seen:
    ids = tokenizer.encode(document)
    for place, (before, after) in enumerate(pairwise(ids)):
        if before == space:
            beginnings[tokenizer.decode([after])] += 1
            begun.add(tokenizer.decode(ids[place + 1 : place + 8]).split()[0].strip('.,!?"'))
assert all(tokenizer.encode(" " + word)[0] == space for word in begun)
assert pieces(tokenizer, " zero") == [" ", "z", "ero"] and pieces(tokenizer, " kept") == [" ", "ke", "pt"]
# "its first guess, *z*, is the beginning of *zero*"
assert next(iter(next_tokens(prompt + " "))) == "z"
assert [word for word in begun if word.startswith("z")] == ["zero"] and {"zero", "kept"} <= begun
# "By default, the typed text becomes the real command tokens"
assert "<|assistant|>" in pieces(tokenizer, typed)
as_text = tokenizer.encode(typed, split_special_tokens=True)
assert not set(as_text) & set(tokenizer.all_special_ids) and tokenizer.decode(as_text) == typed
# "a word as common as *the* is whole after four merges"
assert "Ġthe" in learned[:4]
# "The longest match `␣tea|p|ot` [...] It makes `␣tea` of `␣te` and `a`, and the merge that makes `ap` has a lower rank
# [...] The result is `␣te|ap|ot`": the ranks are those of the model's own merges
assert longest_match("Ġteapot", vocabulary) == ["Ġtea", "p", "ot"] and tokenizer.tokenize(" teapot") == [
    "Ġte",
    "ap",
    "ot",
]
own_merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
rank_of = {"".join(pair): rank for rank, pair in enumerate(own_merges)}
assert max(rank_of["Ġte"], rank_of["ap"]) < rank_of["Ġtea"] and own_merges[rank_of["Ġtea"]] == ["Ġte", "a"]
# "the ids of the bytes *t*, *h*, *e* decode to *the*, and encoding *the* merges the last two"
by_byte = [tokenizer.encode(letter)[0] for letter in "the"]
assert tokenizer.decode(by_byte) == "the" and tokenizer.tokenize("the") == ["t", "he"]
# "English takes 13 tokens with all three vocabularies. With the oldest, German takes 23 [...] with the newest, 14"
from llm_course.widgets.token_cost import COUNTS, SENTENCES

costs = dict(zip(SENTENCES, zip(*COUNTS.values(), strict=True), strict=True))
english, hindi, burmese = (costs[language][0] for language in ("English", "Hindi", "Burmese"))
assert set(costs["English"]) == {13} and (hindi, burmese) == (139, 357)
assert [costs[language][0] for language in ("German", "Hindi", "Burmese")] == [23, 139, 357]
assert [costs[language][2] for language in ("German", "Hindi", "Burmese")] == [14, 25, 67]
# "In Burmese its tokens are hardly more than one byte", "shrink the gap and do not close it"
assert len(SENTENCES["Burmese"].encode()) < 1.1 * burmese
assert all(cost[0] > cost[1] > cost[2] > 13 for language, cost in costs.items() if language in ("Hindi", "Burmese"))
# "20 turns": every turn reads the history, 57,000 tokens in all
assert round(paid_fresh, 3) == 0.15 and 0.04 < paid_cached < 0.05
# "Which merge comes between `ell` and `all`, and where does its space come from?": " f", by the widget's rule for ties
from solutions.tokenization import merge_pair

parts, made = [list(word) for word in (b"ball", b" fall", b" well", b" fell", b" tell")], []
for new_id in range(256, 260):
    counted = Counter(pair for part in parts for pair in pairwise(part))
    made.append(min(counted, key=lambda pair: (-counted[pair], pair)))
    parts = [merge_pair(part, made[-1], new_id) for part in parts]
assert made == [(108, 108), (101, 256), (32, 102), (97, 256)]
# "the made-up word *fallbell*", in code
assert three_merges == [("l", "l"), ("e", "ll"), ("a", "ll")]
assert encode_bpe("fallbell", three_merges) == ["f", "all", "b", "ell"]

# "Some tokens of the Japanese text hold only a part of a character [...] all ids together give back the text exactly"
assert real_size.count("the same text again: True") == 2 and "�" in real_size
assert "39 characters" in real_size
# "In all four tokenizers it is **ind|iv|isible**. With a space before it, `cl100k` and `o200k` need only two tokens,
# indiv|isible"
cuts = {
    line[:15].rstrip().strip("'"): line[15:].split()
    for line in real_size.splitlines()
    if line.startswith("'") and line[15:16] == " " and len(line[15:].split()) == 4
}
assert cuts["indivisible"] == ["ind|iv|isible"] * 4 and "characters of indivisible: 11" in real_size
assert cuts[" indivisible"] == ["ind|iv|isible", "indiv|isible", "indiv|isible", "ind|iv|isible"]
# "With a space before it, *strawberry* is one token in all four vocabularies"
assert cuts[" strawberry"] == ["strawberry"] * 4
# "GPT-2 has a token for 1993, [...] but splits 2026 into 20|26. `cl100k` and `o200k` cut [...] 1234567 is 123|456|7"
assert cuts["1993"][0] == "1993" and cuts["2026"][0] == "20|26" and cuts["1234567"][1:3] == ["123|456|7"] * 2
# "SmolLM2 gives each digit a token of its own"
assert cuts["1234567"][3] == "1|2|3|4|5|6|7"
# "In GPT-2, for example, \" Paris\" is one token [...] the token \"Paris\"": no cut within either
assert cuts["Paris"] == cuts[" Paris"] == ["Paris"] * 4

import re

table = {}
for line in real_size.splitlines():
    if match := re.fullmatch(r"([A-Z]\w+) +(\d+)" + r" +([\d,]+)" * 5 + r"   .* to .*", line):
        table[match[1]] = [int(match[number].replace(",", "")) for number in range(2, 8)]
times = {
    language: [count / base for count, base in zip(row, table["English"], strict=True)]
    for language, row in table.items()
}
# "With GPT-2 the Burmese text takes 20 times as many tokens [...], and with `o200k` 3.9 times" (27 and 5.2)
assert len(table) == 12 and 20 < times["Burmese"][1] < 21 and round(times["Burmese"][4], 1) == 3.9
assert round(costs["Burmese"][0] / 13) == 27 and round(costs["Burmese"][2] / 13, 1) == 5.2
# "From `cl100k` to `half`, with equally many tokens, Hindi and Burmese shrank to a third, and English grew by 3 %"
for language in ("Hindi", "Burmese"):
    assert 0.3 < table[language][5] / table[language][3] < 0.35
assert round(table["English"][5] / table["English"][3], 2) == 1.03
# "The second hundred thousand tokens then saved 3 % of English, 11 of Hindi and 17 of Burmese"
saved = [1 - table[language][4] / table[language][5] for language in ("English", "Hindi", "Burmese")]
assert [round(100 * share) for share in saved] == [3, 11, 17]
kinds = {
    match[1]: [float(number) for number in match[2].split()]
    for match in re.finditer(r"^(docs|code) +\d+ ((?: +\d\.\d\d){5})$", real_size, re.MULTILINE)
}
# "more than the 49,152 of SmolLM2 (3.89) and nearly as much as the 100,000 of `cl100k` (4.37)"
assert kinds["code"][1:3] == [3.89, 4.37]
# "English prose has four to five characters per token; Burmese had 0.4 with GPT-2 and 1.9 with `o200k`"
from llm_course.corpus.declaration import declaration

assert 3.9 < kinds["docs"][2] < 4.7 < len(declaration()["English"]) / table["English"][4]
characters_of_burmese = len(declaration()["Burmese"])
assert [round(characters_of_burmese / table["Burmese"][place], 1) for place in (1, 4)] == [0.4, 1.9]
# "Burmese costs with it exactly what it cost with GPT-2 in 2019, and Korean nearly so"
assert table["Burmese"][1] == table["Burmese"][2] and 0.95 < table["Korean"][2] / table["Korean"][1] < 1
# "from `cl100k` to `o200k`, English stayed as long as it was and Hindi shrank to 30 %"
assert (
    1 <= table["English"][4] / table["English"][3] < 1.001 and round(table["Hindi"][4] / table["Hindi"][3], 2) == 0.30
)

reads = {
    match[1]: (int(match[2].replace(",", "")), float(match[3]), int(match[4]))
    for match in re.finditer(r"^(\w+) +([\d,]+) +(\d+\.\d) +(\d+)%$", real_size, re.MULTILINE)
}
# "The Burmese paragraphs take 26 times as many tokens as the English ones, where the whole text took 20 times as many,
# and even more times as long"
assert round(reads["Burmese"][0] / reads["English"][0]) == 26 and reads["Burmese"][1] / reads["English"][1] > 26
assert int(times["Burmese"][2]) == 20
# "fills a quarter of SmolLM2's context of 8,192 tokens; the Russian, Hindi and Burmese ones do not fit"
# "read as 25 separate texts, 4,000 of the tokens take 12 seconds instead of 19"
apart = float(re.search(r"as 25 texts: (\d+\.\d) s", real_size)[1])
assert round(apart) == 12 and 19 < reads["Burmese"][1] < 20
assert reads["English"][2] == 25
assert {language for language, row in reads.items() if row[2] > 100} == {"Russian", "Hindi", "Burmese"}
# "After a trailing space, SmolLM2 expects a digit [...] *Paris* had 0.77, and is not among the first three guesses"
guesses = dict(re.findall(r"^'(The capital of France is ?)' +(.*)$", real_size, re.MULTILINE))
assert "' Paris' 0.77" in guesses["The capital of France is"]
assert re.fullmatch(r"('\d' 0\.\d\d(, )?){3}", guesses["The capital of France is "])

# "On new Python code, these 32,000 tokens get 4.27 bytes per token [...] the Declaration takes 38 % more tokens"
own = dict(re.findall(r"^(code|English): (\d\.\d\d) bytes per token$", real_size, re.MULTILINE))
assert own["code"] == "4.27"
assert 1.36 < (table["English"][0] / float(own["English"])) / table["English"][3] < 1.40
# "SmolLM2's vocabulary is only half as large again, and with it the difference is still 34 %"
assert round(49_152 / 32_000, 1) == 1.5
assert round(table["English"][0] / float(own["English"]) / table["English"][2], 2) == 1.34
# the table of the pattern's parts
from tokenizers import Regex
from tokenizers.pre_tokenizers import Split

from llm_course.packaged_models import CL100K_PATTERN, O200K_PATTERN

for line, parts in (
    ("don't (Don", "don|'t| (|Don"),
    ("x(Don dog 12345 == 3", "x|(Don| dog| |123|45| ==| |3"),
    ("x\n    y", "x|\n|   | y"),
):
    assert [part for part, _ in Split(Regex(CL100K_PATTERN), "isolated").pre_tokenize_str(line)] == parts.split("|")

# "GPT-2 leaves all digits together, the others at most three [...] a bracket [...] `o200k` keeps *Don't* whole"
lines_cut = dict(re.findall(r"^(gpt2|cl100k|o200k) +(\S*Don.*\|.*)$", real_size, re.MULTILINE))
assert lines_cut["gpt2"].startswith("(|Don|'t|") and "| 12345|" in lines_cut["gpt2"]
assert lines_cut["cl100k"].startswith("(Don|'t|") and lines_cut["o200k"].startswith("(Don't|")
assert all("|123|45|" in lines_cut[name] for name in ("cl100k", "o200k"))
# "A program that *streams* [...] has to hold back an unfinished character until the rest is there"
emoji = codecs.getincrementaldecoder("utf-8")()
assert [emoji.decode(bytes([byte])) for byte in "🙂".encode()] == ["", "", "", "🙂"]
# "before any merge, `cl100k` cuts Hindi words at their vowel signs, सभ|ी, and `o200k` does not"
for pattern, expected in ((CL100K_PATTERN, ["सभ", "ी"]), (O200K_PATTERN, ["सभी"])):
    assert [piece for piece, _ in Split(Regex(pattern), "isolated").pre_tokenize_str("सभी")] == expected
