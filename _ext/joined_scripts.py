"""Joins the scripts that pages run into one, which esbuild makes small."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sphinx.errors import ExtensionError

from _ext.assets import minified

# What the theme's templates run.
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"

NAMED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)

# The theme measures each place that may scroll, one after another, as soon as the page is read: that lays out
# the whole page. `scrollable.js` does the same without.
MEASURES_ALL_PLACES = re.compile(
    r'const e=\(\)=>\{document\.querySelectorAll\(\["pre",.*?'
    r'\.observe\(document\.getElementById\("main-content"\),\{subtree:!0,childList:!0\}\),e\(\)(?=\})'
)


def join(folder: Path, names: Iterable[str]) -> str:
    """The scripts of a folder one after the other, as one that runs like they do: their top-level names stay."""
    scripts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    if twice := [name for name, times in Counter(NAMED.findall("\n".join(scripts.values()))).items() if times > 1]:
        raise ExtensionError(f"Joined scripts share their top-level names, and two have {twice[0]}: rename one.")
    scripts[THEME_SCRIPT] = measuring_no_places(scripts[THEME_SCRIPT])
    return minified(";\n".join(scripts.values()), "js")


def measuring_no_places(script: str) -> str:
    """The theme's script without its measuring of all places that may scroll."""
    lighter = MEASURES_ALL_PLACES.sub("", script)
    if "scrollHeight>" in lighter:
        raise ExtensionError("The theme measures scrollable places in a new way: mend MEASURES_ALL_PLACES.")
    return lighter
