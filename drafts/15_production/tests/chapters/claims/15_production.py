# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 15 says about its own output. Each runs as a cell at the chapter's end."""

# "Between a machine that is busy all the time and one that is busy for half an hour a day there is a factor of 50."
assert round(1.0 / 0.02) == 50
# "With one scale for the matrix [...] every row is off by more than a fifth. With one scale per row, the damage stays"
by_matrix, by_row, by_group = (
    (rounded(with_outlier, 8, size) - with_outlier).norm(dim=1) / matrix.norm(dim=1) for size in (64 * 1024, 1024, 64)
)
assert (by_matrix > 0.2).all()
assert by_row[3] > 0.2 and torch.cat([by_row[:3], by_row[4:]]).max() < 0.02
assert by_group[3] < by_row[3] / 3
# "On bell-shaped weights that is a seventh less error for the same memory."
assert 1 / 8 < 1 - relative(by_nf4(matrix), matrix) / relative(rounded(matrix, 4, 64), matrix) < 1 / 6
# "Three and a half times, not four."
assert f"{full / small:.1f}" == "3.5"
# "At 8 bits nothing happens, however coarse the scales."
for name in ("matrix", "row", "32"):
    loss, right = found[f"8 bits, {name}"]
    assert abs(loss - found["as it is"][0]) < 0.002 and abs(right - found["as it is"][1]) <= 1
# "At 4 bits with one scale per matrix the loss rises by a tenth of a nat [...] lost 20 of its 91 sums"
assert found["as it is"][1] == 91
assert abs(found["4 bits, matrix"][0] - found["as it is"][0] - 0.1) < 0.01 and found["4 bits, matrix"][1] == 71
# "At 3 bits [...] with one scale per matrix hardly a sum is left, with groups of 32 most of them are."
assert found["3 bits, matrix"][1] < 10 and found["3 bits, 32"][1] > 70
# "The loss rises from 0.529 to 0.626."
assert f"{found['as it is'][0]:.3f} {found['4 bits, matrix'][0]:.3f}" == "0.529 0.626"
