"""What one sandbox may use at most, and how much of what it prints is kept."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20
OUTPUT_OF_A_SUBMISSION = 8 * MEBIBYTE
"""About how many bytes of one submission's outputs are kept: thousands of cells may each print the most they can."""


@dataclass(frozen=True)
class Caps:
    """Limits of one sandbox, in bytes where nothing else is said.

    `memory` counts a process's private data and `address_space` all that it maps, shared memory too; both hold for
    each process. `disk` holds for all files of the sandbox together where the tier has namespaces, and for each file
    where it has not. `output` is characters of one cell: in a frame's header, a control character takes six bytes.
    """

    memory: int = 2048 * MEBIBYTE
    address_space: int = 4096 * MEBIBYTE
    processes: int = 64
    open_files: int = 256
    disk: int = 128 * MEBIBYTE
    output: int = 1 * MEBIBYTE
