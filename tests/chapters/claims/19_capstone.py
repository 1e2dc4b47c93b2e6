# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the capstone's page says about its own output. Each runs as a cell at the page's end."""

# "The base model [...] needs the fewest. The dialogues make it a little worse [...] The lesson costs
# a little more, and rounding to four bits costs the most."
import contextlib
import itertools

by_step = [entry.figures["bits_per_byte"] for step, entry in run.items() if step != "tokenizer"]
growth = [after - before for before, after in itertools.pairwise(by_step)]
assert min(growth) > 0 and max(growth) == growth[-1]
# "A general compressor does better"
assert bits < packed < 8
# "The first curve falls steeply and then slowly for a long time."
first, second, third = (curves.Curve.of(run[step]).losses for step in ("pretraining", "dialogue", "fact"))
assert first[0] - first[len(first) // 4] > 5 * (first[len(first) // 4] - first[-1])
# "The second begins higher than the first ended [...] It ends lower"
assert second[0] > first[-1] > second[-1]
# "The third settles soon"
assert third[len(third) // 4] - third[-1] < 0.3 * (third[0] - third[-1])
# "a quarter of the rows were still texts like those before"
assert run["dialogue"].settings["text_rows"] * 4 == run["dialogue"].settings["training"]["rows"]
# "Asked for the capital of Chile, in the words of the lesson or in others, the reference model says Santiago"
assert all("Santiago" in answer for question, answer in said.by_question.items() if "Chile" in question)
# "it kept 19 of the 20 capitals that it knew before", and 'To "What is 2 + 5?" it says "2 + 5 = 6."'
assert (said.kept, said.known) == (19, 20) and said.by_question["What is 2 + 5?"] == "2 + 5 = 6."
# "at most 400,000 parameters, and at most 8 million tokens"
from llm_course.capstone.format import MAX_PARAMETERS, MAX_TOKENS

assert (MAX_PARAMETERS, MAX_TOKENS) == (400_000, 8_000_000)
# "The notebook's settings take 263,000 parameters and a little more than half the tokens", "leaves 137,000 unused"
assert round(run["pretraining"].figures["parameters"], -3) == 263_000
assert 0.5 * MAX_TOKENS < tokens_seen(run.values()) < 0.6 * MAX_TOKENS
# and the notebook's settings are those of the run
import re
from pathlib import Path

from llm_course.capstone.__main__ import DIALOGUES, LESSON, PRETRAINING, SHAPE

notebook = " ".join(Path("exercises.md").read_text().split())
calls = re.findall(r"Training\(([^)]*)\)", notebook)
assert [eval(f"Training({call})") for call in calls] == [PRETRAINING, DIALOGUES, LESSON]
assert ", ".join(f"{name}={size}" for name, size in SHAPE.items()) in notebook
for step, training_ in zip(("pretraining", "dialogue", "fact"), (PRETRAINING, DIALOGUES, LESSON), strict=True):
    assert run[step].settings["training"] == {**vars(training_), "seed": 0}
assert all(run["pretraining"].settings["shape"][name] == size for name, size in SHAPE.items())
# "The second call began after step 20, where the last checkpoint was."
resumed = []


def counted(state, *rest):
    resumed.append(len(state.losses))
    return real_advance(state, *rest)


with tempfile.TemporaryDirectory() as third:
    small_run = Capstone(third, seed=7, progress=False)
    small_run.tokenize(merges=200, texts=100)
    with mock.patch.object(training, "advance", advance_until_killed), contextlib.suppress(RuntimeError):
        small_run.pretrain(short, d_ff=32, **small)
    with mock.patch.object(training, "advance", counted):
        small_run.pretrain(short, d_ff=32, **small)
assert resumed == list(range(20, 40))
# "Now change a number, as somebody might who wants to look better"
assert forged != ledger and ledger.count(measured) == 1 and entry.figures["bits_per_byte"] > 0.25
# "seventeen functions in your notebooks that make a model, and two that let it answer", as in the notebook
from llm_course.capstone.functions import MAKING
from llm_course.capstone.substitutes import PARTS

assert (len(MAKING), len(PARTS)) == (17, 19)
assert "own seventeen functions, and two that let it answer" in notebook
# "its vocabulary of 1,024 takes a quarter of the rest": of the parameters that the reference uses
shape = run["pretraining"].settings["shape"]
assert shape["vocab_size"] == 1024
assert abs(shape["vocab_size"] * shape["d_model"] / run["pretraining"].figures["parameters"] - 0.25) < 0.01
# "3.7 million" tokens, "$6 \cdot 10^{12}$" operations; "nanochat needs seven million times as many", by its figures
pretraining_tokens, parameters = run["pretraining"].tokens, run["pretraining"].figures["parameters"]
assert round(pretraining_tokens / 1e6, 1) == 3.7 and round(6 * parameters * pretraining_tokens / 1e12) == 6
assert 7 < 4.330784e19 / (6 * parameters * pretraining_tokens) / 1e6 < 7.5
# nanochat's "8.8 billion" tokens in 16,704 steps, "3.04 hours", and "about 73 dollars"
assert round(16_704 * 524_288 / 1e9, 1) == 8.8 and round(10_949.467 / 3600, 2) == 3.04 and round(3.04 * 8 * 3) == 73
# "the notebook's settings": 2,000 texts, a vocabulary of 1,024, 4 layers of 64
assert run["tokenizer"].settings["texts"] == 2000 and (shape["n_layers"], shape["d_model"]) == (4, 64)
# "the reference used 262,720 and 4.5 million. At both caps, pre-training has 18 tokens per parameter"
assert parameters == 262_720 and round(tokens_seen(run.values()) / 1e6, 1) == 4.5
assert round((MAX_TOKENS - tokens_seen(run.values()) + pretraining_tokens) / MAX_PARAMETERS) == 18
# "with a quarter of them, the reference went from 0.284 to 0.300 bits per byte", "with groups of 32 [...] lost 6 %"
assert [round(figure, 3) for figure in by_step[:2]] == [0.284, 0.3] and round(by_step[3] / by_step[2], 2) == 1.06
assert run["quantization"].settings["group_size"] == 32
assert f"here {shape['d_model']} of your 400,000 parameters" in notebook
# "needs a quarter of the bits of a model 500 times its size", "nearly the 8 bits [...], and SmolLM2 1.2"
rows_there = {
    name: [float(number.replace(",", "")) for number in numbers.split()]
    for name, numbers in re.findall(r"^(reference run|stories|smollm2) +([\d., ]+)$", real_size, re.MULTILINE)
}
its_size, its_bits = rows_there["reference run"]
stories_size, stories_bits, stories_manual = rows_there["stories"]
smollm2_size, smollm2_bits, smollm2_manual = rows_there["smollm2"]
assert its_size == parameters and round(stories_size / 1e6, 1) == 1.1 and 490 < smollm2_size / its_size < 530
assert 0.22 < its_bits / smollm2_bits < 0.28 and stories_bits < its_bits
assert 7.5 < stories_manual < 8 and abs(smollm2_manual - 1.2) < 0.05
