# ruff: noqa: F821 -- the names are the page's
"""What "Feed-forward networks: going further" says about its own output. Each runs as a cell at the page's end."""

# "A sum of hinges can follow any continuous function [...] more hinges follow it more closely" (4, 16 and 128 of them)
errors = [(curve - target).abs().max().item() for curve in curves.values()]
assert errors[0] > 0.8 > 0.5 > errors[1] > 2 * errors[2] and errors[2] < 0.15
# "the same number of weights: 2 · 96 · 384 for GELU, 3 · 96 · 256 for SwiGLU"
n_weights = [sum(weight.numel() for weight in make().parameters()) for make in (gelu_network, swiglu_network)]
assert n_weights[0] == n_weights[1] == 2 * 96 * 384 == 3 * 96 * 256
# "After 100 steps, SwiGLU is far ahead at the smallest rate"
assert min(short["GELU"][0.004]) - max(short["SwiGLU"][0.004]) > 0.2
# "by 0.07 to 0.11 nats at the best rate of both, 0.02, for each of three seeds"
for by_rate in short.values():
    assert min(by_rate, key=lambda rate: sum(by_rate[rate])) == 0.02
leads = [gelu - gated for gelu, gated in zip(short["GELU"][0.02], short["SwiGLU"][0.02], strict=True)]
assert len(leads) == 3 and min(leads) > 0.065 and max(leads) < 0.115
# "After 300 steps, each at the best of three rates, GELU is ahead by 0.02 to 0.07 for both seeds"
best = {name: min(by_rate, key=lambda rate, losses=by_rate: sum(losses[rate])) for name, by_rate in long.items()}
ends = [long[name][best[name]] for name in ("GELU", "SwiGLU")]
behind = [gated - gelu for gelu, gated in zip(*ends, strict=True)]
assert len(behind) == 2 and min(behind) > 0.02 and max(behind) < 0.07
# "and its best rate is the largest that we tried"
assert best["GELU"] == 0.04
# "Without the article units, this model gets worse at predicting what follows an article, and hardly worse [...]"
after, elsewhere = rise_of_articles
assert after > 0.1 and after > 10 * abs(elsewhere)
# "Silencing it is therefore a subtraction there": as if the unit had been cut out
with torch.no_grad():
    kept_weight = last_mlp.down_proj.weight.clone()
    last_mlp.down_proj.weight[:, article_units] = 0.0
    logits = torch.cat([model(ids).logits[0, :-1] for ids in fresh])
    last_mlp.down_proj.weight.copy_(kept_weight)
cut_out = functional.cross_entropy(logits, next_tokens, reduction="none") - before
assert abs(cut_out[at_article].mean().item() - after) < 1e-4
assert abs(cut_out[~at_article].mean().item() - elsewhere) < 1e-4
# "None of the five random draws of as many units [...] does anything like that"
assert len(rises_of_others) == 5 and max(rise[0] for rise in rises_of_others) < 0.2 * after
import re  # noqa: E402

# "the loss rises by less than a tenth of a nat on each page"
loss = {
    name: list(map(float, numbers.split()))
    for name, numbers in re.findall(
        r"^(all units|largest half|largest quarter|largest tenth|same half for all|a random half)((?: +[\d.]+){3})$",
        real_size,
        re.M,
    )
}
rise = [half - whole for half, whole in zip(loss["largest half"], loss["all units"], strict=True)]
assert len(loss) == 6 and len(rise) == 3 and min(rise) > 0 and max(rise) < 0.1
# "If all tokens of a page keep the half that is largest on average, the loss rises by 0.8 nats or more"
same = [half - whole for half, whole in zip(loss["same half for all"], loss["all units"], strict=True)]
assert min(same) > 0.75 and max(same) < 1.5
# "With a random half, the loss is 8.8 to 11.5, where a uniform guess has 10.8"
random_half = loss["a random half"]
assert round(torch.tensor(49152.0).log().item(), 1) == 10.8
assert round(min(random_half), 1) == 8.8 and round(max(random_half), 1) == 11.5
# "These two still get 89 to 93 % of all choices [...] brings them down to 25 to 29 %" (the chapter)
favored = {
    balance: [round(100 * network.load[:2].sum().item()) for network, _ in mixtures[balance]] for balance in (0.0, 0.1)
}
assert sorted(favored[0.0])[::2] == [89, 93] and min(favored[0.1]) == 25 and max(favored[0.1]) == 29
# "the first two experts keep 89 % of the choices or more"
assert all(network.load[:2].sum() > 0.885 for network, _ in mixtures[0.0])
# "A factor of 0.1 spreads the load. The loss is 0.01 to 0.05 lower for each seed"
for (network, loss), (_, alone) in zip(mixtures[0.1], mixtures[0.0], strict=True):
    assert network.load.min() > 0.05 and network.load.max() < 0.25 and network.imbalance < 1.2
    assert 0.005 < alone - loss < 0.055
# "and the seeds differ from one another by as much"
alone = [loss for _, loss in mixtures[0.0]]
gains = [before_ - after_ for before_, (_, after_) in zip(alone, mixtures[0.1], strict=True)]
assert sum(gains) / 3 < max(alone) - min(alone)
# "A factor of 10 costs about 0.1"
costs = [loss - alone for (_, loss), (_, alone) in zip(mixtures[10.0], mixtures[0.0], strict=True)]
assert all(0.05 < cost < 0.16 for cost in costs)
# "with 0.01 most still do" (alt text, first seed)
assert 0.5 < mixtures[0.01][0][0].load[:2].sum() < mixtures[0.0][0][0].load[:2].sum()
# "Both do best at a rate of 0.02, and there the mixture is ahead by about 0.1 for each seed"
for by_rate in (plain_losses, mixture_losses):
    assert min(by_rate, key=lambda rate: sum(by_rate[rate])) == 0.02
ahead = [plain - mixed for plain, mixed in zip(plain_losses[0.02], mixture_losses[0.02], strict=True)]
assert len(ahead) == 3 and min(ahead) > 0.06 and max(ahead) < 0.14
# "the unbalanced mixtures of the last section [...] are ahead of the plain network as well"
assert max(loss for _, loss in mixtures[0.0]) < min(plain_losses[0.02])
# "A small factor drops tokens, a large one leaves slots empty"
assert tokens_per_expert.sum() == 2000 and tokens_per_expert.max() > 1.1 * even_share > tokens_per_expert.min()
assert dropped == 0 and padding == 0.5
# "one token reads 3 % of the experts; 64 tokens read 87 %, each for two or three tokens; and 1,024 read all"
read = {tokens_read: 1 - (1 - 8 / 256) ** tokens_read for tokens_read in (1, 64, 1024)}
assert [round(100 * part) for part in read.values()] == [3, 87, 100] and 1024 * 8 / 256 == 32
assert 2 < 64 * 8 / (256 * read[64]) < 3
# "frequent tokens, such as the full stop and *the*, appear in four of the eight or more" lists that are printed
lists = []
for expert in range(8):
    distinct, times = last_tokens[balanced.choices[:, expert] > 0].unique(return_counts=True)
    lists.append(distinct[times.topk(6).indices].tolist())
for frequent in tokenizer(". the").input_ids:
    assert sum(frequent in most_frequent for most_frequent in lists) >= 4
