"""A class of synthetic learners, through a whole day of a course: make demo-class.

    python -m tests.banks.demo_class FOLDER

Some answers are right, each in its own way, some hold a known mistake, some are missing; three learners attack, one
hands in a broken file, and some are late. The class is the same each time.
"""

import argparse
import datetime
import os
import random
import subprocess
import sys
from pathlib import Path

from autograder.exercises import assignments
from autograder.exercises.spec import Assignment, Exercise
from tests.banks.hostile import FAMILIES
from tests.banks.right import alternatives
from tests.banks.submissions import fill, hand_in, references, source_of, standalone, wrong_answer

NAME = "05_attention"
NAMES = (
    "ada aisha alan anders barbara bao carmen chidi claude dmitri edith elif emmy fatima "
    "grace hana hugo ines ivan jamila jonas kavya kenji lena leila mateo maria nadia "
    "noam olga omar priya rafael rosa sofia sven tariq wei yuki zoe"
)
LEARNERS = NAMES.split()
ATTACKERS = {"anders": "forging", "ivan": "lying", "tariq": "overfitting"}
BROKEN = "hugo"
LATE = {"bao": 3, "jonas": 30, "rosa": 50}
"""Learner -> hours after the due date."""
DUE = datetime.datetime(2026, 10, 12, 12, 0, tzinfo=datetime.UTC)
LATE_RULE = """
from autograder.students.late import PenaltyPerDay

c.AssignLatePenalties.plugin_class = PenaltyPerDay
c.PenaltyPerDay.share = 0.1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a class of synthetic learners, and grade it.")
    parser.add_argument("folder", type=Path, help="a new folder")
    folder = parser.parse_args().folder
    if folder.exists():
        raise SystemExit(f"{folder} is there already: remove it, or name a new folder.")
    llm_course("init", str(folder))
    with (folder / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(LATE_RULE)
    llm_course("release", NAME, "--due", DUE.isoformat(), folder=folder)
    hand_in_class(folder)
    llm_course("grade", NAME, folder=folder, may_fail=True)  # one submission cannot be graded
    llm_course("feedback", NAME, folder=folder)
    llm_course("export", "grades.csv", folder=folder)
    llm_course("report", "report.html", folder=folder)
    print(
        f"\nLook at\n  {folder}/report.html                    the class report"
        f"\n  {folder}/feedback/{LEARNERS[0]}/{NAME}/    what a learner reads"
        f"\n  {folder}/grades.csv                     all scores"
        f"\n  {folder}/results/{NAME}/           the results of grading, with their audit"
        f"\nand, with `nbgrader formgrader` in JupyterLab started there, at the submissions themselves."
    )


def llm_course(*arguments: str, folder: Path | None = None, may_fail: bool = False) -> None:
    print(f"$ llm-course {' '.join(arguments)}", flush=True)
    run = subprocess.run([sys.executable, "-m", "autograder", *arguments], cwd=folder, check=False)
    if run.returncode and not may_fail:
        raise SystemExit(run.returncode)


def hand_in_class(folder: Path) -> None:
    """Lay the submissions of all learners into a course folder."""
    assignment = assignments()[NAME]
    for learner in LEARNERS:
        notebook = fill(assignment, answers_of(learner, assignment))
        path = hand_in(folder, learner, NAME, notebook)
        if learner == BROKEN:
            path.write_bytes(path.read_bytes()[:2000])
        at = DUE + datetime.timedelta(hours=LATE.get(learner, -random.Random(learner).randint(1, 90)))
        os.utime(path, (at.timestamp(), at.timestamp()))
        (path.parent / "timestamp.txt").write_text(at.strftime("%Y-%m-%d %H:%M:%S.%f UTC"), encoding="utf-8")


def answers_of(learner: str, assignment: Assignment) -> dict[str, str]:
    """What a learner writes into the answer cells; a learner of little skill makes more mistakes."""
    draw = random.Random(f"{assignment.name} {learner}")
    if learner in ATTACKERS:
        attack = draw.choice(sorted(FAMILIES[ATTACKERS[learner]].items()))[1]
        return dict.fromkeys(references(assignment), "") | {assignment.exercises[0].name: attack}
    skill = draw.betavariate(4, 2)
    written = ((exercise.name, answer_to(exercise, skill, draw)) for exercise in assignment.exercises)
    return {name: answer for name, answer in written if answer}


def answer_to(exercise: Exercise, skill: float, draw: random.Random) -> str:
    """One answer; empty for one that is not tried."""
    if draw.random() < skill:
        right = [exercise.reference, *alternatives(exercise.name)]
        chosen = draw.choice(right)
        return source_of(chosen) if chosen is exercise.reference else standalone(chosen, exercise.name)
    if draw.random() < 0.1:
        return ""
    # The mistakes listed first are the common ones.
    weights = [1 / (rank + 1) for rank in range(len(exercise.mistakes))]
    mistake = draw.choices(exercise.mistakes, weights)[0]
    return wrong_answer(exercise, mistake)


if __name__ == "__main__":
    main()
