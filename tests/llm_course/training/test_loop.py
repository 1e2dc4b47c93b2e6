"""The training loop: its schedule, its log, and that a killed run goes on as if nothing had happened."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from llm_course.training import loop
from llm_course.training.loop import Settings, TrainingError, make_optimizer, read_log, train

SETTINGS = Settings(
    steps=12, batch_size=4, learning_rate=0.1, warmup_steps=3, checkpoint_every=4, validate_every=6, log_every=1
)


def make_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 1)


def batch_at(step: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(4, 3, generator=generator)
    return {"x": x, "y": x.sum(1, keepdim=True)}


def squared_error(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return (model(batch["x"]) - batch["y"]).float().square().mean()


def run(folder: Path, settings: Settings = SETTINGS, kill_after: int | None = None) -> nn.Module:
    model = make_model()

    def after_step(step: int) -> None:
        if step == kill_after:
            raise KeyboardInterrupt

    train(model, squared_error, batch_at, [batch_at(1000)], settings, folder, after_step)
    return model


def test_training_lowers_the_validation_loss(tmp_path: Path) -> None:
    model = run(tmp_path, replace(SETTINGS, steps=60))
    with torch.no_grad():
        assert squared_error(model, batch_at(1000)) < squared_error(make_model(), batch_at(1000)) / 4


@pytest.mark.parametrize("kill_after", [1, 5, 8, 11])
def test_a_killed_run_resumes_to_the_same_weights_and_log(tmp_path: Path, kill_after: int) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", kill_after=kill_after)
    resumed = run(tmp_path / "killed")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert read_log(tmp_path / "killed/training.jsonl") == read_log(tmp_path / "whole/training.jsonl")


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    again = run(tmp_path, kill_after=1)
    assert torch.equal(first.weight, again.weight)  # type: ignore[arg-type]


def test_a_kill_while_writing_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, kill_after=6)
    (tmp_path / "checkpoint.unfinished").write_bytes(b"half of a file")
    assert torch.equal(run(tmp_path).weight, run(tmp_path / "whole").weight)  # type: ignore[arg-type]


def test_a_damaged_checkpoint_is_one_sentence_and_stays(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(TrainingError, match=r"^The checkpoint .* cannot be read: delete it .*\.$"):
        run(tmp_path)
    assert path.stat().st_size == 100


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(TrainingError, match="of other settings"):
        run(tmp_path, replace(SETTINGS, learning_rate=0.2))


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at step 0: lower the learning rate"):
        train(
            make_model(), lambda model, batch: squared_error(model, batch) * math.nan, batch_at, [], SETTINGS, tmp_path
        )


def test_the_log_holds_every_step_and_the_validation(tmp_path: Path) -> None:
    run(tmp_path)
    log = read_log(tmp_path / "training.jsonl")
    assert [record["step"] for record in log] == list(range(1, 13))
    assert [record["step"] for record in log if "validation_loss" in record] == [6, 12]
    assert all(record["gradient_norm"] > 0 for record in log)


def test_a_cut_last_line_of_the_log_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    assert read_log(tmp_path / "log.jsonl") == [{"step": 1, "loss": 2.0}]


def test_only_weight_matrices_decay() -> None:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 5), nn.LayerNorm(5))
    decayed, plain = (group["params"] for group in make_optimizer(model, SETTINGS).param_groups)
    assert [tuple(parameter.shape) for parameter in decayed] == [(5, 4)]
    assert decayed[0] is model[1].weight
    assert len(plain) == 4


@pytest.mark.parametrize(("has_instructions", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_used_where_the_processor_has_it(
    has_instructions: bool, expected: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "multiplies_in_bfloat16", lambda: has_instructions)
    seen = set()

    def loss(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        if model.training:
            seen.add(model(batch["x"]).dtype)
        return squared_error(model, batch)

    train(make_model(), loss, batch_at, [batch_at(1000)], SETTINGS, tmp_path)
    assert seen == {expected}
