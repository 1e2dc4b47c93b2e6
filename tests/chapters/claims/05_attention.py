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
# "Here nobody wrote it; it came out of predicting next tokens"
assert on_people.max() > 0.5 and on_people.max() > 2 * weight_on_people(untrained_maps).max()
assert on_people.median() < 0.2
# "many of them look at the token just before"
look = maps[people_layer, people_head]
assert (look.diagonal(-1) > 0.4).sum() >= 5
# "The right map belongs to the head that looks most at the first token" and is another one
assert (start_layer, start_head) != (people_layer, people_head) and on_start.max() > 0.4
# "Silence the head that looks hardest at the names, and the model still names Anna"
assert silenced[people_layer, people_head][0] > 0.5 and whole[0] > 0.5
# "The answer hangs on two heads of earlier layers. One of them does not look at the names from *asked* at all"
assert all(place[0] < people_layer and silenced[place][0] < 0.2 for place in by_effect[:2])
assert silenced[by_effect[2]][0] > 0.5 and min(on_people[place] for place in by_effect[:2]) < 0.05
# "It has a head that looks at the names at least as hard, and yet it is much less sure of Anna"
assert early_people >= on_people.max() and early_chances[0] < whole[0] - 0.2
# "some heads leave weight at START, most do not"
assert 1 <= (on_first > 2 * even).sum() < len(on_first) / 2
# "START's value is not close to nothing"
assert lengths[0] > lengths[1:].mean() / 2
