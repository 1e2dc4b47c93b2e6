# ruff: noqa: F821 -- the names are the page's
"""What the further page of chapter 16 says about its own output. Each runs as a cell at the page's end."""

# "looking up saves next to nothing. In the songs it saves nearly half of the passes", "six lists of eight words"
import json
import re

assert saved["stories"] < 1.15 and 1.7 < saved["songs"] < 2.1
assert [len(set(ids)) for ids in lists] == 6 * [8] and [len(ids) for ids in lists] == 6 * [16]
# "17.5 % without distillation, 14.7 % with it, a sixth fewer" rejections; the difference stands far outside its error
rejected = {name: 1 - shares.mean().item() for name, shares in acceptance.items()}
assert abs(rejected["alone"] - 0.175) < 0.002 and abs(rejected["distilled"] - 0.147) < 0.002
assert 1 / 7 < 1 - rejected["distilled"] / rejected["alone"] < 1 / 5
assert divergence["distilled"] < divergence["alone"] and gain.mean() > 4 * gain.std() / len(gain) ** 0.5
# "acceptance is lower for both" on texts that the target samples by itself
sampled = json.loads((models.WEIGHTS / "report.json").read_text())["acceptance"]
assert sampled["stories-draft"] < 1 - rejected["distilled"] and sampled["stories-draft-alone"] < 1 - rejected["alone"]
# "Copying is 2.6 times as fast with eight drafts, and passes fall from 100 to 16. The story saves 5 passes in 100 and
# takes *longer*, by a quarter to a third [...]. The text is the same in all six lines"
lookups = {
    (task, int(drafts)): (int(passes), float(seconds), same)
    for task, drafts, passes, seconds, same in re.findall(
        r"^(copy code|a story) +(\d) +(\d+) +([\d.]+) +(\w+)$", real_size, flags=re.MULTILINE
    )
}
assert len(lookups) == 6 and {line[2] for line in lookups.values()} == {"True"}
assert [lookups["copy code", drafts][0] for drafts in (0, 8)] == [100, 16]
assert [lookups["a story", drafts][0] for drafts in (0, 4, 8)] == [100, 95, 95]
assert 2.2 < lookups["copy code", 0][1] / lookups["copy code", 8][1] < 2.9
assert all(1.15 < lookups["a story", drafts][1] / lookups["a story", 0][1] < 1.45 for drafts in (4, 8))
