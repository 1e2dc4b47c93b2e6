# ruff: noqa: E402, F821 -- the names are the page's
"""What the further page of chapter 3 says about its own output. Each runs as a cell at the page's end."""

# "the step goes along (1, 0) - (1/3, 1/3) = (2/3, -1/3). PyTorch agrees"
assert torch.allclose(-embedding.grad, torch.tensor([2 / 3, -1 / 3]))
# "the gradient is what was expected, minus what came", for other rows too
rows_of_five, e = torch.randn(5, 7), torch.randn(7, requires_grad=True)
nn.functional.cross_entropy((rows_of_five @ e)[None], torch.tensor([2])).backward()
expected = (rows_of_five @ e).softmax(dim=0).detach() @ rows_of_five
assert torch.allclose(e.grad, expected - rows_of_five[2], atol=1e-5)
# "Among 5,000 random rows of width 768, the largest cosine, in either direction, is 0.19"
assert width == 768 and len(rows) == 5000 and round(cosines.abs().max().item(), 2) == 0.19
# "With all rows allowed, hardly any answer is right in any table"
import re

shares = {}
for line in real_size.splitlines():
    if percents := re.findall(r"(\d+)%", line):
        shares[line.split()[0]] = list(map(int, percents))
assert set(shares) == {"stories", "smollm2-135m-instruct", "minilm"}
assert all(right <= 5 and given >= 95 for right, given, _, _ in shares.values())
# "the tables of the two real models get about half of the questions right, and `stories` about one in eight"
assert shares["stories"][2] == 13 and all(40 <= shares[name][2] <= 60 for name in ("minilm", "smollm2-135m-instruct"))
# "without it, no answer is right"
assert all(without_step == 0 for *_, without_step in shares.values())
# "whole vectors put the right one first for only 38 %", "Among all 910 explanations"
stored = {
    name.strip(): (int(size), float(share))
    for name, size, share in re.findall(r"^(.{22}) +(\d+) bytes per text, recall@1 (\S+)$", real_size, re.M)
}
assert re.search(r"^910 passages", real_size, re.M)
whole_size, whole_share = stored["384 numbers of 4 bytes"]
assert whole_size == 1536 and abs(whole_share - 0.38) < 0.006 and abs((0.38 * 0.62 / 910) ** 0.5 - 0.016) < 0.001
# "Rounding to one byte costs nothing here", "the signs costs five points and leaves 48 bytes, a thirty-second"
assert abs(stored["384 numbers of 1 byte"][1] - whole_share) <= 0.0101
signs_size, signs_share = stored["384 signs"]
assert abs(whole_share - signs_share - 0.05) < 0.006 and signs_size * 32 == whole_size
# "the first 96 numbers take eight times the space of the signs and find no more"
assert stored["first 96"][0] == 8 * signs_size and stored["first 96"][1] <= signs_share
# "In the upper layers the first token ruins the mean: after layer 29 the search finds 5 % with it and 25 % without"
by_layer = {
    name.strip(): (float(kept), float(left_out))
    for name, kept, left_out in re.findall(r"^(table|after.{15}) +(\d\.\d\d) +(\d\.\d\d)$", real_size, re.M)
}
assert by_layer["after layer 29"] == (0.05, 0.25)
assert all(left_out > 3 * kept for kept, left_out in (by_layer["after layer 20"], by_layer["after layer 29"]))
# "the damage is small there", after the final norm; "even the best row stays far below what MiniLM and BM25 reach"
final_kept, final_left_out = by_layer["after the final norm"]
assert abs(final_left_out - final_kept) < 0.05 and len(by_layer) == 5
assert max(max(row) for row in by_layer.values()) < 0.40
