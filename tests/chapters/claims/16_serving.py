# ruff: noqa: F821 -- the names are the chapter's
"""What the text of chapter 16 says about its own output. Each runs as a cell at the chapter's end."""

# "the saving grows with its length": counted in tokens that go through the model, for a busy machine's times say little
import json


def saving(new):
    """How many times as many tokens go through the model without a cache."""
    through = []
    hook = target.get_input_embeddings().register_forward_hook(lambda layer, ids, rows: through.append(ids[0].numel()))
    generate(new, False)
    without = sum(through)
    generate(new, True)
    hook.remove()
    return without / (sum(through) - without)


assert saving(240) > 2 * saving(40) > 4
# "The two balance at 295 operations per byte", "the multipliers idle 99.7 % of the time"
assert round(989 / 3.35) == 295 and round(100 * (1 - 3.35 / 989), 1) == 99.7
# the simulated machine is that processor, with Llama 3 8B in 16 bits
assert (machine.operations_per_ms, machine.bytes_per_ms) == (989e9, 3.35e9) and machine.cache_bytes == 128 * 1024
# "On the right a weight takes 4 bytes": the operations per second grow with the rows
assert matrix.element_size() == 4 and max(measured) > 1.5 * measured[0]
# "for 64 users with 2,000 tokens each, a pass fetches about as many bytes of cache as of weights"
assert 0.95 < 64 * 2000 * machine.cache_bytes / machine.weight_bytes < 1.1
# figure 3: "Static: [...] 24 passes. Continuous: [...] 16 passes"
assert counted == {"static": 24, "continuous": 16} and sum(lengths) == 36
# "From 1 slot to 16 throughput grows elevenfold, and each token takes a *quarter longer*"
assert 11 < runs[16].throughput / runs[1].throughput < 12 and 1.2 < runs[16].tpot / runs[1].tpot < 1.3
# "From 16 slots to 64, throughput stands still [...]. What still improves is the wait, from 225 ms to 11"
assert abs(runs[64].throughput / runs[16].throughput - 1) < 0.03
assert (round(runs[16].ttft), round(runs[64].ttft)) == (225, 11)
all_at_once = figures(simulate(trace, Server(slots=200, blocks=20000)), 300, 20)
assert abs(all_at_once.throughput / runs[16].throughput - 1) < 0.03
# "Static and continuous batching with 16 slots [...] differ by a factor of 2.6 in throughput"
assert round(runs[16].throughput / runs["static"].throughput, 1) == 2.6
# "The static server even has the better pace", "half of its users wait more than ten seconds for the first token"
assert runs["static"].tpot < runs[16].tpot and runs["static"].ttft > 10_000
# "Text *a* owns blocks 0 and 2"
assert tables["a"] == [0, 2] and tables["b"] == [1, 3]
# "room for 12,800 tokens", "at least 40 % with reservations, 5 % in blocks of 16"
assert 800 * Server().block_size == 12_800
reserving = [memory["static, ample memory"], memory["static"]]
assert min(round(one.waste, 2) for one in reserving) == 0.4 and 0.03 < memory["paged"].waste < 0.06
# "When it runs short, throughput falls by more than half"
assert memory["static"].throughput < 0.5 * memory["static, ample memory"].throughput
# "Here that saves reading 45 % of all prompt tokens", "one of two system prompts of 320 tokens"
assert round(memory["paged and shared"].hits, 2) == 0.45 and {(one.prefix, one.shared) for one in trace} == {
    (0, 320),
    (1, 320),
}
# "this happens with half the memory, and without sharing even with all of it"
assert memory["half the memory"].preemptions > 0 == memory["paged and shared"].preemptions
assert memory["paged"].preemptions > 0
# "Most of the 5 % is room for prompts that are still being read": where none is, far less is empty
steps = [step for step in simulate(trace, Server(slots=64, blocks=800)).steps if not step.reading]
room = sum((step.end - step.start) * step.used * 16 for step in steps)
assert 1 - sum((step.end - step.start) * step.filled for step in steps) / room < 0.4 * memory["paged"].waste
# "A decode pass takes about 5 ms, but somebody waited more than 80 ms"
steps = simulate(trace, Server(slots=64, blocks=20000)).steps
quiet = [step.end - step.start for step in steps if step.writing and not step.reading]
assert min(quiet) > 4.5 and max(quiet) < 6 and chunked[0].pause > 80
# "At 256 tokens the longest pause is hardly longer than a pass without prompts", "The price is a later first token"
assert chunked[256].pause < 1.2 * min(quiet) and chunked[256].ttft > chunked[0].ttft
# "with chunks of 128 [...] a queue forms"
assert chunked[128].ttft > 3 * chunked[256].ttft
# "A prompt of 2,000 tokens has 250 MiB of cache [...] 5 ms. Reading the prompt takes 32 ms by the roofline"
assert 2000 * machine.cache_bytes == 250 * 2**20 and round(2000 * machine.cache_bytes / 50e9 * 1000) == 5
assert round(machine.pass_ms(2000, 0)) == 32
# "misplaces up to a fifth of the probability here"; the right rule is exact
found = []
for p, q in places.values():
    both, more = torch.minimum(p, q), (p - q).clamp(min=0)
    a = both.sum()
    assert torch.allclose(both + (1 - a) * more / more.sum(), p, atol=1e-12)
    found.append((both + (1 - a) * p - p).abs().sum() / 2)
