"""What a reader types leads to the section that explains it; a section is read without code and inner sections."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from _ext.search_words import NEWCOMERS_WORDS
from _ext.section_search import Section, is_stale, sections_of
from tests.site.checks import Visit
from tests.site.conftest import Built
from tests.site.test_links import read

QUERIES = {
    "byte pair encoding": {"tokenization-bpe"},
    "perplexity": {"language-models-perplexity"},
    "what is attention": {"attention", "attention-why", "attention-formula", "chapters/05_attention/chapter.html"},
    "how to install": {"chapters/guides/install.html", "install-the-course"},
    "top p": {"decoding-top-p"},
    "kv cache": {"serving-cache", "decoding-cache", "context-memory", "production-kv"},
    "why divide by sqrt": {"attention-scaling"},
    "lora rank": {"peft-low-rank", "peft-scale", "peft-lora"},
    "loss mask": {"post-training-sft"},
    "gradient clipping": {"pretraining-clipping"},
    # Ten more, written down before anything was tuned.
    "rope": {"positions-rope"},
    "rmsnorm": {"normalization-rms"},
    "hallucination": {"responsible-use-rare", "language-models-knowledge"},
    "prompt injection": {"responsible-use-injection"},
    "flash attention": {"attention-flash"},
    "mixture of experts": {"feed-forward-experts"},
    "glitch tokens": {"tokenization-glitch"},
    "chinchilla": {"pretraining-optimal"},
    "speculative decoding": {"serving-speculation"},
    "temperature": {"decoding-temperature"},
}
# What a first visitor looked for in vain: each is the very first.
SURE = {
    "offline": "read-offline",
    "pdf": "read-offline",
    "download": "read-offline",
    "get the folder": "get-the-folder",
    "cheating": "grading-cheating",
}
# The words of a newcomer, written down before their sections were given them. Some find theirs without.
NEWCOMERS = {
    "RAG": "context-retrieval",
    "hallucinate": "language-models-knowledge",
    "context window": "10_context/chapter.html",
    "fine-tuning": "post-training-sft",
    "chatbot": "language-models-base-chat",
    "prompt": "language-models-instructions",
    "GPU memory": "production-gpu",
    "transformer": "normalization-decoder",
    "how does ChatGPT work": "normalization-decoder",
    "what is a token": "tokenization-why",
    "embedding": "03_embeddings/chapter.html",
    "positional encoding": "04_positions/chapter.html",
    "neural network": "feed-forward-by-hand",
    "gradient descent": "pretraining-adam",
    "few-shot": "emergence-abilities",
    "jailbreak": "responsible-use-injection",
    "evaluate model": "emergence-interval",
    "run locally": "production-why",
    "exercises": "exercises.html",
    "nbgrader": "running_a_class",
    "backpropagation": "term-backpropagation",
}
FIRST, ENOUGH = 3, 18

PAGE = """# Norms

Norms keep numbers in bounds: $\\sqrt{d}$ is short.

```python
secret_code = 1
```

(norm-layer)=
## In a layer

Before attention.

:::{glossary}
gain
  A learned factor.
