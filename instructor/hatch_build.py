"""Lays out the instructor's wheel: a folder with the graders, the answers and the text they read, as in a checkout.

The folder is one of its own, which a .pth file puts on Python's path, so that a sandbox hides all of it at once.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "llm_course_instructor"


class InstructorFiles(BuildHookInterface):
    """Adds the files of the checkout that pyproject.toml names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the files. An editable install has them in the checkout."""
        if version == "editable":
            return
        root = Path(self.root).parent
        files = [file for pattern in self.config["files"] for file in root.glob(pattern) if file.is_file()]
        build_data["force_include"] = {
            str(file): f"{PACKAGE}/{file.relative_to(root).as_posix()}" for file in files if file.suffix != ".pyc"
        }
        build_data["force_include"][str(Path(self.root, "path.pth"))] = f"{PACKAGE}.pth"
