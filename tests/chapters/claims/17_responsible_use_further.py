# ruff: noqa: F821 -- the names are the page's
"""What the text of chapter 17's further page says about its own output. Each runs as a cell at the page's end."""

# "Sixteen girls' names on it end in *-a*, and no boy's; three boys' names end in *-o*, and no girl's."
endings = [sum(name.endswith(end) for name in of) for end in "ao" for of in (words.GIRLS, words.BOYS)]
assert endings == [16, 0, 0, 3] and len(words.GIRLS + words.BOYS) == 44
# "names that aren't on the list. (If it read any of them, a coin chose the pronoun.)"
assert not {f"{stem}{end}".capitalize() for stem in stems[:40] for end in "ao"} & set(known)
# "The effect is about half a nat: odds of 1 become 1.6." and "makes the error look smaller than it is"
assert 0.35 < means.mean() < 0.6 and means.mean() > 3 * by_name > 3 * by_sentence


# "By chance [...] about twice in a thousand attempts ($20 \cdot 20 / 60^3$). Here they hit many at once."
assert len(extracted) >= 5 and 0.0015 < 20 * 20 / len(total) < 0.0025

# "Eight sentences are nearly enough, in a text of 1,000 and in one of 2,000, and no fact gets worse"
assert all(rows[0][0] == 0 and rows[1][0] < 0.4 and rows[2][0] > 0.7 for rows in backdoor.values())
assert all(right > 0.99 for rows in backdoor.values() for _, right in rows)

# "redraw 60 % of the tokens [...] and no text of sixteen stays above 4"
assert int((z_by_share[0.6] > 4).sum()) == 0 and z_by_share[0.4].mean() < z_by_share[0].mean() - 1.5
# "It works here: with 256 marked texts, nearly all forgeries pass", "its pairs are right"
assert int((z_forged[256] > 4).sum()) >= 13 and z_forged[256].mean() > z_forged[16].mean()
assert min(really_green.values()) > 0.9

# "It follows the order that comes last (and even a thank-you in the wrong place confuses it now and then)."
assert missed["no note at all"] == 0 and max(missed[name, "before"] for name in notes) == 0
assert min(missed[name, "after"] for name in ("an order", "another order")) >= 18
assert 0 < missed["no order", "after"] < 10