:::
"""


def first_hits(visit: Visit, query: str) -> list[str]:
    """The addresses of the first sections that the search gives."""
    found: list[str] = visit.page.evaluate(
        "courseSearch.search(" + repr(query) + ").then((hits) => hits.map(({ id }) => id))"
    )
    return found[:FIRST]


def is_right(address: str, expected: set[str]) -> bool:
    return address in expected or address.partition("#")[2] in expected


@pytest.mark.browser
def test_the_right_section_is_among_the_first(browser: Browser, served: str) -> None:
    with Visit(browser, served) as visit:
        visit.open("search.html")
        found = {query: first_hits(visit, query) for query in QUERIES}
        sought = {query: first_hits(visit, query) for query in NEWCOMERS}
    lost = {query: hits for query, hits in sought.items() if not any(NEWCOMERS[query] in hit for hit in hits)}
    assert lost == {}
    missed = {query: hits for query, hits in found.items() if not any(is_right(hit, QUERIES[query]) for hit in hits)}
    assert len(QUERIES) - len(missed) >= ENOUGH, missed
    assert not any("grader_figures" in hit for hits in found.values() for hit in hits)


@pytest.mark.browser
@pytest.mark.parametrize(("query", "place"), SURE.items())
def test_what_a_visitor_sought_is_the_first(browser: Browser, served: str, query: str, place: str) -> None:
    with Visit(browser, served) as visit:
        visit.open("search.html")
        found = first_hits(visit, query)
    assert found and found[0].endswith(f"#{place}"), found


@pytest.mark.browser
def test_a_paper_leads_to_its_reference(browser: Browser, served: str) -> None:
    with Visit(browser, served) as visit:
        visit.open("search.html?q=RoFormer")
        hit = visit.page.locator(".bd-search-container .search-hits li").first
        expect(hit).to_contain_text("Su et al., 2021")
        hit.locator("a").click()
        visit.page.wait_for_url("**/references.html#*")
        expect(visit.page.locator(".citation:target")).to_contain_text("RoFormer")


@pytest.mark.browser
def test_every_section_has_its_place(site: Path) -> None:
    script = (site / "_static" / "search-sections.js").read_text(encoding="utf-8")
    sections = json.loads(script.removeprefix("courseSearch.receive(").removesuffix(");\n"))
    addresses = [section["address"].partition("#") for section in sections]
    places = {file: read(site / file).places | {""} for file in {file for file, _, _ in addresses}}
    assert len(sections) > 500
    assert [(file, place) for file, _, place in addresses if place not in places[file]] == []
    assert sum(bool(section["asked"]) for section in sections) == len(NEWCOMERS_WORDS)


@pytest.mark.browser
@pytest.mark.parametrize("place", ["http", "file"])
def test_sections_are_found_while_typing(browser: Browser, site: Path, served: str, place: str) -> None:
    with Visit(browser, served if place == "http" else f"{site.as_uri()}/") as visit:
        visit.open("chapters/05_attention/chapter.html")
        visit.page.keyboard.press("Control+k")
        visit.page.keyboard.type("sliding wind")
        hits = visit.page.locator("#pst-search-dialog .search-hits li")
        expect(hits.first).to_contain_text("Sliding window")
        expect(hits.first.locator("mark").first).to_contain_text("liding")
        visit.page.keyboard.press("ArrowDown")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/chapter.html#attention-sliding-window")
        expect(visit.page.locator("#pst-search-dialog")).to_be_hidden()
        visit.open("search.html?q=no+such+thing+as+zzyzx")
        expect(visit.page.locator(".bd-search-container .search-said")).to_contain_text("section")
        visit.page.locator(".bd-search-container input").fill("zzyzx")
        expect(visit.page.locator(".bd-search-container .search-said")).to_have_text("Nothing found for “zzyzx”.")
    assert visit.faults == []


def test_a_citation_is_read_as_its_first_author_and_year(build: Callable[..., Built]) -> None:
    page = "# Norms\n\nThey help {cite}`ba2016layer,zhang2019root`.\n\n```{bibliography}\n```\n"
    sources = "".join(
        f"@misc{{{key}, title={{T}}, author={{A. B.}}, year={{2020}}}}" for key in ("ba2016layer", "zhang2019root")
    )
    settings = {"bibtex_bibfiles": ["a.bib"]}
    built = build({"index.md": page, "a.bib": sources}, "sphinxcontrib.bibtex", "_ext.section_search", **settings)
    assert "They help Ba 2016, Zhang 2019." in (built.folder / "_static" / "search-sections.js").read_text("utf-8")


def test_a_section_is_its_own_text(build: Callable[..., Built], monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Section] = []

    def note(page: str, address: str, doctree) -> list[Section]:  # type: ignore[no-untyped-def]
        found.extend(sections_of(page, address, doctree))
        return found

    monkeypatch.setattr("_ext.section_search.sections_of", note)
    built = build({"index.md": PAGE}, "_ext.section_search")
    page, layer, gain = found
    assert (page.address, page.title, page.text) == (
        "index.html",
        "Norms",
        "Norms keep numbers in bounds: √d is short.",
    )
    assert "sqrt" in page.formulas and "secret" not in page.text
    assert (layer.title, layer.text, layer.names) == ("In a layer", "Before attention.", "in a layer norm layer")
    assert (gain.title, gain.address, gain.text) == ("gain", "index.html#term-gain", "A learned factor.")
    assert "secret" not in (built.folder / "_static" / "search-sections.js").read_text(encoding="utf-8")


def test_sections_are_written_again_once_a_page_was_read(tmp_path: Path) -> None:
    app, file, environment = SimpleNamespace(doctreedir=tmp_path), tmp_path / "a.js", tmp_path / "environment.pickle"
    environment.touch()
    assert is_stale(file, app)  # type: ignore[arg-type]
    file.touch()
    os.utime(environment, ns=(0, file.stat().st_mtime_ns - 1))
    assert not is_stale(file, app)  # type: ignore[arg-type]
    os.utime(environment, ns=(0, file.stat().st_mtime_ns + 1))
    assert is_stale(file, app)  # type: ignore[arg-type]
