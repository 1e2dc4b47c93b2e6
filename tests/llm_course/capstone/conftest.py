"""A whole run in small, and the notebooks of a learner who has answered everything."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.exercises import assignments
from autograder.notebooks.notebooks import source_notebook
from llm_course.capstone.data import Fact
from llm_course.capstone.steps import Capstone
from llm_course.capstone.substitutes import PARTS
from llm_course.capstone.training import Training

SHORT = Training(40, 4e-3, rows=4, row_length=48, warmup=5)
SHAPE: dict[str, Any] = {"d_model": 16, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_ff": 32}


def run(folder: Path) -> Capstone:
    capstone = Capstone(folder, seed=0)
    capstone.tokenize(merges=100, texts=200)
    capstone.pretrain(SHORT, **SHAPE)
    capstone.tune(SHORT)
    capstone.teach(Fact(), SHORT)
    capstone.quantize()
    return capstone


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Capstone:
    return run(tmp_path_factory.mktemp("finished"))


@pytest.fixture(scope="session")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks of all assignments, with the references as answers."""
    folder = tmp_path_factory.mktemp("answered")
    for name in dict.fromkeys(part.assignment for part in PARTS):
        (folder / name).mkdir()
        nbformat.write(source_notebook(assignments()[name]), folder / name / f"{name}.ipynb")
    return folder
