# ruff: noqa: E402, F821 -- the names are the page's
"""What the further page of chapter 4 says about its own output. Each runs as a cell at the page's end."""

# "it makes the sum float64 too, and the next layer refuses it"
assert total.dtype == torch.float64
# "lifts an embedding from 1.42 to 16, twice the length of a position"
embedding_length = embeddings.norm(dim=-1).mean().item()
assert round(embedding_length, 2) == 1.42 and round(embedding_length * math.sqrt(128)) == 16
assert abs(encoding.norm(dim=-1).mean() - 8) < 0.01
# "It does not survive these random projections"
assert plain.max() - plain.min() < 1e-3 and projected.max() - projected.min() > 1
# "With slope 1/16, the loss at the end of these four texts is about what it is with the beginning cut off"
assert abs(biased[1 / 16][0] - cut_off) < 0.25 and biased[0.0][0] > 5
# "the same slope makes the model forget what was said 50 tokens ago"
assert biased[1 / 16][2] < 0.1 < 0.8 < biased[0.0][2] and all(at_once == 1 for _, at_once, _ in biased.values())
assert 45 < len(tokenizer(facts).input_ids) < 60
# "both models agree [...] With true positions, the unconverted one turns the wrong pairs"
# and in the chapter: "from 0.60 to 5.50"
assert abs(layout_losses["0"][0] - layout_losses["0"][1]) < 1e-3
assert [round(loss, 2) for loss in layout_losses["true"]] == [0.60, 5.50]
# "3001 becomes 3008"
assert torch.tensor(3001.0).to(torch.bfloat16).item() == 3008
# "Trained on rows of 160, neither base reads tokens 320 to 399 well: [...] more than 0.7 above that of tokens
# 80 to 159, with either seed. Trained on rows of 640, both bases do"
import re

trained = re.findall(r"^ *[\d,]+ +(160|640) +[01] +(\d\.\d\d) +(\d\.\d\d)$", real_size, re.MULTILINE)
excess = {
    length: [float(far) - float(near) for rows, near, far in trained if rows == length] for length in ("160", "640")
}
assert [len(each) for each in excess.values()] == [4, 4]
assert min(excess["160"]) > 0.7 and max(excess["640"]) < 0.2
