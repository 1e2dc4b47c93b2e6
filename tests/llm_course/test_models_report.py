"""The quality bars of the shipped models, read from the report that was written with them (`make model-report`)."""

import json
from typing import Any

import pytest

from llm_course import models
from llm_course.corpus import words
from llm_course.corpus.plots import HELD_OUT_PLOTS


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models.WEIGHTS / "report.json").read_text())
    return found


def test_the_report_is_of_the_weights_that_are_shipped(report: dict[str, Any]) -> None:
    shipped = [card.name for card in models.catalogue().values() if card.shipped]
    assert report["weights"] == {name: models.checksum(models.WEIGHTS / name / "model.safetensors") for name in shipped}


def test_capitals_are_known_and_held_out_ones_are_not(report: dict[str, Any]) -> None:
    for name in ("stories", "stories-gpt2"):
        capitals = report["decoders"][name]["capitals"]
        assert capitals["statement"] == {"right": 20, "asked": 20}, name
        assert capitals["held_out_facts"]["right"] <= 1, name
    assert report["fill-mask"]["capitals"] == {"right": 20, "asked": 20}
    assert report["fill-mask"]["held_out_facts"]["right"] <= 1


def test_names_and_objects_are_kept_straight_in_new_stories(report: dict[str, Any]) -> None:
    shares = report["decoders"]["stories"]["coreference"]
    assert set(shares["seen_plots"]) == {"name", "object", "pronoun"}
    assert min(shares["seen_plots"].values()) >= 0.9
    assert min(shares["scenes"].values()) >= 0.9
    # Names that no text of training holds: a name can only be copied.
    assert min(shares["held_out_names"][kind] for kind in ("name", "object")) >= 0.9
    assert min(shares["held_out_plots"].values()) >= 0.7


def test_the_early_checkpoint_is_clearly_worse(report: dict[str, Any]) -> None:
    early, final = report["decoders"]["stories-early"], report["decoders"]["stories"]
    assert early["validation"]["bits_per_byte"] > 1.2 * final["validation"]["bits_per_byte"]
    for kind, share in final["coreference"]["seen_plots"].items():
        assert early["coreference"]["seen_plots"][kind] < share - 0.05, kind


def test_the_draft_is_accepted_and_better_for_its_teacher(report: dict[str, Any]) -> None:
    assert report["acceptance"]["stories-draft"] >= 0.6
    assert report["acceptance"]["stories-draft"] > report["acceptance"]["stories-draft-alone"]


def test_the_chat_model_answers_and_stops(report: dict[str, Any]) -> None:
    chat = report["stories-chat"]
    assert chat["stopped"] == chat["asked"] >= 40
    assert chat["right"] >= 0.8 * chat["asked"]


def test_translations_are_exact(report: dict[str, Any]) -> None:
    assert report["translate"]["the_house"] == "Das Haus ist schön."
    assert report["translate"]["exact"] >= 0.9 * report["translate"]["asked"]


def test_songs_copies_and_poems_recites(report: dict[str, Any]) -> None:
    songs, poems = report["songs"], report["poems"]
    assert songs["exact"] >= 0.95 * songs["asked"]
    # The text asks for a model that is not yet perfect: the larger one beside it is.
    assert poems["tokens_right"] > 0.9 and 0.5 * poems["asked"] < poems["exact"] < 0.95 * poems["asked"]


def test_pictures_are_told_and_errands_run(report: dict[str, Any]) -> None:
    tuned, alone = report["pictures"]["tuned"], report["pictures"]["projector_alone"]
    assert tuned["shown"]["right"] >= 0.9 * tuned["shown"]["asked"] > alone["shown"]["right"]
    assert tuned["never_shown"]["right"] < tuned["shown"]["right"]
    assert report["errands"]["right"] >= 0.95 * report["errands"]["asked"]


def test_what_the_page_says_of_its_figures(report: dict[str, Any]) -> None:
    """The prose of chapters/course_models.md. New weights that prove it wrong ask for a new sentence there."""
    # "five whole plots, six names, one sum in eight, and the capitals of four countries"
    assert len(HELD_OUT_PLOTS) == 5
    assert len(words.HELD_OUT_GIRLS + words.HELD_OUT_BOYS) == 6 and len(words.HELD_OUT_CAPITALS) == 4
    decoders = report["decoders"]
    stories = decoders["stories"]
    # "plots that training never showed are hard"
    for part in decoders.values():
        assert part["stories_of_held_out_plots"]["perplexity"] > 5 * part["stories_of_seen_plots"]["perplexity"]
    # "`stories` knows the sums that it was shown, and few of those that training left out", "The others know fewer"
    assert stories["sums"]["seen"]["right"] > 0.9 * stories["sums"]["seen"]["asked"]
    assert 0 < stories["sums"]["held_out"]["right"] < 0.5 * stories["sums"]["held_out"]["asked"]
    others = [part["sums"]["seen"]["right"] for name, part in decoders.items() if name != "stories"]
    assert max(others) < stories["sums"]["seen"]["right"]
    # "None of these models copies a list."
    assert all(of["copying"]["accuracy"] < 0.2 for of in decoders.values())
    # "mostly in new plots", "on new plots they are above [...] chance at one half; with new names, too, less so"
    shares = stories["coreference"]
    for kind in ("name", "object"):
        assert shares["held_out_plots"][kind] > 0.65
        assert 0.55 < shares["held_out_plots_and_names"][kind] < shares["held_out_plots"][kind]
    # "`stories-gpt2` ... does not even there"
    assert decoders["stories-gpt2"]["coreference"]["seen_plots"]["object"] < 0.65
