# ruff: noqa: F821 -- the names are the page's
"""What the second page of chapter 9 says about its own output. Each runs as a cell at the page's end."""

# "On average $k_1$ and $k_3$ are right, and $k_2$ is a quarter too low", within 5 standard errors
for name in ("k1", "k3"):
    values = estimators[name]
    assert abs(values.mean() - exact) < 5 * values.std() / len(values) ** 0.5 + 1e-9
assert 0.65 < estimators["k2"].mean() / exact < 0.85
# "Over a quarter of the samples of $k_1$ are negative [...] no sample of $k_3$ is"
assert (estimators["k1"] < 0).double().mean() > 0.25 and (estimators["k3"] > -1e-12).all()
# "the divergence is small, and $k_3$ is still the noisier of the two"
assert exact < 0.02 and estimators["k3"].std() > estimators["k1"].std()
# "$k_2$ has the gradient of the divergence that you wanted [...]; $k_3$ has that of the reverse one, and $k_1$ none"
assert (gradients["k2 in the loss"] - right).norm() < 1e-9 and (gradients["k3 in the loss"] - reverse).norm() < 1e-9
assert gradients["k1 in the loss"].norm() < 1e-9 and (right - reverse).norm() > 1e-3
# "| 1 | 2.65 | 0.88 |": the table of advantages
for passed, grpo, dr_grpo in ((1, 2.65, 0.88), (2, 1.73, 0.75), (4, 1.0, 0.5), (6, 0.58, 0.25), (7, 0.38, 0.12)):
    share = passed / 8
    assert abs((1 - share) / (share * (1 - share)) ** 0.5 - grpo) < 0.006 and abs(1 - share - dr_grpo) < 0.006
# "0.55 here with one update per batch", "0.41 against 0.27, because the teacher knows these from its own tuning"
for seed in (0, 1):
    asked, unasked, turned = sums[f"distilled, seed {seed}"]
    assert abs(asked - 0.55) < 0.04 and abs(unasked - 0.41) < 0.04
    # "The reversed sums rise from 0.09 to 0.16 and 0.18, which is most of the way to the teacher's own 0.20"
    assert 0.13 < turned < 0.2
assert sums["the teacher"][1] > 0.6 and abs(sums["the teacher"][2] - 0.2) < 0.02 and abs(sums["tuned"][2] - 0.09) < 0.02
