"""The course model `stories` as an ONNX graph, for the comparison of its own runtime with onnxruntime-web."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import DynamicCache, PreTrainedModel


class Step(nn.Module):
    """One token more: its id, its position and the keys and values so far; returns the next token's logits."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, position: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """`past`: [layer, key or value, batch, head, position, width]; it comes back one position longer."""
        cache = DynamicCache(config=self.model.config)
        for layer, (key, value) in enumerate(past):
            cache.update(key, value, layer)
        output = self.model(input_ids=ids, position_ids=position, past_key_values=cache, use_cache=True)
        present = torch.stack([torch.stack([layer.keys, layer.values]) for layer in cache.layers])
        return output.logits[0, -1], present


def write(model: PreTrainedModel, file: Path) -> None:
    """Export the model with the weights of its browser export, which are rounded to float16."""
    config = model.config
    step = Step(model.half().float()).eval()
    past = torch.zeros(config.num_hidden_layers, 2, 1, config.num_key_value_heads, 2, config.head_dim)
    length = torch.export.Dim("length", min=0, max=config.max_position_embeddings - 1)
    program = torch.onnx.export(
        step,
        (torch.tensor([[0]]), torch.tensor([[2]]), past),
        dynamic_shapes=(None, None, {4: length}),
        input_names=["ids", "position", "past"],
        output_names=["logits", "present"],
        verbose=False,
    )
    assert program is not None
    program.save(file)
