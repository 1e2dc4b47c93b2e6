# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 16 says about its own output. Each runs as a cell at the chapter's end."""

# "each token takes 4.5 ms", "About 5 ms, if their texts are short": 64 users with 500 tokens each
import re

assert round(pass_ms(1, 0), 1) == 4.5 and 4.5 < pass_ms(64, 64 * 500) < 6
# "The two balance at 295 operations per byte", "the multipliers idle 99.7 % of the time"
assert round(989 / 3.35) == 295 and round(100 * (1 - 3.35 / 989), 1) == 99.7
# "On the right a weight takes 4 bytes": the operations per second grow with the rows
assert matrix.element_size() == 4 and max(measured) > 1.5 * measured[0]
# "two rows take about twice as long as one [...] eight take little longer than two"
assert 1.4 < product_ms[2] / product_ms[1] < 3 and product_ms[8] < 1.8 * product_ms[2]
# "4 requests at once had 3.5 times the throughput of one, 16 had 10 times, and 52 had 18 times"
assert [round(rate / 415, 1) for rate in (1_432, 4_272, 7_306)] == [3.5, 10.3, 17.6]
# "1.5 times as long as fetching the weights [...] with 16 bits and one user, 1.9 times with 8 bits (chapter 15)"
assert round(221 / 146, 1) == 1.5 and round(409 / 214, 1) == 1.9
# "for 64 users with 2,000 tokens each, a pass fetches about as many bytes of cache as of weights"
assert CACHE_BYTES == 128 * 1024 and 0.95 < 64 * 2000 * CACHE_BYTES / (2 * (LAYER_WEIGHTS + HEAD_WEIGHTS)) < 1.15
# "Five tokens fetch 38 of these experts instead of 8", "At 64 tokens an expert still serves only 2 of them"
assert (round(uses[1][0]), round(uses[5][0]), round(uses[64][1])) == (8, 38, 2)
# figure 3: "Static: [...] 24 passes. Continuous: [...] 16 passes"
assert {name: len(passes) for name, passes in schedules.items()} == {"static": 24, "continuous": 16}
# "Text *a* owns blocks 0 and 2"; its keys are read back through its table
assert tables["a"] == [0, 2] and torch.equal(read_keys("a"), keys[[0, 1, 2, 3, 8, 9]])
assert torch.equal(read_keys("b"), keys[[4, 5, 6, 7, 10]])
# "prompts of 350 to 2,120 tokens and answers of 8 to 512 tokens, about 120 on average"
assert {min(one.prompt for one in twenty_per_second), max(one.prompt for one in twenty_per_second)} == {350, 2120}
answers = [one.answer for one in twenty_per_second]
assert (min(answers), max(answers), round(sum(answers) / 200)) == (8, 512, 120)
# "From 1 slot to 16, throughput grows elevenfold, and each token takes 21 % longer"
one, four, sixteen, many, static_batch = batching.values()
assert round(sixteen["tokens/s"] / one["tokens/s"]) == 11 and round(sixteen["TPOT p50"] / one["TPOT p50"], 2) == 1.21
# "From 16 slots to 64, throughput stands still [...] the p99 of TTFT falls from 308 ms to 76", "half of the first
# tokens came within 34 ms", which was 11 s with four slots
assert abs(many["tokens/s"] / sixteen["tokens/s"] - 1) < 0.03
assert (round(sixteen["TTFT p99"]), round(many["TTFT p99"])) == (308, 76)
assert (round(four["TTFT p50"] / 1000), round(sixteen["TTFT p50"])) == (11, 34)
# "because the requests bring no more work than that": nor with a slot for everybody
everybody = measures(serve(twenty_per_second, Server(slots=200)))
assert abs(everybody["tokens/s"] / sixteen["tokens/s"] - 1) < 0.03
# "less than half the throughput", "the better pace", "half of its users wait more than nine seconds"
assert static_batch["tokens/s"] < 0.5 * sixteen["tokens/s"] and static_batch["TTFT p50"] > 9000
assert static_batch["TPOT p50"] < sixteen["TPOT p50"]
# "In pass 4, *a* needs a fourth block, none is free, and the newest, *c*, is preempted. In pass 5, [...] *b* itself"
assert [state.endswith(("has 4", "has 1")) for state in traced[0][1:]] == [True, True] and "reads 18" in traced[0][1]
assert traced[2][2].endswith("has 1") and traced[3][0].endswith("has 4") and traced[3][2] == "waits"
assert traced[3][1].startswith("reads") and traced[4][1] == "waits"
# "so it waits until *a* is done. From pass 7 on, both read their texts again"
assert traced[5] == ["done", "waits", "waits"] and traced[6][1:] == ["reads 64, has 5", "reads  0, has 2"]
assert traced[7][2].startswith("reads 17") and trio["b"].preempted == trio["c"].preempted == 1
# "12,800 tokens, 1.7 GB, a twenty-fifth of what it had"
assert Server().blocks == 25 * 800 and 800 * BLOCK == 12_800 and round(12_800 * CACHE_BYTES / 1e9, 1) == 1.7
# "Paging alone serves 24 to 29 % more tokens", "It now also has to preempt", "TTFT rose from 10 ms to 0.4 to 1.6 s"
paged, reserving = "800 blocks, paged", "800 blocks, reserving"
more = [memory_runs[paged, seed]["tokens/s"] / memory_runs[reserving, seed]["tokens/s"] for seed in (0, 1)]
assert sorted(round(100 * (gain - 1)) for gain in more) == [24, 29] or [round(gain, 2) for gain in more] == [1.29, 1.24]
assert all(memory_runs[paged, seed]["preempted"] > 0 for seed in (0, 1))
assert all(memory_runs[kind, seed]["preempted"] == 0 for kind in ("ample memory", reserving) for seed in (0, 1))
assert [round(memory_runs[paged, seed]["TTFT p50"] / 1000, 1) for seed in (0, 1)] == [0.4, 1.6]
assert all(round(memory_runs["ample memory", seed]["TTFT p50"]) == 10 for seed in (0, 1))
# "preempted requests show in the tail of the ITL"
assert all(memory_runs[paged, seed]["ITL p99"] > 1.1 * memory_runs[reserving, seed]["ITL p99"] for seed in (0, 1))
# "A decode pass takes about 5 ms, but one gap in a hundred lasts 30 ms"
assert round(many["ITL p99"]) == 30
# "At 256 tokens even the slow gaps are hardly longer than a pass without prompts", "The price is a later first token"
assert budgets["256"]["ITL p99"] < 1.2 * pass_ms(1, 0) and budgets["256"]["TTFT p50"] > budgets["no budget"]["TTFT p50"]
# "Fetching the weights takes as long as multiplying for about 317 tokens by our `pass_ms`"
assert pass_ms(317, 0) == pass_ms(1, 0) < pass_ms(318, 0)
# "30 ms became 5 to 7 ms"
assert [round(budgets[name]["ITL p99"]) for name in ("256", "512")] == [5, 7]
# "At 20 requests per second both meet all deadlines": the goodput is what arrives
for budget in (256, 512):
    for seed in (0, 1):
        trace = drawn_trace(600, per_second=20, seed=seed)
        ttft = [each.token_times[0] - each.arrival for each in serve(trace, Server(budget=budget))]
        assert max(ttft) <= 300
