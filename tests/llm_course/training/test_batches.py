"""Packing, order and masking."""

import pytest
import torch

from llm_course.training.batches import IGNORED, in_order, masked, pack, pad_rows, shuffled, split


def test_pack_starts_every_row_with_a_document() -> None:
    rows = pack(iter([[5, 6], [7], [8, 9, 10, 11], [12]]), length=4, end=0, rows=2)
    assert rows.tolist() == [[5, 6, 0, 7], [8, 9, 10, 11]]


def test_pack_begins_every_other_row_with_the_end_of_a_text() -> None:
    rows = pack(iter([[5, 6], [7], [8, 9, 10], [12, 13, 14]]), length=4, end=0, rows=3, begin_with_end=True)
    assert rows.tolist() == [[5, 6, 0, 7], [0, 8, 9, 10], [12, 13, 14, 0]]


def test_pack_says_when_documents_run_out() -> None:
    with pytest.raises(ValueError, match="fill 1 rows of 2 tokens, not 3"):
        pack([[5, 6]], length=2, end=0, rows=3)


def test_in_order_takes_every_row_once() -> None:
    batch_at = in_order({"x": torch.arange(6)}, 2)
    assert torch.cat([batch_at(step)["x"] for step in range(3)]).tolist() == [0, 1, 2, 3, 4, 5]


def test_shuffled_visits_every_row_in_every_epoch_and_repeats_itself() -> None:
    batch_at = shuffled({"x": torch.arange(6)}, 2, seed=0)
    epochs = [[int(i) for step in range(3) for i in batch_at(3 * epoch + step)["x"]] for epoch in range(3)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4, 5] for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert torch.equal(batch_at(4)["x"], batch_at(4)["x"])


def test_masked_predicts_only_words_at_least_one_a_row_and_leaves_padding_out() -> None:
    ids = torch.tensor([[2, 10, 11, 12, 13, 3, 0, 0]] * 400)
    batch = masked({"input_ids": ids, "attention_mask": (ids > 0).long()}, 400, 0, mask=4, first_word=5)(7)
    ids = ids[:, :6]
    assert batch["input_ids"].shape == ids.shape
    chosen = batch["labels"] != IGNORED
    assert chosen.any(1).all()
    assert (batch["labels"][chosen] == ids[chosen]).all()
    assert not chosen[:, [0, 5]].any()
    assert (batch["input_ids"][~chosen] == ids[~chosen]).all()
    share = float((batch["input_ids"][chosen] == 4).float().mean())
    assert 0.75 < share < 0.85


def test_pad_rows_and_split() -> None:
    rows = pad_rows([[1], [2, 3], [4]], 9)
    assert rows.tolist() == [[1, 9], [2, 3], [4, 9]]
    assert [batch["x"].tolist() for batch in split({"x": rows}, 2)] == [[[1, 9], [2, 3]]]
