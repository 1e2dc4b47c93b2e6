"""What one sandbox may use at most, and how much of what it prints is kept."""

from dataclasses import asdict, dataclass
from typing import Any

from autograder.sandbox.wire import MAX_HEADER

MEBIBYTE = 1 << 20
MOST_OUTPUT = MAX_HEADER // 8
"""Characters of one cell: in a frame's header, each of them may take six bytes (a control character does)."""
OUTPUT_OF_A_SUBMISSION = 8 * MEBIBYTE
"""About how many bytes of one submission's outputs are kept: thousands of cells may each print the most they can."""


@dataclass(frozen=True)
class Caps:
    """Limits of one sandbox, in bytes where nothing else is said.

    `memory` counts a process's private data and `address_space` all that it maps, shared memory too; both hold for
    each process. `disk` holds for all files of the sandbox together where the tier has namespaces, and for each file
    where it has not. `output` is characters of one cell.
    """

    memory: int = 2048 * MEBIBYTE
    address_space: int = 4096 * MEBIBYTE
    processes: int = 64
    open_files: int = 256
    disk: int = 128 * MEBIBYTE
    output: int = 1 * MEBIBYTE

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if type(value) is not int or not 0 < value < 1 << 62:
                raise ValueError(f"the cap {name} must be a positive whole number, not {value!r}")
        if self.output > MOST_OUTPUT:
            raise ValueError(
                f"the cap output is at most {MOST_OUTPUT}, so that it fits into a frame, not {self.output}"
            )

    def to_data(self) -> dict[str, int]:
        """The caps as a JSON object."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Any) -> "Caps":
        """The caps that `to_data` described. Raises ValueError where the data is something else."""
        if not isinstance(data, dict) or set(data) != set(cls.__dataclass_fields__):
            raise ValueError("the fields are not those of caps")
        return cls(**data)