# "its goodput falls below 10 requests per second, while its TPOT looks *better* than that of the larger one"
for seed in (0, 1):
    small, large = load[60, 256, seed], load[60, 512, seed]
    assert small["goodput"] < 10 < 45 < large["goodput"] and small["TPOT p50"] < large["TPOT p50"]
# "At 80, neither keeps up. Throughput is then at its highest, and few requests are served in time"
assert all(load[80, budget, seed]["goodput"] < 20 for budget in (256, 512) for seed in (0, 1))
assert all(load[80, 512, seed]["tokens/s"] > load[60, 512, seed]["tokens/s"] for seed in (0, 1))
# "its prompts take 15 % longer than ours"
assert (
    round(ServingArena(drawn_trace(1, per_second=20)).machine["operations_per_token"] / (2 * LAYER_WEIGHTS), 2) == 1.15
)
# "42 ms per pass on one H100, if they fitted, 5.3 on eight by the roofline, plus 160 sums", twice in each of 80 layers
assert [round(141 / 3.35 / gpus, 1) for gpus in (1, 8)] == [42.1, 5.3] and 2 * 80 == 160
# "a prompt of 2,000 tokens has 250 MiB of cache [...] 5 ms over a link of 50 GB/s. Reading the prompt takes 28 ms by
# the roofline"
assert 2000 * CACHE_BYTES == 250 * 2**20 and round(2000 * CACHE_BYTES / 50e9 * 1000) == 5
assert round(pass_ms(2000, 0)) == 28
# "misplaces up to a fifth of the probability on these four texts"; the right rule is exact
assert max(rules[0] for rules in wrong.values()) < 1e-12
assert 0.19 < max(rules[1] for rules in wrong.values()) < 0.21
# "The errors are large because the beginnings differ, as the table of acceptance rates showed"
shares = [torch.minimum(*places[name]).sum().item() for name in ("a sum", "a hiding place")]
assert [round(share, 2) for share in shares] == [0.3, 0.92]
# "which has 18 % as many", "8 · 0.18 = 1.44"
assert round(draft.num_parameters() / target.num_parameters(), 2) == 0.18 and round(8 * 0.18, 2) == 1.44
# "Rejected ones leave the cache": after a crop, the cache gives what the text gives when it is read anew
ids, cache = beginnings[0], DynamicCache()
read(target, cache, [*ids, 5, 6, 7])
cache.crop(-4)
assert torch.allclose(read(target, cache, ids)[-1], read(target, DynamicCache(), ids)[-1], atol=1e-5)
# "1.80, 2.44, 3.36 and 4.33: within the errors of what we measured here"
by_formula = {drafted: (1 - 0.8 ** (drafted + 1)) / 0.2 for drafted in (1, 2, 4, 8)}
assert [f"{tokens:.2f}" for tokens in by_formula.values()] == ["1.80", "2.44", "3.36", "4.33"]
assert all(abs(per_pass[drafted][0] - tokens) < 1.5 * per_pass[drafted][1] for drafted, tokens in by_formula.items())
# "At a = 0.3 no number of drafted tokens gives more than [...] 1.43 tokens"
assert round(1 / 0.7, 2) == 1.43
# "draft while it's quiet and stop when it's full", "not with 1.97", "Long caches move the limit", "0.63 at 256 users"
assert (
    round(speed[1, 0]) == 2
    and round(speed[64, 0], 2) == 1.97
    and round(speed[256, 0], 2) == 0.63
    and speed[256, 1000] > 1.4
)

