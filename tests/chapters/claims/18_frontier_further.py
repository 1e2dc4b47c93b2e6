# ruff: noqa: F821 -- the names are the page's
"""What chapter 18's further page says about its own output. Each runs as a cell at the page's end."""

# "Switch-C had 1.6 trillion [...] as many as DeepSeek-V4-Pro", "Kimi K3 holds 16 times as many as GPT-3"
from llm_course.widgets.timeline.milestones import MILESTONES

sizes = {one.name: (one.total, one.active) for one in MILESTONES}
assert sizes["DeepSeek-V4-Pro"][0] == 1600
assert round(sizes["Kimi K3"][0] / sizes["GPT-3"][0]) == 16
assert sizes["Kimi K3"][1] == 104 and sizes["GPT-3"][1] == 175
# "the marks of known sizes rise until 2026, to Kimi K3 with 2.8 trillion"; "about forty models"
assert max(total or 0 for total, _ in sizes.values()) == sizes["Kimi K3"][0] == 2800
assert 36 <= len(MILESTONES) <= 42
# "For Gemini 3.1 Pro and GPT-5.5, the table gives a date only."
assert all(
    any(word in one.advance for word in ("released on", "preview of"))
    for one in MILESTONES
    if one.name in ("Gemini 3.1 Pro", "GPT-5.5")
)
# "At once the model is nearly always wrong [...] In three steps it gets about seven in ten"
assert all(share[0] < 0.1 and 0.62 < share[1] < 0.8 for share in shares), shares
# "Nine sums with a vote add about a tenth, and 45 only a little more"
assert all(0.06 < share[2] - share[1] < 0.15 and 0 < share[4] - share[2] < 0.08 for share in shares), shares
assert all(0.75 < share[4] < 0.9 for share in shares), shares
# "it believes that 0 + 0 is 1"; "Ninety of a hundred"
assert answer_to[0, 0] == "1"
assert abs(right_alone - 90) <= 2
# "0.91 to the power of 3 is 0.75, and one chain in thirteen leaves the table: about 0.7, as measured"
assert round(0.91**3, 2) == 0.75 and round(0.91**3 * 12 / 13, 1) == 0.7
assert all(abs(share[1] - 0.7) < 0.06 for share in shares)
# "About one chain in thirteen comes to a sum such as 10 + 3", "asked, the model gets such sums wrong, too"
firsts = [(a, b, c) for a in range(5) for b in range(5) for c in range(5)]
assert 1 / 13 < sum(sum(first) > 9 for first in firsts) / len(firsts) < 1 / 12
beyond = [(a, b) for a in range(10, 13) for b in range(5)]
asked = answers([f"{a} + {b}" for a, b in beyond])
assert all(answer != str(a + b) for (a, b), answer in zip(beyond, asked, strict=True))
# "Two decoders of the course have the same shape [...] The pupil imitates its teacher better, but on the text [...]"
assert report["acceptance"]["stories-draft"] > report["acceptance"]["stories-draft-alone"]
draft, lone = (report["decoders"][name] for name in ("stories-draft", "stories-draft-alone"))
assert draft["parameters"] == lone["parameters"]
assert draft["validation"]["perplexity"] > lone["validation"]["perplexity"]
# "An unknown tool gives an `error` [...] A price that doesn't exist gives a `result` with `isError`"
unknown = serve({"id": 9, "method": "tools/call", "params": {"name": "no", "arguments": {}}}, shop)
failed = serve({"id": 9, "method": "tools/call", "params": {"name": "price", "arguments": {"of": "no"}}}, shop)
assert "error" in unknown and "result" not in unknown
assert failed["result"]["isError"] is True
# "In a list of tools, `ttlMs` and `cacheScope`"
assert {"tools", "ttlMs", "cacheScope"} < serve({"id": 9, "method": "tools/list"}, shop)["result"].keys()
