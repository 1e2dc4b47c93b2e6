# ruff: noqa: F821 -- the names are the page's
"""What the further page of chapter 7 says about its own output. Each runs as a cell at the page's end."""

# "Row by row, only the changed token comes out different. Over time, every token before it does too"
leak = (norm_over(text, (0,)) - norm_over(changed, (0,))).abs().amax(1)
assert leak[:-1].min() > 0.01
assert (norm_over(text, (1,)) - norm_over(changed, (1,))).abs().amax(1)[:-1].max() == 0
# "No row is small enough for epsilon to matter": its share of the smallest row's variance
assert gpt2.config.layer_norm_epsilon < 0.002 * smallest**2
# "No row is small enough": nor any that a norm reads between attention and feed-forward, which the cell doesn't see
read_by_norms = []
watched = [module for module in gpt2.modules() if isinstance(module, nn.LayerNorm)]
hooks = [
    module.register_forward_hook(lambda module, inputs, output: read_by_norms.append(inputs[0].std(-1).min().item()))
    for module in watched
]
with torch.no_grad():
    gpt2(gpt2_tokenizer(marked, return_tensors="pt").input_ids)
for hook in hooks:
    hook.remove()
# "The errors of nine norms come together"
assert len(read_by_norms) == 9 and min(read_by_norms) > 0.09
# "the logits move by about a percent. In this text the best token stays the same everywhere"
assert gpt2.config.n_embd == 128 and 0.002 < (exact - web).norm() / exact.norm() < 0.03
assert torch.equal(exact.argmax(-1), web.argmax(-1))
# "The final norm costs least", "far from what it was, but still far better than guessing", both "are worth more"
assert worth["nothing taken out"] + 0.2 < worth["the final norm"] < worth["the last layer"] - 1
assert worth["nothing taken out"] + 1.5 < worth["the last layer"] < math.log(shape.vocab_size) - 2
assert worth["the last layer"] + 1 < min(worth["norms before feed-forward"], worth["rotary positions"])
# "Without the norms before attention the model is worse than a uniform guess"
assert worth["norms before attention"] > math.log(shape.vocab_size) + 0.5
# "set the gain to 1, and nothing changes but rounding"
assert (folded(story_ids).logits - model(story_ids).logits).abs().max() < 1e-4
# "gives the ball to the other one in 71 of 72 sentences", "Without head 2, the giver gets it back in 54"
stories = models.load("stories").model
stories.set_attn_implementation("eager")
writes = stories.model.layers[2].self_attn.o_proj.weight

assert len(name_pairs) == 72 and sum(guess == other for (_, other), guess in gets["with all heads"].items()) == 71
back = [giver for (giver, _), guess in gets["without head 2"].items() if guess == giver]
assert len(back) == 54
# "With six of the nine givers the ball comes back every time. With Anna and Sara it depends on the other name, and with
# Tom it never does"
assert sum(back.count(name) == 8 for name in names) == 6 and back.count("Tom") == 0
assert 0 < back.count("Anna") < 8 and 0 < back.count("Sara") < 8
# "without any other single head of this layer, in none"
for head in (1, 3, 4):
    found = gets[f"without head {head}"]
    assert not any(found[pair] == pair[0] for pair in name_pairs)
    to_other = sum(found[pair] == pair[1] for pair in name_pairs)
    assert to_other < 20 if head == 1 else to_other == 70
# "for him head 1 is enough": it raises the other name more than his
held = {}
hook = stories.model.layers[2].self_attn.o_proj.register_forward_pre_hook(
    lambda _, inputs: held.update(mixed=inputs[0][0, -1, :head_dim])
)
for other in set(names) - {"Tom"}:
    text = f"Tom and {other} had a red ball. Tom gave the red ball to"
    with torch.no_grad():
        stories(tokenizer(tokenizer.bos_token + text, return_tensors="pt").input_ids)
        raised = stories.lm_head(writes[:, :head_dim] @ held["mixed"] * stories.model.norm.weight)
    of_other, of_tom = (raised[tokenizer(f" {name}").input_ids[-1]] for name in (other, "Tom"))
    assert of_other > of_tom
hook.remove()
# "Without both heads, he gets the ball back in 7 sentences of 8"
both = gets["without heads 1, 2"]
assert sum(both[pair] == "Tom" for pair in name_pairs if pair[0] == "Tom") == 7
# "Where the second one gives, the ball comes back to that one in 56 sentences of 72", "without it, the second name gets
# the ball every time"
assert counts["the first gives", "without head 2"][0] == 54 and counts["the second gives", "without head 2"][1] == 56
assert counts["“They” give", "without head 2"] == [0, 72] and counts["“They” give", "with all heads"][1] < 72
# "With all 72 pairs the head looks most at the latest name", "without the head, the latest name gets the ball in 61
# sentences instead of 34, and the giver keeps it in 10 instead of 37"
gets_it = {}
for name in ("with all heads", "without head 2"):
    guesses = [who_gets_it(ids, tried[name]) for ids in sees.values()]
    gets_it[name] = [sum(guess == pair[i] for guess, pair in zip(guesses, sees, strict=True)) for i in (0, 1)]
assert list(gets_it.values()) == [[37, 34], [10, 61]] and looks_at_latest == len(sees) == 72
# the sixth suggestion's sentence: "the rows of “Ben” and “saw” say “not Ben” to our head; those of “Lily”, “and”,
# “red”, and “ball” say “not Lily”": of all tokens' scores, what each row's value adds lowers that name most
ids = sees["Ben", "Lily"]
with torch.no_grad():
    rows = streams(ids, weights)[2]
    third = layer_weights(weights, 2)
    values = rms_norm(rows, third["input_layernorm.weight"]) @ third["self_attn.v_proj.weight"].T
    shared = slice(0, head_dim)  # of the first two heads
    after = streams(ids, weights)[3][-1]
    gain = stories.model.norm.weight * torch.rsqrt(after.pow(2).mean() + stories.config.rms_norm_eps)
    messages = stories.lm_head(values[:, shared] @ writes[:, head_dim : 2 * head_dim].T * gain)
