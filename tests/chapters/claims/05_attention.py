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
# "the head that looks at people is also the one whose silence costs most [...] no longer names Anna but Tom"
assert by_effect[0] == (people_layer, people_head) and whole[0] > 0.5 > whole[1]
assert silenced[people_layer, people_head][0] < silenced[people_layer, people_head][1] > 0.5
# "The other two heads hardly look at the names [...] yet without them the model goes astray as well"
assert all(on_people[place] < 0.1 and silenced[place][0] < 0.5 for place in by_effect[1:3])
# "a head that looks at the names nearly as hard, and yet gives much of its probability to [other] names"
assert early_people > 0.8 and sum(early_chances) < 0.6
# "some heads leave weight at START, most do not"
assert 1 <= (on_first > 2 * even).sum() < len(on_first) / 2
# "START's value is not close to nothing"
assert lengths[0] > lengths[1:].mean() / 2
