# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 18 says about its own output. Each runs as a cell at the chapter's end."""

# "it can only make something up"
import re

from llm_course.training.frontier import ERRANDS, PICTURES

assert errand.answer not in answer
# "One call failed because the shop was busy. The model read the error and asked again."
assert len(errand.things) == 2 and errand.busy
lived = run_agent(errand.task, errands.Shop(errand).tools)
assert lived[-1]["content"] == errand.answer
assert sum(message["content"].startswith("error") for message in lived) == 1
# "It is `stories` after 400 steps of fine-tuning on errands"
assert ERRANDS.steps == 400 and (PICTURES.steps, PICTURES.batch_size) == (800, 32)
# "In about a quarter of the errands a call fails at first [...], and in one of six something isn't sold at all."
many = errands.errands(3000, seed=1)
assert abs(sum(bool(one.busy) for one in many) / 3000 - 0.23) < 0.03
assert abs(sum(one.answer.startswith("Nobody") for one in many) / 3000 - 1 / 6) < 0.03
# "The first harness gets every errand right."; "the same weights scored 60, 39 and 24 of 60"
told, silent, short = scores.values()
assert [sum(right) for right in (told, silent, short)] == [60, 39, 24] and len(tested) == 60
# "[...] loses all errands in which the shop is busy, and all in which something isn't sold"
trouble = [bool(one.busy) or one.answer.startswith("Nobody") for one in tested]
assert [not right for right in silent] == trouble
# "Three steps are too few for two prices, their sum and an answer."
for right, one in zip(short, tested, strict=True):
    if len(one.things) == 2 and not one.answer.startswith("Nobody"):
        assert not right
# "the longest right run takes five steps"
steps_needed = [sum(m["role"] == "assistant" for m in errands.transcript(one)) for one in tested]
assert max(steps_needed) == 5
# "53 of 60. With things that it has never met, it does none"
assert 48 <= sum(right_of([reworded(one) for one in tested])) <= 57
assert sum(run["history"][-1]["content"] == run["errand"].answer for run in new_things) <= 2
# "`errands` was trained only on positions up to 256"
assert agent.config.max_position_embeddings == 256
# "the first errand of each conversation goes well, and none after it"
assert all(right == [True] + [False] * 5 for right in kept[10_000])
# "10 of 18 come out right", "17 of 18 are right"
assert [sum(map(sum, kept[budget])) for budget in (200, 0)] == [10, 17]


def replies_behind(old, new):
    """What the model says to each of two errands, the second behind the first in one history, and its tokens."""
    history, replies = [], []
    for one in (old, new):
        going = new_run(one, steps=6)
        start = len(history)
        going["history"] = history + going["history"]
        while not going["over"]:
            advance(going, reply_to(going["history"]))
        history = going["history"]
        replies.append([message["content"] for message in history[start:] if message["role"] == "assistant"])
    return replies, sum(map(tokens_of, history))


