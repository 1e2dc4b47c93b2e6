"""The styles of a widget lie beside it, and none of them is for nothing."""

import re
from pathlib import Path

import pytest

from llm_course import widgets

WIDGETS = Path(widgets.__file__).parent
FOLDERS = sorted(path.parent for path in WIDGETS.glob("*/style.css") if path.parent.name != "built")
NAME = re.compile(r"(?<![\w-])llm-[\w-]*(?:\$?\{)?")


def classes_of(folder: Path) -> set[str]:
    style = (folder / "style.css").read_text(encoding="utf-8")
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", style, flags=re.DOTALL)
    return set(re.findall(r"\.(llm-[\w-]+)", selectors))


def unwritten(classes: set[str], *folders: Path) -> set[str]:
    """The classes that no module of these folders writes, neither whole nor, as `llm-line-${i}`, by its beginning."""
    modules = [path for folder in folders for path in (*folder.glob("*.ts"), *folder.glob("*.py"))]
    names = {name for path in modules for name in NAME.findall(path.read_text(encoding="utf-8"))}
    beginnings = tuple(name.rstrip("{").rstrip("$") for name in names if name.endswith("{"))
    return {name for name in classes - names if not (beginnings and name.startswith(beginnings))}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_class_is_written_by_a_module_beside_it_or_a_shared_one(folder: Path) -> None:
    folders = FOLDERS if folder.name == "ui" else [folder, WIDGETS / "ui"]
    assert unwritten(classes_of(folder), *folders) == set()


def test_what_lies_among_shared_styles_is_shared() -> None:
    own = unwritten(classes_of(WIDGETS / "ui"), WIDGETS / "ui")
    users = {name: [folder.name for folder in FOLDERS if not unwritten({name}, folder)] for name in own}
    assert {name: folders for name, folders in users.items() if len(folders) < 2} == {}
