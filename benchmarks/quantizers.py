"""Puts the course's quantizers beside those of bitsandbytes and torchao, on the same layers.

    make bench-quantizers

Prints, for each layer and format, the bits per weight that it means (with scales of 16 bits) and that are held in
memory, the relative error, and how far the weights are from the course's. Numbers of 4 bits are held in a byte each by
the course, and by torchao on a CPU; bitsandbytes packs two into one. A library that is not installed is left out, with
what to install.
"""

import logging
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from llm_course import models
from solutions.production import dequantize, nf4_dequantize, nf4_quantize, quantize_absmax, quantize_groups

Quantizer = Callable[[Tensor], tuple[Tensor, int]]
"""Weights to what is left of them, and the bytes in which it is held."""


class Format(NamedTuple):
    """A format by name: bits per weight of a matrix, the course's way there and back, and those of libraries."""

    name: str
    bits: Callable[[Tensor], float]
    course: Quantizer
    libraries: dict[str, Quantizer]


def held(*tensors: Tensor) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def eight_bits(weight: Tensor) -> tuple[Tensor, int]:
    q, scale = quantize_absmax(weight, 8)
    return dequantize(q, scale), held(q, scale)


def four_bits(weight: Tensor) -> tuple[Tensor, int]:
    q, scale = quantize_groups(weight, 32, 4)
    return q * scale.repeat_interleave(32, dim=1)[:, : weight.shape[1]], held(q, scale)


def nf4(weight: Tensor) -> tuple[Tensor, int]:
    codes, absmax = nf4_quantize(weight.flatten(), 64)
    return nf4_dequantize(codes, absmax, 64).view_as(weight), held(codes, absmax)


def bitsandbytes_eight_bits(weight: Tensor) -> tuple[Tensor, int]:
    from bitsandbytes import functional

    q, scale, _ = functional.int8_vectorwise_quant(weight.half())
    return q * scale[:, None] / 127, held(q, scale)


def bitsandbytes_nf4(weight: Tensor, twice: bool = False) -> tuple[Tensor, int]:
    """`twice`: the scales are quantized as well."""
    from bitsandbytes import functional

    packed, state = functional.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=twice)
    scales = (state.absmax, state.state2.absmax) if twice else (state.absmax,)
    return functional.dequantize_4bit(packed, state), held(packed, *scales)


def by_torchao(weight: Tensor, dtype: torch.dtype, group: int | None) -> tuple[Tensor, int]:
    """torchao's symmetric mapping; one scale per row without a group."""
    from torchao.quantization import IntxWeightOnlyConfig, quantize_
    from torchao.quantization.granularity import PerAxis, PerGroup

    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight.clone())
    quantize_(layer, IntxWeightOnlyConfig(weight_dtype=dtype, granularity=PerGroup(group) if group else PerAxis(0)))
    stored: Any = layer.weight
    return stored.dequantize().detach(), held(stored.qdata, stored.scale, stored.zero_point)


FORMATS = (
    Format(
        "int8, a scale per row",
        lambda weight: 8 + 16 / weight.shape[1],
        eight_bits,
        {"bitsandbytes": bitsandbytes_eight_bits, "torchao": lambda weight: by_torchao(weight, torch.int8, None)},
    ),
    Format(
        "int4, groups of 32",
        lambda weight: 4 + 16 / 32,
        four_bits,
        {"torchao": lambda weight: by_torchao(weight, torch.int4, 32)},
    ),
    Format("NF4, blocks of 64", lambda weight: 4 + 16 / 64, nf4, {"bitsandbytes": bitsandbytes_nf4}),
    Format(
        "NF4, scales in 8 bits",
        lambda weight: 4 + 8 / 64 + 32 / 256 / 64,
        nf4,
        {"bitsandbytes": lambda weight: bitsandbytes_nf4(weight, twice=True)},
    ),
)


def layers() -> dict[str, Tensor]:
    """A matrix of the course's model, and one of normally distributed weights."""
    model = models.load("stories").model
    assert model is not None
    draw = torch.Generator().manual_seed(0)
    return {
        "stories, down_proj of layer 1": model.get_submodule("model.layers.0.mlp.down_proj").weight.detach(),
        "normal, 1,024 x 1,024": 0.02 * torch.randn(1024, 1024, generator=draw),
    }


def installed() -> dict[str, str]:
    """The versions of the libraries that are here; says what to install for those that are not."""
    found = {}
    for name in ("bitsandbytes", "torchao"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            print(f"{name} is left out: to have it beside the others, run `pip install {name}`.")
    return found


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    versions = installed()
    for title, weight in layers().items():
        print(f"\n{title}\n{'':24}{'bits':>6}{'held':>7}{'error':>9}{'apart from ours':>17}")
        for one in FORMATS:
            rows = {"ours": one.course(weight)}
            for library, quantize in one.libraries.items():
                if library in versions:
                    rows[f"{library} {versions[library]}"] = quantize(weight)
            print(one.name)
            for name, (back, stored) in rows.items():
                error = (back - weight).norm() / weight.norm()
                apart = (back - rows["ours"][0]).norm() / weight.norm()
                bits = 8 * stored / weight.numel()
                print(f"  {name:22}{one.bits(weight):6.2f}{bits:7.2f}{error:9.3%}{apart:17.3%}")


if __name__ == "__main__":
    main()