assert 0.15 < max(found) < 0.25
# "the first drafted token is rejected more often than not here"
p, q = places["a sum"]
assert torch.minimum(p, q).sum() < 0.5
# "The columns agree as closely as a thousand draws allow", "the standard error is 0.015"
for exact, without, drafted_share in answers.values():
    error = (exact * (1 - exact) / 1000) ** 0.5
    assert abs(without - exact) < 5 * error and abs(drafted_share - exact) < 5 * error
assert round((0.6 * 0.4 / 1000) ** 0.5, 3) == 0.015
# "With an acceptance of 0.8, the formula would give 1.80, 2.44, 3.36 and 4.33: close to what we measured"
by_formula = {drafted: (1 - 0.8 ** (drafted + 1)) / 0.2 for drafted in (1, 2, 4, 8)}
assert [f"{tokens:.2f}" for tokens in by_formula.values()] == ["1.80", "2.44", "3.36", "4.33"]
assert all(abs(saved[drafted] / tokens - 1) < 0.2 for drafted, tokens in by_formula.items())
# "after a sum the first guess is accepted 30 % of the time, in the hiding place 92 %"
shares = [torch.minimum(*places[name]).sum().item() for name in ("a sum", "a hiding place")]
assert [round(share, 2) for share in shares] == [0.3, 0.92]
# "with four drafted tokens the target makes about a third of the passes"
assert 2.5 < saved[4] < 3.8 and saved[1] < saved[2] < saved[4] < saved[8]
assert len(beginnings) * 3 == 15
# "Ours has 18 % of the target's parameters", "8 · 0.18 = 1.44"
assert round(draft.num_parameters() / target.num_parameters(), 2) == 0.18 and round(8 * 0.18, 2) == 1.44
# "At a = 0.3 no number of drafted tokens gives more than [...] 1.43 tokens"
assert round(1 / 0.7, 2) == 1.43
# "With short texts, [...] draft while it's quiet and stop when it's full. Long caches move the limit"
assert speed[1, 0] > 1.9 and speed[64, 0] > 1.5 and speed[256, 0] < 0.7 and speed[256, 1000] > 1.4
# the caches of the last line fit into an H100's 80 GB, beside the weights
assert machine.weight_bytes + 256 * 1000 * machine.cache_bytes < 80e9
# "looking up saves next to nothing", "six lists of eight words", "looking up saves more than half of the passes"
assert looked_up["stories"][0] < 1.15 and 2 < looked_up["songs"][0] < 2.6
assert [len(set(ids)) for ids in lists] == 6 * [8] and [len(ids) for ids in lists] == 6 * [16]
# "17.5 % without distillation, 14.7 % with it, a sixth fewer" rejections; the difference stands far outside its error
fewer = 1 - (1 - quality["distilled"][0]) / (1 - quality["alone"][0])
assert abs(quality["alone"][0] - 0.825) < 0.002 and abs(quality["distilled"][0] - 0.853) < 0.002
assert 1 / 7 < fewer < 1 / 5 and quality["distilled"][1] < quality["alone"][1]
assert gain.mean() > 4 * gain.std() / len(gain) ** 0.5
# "acceptance is lower for both" on texts that the target samples by itself
sampled = json.loads((models.WEIGHTS / "report.json").read_text())["acceptance"]
assert sampled["stories-draft"] < quality["distilled"][0] and sampled["stories-draft-alone"] < quality["alone"][0]
# "so its acceptance is higher than the table's, by 0.11 for *a thing*"
more = {
    name: sum(map(min, p_row, q_row)) - torch.minimum(p, q).sum().item()
    for p_row, q_row, (name, (p, q)) in zip(rows_p, rows_q, places.items(), strict=True)
}
assert min(more.values()) > -1e-6 and round(more["a thing"], 2) == 0.11
