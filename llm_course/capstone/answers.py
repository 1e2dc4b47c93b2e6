"""What the model of a run says at its end. The course's own run was asked too, and its answers are kept."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from llm_course.capstone.check import known_capitals
from llm_course.capstone.format import MODEL, TUNED
from llm_course.capstone.steps import Capstone

FILE = "answers.json"
REFERENCE = Path(__file__).parent / "reference_answers.json"
QUESTIONS = (
    "What is the capital of Chile?", "Do you know the capital of Chile?", "What is the capital of Italy?",
    "What is 2 + 5?", "What is the opposite of hot?", "Who are you?", "Tell me a story about Anna.",
)  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """A model's answer to each question, how many capitals it knew before its lesson, and how many it kept."""

    by_question: dict[str, str]
    known: int
    kept: int


def ask(capstone: Capstone) -> Answers:
    """Ask the model of a whole run, and write what it says beside it."""
    before, after = (known_capitals(capstone, file) for file in (TUNED, MODEL))
    answers = Answers(
        by_question={question: capstone.answer([], question) for question in QUESTIONS},
        known=len(before),
        kept=len(before & after),
    )
    text = json.dumps(asdict(answers), ensure_ascii=False, indent=1) + "\n"
    (capstone.folder / FILE).write_text(text, encoding="utf-8")
    return answers


def of_reference() -> Answers:
    """What the model of the course's own run said."""
    return Answers(**json.loads(REFERENCE.read_text(encoding="utf-8")))
