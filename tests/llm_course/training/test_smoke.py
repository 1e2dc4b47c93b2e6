"""`make models-smoke`: all recipes, report and release, in small."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM

from llm_course.training.__main__ import main, parse
from llm_course.training.recipes import RECIPES
from llm_course.training.release import TRAINING

pytestmark = [pytest.mark.training, pytest.mark.slow]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smoke")
    assert main(["--smoke", "--output", str(folder / "weights"), "--runs", str(folder / "runs")]) == 0
    assert not (folder / "runs").exists()
    return folder / "weights"


def test_every_model_is_made_and_measured(weights: Path) -> None:
    report = json.loads((weights / "report.json").read_text())
    for name in TRAINING:
        assert name in report["decoders"] or name in report, name
        assert (weights / name / "README.md").read_text().startswith(f"# {name}\n")
        if name != "stories-early":
            assert (weights / name / "training.jsonl").read_text().count("\n") >= 2
    assert set(report["acceptance"]) == {"stories-draft", "stories-draft-alone"}


def test_every_model_loads(weights: Path) -> None:
    loaders = {"fill-mask": AutoModelForMaskedLM, "translate": AutoModelForSeq2SeqLM}
    for name in TRAINING:
        model = loaders.get(name, AutoModelForCausalLM).from_pretrained(weights / name)
        assert all(parameter.isfinite().all() for parameter in model.parameters()), name


def test_every_file_has_its_checksum(weights: Path) -> None:
    listed = set(json.loads((weights / "checksums.json").read_text()))
    there = {file.relative_to(weights).as_posix() for file in weights.rglob("*") if file.is_file()}
    assert listed == there - {"checksums.json"}


def test_a_killed_run_goes_on_and_ends_with_the_same_weights(weights: Path, tmp_path: Path) -> None:
    arguments = ["--smoke", "--output", str(tmp_path / "weights"), "--runs", str(tmp_path / "runs")]
    process = subprocess.Popen([sys.executable, "-m", "llm_course.training", *arguments], stderr=subprocess.DEVNULL)
    try:
        while not (tmp_path / "runs" / "stories" / "checkpoint.pt").exists():
            assert process.poll() is None, "the run ended before its first checkpoint"
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    # The report comes last, so its absence shows that the run was cut.
    assert not (tmp_path / "weights" / "report.json").exists()
    assert main(arguments) == 0
    for name in TRAINING:
        file = Path(name) / "model.safetensors"
        assert (tmp_path / "weights" / file).read_bytes() == (weights / file).read_bytes(), name


def test_an_unknown_recipe_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["storys"])
    assert f"there is no recipe for 'storys': choose from {', '.join(RECIPES)}" in capsys.readouterr().err
