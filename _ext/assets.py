"""Scripts and stylesheets made small, and fonts that a page loads early."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sphinx.application import ENV_PICKLE_FILENAME, Sphinx
from sphinx.errors import ExtensionError

ESBUILD = Path(__file__).parent.parent / "node_modules" / ".bin" / "esbuild"

# A font that arrives after the first paint moves the text. From file:// a preload only logs an error.
PRELOAD = """<script>
if (location.protocol !== "file:") for (const href of {fonts}) document.head.append(Object.assign(
  document.createElement("link"), {{rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href}}));
</script>
"""


def is_stale(file: Path, app: Sphinx) -> bool:
    """Whether a page has been read since the file was written: whenever it reads one, Sphinx keeps its environment."""
    return not file.exists() or file.stat().st_mtime_ns <= Path(app.doctreedir, ENV_PICKLE_FILENAME).stat().st_mtime_ns


def preload(context: dict[str, Any], fonts: Iterable[str]) -> None:
    """Let a page load these woff2 files early, by their names in `_static`."""
    if addresses := [context["pathto"](f"_static/{font}", 1) for font in fonts]:
        context["metatags"] = context.get("metatags", "") + PRELOAD.format(fonts=json.dumps(addresses))


def minified(text: str, language: str) -> str:
    """A script ("js") or a stylesheet ("css") without what no browser needs; a script's top-level names stay."""
    options = ["--minify", f"--loader={language}", "--target=es2022", "--charset=utf8", "--log-level=error"]
    return run_tool([ESBUILD, *options], f"esbuild cannot read the pages' {language}", text)


def run_tool(command: Iterable[object], fault: str, text: str = "", folder: Path | None = None) -> str:
    """What a tool of Node.js makes of a text, in a folder. Raises ExtensionError: the fault, and what the tool says."""
    words = [*map(str, command)]
    result = subprocess.run(words, input=text, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if result.returncode:
        said = result.stderr.strip()
        raise ExtensionError(f"{fault}: {next((line for line in said.splitlines() if 'Error: ' in line), said)}")
    return result.stdout
