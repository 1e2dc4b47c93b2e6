# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 18 says about its own output. Each runs as a cell at the chapter's end."""

# "Nothing is lost [...] Each row holds 432 numbers of color"
from llm_course.training.frontier import ERRANDS, PICTURES

assert rows.ndim and patches_of(drawn[0].pixels, 12).shape == (9, 432)
assert drawn[0].pixels.shape == (3, 36, 36)
# "Tuned together, model and projector get nearly all pictures of the known kind. [...] frozen they get 8 of 100"
known, new, moved = captions.values()
assert sum(known[0]) >= 95 and sum(known[1]) == 8
# "With one thing in the picture that training never showed, fewer than half of the captions are right"
assert 20 < sum(new[0]) < 50
# "a yellow ball becomes a yellow kite"
balls = [one for one in pictures.draw_pictures(200, seed=11, held_out=True) if ("yellow", "ball") in one.things]
said_of_balls = describe(seeing, projector, balls)
assert sum("yellow kite" in said for said in said_of_balls) > len(balls) / 2
# "the projector finds most colors and few shapes, and a decoder [...] begins to repeat itself"
single = [one for one in pictures.draw_pictures(200, seed=12) if len(one.things) == 1]
heard = [said.split() for said in describe(frozen, alone, single)]
colors_right = sum(one.things[0][0] in words for one, words in zip(single, heard, strict=True)) / len(single)
shapes_right = sum(one.things[0][1] in words for one, words in zip(single, heard, strict=True)) / len(single)
assert colors_right > 0.7 and shapes_right < 0.5, (colors_right, shapes_right)
several = [one for one in pictures.draw_pictures(100, seed=12) if len(one.things) > 1]
assert sum("and and" in said for said in describe(frozen, alone, several)) > 10
# "The third line shows what happens when they leave it."
assert sum(moved[0]) < 30
# "thirty kinds of things", "Five things [...] were kept out"
assert len(pictures.every_thing()) == 30 and len(pictures.HELD_OUT) == 5 and ("red", "kite") in pictures.HELD_OUT
# "stories [...] can only make one up"
assert errand.answer not in tokenizer.decode(written[0, ids.shape[1] :])
# "The model alone could not have known a single one of these numbers."
# and the loop that runs an errand with a busy shop
assert len(errand.things) == 2 and errand.busy
lived = run(errand.task, errands.Shop(errand).tools)
assert lived[-1]["content"] == errand.answer
assert sum(message["content"].startswith("error") for message in lived) == 1
# "`errands` is `stories` after 400 steps of fine-tuning"
assert ERRANDS.steps == 400 and (PICTURES.steps, PICTURES.batch_size) == (800, 32)
# "a protocol error, for the program. A tool that was called and failed gives a result with `isError` set"
unknown = serve({"id": 9, "method": "tools/call", "params": {"name": "no", "arguments": {}}}, shop)
failed = serve({"id": 9, "method": "tools/call", "params": {"name": "price", "arguments": {"of": "no"}}}, shop)
assert "error" in unknown and "result" not in unknown
assert failed["result"]["isError"] is True
# "a list of tools [...] `ttlMs` and `cacheScope`"
assert {"tools", "ttlMs", "cacheScope"} < serve({"id": 9, "method": "tools/list"}, shop)["result"].keys()
# "In a quarter of the errands a call fails at first [...], and in one of six a thing is not sold at all."
many = errands.errands(3000, seed=1)
assert abs(sum(bool(one.busy) for one in many) / 3000 - 0.23) < 0.03
assert abs(sum(one.answer.startswith("Nobody") for one in many) / 3000 - 1 / 6) < 0.03
# "The first harness gets every errand right."
told, silent, short = scores.values()
assert all(told)
# "[...] loses all errands in which the shop is busy, and all in which something isn't sold"
trouble = [bool(one.busy) or one.answer.startswith("Nobody") for one in tested]
assert [not right for right in silent] == trouble
# "Three steps are too few for two prices, their sum and an answer."
for right, one in zip(short, tested, strict=True):
    if len(one.things) == 2 and not one.answer.startswith("Nobody"):
        assert not right
# "Done by itself, each of these errands takes 117 to 210 tokens. [...] In 100 no old one fits."
alone_in_tokens = [sum(map(tokens_of, run(one.task, errands.Shop(one).tools))) for one in listed]
assert (min(alone_in_tokens), max(alone_in_tokens)) == (117, 210)
# "trained on positions up to 256", "the first errand goes well, and none after it [...] some of the time [...] always"
assert agent.config.max_position_embeddings == 256 < conversation(listed, 10_000)[1]
kept = {budget: conversation(listed, budget)[0] for budget in (10_000, 200, 100)}
assert kept[10_000] == [True] + [False] * 5
assert 0 < sum(kept[200]) < 6 and all(kept[100])
# "Two decoders of one shape [...] The pupil imitates its teacher better, and on the text itself it is no better"
assert report["acceptance"]["stories-draft"] > report["acceptance"]["stories-draft-alone"]
draft, lone = (report["decoders"][name] for name in ("stories-draft", "stories-draft-alone"))
assert draft["parameters"] == lone["parameters"]
assert draft["validation"]["perplexity"] > lone["validation"]["perplexity"]
# "At once the model is nearly always wrong [...] In three steps [...] about seven of ten." "then no longer"
assert all(share[0] < 0.1 and 0.62 < share[1] < 0.8 for share in shares), shares
assert all(share[1] < share[3] and share[4] - share[3] < 0.06 for share in shares), shares
assert all(0.75 < share[4] < 0.9 for share in shares), shares
# "(it believes that 0 + 0 is 1)"; "Ninety of a hundred"
assert said[0, 0] == "1"
assert abs(sum(said[pair] == str(sum(pair)) for pair in pairs) - 90) <= 2
