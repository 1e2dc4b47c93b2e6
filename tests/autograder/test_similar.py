"""Answers that were copied are listed, however they were dressed up, and answers of one's own are not."""

import time

from autograder.exercises import assignments
from autograder.similar import similar
from tests.banks.right import alternatives
from tests.banks.submissions import fill, references, source_of, standalone

ATTENTION = assignments()["05_attention"]
NAME = "scaled_dot_product_attention"
RELEASED = "\n".join(cell["source"] for cell in fill(ATTENTION, {})["cells"] if cell["cell_type"] == "code")
ANSWER = "\n\n".join(references(ATTENTION).values())
DRESSED = ANSWER.replace("scores", "zahlen").replace("weights", "w") + "\n# my own work\n"


def test_a_copy_with_other_names_is_found() -> None:
    (pair,) = similar({"ada": ANSWER, "bert": DRESSED, "carl": "print(1)\n" * 3}, RELEASED, 0.8)
    assert (pair.one, pair.other) == ("ada", "bert")
    assert pair.alike > 0.95


def test_a_part_within_a_longer_answer_is_told_from_a_whole_copy() -> None:
    longer = ANSWER + "\n\n".join(source_of(function) for function in alternatives("flash_attention"))
    (pair,) = similar({"ada": ANSWER, "bert": longer}, RELEASED, 0.2)
    assert pair.share_of_one > 0.95 > pair.share_of_other


def test_other_ways_to_the_same_end_are_not_alike() -> None:
    texts = {f"learner {number}": standalone(function, NAME) for number, function in enumerate(alternatives(NAME))}
    assert len(texts) >= 2
    assert similar(texts, RELEASED, 0.8) == []


def test_what_the_release_brought_counts_for_nothing() -> None:
    assert similar({"ada": RELEASED, "bert": RELEASED}, RELEASED, 0.5) == []
    assert similar({"ada": "", "bert": ""}, RELEASED, 0.5) == []


def test_no_text_takes_much_longer_than_an_honest_one() -> None:
    assert seconds("    \n" * 10_000) < 10 * seconds((ANSWER * 20)[:50_000])


def seconds(text: str) -> float:
    started = time.process_time()
    similar({"ada": text, "bert": text}, "", 0.8)
    return time.process_time() - started
