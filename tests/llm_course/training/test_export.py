"""The file of a model for pages is made of the shipped weights; that it is read as torch would, tests/widgets say."""

from pathlib import Path

from llm_course import models
from llm_course.training.export import FILE_NAME, export


def test_the_shipped_file_is_small_and_made_of_the_shipped_model(tmp_path: Path) -> None:
    shipped = (models.WEIGHTS / "stories" / FILE_NAME).read_bytes()
    model, tokenizer = models.load("stories")
    assert model is not None
    export(model, tokenizer, tmp_path / FILE_NAME, "stories")
    assert (tmp_path / FILE_NAME).read_bytes() == shipped
    assert len(shipped) <= 3_000_000
