"""A whole run in small."""

from pathlib import Path
from typing import Any

import pytest

from llm_course.capstone.data import Fact
from llm_course.capstone.steps import Capstone
from llm_course.capstone.training import Training

SHORT = Training(40, 4e-3, rows=4, row_length=48, warmup=5)
SHAPE: dict[str, Any] = {"d_model": 16, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "d_ff": 32}


def run(folder: Path) -> Capstone:
    capstone = Capstone(folder)
    capstone.tokenize(merges=100, texts=200)
    capstone.pretrain(SHORT, **SHAPE)
    capstone.tune(SHORT)
    capstone.teach(Fact(), SHORT)
    capstone.quantize()
    return capstone


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Capstone:
    return run(tmp_path_factory.mktemp("finished"))