# "in the first conversation, the second errand is over at 236 tokens"; "makes up a price without a single call"
in_a_row = errands.errands(6, seed=21)
(_, made_up), length = replies_behind(in_a_row[0], in_a_row[1])
assert length == 236
assert len(made_up) == 1 and made_up[0].endswith(" cents.") and made_up[0] != in_a_row[1].answer
# "asked about a plum, the model looks up the apple from the errand before"
assert in_a_row[2].things[0] == "plum" and "apple" in in_a_row[1].things
assert '"apple"' in replies_behind(in_a_row[1], in_a_row[2])[0][1][0]
# "Each row holds 432 color values: 3 channels of 12 by 12 pixels"
assert patches_of(drawn[0].pixels, 12).shape == (9, 432)
assert drawn[0].pixels.shape == (3, 36, 36)
# "Tuned together, decoder and projector get nearly all pictures of the known kind. [...] only 8 of 100 come out right"
known, new, moved = captions.values()
assert known[0] >= 95 and known[1] == 8
# "With one thing in the picture that training never showed, fewer than half of the captions are right"
assert 20 < new[0] < 50
# "most yellow balls, for instance, become yellow kites"
balls = [one for one in pictures.draw_pictures(200, seed=11, held_out=True) if ("yellow", "ball") in one.things]
said_of_balls = describe(seeing, projector, balls)
assert sum("yellow kite" in text for text in said_of_balls) > len(balls) / 2
# "most colors get through, but few shapes do, and the decoder begins to repeat itself"
single = [one for one in pictures.draw_pictures(200, seed=12) if len(one.things) == 1]
heard = [text.split() for text in describe(stories, projector_alone, single)]
colors_right = sum(one.things[0][0] in words for one, words in zip(single, heard, strict=True)) / len(single)
shapes_right = sum(one.things[0][1] in words for one, words in zip(single, heard, strict=True)) / len(single)
assert colors_right > 0.7 and shapes_right < 0.5, (colors_right, shapes_right)
several = [one for one in pictures.draw_pictures(100, seed=12) if len(one.things) > 1]
assert sum("and and" in text for text in describe(stories, projector_alone, several)) > 10
# "The third line shows what happens when they leave the grid, which training never showed: from 98 right to 8."
assert abs(known[0] - 98) <= 1 and abs(moved[0] - 8) <= 2
# "thirty kinds of things", "Five things were held out"
assert len(pictures.every_thing()) == 30 and len(pictures.HELD_OUT) == 5 and ("red", "kite") in pictures.HELD_OUT
# "five harnesses, 26 bare sums and 26 little stories each"
measured = {
    (name, kind): tuple(map(int, counts.split()))
    for name, kind, counts in re.findall(
        r"^(no tool|described|described, constrained|shown|shown, constrained) +(bare|story)((?: +\d+){4}),",
        real_size,
        flags=re.MULTILINE,
    )
}
assert len(measured) == 10
# "Without a tool, and with a tool that is only described, SmolLM2 gets nothing right"; "0 of 52 described calls"
for name in ("no tool", "described"):
    assert measured[name, "bare"] == measured[name, "story"] == (0, 0, 0, 0)
# "The constraint makes all 52 calls well-formed [...] Then 19 of 26 bare sums are right calls. [...] no call is right"
formed, right_calls, used, _ = measured["described, constrained", "bare"]
assert formed == 26 and 17 <= right_calls <= 21
assert measured["described, constrained", "story"][:2] == (26, 0)
# "And the result turns up in 24 of 52 answers, in the example inside another call"
assert 20 <= used + measured["described, constrained", "story"][2] <= 28
assert """33924 -> '{"tool":""" in real_size
# "Of the 52 replies with the tool described, 25 were cut at 80 tokens"
cut_replies = int(re.search(r"cut at 80 tokens: .*'described': (\d+)", real_size)[1])
assert 20 <= cut_replies <= 30
# "All 52 calls are well-formed without any constraint, every result is used, and 26 of 26 bare sums come out right."
assert measured["shown", "bare"] == (26, 26, 26, 26)
assert measured["shown", "story"][0] == measured["shown", "story"][2] == 26
# "The constraint adds nothing any more. The stories stay at 3 of 26"
assert all(measured["shown", kind] == measured["shown, constrained", kind] for kind in ("bare", "story"))
assert 1 <= measured["shown", "story"][1] <= 5 and measured["shown", "story"][1] == measured["shown", "story"][3]
# "`1000 + 1000 + 1000` is perfect JSON", "`100 * 643` for 75 rows"
assert '"1000 + 1000 + 1000"' in real_size and '"100 * 643"' in real_size and "75 rows of 643" in real_size
# "A task takes about 0.7 seconds of one core for two turns"
seconds = [float(found) for found in re.findall(r"^shown.* %? +([\d.]+)$", real_size, flags=re.MULTILINE)]
assert len(seconds) == 4 and all(0.35 < one < 1.4 for one in seconds), seconds
