# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "every weight is close to one fifth", and 99 % on the corrections page
assert share_of_uniform(random_weights["rand"]) > 0.99
assert share_of_uniform(random_weights["randn"]) < 0.95
# "She looks for a person and takes nearly everything from Anna"
assert projected[-1, 0] > 0.9
# "Unscaled, one key wins at random and takes almost everything"
assert ranked["unscaled"][0] > 0.8 and ranked["scaled"][0] < 0.1
# "half of the queries get back less than a tenth of the gradient that the typical scaled query gets"
assert gradients["unscaled"] < gradients["scaled"] / 10
# "Without a mask, every position changes [...] With the causal mask only the last position does"
no_mask = torch.ones(5, 5, dtype=torch.bool)
assert (outputs(x, no_mask) - outputs(changed, no_mask)).abs().amax(-1).min() > 0.1
assert (outputs(x, causal) - outputs(changed, causal))[:-1].abs().max() == 0
# "Here nobody wrote it; it came out of predicting next tokens", and the model answers *Anna*
assert on_hat.max() > 0.7 and untrained_maps[:, :, -1, hat].max() < 0.2 and on_hat.median() < 0.1
assert result.logits[0, -1].argmax() == names[0]
# "no head looks at *Anna* from here", "When the first *hat* is read, one head takes Anna from its past"
assert maps[:, :, -1, anna].max() < 0.2 and noted.max() > 0.7 and noter[0] < finder[0]
# "from the last token they do not look at the hat at all: one of them wrote the note"
assert on_hat[noter] < 0.2
# "The right map belongs to the head that looks most at the first token" and is another one
assert (start_layer, start_head) != finder and on_start.max() > 0.4
# "without the head that finds the hat, Anna is gone", "Several heads of the first layer matter as much"
assert whole[0] > 0.9 and silenced[finder][0] < 0.1 and silenced[noter][0] < 0.2
assert sum(silenced[0, head][0] < 0.2 for head in range(maps.shape[1])) >= 2
# "heads with a tidy map of their own, such as the one that looks at START, may change nothing"
assert silenced[start_layer, start_head][0] > whole[0] - 0.1
# "It has learned to look, and it is less sure of what it sees"
assert early_on_hat > 0.5 and early_chances[0] < whole[0] - 0.1
# "some heads leave weight at START, most do not"
assert 1 <= (on_first > 2 * even).sum() < len(on_first) / 2
# "START's value is not close to nothing"
assert lengths[0] > lengths[1:].mean() / 2
