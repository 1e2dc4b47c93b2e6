"""What turns finished models into shipped ones: logs beside the weights, and the list of checksums."""

import json
from pathlib import Path

from llm_course.models import checksum

LIST = "checksums.json"


def write_checksums(weights: Path) -> None:
    """Write `weights/checksums.json`: the SHA-256 of every file under `weights`, by its relative path."""
    files = sorted(file for file in weights.rglob("*") if file.is_file() and file.name != LIST)
    sums = {file.relative_to(weights).as_posix(): checksum(file) for file in files}
    (weights / LIST).write_text(json.dumps(sums, indent=1) + "\n")
