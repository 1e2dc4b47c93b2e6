"""The files that a reader loads to solve an exercise: editor, worker, checks, and Pyodide, which is Python itself.

`make env` writes the checks, and the engine that they need, into `llm_course/checks/in_page`. They go into
`_static/solve` of the site, Pyodide into `_static/pyodide`. The editor's script names a digest of all that belongs to
it, so that the version in its own address (`asset_versions.py`) changes with any of it; it hands that version on.
"""

import hashlib
import json
import shutil
from pathlib import Path

from sphinx.application import Sphinx

from _ext.asset_versions import write_versions
from _ext.assets import ESBUILD, run_tool

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CHECKS = ROOT / "llm_course" / "checks" / "in_page"
PYODIDE = ROOT / "node_modules" / "pyodide"
OF_PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SCRIPT = "_static/solve/page.js"


def can_be_solved(exercise: str) -> bool:
    """Whether an exercise, such as "02_tokenization/merge_pair", needs no tensor, as the checks say."""
    return (CHECKS / f"{exercise}.json").is_file()


def write(app: Sphinx, exception: Exception | None) -> None:
    """Put the files into a built site."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    script = site / SCRIPT
    folder, before = script.parent, script.read_bytes() if script.exists() else b""
    shutil.copytree(CHECKS, folder, dirs_exist_ok=True)
    version = json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"]
    target = site / "_static" / "pyodide" / version
    target.mkdir(parents=True, exist_ok=True)
    for name in OF_PYODIDE:
        shutil.copy2(PYODIDE / name, target)
    bundle(folder, "worker.js")
    bundle(folder, script.name, f"--banner:js=/* {digest(folder)} */")
    if before not in (b"", script.read_bytes()):
        write_versions(site)  # the checks alone may be new, and then no page has been written


def bundle(folder: Path, name: str, *options: str) -> None:
    """Write a script with all that it imports."""
    command = [ESBUILD, HERE / name, f"--outfile={folder / name}", "--bundle", "--minify", "--format=esm"]
    command += ["--target=es2022", "--charset=utf8", "--loader:.css=text", "--log-level=error", *options]
    run_tool(command, f"esbuild cannot bundle _ext/solve/{name}")


def digest(folder: Path) -> str:
    """Of all files of a folder but the script that carries it."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.*")):
        if file.name != Path(SCRIPT).name:
            whole.update(file.read_bytes())
    return whole.hexdigest()[:8]
