"""The learner's archive, `_build/release/llm-course.zip`: `python -m _ext.archive WHEEL`, or `make release`.

It holds one folder: the learner's wheel, the notebooks as `python -m llm_course lab` lays them out, and how to begin.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from llm_course.lab import LabError, lay_out

FOLDER = Path("_build", "release")
NAME = "llm-course"
README = """\
# Introduction to Large Language Models: the exercises

You need Python 3.11 to 3.14 and a network for the first two commands. Run all three in this folder:

    python3 -m venv .venv                                on Windows: py -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt  on Windows: .venv\\Scripts\\python -m pip install ...
    .venv/bin/python -m llm_course lab                   on Windows: .venv\\Scripts\\python -m llm_course lab

The last one opens JupyterLab, each time you work. On Linux without a graphics card, install PyTorch for the processor
before the second: https://pytorch.org/get-started/locally names the command, and saves gigabytes.
"""


def pack(wheel: Path, folder: Path = FOLDER) -> Path:
    """Write the archive into a folder. Returns its path. Raises LabError if the course holds no notebooks."""
    with tempfile.TemporaryDirectory() as temporary:
        content = Path(temporary, NAME)
        lay_out(content)
        shutil.copy2(wheel, content)
        (content / "requirements.txt").write_text(f"./{wheel.name}[lab]\n", encoding="utf-8")
        (content / "README.md").write_text(README, encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.make_archive(str(folder / NAME), "zip", temporary, NAME))


def main(wheel: str) -> int:
    """Pack the archive around a wheel."""
    try:
        archive = pack(Path(wheel))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
