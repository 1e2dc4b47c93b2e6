"""Right alternatives of 17_responsible_use."""

import bisect
import ipaddress
import math
import re

import numpy as np
import torch
from torch import Tensor

from tests.banks.right import Alternatives


def _refuse(confidence: Tensor, correct: Tensor) -> None:
    if confidence.dim() != 1 or correct.dim() != 1 or len(confidence) != len(correct):
        raise ValueError("two vectors of one length, please")
    if len(confidence) == 0:
        raise ValueError("no answers")
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError("a confidence is from 0 to 1")


def error_by_lists(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    _refuse(confidence, correct)
    if n_bins <= 0:
        raise ValueError("at least one bin")
    bins: list[list[tuple[float, float]]] = [[] for _ in range(n_bins)]
    for sure, right in zip(confidence.tolist(), correct.tolist(), strict=True):
        bins[max(math.ceil(sure * n_bins) - 1, 0)].append((sure, float(right)))
    total = 0.0
    for found in bins:
        if found:
            mean_sure = sum(sure for sure, _ in found) / len(found)
            accuracy = sum(right for _, right in found) / len(found)
            total += len(found) * abs(accuracy - mean_sure)
    return total / len(confidence)


def error_by_edges(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    _refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("at least one bin")
    edges = torch.linspace(0, 1, n_bins + 1, dtype=torch.float64)
    sure, right = confidence.double(), correct.double()
    error = 0.0
    for i in range(n_bins):
        mask = (sure > edges[i]) & (sure <= edges[i + 1])
        if i == 0:
            mask = mask | (sure == 0)
        if mask.any():
            gap = right[mask].mean() - sure[mask].mean()
            error += mask.double().mean().item() * abs(gap.item())
    return error


def error_by_sums(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    _refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("at least one bin")
    edges = torch.arange(1, n_bins, dtype=torch.float32) / n_bins
    index = torch.bucketize(confidence.float(), edges)
    gaps = torch.zeros(n_bins).index_add(0, index, correct.float() - confidence.float())
    return gaps.abs().sum().item() / len(confidence)


def error_by_numpy(confidence: Tensor, correct: Tensor, n_bins: int) -> float:
    _refuse(confidence, correct)
    if n_bins < 1:
        raise ValueError("at least one bin")
    sure, right = confidence.double().numpy(), correct.double().numpy()
    index = np.clip(np.digitize(sure, np.arange(n_bins + 1) / n_bins, right=True), 1, n_bins) - 1
    surplus = np.bincount(index, weights=right - sure, minlength=n_bins)
    return float(np.abs(surplus).sum() / len(sure))


def score_by_loop(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    _refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no reward for errors")
    total = 0.0
    for sure, right in zip(confidence.tolist(), correct.tolist(), strict=True):
        if sure < threshold:
            continue
        total += 1 if right else -penalty
    return total / len(confidence)


def score_by_where(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
    _refuse(confidence, correct)
    if penalty < 0:
        raise ValueError("no reward for errors")
    scores = torch.where(correct == 1, 1.0, -penalty)
    scores = torch.where(confidence < threshold, 0.0, scores)
    return scores.mean().item()


def score_by_product(confidence: Tensor, correct: Tensor, threshold: float, penalty: float) -> float:
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


def redact_by_scanning(text: str) -> str:
    text = re.sub(r"[\w.%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}", "[EMAIL]", text, flags=re.ASCII)
    parts = re.split(r"((?:\d+\.)+\d+)", text, flags=re.ASCII)
    for i in range(1, len(parts), 2):
        try:
            ipaddress.IPv4Address(parts[i])
        except ValueError:
            continue
        parts[i] = "[IP]"
    text = "".join(parts)
    result, at = [], 0
    while at < len(text):
        end = at
        digits = ""
        while end < len(text) and text[end] in "0123456789":
            digits += text[end]
            end += 1
            if end + 1 < len(text) and text[end] in " -" and text[end + 1] in "0123456789":
                end += 1
        if not digits:
            result.append(text[at])
            at += 1
            continue
        result.append("[CARD]" if 13 <= len(digits) <= 19 and _luhn(digits) else text[at:end])
        at = end
    return "".join(result)


def redact_in_one_pass(text: str) -> str:
    octet = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d|\d)"
    pattern = re.compile(
        rf"""(?P<email> [A-Z0-9._%+-]+ @ (?:[A-Z0-9-]+\.)+ [A-Z]{{2,}})
           | (?P<ip> (?<!\d)(?<!\d\.) {octet}(?:\.{octet}){{3}} (?!\.?\d))
           | (?P<card> (?<!\d)(?<!\d[ -]) \d(?:[ -]?\d){{12,18}} (?![ -]?\d))""",
        re.IGNORECASE | re.VERBOSE | re.ASCII,
    )

    def replaced(found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        if kind == "card" and not _luhn("".join(re.findall(r"\d", found[0], re.ASCII))):
            return found[0]
        return f"[{kind.upper()}]"

    return pattern.sub(replaced, text)


def z_by_shares(green: int, total: int, gamma: float) -> float:
    if total <= 0 or green < 0 or green > total or gamma <= 0 or gamma >= 1:
        raise ValueError("out of range")
    return (green / total - gamma) / math.sqrt(gamma * (1 - gamma) / total)


def z_by_power(green: int, total: int, gamma: float) -> float:
    if not (0 <= green <= total and total > 0):
        raise ValueError("no such text")
    if not 0.0 < gamma < 1.0:
        raise ValueError("no such share")
    variance = total * gamma - total * gamma**2
    return (green - total * gamma) * variance**-0.5


def z_by_red_tokens(green: int, total: int, gamma: float) -> float:
    red = total - green
    if total < 1 or min(green, red) < 0 or not 0 < gamma < 1:
        raise ValueError("out of range")
    return (green * (1 - gamma) - red * gamma) / math.sqrt(total * gamma * (1 - gamma))


def exposure_by_sorting(canary_loss: float, reference_losses: list[float]) -> float:
    if len(reference_losses) == 0:
        raise ValueError("nothing to compare with")
    rank = bisect.bisect_right(sorted(reference_losses), canary_loss) + 1
    return math.log2((len(reference_losses) + 1) / rank)


def exposure_by_tensor(canary_loss: float, reference_losses: list[float]) -> float:
    if not reference_losses:
        raise ValueError("nothing to compare with")
    losses = torch.tensor(reference_losses, dtype=torch.float64)
    rank = int((losses <= canary_loss).sum()) + 1
    return math.log2(len(losses) + 1) - math.log2(rank)


def exposure_by_higher_ones(canary_loss: float, reference_losses: list[float]) -> float:
    n = len(reference_losses)
    if n < 1:
        raise ValueError("nothing to compare with")
    higher = len([loss for loss in reference_losses if loss > canary_loss])
    return -math.log2((n - higher + 1) / (n + 1))


ALTERNATIVES: Alternatives = {
    "expected_calibration_error": [error_by_lists, error_by_edges, error_by_sums, error_by_numpy],
    "selective_score": [score_by_loop, score_by_where, score_by_product],
    "redact": [redact_by_callbacks, redact_by_scanning, redact_in_one_pass],
    "watermark_z": [z_by_shares, z_by_power, z_by_red_tokens],
    "canary_exposure": [exposure_by_sorting, exposure_by_tensor, exposure_by_higher_ones],
}
