"""Right alternatives of 17_responsible_use."""

import bisect
import math
import re

import torch
from torch import Tensor


def _refuse(confidence: Tensor, correct: Tensor) -> None:
    if confidence.dim() != 1 or correct.dim() != 1 or len(confidence) != len(correct):
        raise ValueError("two vectors of one length, please")
    if len(confidence) == 0:
        raise ValueError("no answers")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence is from 0 to 1")


def expected_calibration_error_by_sums(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    _refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("at least one bin")
    edges = torch.arange(1, n_bins, dtype=torch.float32) / n_bins
    index = torch.bucketize(confidence.float(), edges)
    gaps = torch.zeros(n_bins).index_add(0, index, correct.float() - confidence.float())
    return gaps.abs().sum().item() / len(confidence)


def selective_score_by_where(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    _refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no reward for errors")
    scores = torch.where(correct == 1, 1.0, -penalty)
    scores = torch.where(confidence < threshold, 0.0, scores)
    return scores.mean().item()


def selective_score_by_product(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    _refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no reward for errors")
    right = correct.double()
    return float(((right - penalty * (1 - right)) * (confidence >= threshold)).mean())


def _luhn(digits: str) -> bool:
    doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    numbers = list(map(int, digits))
    return (sum(numbers[-1::-2]) + sum(doubled[number] for number in numbers[-2::-2])) % 10 == 0


def redact_by_callbacks(text: str) -> str:
    def as_ip(found: re.Match[str]) -> str:
        octets = found[0].split(".")
        fits = len(octets) == 4 and all(str(int(octet)) == octet and int(octet) <= 255 for octet in octets)
        return "[IP]" if fits else found[0]

    def as_card(found: re.Match[str]) -> str:
        digits = re.sub("[ -]", "", found[0])
        return "[CARD]" if 12 < len(digits) < 20 and _luhn(digits) else found[0]

    text = re.sub(r"[a-z0-9._%+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}", "[EMAIL]", text, flags=re.IGNORECASE | re.ASCII)
    text = re.sub(r"[0-9]+(?:\.[0-9]+)+", as_ip, text)
    return re.sub(r"[0-9]+(?:[ -][0-9]+)*", as_card, text)


def watermark_z_by_shares(green: int, total: int, gamma: float) -> float:
    if total <= 0 or green < 0 or green > total or gamma <= 0 or gamma >= 1:
        raise ValueError("out of range")
    return (green / total - gamma) / math.sqrt(gamma * (1 - gamma) / total)


def canary_exposure_by_sorting(canary_loss: float, reference_losses: list[float]) -> float:
    if len(reference_losses) == 0:
        raise ValueError("nothing to compare with")
    rank = bisect.bisect_right(sorted(reference_losses), canary_loss) + 1
    return math.log2((len(reference_losses) + 1) / rank)


def canary_exposure_by_tensor(canary_loss: float, reference_losses: list[float]) -> float:
    if not reference_losses:
        raise ValueError("nothing to compare with")
    losses = torch.tensor(reference_losses, dtype=torch.float64)
    rank = int((losses <= canary_loss).sum()) + 1
    return math.log2(len(losses) + 1) - math.log2(rank)
