# ruff: noqa: E402, F821 -- the names are the chapter's
"""What the capstone's page says about its own output. Each runs as a cell at the page's end."""

# "The base model [...] needs the fewest. The dialogues make it a little worse [...] The lesson costs
# a little more, and rounding to four bits costs the most."
import contextlib
import itertools

measured = [entry.figures["bits_per_byte"] for step, entry in run.items() if step != "tokenizer"]
growth = [after - before for before, after in itertools.pairwise(measured)]
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
    return step_of(state, *rest)


with tempfile.TemporaryDirectory() as third:
    small_run = Capstone(third, seed=7, progress=False)
    small_run.tokenize(merges=200, texts=100)
    with mock.patch.object(training, "advance", killed), contextlib.suppress(RuntimeError):
        small_run.pretrain(short, d_ff=32, **small)
    with mock.patch.object(training, "advance", counted):
        small_run.pretrain(short, d_ff=32, **small)
assert resumed == list(range(20, 40))
# "Now change a number, as somebody might who wants to look better"
assert better != ledger and ledger.count(true) == 1 and entry.figures["bits_per_byte"] > 0.25
# "seventeen functions in your notebooks that make a model, and two that let it answer", as in the notebook
from llm_course.capstone.functions import MAKING
from llm_course.capstone.substitutes import PARTS

assert (len(MAKING), len(PARTS)) == (17, 19)
assert "own seventeen functions, and two that let it answer" in notebook
# "A vocabulary of 1,024 takes a quarter of them."
shape = run["pretraining"].settings["shape"]
assert shape["vocab_size"] == 1024
assert abs(shape["vocab_size"] * shape["d_model"] / run["pretraining"].figures["parameters"] - 0.25) < 0.01
