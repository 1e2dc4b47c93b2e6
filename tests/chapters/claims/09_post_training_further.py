# ruff: noqa: F821 -- the names are the page's
"""What the second page of chapter 9 says about its own output. Each runs as a cell at the page's end."""

# "the policy is `stories-chat`, the reference our shorter tuning": both give a probability to each token
assert abs(policy.exp().sum() - 1) < 1e-9 and abs(reference.exp().sum() - 1) < 1e-9