# "All three requests write what they wrote alone", "have 37 to 247 tokens", "blocks that lie in no order"
rows = re.findall(r"^ +(\d+)  (True|False) +(\d+) from (\d+) to (\d+)$", real_size, flags=re.MULTILINE)
assert [int(row[0]) for row in rows] == [37, 247, 38] and [row[1] for row in rows] == ["True"] * 3
assert int(rows[0][4]) - int(rows[0][3]) + 1 > int(rows[0][2])  # the first one's blocks are no neighbors
# "A pass for two takes 1.6 to 1.8 times as long", "From two users to eight it takes only about 1.5 times as long
# again", "eight users get nearly three times the throughput, and each waits nearly three times as long for a token"
times = {int(users): int(ms) for users, ms in re.findall(r"^ +(\d+) +(\d+) +\d+$", real_size, flags=re.MULTILINE)}
assert list(times) == [1, 2, 4, 8] and 1.5 < times[2] / times[1] < 1.9 and 1.4 < times[8] / times[2] < 1.8
assert 2.3 < times[8] / times[1] < 3.0 and 2.7 < 8 * times[1] / times[8] < 3.4
# "Reading 1,035 tokens takes more than 5 seconds, reading only the 11 new ones less than 0.2, and the answers agree"
tokens, whole_seconds, rest_seconds = re.search(
    r"first token after (\d+) tokens: ([\d.]+) s; .* 1024: ([\d.]+) s", real_size
).groups()
assert int(tokens) == 1024 + 11 and 5 < float(whole_seconds) < 8 and float(rest_seconds) < 0.2
assert "the same 17 tokens of answer: True" in real_size
