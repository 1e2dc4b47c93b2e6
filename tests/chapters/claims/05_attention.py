# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 5 says about its own output. Each runs as a cell at the chapter's end."""

# "every weight is close to one fifth", and 99 % on the corrections page
assert share_of_uniform(random_weights["rand"]) > 0.99
assert share_of_uniform(random_weights["randn"]) < 0.95
# "She looks for a person and takes nearly everything from Anna"
assert projected[-1, 0] > 0.9
# "Unscaled, one key wins at random and takes almost everything"
assert ranked["unscaled"][0] > 0.8 and ranked["scaled"][0] < 0.1
# "Without a mask, every position changes [...] With the causal mask only the last position does"
no_mask = torch.ones(5, 5, dtype=torch.bool)
assert (outputs(x, no_mask) - outputs(changed, no_mask)).abs().amax(-1).min() > 0.1
assert (outputs(x, causal) - outputs(changed, causal))[:-1].abs().max() == 0
# "Here nobody wrote it; it came out of predicting next tokens"
assert on_people.max() > 0.5 and on_people.max() > 2 * weight_on_people(early_maps).max()
assert on_people.median() < 0.2
# "the head that looks at people is also the one whose silence costs most"
assert by_effect[0] == (people_layer, people_head)
assert silenced[people_layer, people_head] < whole
# "some heads park their weight at START, most do not"
assert 1 <= (on_first > 2 * even).sum() < len(on_first) / 2