said = {tokenizer.decode(ids[place]): messages[place] for place in range(10, len(ids))}
assert stories.config.num_attention_heads == 2 * stories.config.num_key_value_heads
for words, name in (((" Ben", " saw"), " Ben"), ((" Lily", " and", " gave", " the", " red", " ball"), " Lily")):
    for word in words:
        assert tokenizer.decode(said[word].abs().argmax()) == name and said[word].min() < -6
# "without it, only 11 sentences go to one of the two", "take head 2 away as well, and 67 do"
assert sum(guess in pair for pair, guess in gets["without head 1"].items()) == 11
assert sum(guess in pair for pair, guess in gets["without heads 1, 2"].items()) == 67
# "In the map's first sentence, head 1 raises both names; without it, “gave” wins", "The map's −9.2 is what it adds at
# once"
text_ids = tokenizer(
    tokenizer.bos_token + "Sam and Anna had a red ball. Sam gave the red ball to", return_tensors="pt"
).input_ids
hook = stories.model.layers[2].self_attn.o_proj.register_forward_pre_hook(
    lambda _, inputs: held.update(mixed=inputs[0][0, -1])
)
with torch.no_grad():
    stories(text_ids)
    hook.remove()
    row = streams(text_ids[0], weights)[3][-1]  # after layer 3: the last norm would divide by its size
    gain = stories.model.norm.weight * torch.rsqrt(row.pow(2).mean() + stories.config.rms_norm_eps)
    assert tokenizer.decode(decoder(text_ids[0], tried["without head 1"])[-1].argmax()) == " gave"
    moved = []
    for head in (0, 1):
        columns = slice(head * head_dim, (head + 1) * head_dim)
        scores = stories.lm_head(writes[:, columns] @ held["mixed"][columns] * gain)
        moved.append([round(float(scores[tokenizer(f" {name}").input_ids[-1]]), 1) for name in ("Anna", "Sam")])
assert moved == [[5.6, 7.3], [-1.9, -9.2]]
# "it took 10.0 from the giver's score, it now adds 0.2", "in 45 sentences of 72", "without that one, the ball comes
# back in 16. Without the last two, it comes back in none; without head 4, neither of the two gets it in 68"
assert list(given_back.values()) == [0, 16, 45, 0, 0]
assert [round(lowered[head].mean().item(), 1) for head in (None, 2)] == [-10.0, 0.2]
with torch.no_grad():
    without_4 = [
        last_scores(ids, (1, 4, len(ids) - 6)).argmax() for ids in (token_ids(*pair, pair[0]) for pair in name_pairs)
    ]
assert sum(tokenizer.decode(guess).strip() not in pair for guess, pair in zip(without_4, name_pairs, strict=True)) == 68
# "looks from “gave”, “the”, “red”, and “ball” at the latest name", "Left out everywhere, [...] the ball goes to
# neither of the two in 71 cases"
neither = 0
for (giver, other), ids in {pair: token_ids(*pair, pair[0]) for pair in name_pairs}.items():
    with torch.no_grad():
        looks = stories(ids[None], output_attentions=True).attentions[0][0, 1]
        guess = tokenizer.decode(last_scores(ids, (1, 2)).argmax()).strip()
    words = [tokenizer.decode(id) for id in ids]
    assert words[-5:-1] == [" gave", " the", " red", " ball"]
    assert all(words[row.argmax()] == f" {giver}" and row.max() > 0.99 for row in looks[-5:-1])
    neither += guess not in (giver, other)
assert neither == 71
# "Where “they” gave, it looks at “They”"
for pair in name_pairs:
    ids = token_ids(*pair, "They")
    with torch.no_grad():
        looks = stories(ids[None], output_attentions=True).attentions[0][0, 1]
    assert tokenizer.decode(ids[-6]) == " They" and looks[-5:-1, -6].min() > 0.99
# "rows whose standard deviation is below $\sqrt{\varepsilon}$ are damped. Outside the root [...] only below
# $\varepsilon$ itself"
assert sizes["torch, eps = 1e-6"][scales.index(1e-4)] < 0.2 < 0.9 < sizes["web, eps = 1e-6"][scales.index(1e-5)]
# "a gradient in the millions back to a row that carries no information" (the web's norm), "at width 1 [...] NaN"
row = torch.full((1, 8), 2.0, requires_grad=True)
(WebNorm(8)(row) * torch.arange(8.0)).sum().backward()
assert row.grad.abs().max() > 1e6 and torch.ones(1, 1).std(-1).isnan().all()
# The chapter: "this direction holds about one part in a hundred of the squared length"
# "In this model, on this text, it is between 0.7 and 1.2 %"
shares_of_mean = [(rows.mean(-1) ** 2 / rows.pow(2).mean(-1)).mean() for rows in result.hidden_states[:-1]]
assert min(shares_of_mean) > 0.0065 and max(shares_of_mean) < 0.0125
# "the 40 unseen texts", whose loss in chapter 6 is 0.56
assert len(unseen) == 40 and abs(loss_of(model) - 0.56) < 0.015
# The chapter: "the loss on new texts rises by only two hundredths of a nat"
# "turning its RMSNorm into LayerNorm costs only about two hundredths of a nat"
assert 0.015 < loss_of(centered) - loss_of(model) < 0.025
# "After two layers all is well, after three it isn't"
assert compared["swapped"][2] < 1e-4 and compared["swapped"][3] > 0.1 and compared["right"][3] < 1e-3
