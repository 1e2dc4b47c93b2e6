"""The style `author_year` of a bibliography: a reference is labelled as it is cited, "Su et al., 2021".

Works that would share a label have a letter after the year, in their order on the page.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from string import ascii_lowercase
from types import SimpleNamespace
from typing import Any

from pybtex.backends.plaintext import Backend
from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import field, join
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.style.referencing import PersonStyle

PERSON = PersonStyle()  # that of the citations in the text
PLAIN_TEXT = Backend()
"""Kept: to ask for it by its name, as `render_as` does, looks through all installed packages each time."""


class AuthorYearLabels(BaseLabelStyle):
    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        labels = [label_of(entry) for entry in sorted_entries]
        shared, seen = Counter(labels), Counter[str]()
        for label in labels:
            yield label if shared[label] == 1 else label + ascii_lowercase[seen[label]]
            seen[label] += 1


class AuthorYearStyle(Style):
    default_label_style = AuthorYearLabels


def label_of(entry: Entry) -> str:
    """An entry's authors and year, as the reference style `author_year` writes them."""
    template = join(", ")[PERSON.author_or_editor_or_title(full=False), field("year")]
    label: str = template.format_data({"entry": entry, "style": SimpleNamespace(person=PERSON)}).render(PLAIN_TEXT)
    return label


def setup(app: Sphinx) -> dict[str, Any]:
    register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle, force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
