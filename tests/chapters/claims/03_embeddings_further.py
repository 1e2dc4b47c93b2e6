# ruff: noqa: E402, F821 -- the names are the page's
"""What the further page of chapter 3 says about its own output. Each runs as a cell at the page's end."""

# "the step goes along (1, 0) - (1/3, 1/3) = (2/3, -1/3). PyTorch agrees"
assert torch.allclose(-embedding.grad, torch.tensor([2 / 3, -1 / 3]))
# "the gradient is what was expected, minus what came", for other rows too
rows_of_five, e = torch.randn(5, 7), torch.randn(7, requires_grad=True)
nn.functional.cross_entropy((rows_of_five @ e)[None], torch.tensor([2])).backward()
expected = (rows_of_five @ e).softmax(dim=0).detach() @ rows_of_five
assert torch.allclose(e.grad, expected - rows_of_five[2], atol=1e-5)
# "Among 5,000 random rows of width 768, no two have a cosine above 0.25 or below -0.25"
assert width == 768 and len(rows) == 5000 and cosines.abs().max() < 0.25
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
