# ruff: noqa: F821 -- the names are the page's
"""What the second page of chapter 12 says about its own output. Each runs as a cell at the page's end."""

# "Three of the six pairs contain the right one, so pass@2 is 0.5. The plain guess says 0.44."
assert comb(4, 2) == 6 and 1 - comb(3, 2) / 6 == 0.5 and round(1 - 0.75**2, 2) == 0.44
# "The plain guess [...] is too low on average", "The estimate by pairs is right on average"
for p in (0.05, 0.1, 0.3):
    chances = [comb(n, correct) * p**correct * (1 - p) ** (n - correct) for correct in range(n + 1)]
    plain_mean = sum(chance * plain(correct) for correct, chance in enumerate(chances))
    unbiased_mean = sum(chance * unbiased(correct) for correct, chance in enumerate(chances))
    assert plain_mean < unbiased_mean - 0.01 and abs(unbiased_mean - (1 - (1 - p) ** k)) < 1e-9
# "Where that's the truth, the vote lifts the score. Where it isn't, more samples only confirm the error."
(known_one, known_vote, known_any), (new_one, new_vote, new_any) = votes.values()
assert known_vote > known_one + 1 and new_vote < new_one + 0.5
assert min(known_any, new_any) > 8 and known_vote - new_vote >= 6
# "nineteen possible sums, so a hundred blind guesses include the right one with probability [...] 0.996"
assert len({a + b for a, b in sums}) == 19 and round(1 - (18 / 19) ** 100, 3) == 0.996
# "it says *first*, whatever is there: half of its verdicts are right", "Asked to name the city, it's right"
assert judged["first or second"] == (1.0, 0.5, 0) and judged["the answer itself"] == (0.5, 1.0, 20)
# "the standard error of 0.33 is 0.14. But the gap between the rows is almost five times that"
error = (0.33 * 0.67 / 12) ** 0.5
assert f"{new_vote / 12:.2f}" == "0.33" and f"{error:.2f}" == "0.14"
assert 4.3 < (known_vote - new_vote) / 12 / error < 5
# "For `stories` no score falls and some rise, but the forms stay unequal."
log_prob_right, corrected_right = table.values()
assert all(one <= other for one, other in zip(log_prob_right, corrected_right, strict=True))
assert log_prob_right != corrected_right and min(corrected_right) < 10 < max(corrected_right)
# "Layer 0, the embedding of *is*, says *is*"
assert lens.lm_head.weight.data_ptr() == lens.transformer.wte.weight.data_ptr()
first = lens.lm_head(lens.transformer.ln_f(states[0])[0, -1]).argmax()
assert tokenizer.decode([int(first)]).strip() == "is"
