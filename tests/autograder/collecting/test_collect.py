"""What platforms give is taken for the right learner and assignment, and nothing is lost or led astray."""

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.collecting.collect import collect
from autograder.collecting.origins import handed_back
from autograder.collecting.platforms import Student
from autograder.submissions.archives import ArchiveError
from tests.autograder.collecting.downloads import EVE, SOURCES, ZOE, notebook, packed, submitted, take


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_/answers.ipynb", "Ada Lovelace"),
        ("Ada Lovelace_12345_assignsubmission_file/05_attention (1).ipynb", "Ada Lovelace"),
        ("lovelaceada_123_4567_05_attention-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_123_4567_05_attention.ipynb", "lovelaceada"),
        ("ada/05_attention/05_attention.ipynb", "ada"),
        ("submitted/ada/05_attention/05_attention.ipynb", "ada"),
        ("ada/answers.ipynb", "ada"),
        ("ada_05_attention.ipynb", "ada"),
        ("05_attention-ada.ipynb", "ada"),
    ],
)
def test_each_platforms_names_are_read(path: str, student: str) -> None:
    collected = take({path: notebook()})
    assert submitted() == {f"{student}/05_attention/05_attention.ipynb": notebook()}
    assert len(collected.taken) == 1 and collected.left_out == []


def test_the_cells_tell_the_assignment_and_the_name_only_where_they_do_not() -> None:
    take({"ada/05_attention.ipynb": notebook("swiglu-answer"), "bert/06_feed_forward.ipynb": notebook("")})
    assert set(submitted()) == {
        "ada/06_feed_forward/06_feed_forward.ipynb",
        "bert/06_feed_forward/06_feed_forward.ipynb",
    }


def test_learners_of_one_name_are_not_taken_for_each_other() -> None:
    folders = [f"Ada Lovelace_{number}_assignsubmission_file_/a.ipynb" for number in (1, 2)]
    assert submitted() == {} and take(dict.fromkeys(folders, notebook())).left_out == [
        "2 learners are called Ada Lovelace: rename their folders and collect again."
    ]
    assert submitted() == {}


def test_files_beside_a_notebook_come_along_where_they_are_of_use() -> None:
    collected = take({
        "ada/a.ipynb": notebook(),
        "ada/helper.py": b"x = 1",
        "ada/data/words.txt": b"a b",
        "ada/page.html": b"<script>",
    })  # fmt: skip
    assert set(submitted()) == {
        f"ada/05_attention/{name}" for name in ("05_attention.ipynb", "helper.py", "data/words.txt")
    }
    assert collected.left_out == ["ada/page.html is of a kind that is not used."]


def test_pages_go_back_under_the_names_by_which_a_platform_knows_its_learners() -> None:
    names = ("Emmy Noether_1_assignsubmission_file_/a.ipynb", "lovelaceada_LATE_123_4567_05_attention-1.ipynb")
    take({name: notebook(source=name) for name in names})
    take({"zoe/05_attention/05_attention.ipynb": notebook()})
    assert handed_back("05_attention") == {
        "Emmy Noether": "Emmy Noether_1_assignsubmission_file_/05_attention.html",
        # Canvas looks for the two numbers: the learner's and the upload's.
        "lovelaceada": "lovelaceada_LATE_123_4567_05_attention.html",
    }
    Path("results", "05_attention.collected.json").write_text("[1]")
    assert handed_back("05_attention") == {}


def test_nothing_handed_in_before_is_lost() -> None:
    take({"ada/a.ipynb": notebook(source="first")})
    assert take({"ada/a.ipynb": notebook(source="first")}).taken == ["ada: 05_attention, as before."]
    assert not Path("replaced").exists()
    (line,) = take({"ada/a.ipynb": notebook(source="second")}).taken
    assert "in the place of what is kept in replaced/ada.05_attention." in line
    assert submitted()["ada/05_attention/05_attention.ipynb"] == notebook(source="second")
    (kept,) = Path("replaced").rglob("*.ipynb")
    assert kept.read_bytes() == notebook(source="first")


def test_of_several_notebooks_the_last_one_counts_and_the_others_are_told(tmp_path: Path) -> None:
    for number, name in enumerate(("new", "old")):
        path = Path("work/ada") / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notebook(source=name))
        os.utime(path, (1000 - number, 1000 - number))
    collected = collect(Path("work"), SOURCES)
    assert submitted()["ada/05_attention/05_attention.ipynb"] == notebook(source="new")
    assert collected.left_out == ["ada/old.ipynb is older than ada/new.ipynb, which is taken."]


def test_the_time_of_the_last_change_is_kept() -> None:
    Path("downloads.zip").write_bytes(packed({"ada/a.ipynb": notebook()}, 2030))
    collect(Path("downloads.zip"), SOURCES)
    (path,) = Path("submitted").rglob("*.ipynb")
    assert stat.S_ISREG(path.stat().st_mode) and time.localtime(path.stat().st_mtime)[0] == 2030


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"ada/a.ipynb": b"{"}, "ada/a.ipynb is not taken. a.ipynb is not a notebook: it is not valid JSON."),
        ({"ada/a.ipynb": notebook("other")}, "Neither its cells nor its name say which assignment it is"),
        ({"ada/essay.pdf": b"%PDF"}, "ada handed in no notebook, but essay.pdf."),
        ({"05_attention.ipynb": notebook()}, "05_attention.ipynb does not say whose it is"),
        ({"a\nb/a.ipynb": notebook()}, "The folder's name holds what breaks a line"),
        ({"ada/inner.zip": b"PK nothing"}, "ada/inner.zip is an archive that cannot be read."),
        ({"1_assignsubmission_file_/a.ipynb": notebook("other")}, "Neither its cells nor its name say"),
    ],
)
def test_what_is_not_taken_is_told(files: Mapping[str, bytes], told: str) -> None:
    collected = take(files)
    assert submitted() == {} and told in " ".join(collected.left_out)


def test_a_notebook_that_cannot_be_read_is_handed_in_where_its_name_says_for_what() -> None:
    assert take({"ada/05_attention (2).ipynb": b"{"}).left_out == []
    assert submitted() == {"ada/05_attention/05_attention.ipynb": b"{"}


def test_what_is_no_archive_is_told() -> None:
    Path("notes.txt").write_text("hello")
    with pytest.raises(
        ArchiveError, match=r"^notes\.txt is no folder, zip or tar that can be read: fetch it once more\.$"
    ):
        collect(Path("notes.txt"), SOURCES)


@pytest.mark.parametrize(
    ("folder", "archive"),
    [("Ada Lovelace_1_assignsubmission_file_", ""), ("submitted/Ada Lovelace/05_attention", "a.zip")],
    ids=["on a platform", "within a zip"],
)
def test_a_learners_own_timestamp_is_not_believed(folder: str, archive: str) -> None:
    files = {"a.ipynb": notebook(), "timestamp.txt": b"2020-01-01 00:00:00 UTC"}
    files = {archive: packed(files)} if archive else files
    collected = take({f"{folder}/{name}": content for name, content in files.items()})
    assert list(submitted()) == ["Ada Lovelace/05_attention/05_attention.ipynb"]
    assert collected.left_out == [f"{Path(folder, archive, 'timestamp.txt')} is not believed."]


MOODLE_ZOE, MOODLE_EVE = (f"{name}_assignsubmission_file_" for name in ("Zoe Doe_2", "Eve_1"))


@pytest.mark.parametrize("students", [(), (Student("zoe", "Zoe Doe", "777"),)], ids=["no roster", "roster"])
@pytest.mark.parametrize(
    "evil",
    ["zoe/05_attention/x.ipynb", f"{MOODLE_ZOE}/x.ipynb", "zoe_777_9_05_attention.ipynb", "a/zoe/05_attention/x.ipynb"],
    ids=["nbgrader", "moodle", "canvas", "deeper"],
)
@pytest.mark.parametrize(
    ("zoes", "eves"),
    [
        ("zoe_777_9_05_attention.ipynb", "eve_666_8_work.zip"),
        (f"{MOODLE_ZOE}/05_attention.ipynb", f"{MOODLE_EVE}/work.zip"),
        (f"{MOODLE_ZOE}/05_attention.ipynb", MOODLE_EVE),
        ("submitted/zoe/05_attention/05_attention.ipynb", "submitted/eve/05_attention/work.zip"),
        ("submitted/zoe/05_attention/05_attention.ipynb", "submitted/eve/05_attention"),
        ("zoe/05_attention.ipynb", "eve/work.zip"),
        ("zoe/05_attention.ipynb", "eve"),
        ("week 3/zoe/05_attention.ipynb", "week 3/eve/work.zip"),
        ("week 3/zoe/05_attention.ipynb", "week 3/eve"),
        ("zoe_05_attention.ipynb", "eve/work.zip"),
        ("zoe_05_attention.ipynb", "eve"),
        ("zoe_05_attention.ipynb", "eve_05_attention.zip"),
    ],
)
def test_nothing_that_a_learner_hands_in_is_anothers(
    zoes: str, eves: str, evil: str, students: tuple[Student, ...]
) -> None:
    inner = {eves: packed({evil: EVE}, 2099)} if eves.endswith(".zip") else {f"{eves}/{evil}": EVE}
    collected = take({zoes: ZOE, **inner}, students)
    names = {"zoe", "Zoe Doe"}
    assert [content for path, content in submitted().items() if path.split("/")[0] in names] == [ZOE]
    assert {path.split("/")[0] for path in submitted()} - names <= {"eve", "Eve"}
    assert len(submitted()) == 2 or len(collected.left_out) == 1


@pytest.mark.parametrize("evil", ["zoe/05_attention/x.ipynb", f"{MOODLE_ZOE}/x.ipynb", "zoe/x.ipynb"])
@pytest.mark.parametrize("eves", ["eve_666_8_work.zip", f"{MOODLE_EVE}/work.zip", "eve/work.zip", "eve"])
def test_who_hands_in_alone_hands_in_for_nobody_else(eves: str, evil: str) -> None:
    inner = {eves: packed({evil: EVE}, 2099)} if eves.endswith(".zip") else {f"{eves}/{evil}": EVE}
    take(inner, [Student("eve", "Eve"), Student("zoe", "Zoe Doe")])
    assert set(submitted()) == {"eve/05_attention/05_attention.ipynb"}


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["group/ada/05_attention/a.ipynb", "bert/b.ipynb"], "may be of group or of ada: lay it into a folder of one"),
        ([f"week 3/{MOODLE_EVE}/a.ipynb", "bert/b.ipynb"], f"may be of week 3 or of {MOODLE_EVE}: lay it into"),
        (["moodle.zip", "bert/b.ipynb"], "moodle.zip does not say whose it is: lay it into a folder of that name, or"),
    ],
)
def test_whose_it_may_be_is_told_and_not_guessed(paths: list[str], told: str) -> None:
    inner = packed({"ada/05_attention/a.ipynb": notebook(), f"{MOODLE_EVE}/a.ipynb": notebook()})
    collected = take({path: inner if path.endswith(".zip") else notebook() for path in paths})
    assert set(submitted()) == {"bert/05_attention/05_attention.ipynb"}
    (line,) = collected.left_out
    assert told in line


@pytest.mark.parametrize(
    "paths",
    [
        ["submitted/{}/05_attention/a.ipynb", "gradebook.csv"],
        ["cs101/submitted/{}/05_attention/a.ipynb"],
        ["downloads/week 3/{}_1_assignsubmission_file_/a.ipynb", "readme.txt"],
        ["{}_1_2_work.zip/05_attention/a.ipynb"],
        ["{}/work.zip/05_attention/a.ipynb"],
        ["{}/05_attention/05_attention/a.ipynb"],
    ],
)
def test_folders_around_all_and_within_a_hand_in_are_passed_through(paths: list[str]) -> None:
    files: dict[str, bytes] = {}
    for path in paths:
        for name in ("ada", "bert"):
            archive, _, inside = path.format(name).rpartition(".zip/")
            files[f"{archive}.zip" if archive else inside] = packed({inside: notebook()}) if archive else notebook()
    take(files)
    assert set(submitted()) == {f"{name}/05_attention/05_attention.ipynb" for name in ("ada", "bert")}


def test_no_date_within_a_zip_decides_what_is_the_latest() -> None:
    Path("work/eve").mkdir(parents=True)
    for name, year, moment in (("a", 2099, 1000), ("b", 1999, 2000)):
        path = Path("work/eve") / f"{name}.zip"
        path.write_bytes(packed({f"{name}.ipynb": notebook(source=str(year))}, year))
        os.utime(path, (moment, moment))
    collected = collect(Path("work"), SOURCES)
    assert submitted()["eve/05_attention/05_attention.ipynb"] == notebook(source="1999")
    assert collected.left_out == ["eve/a.zip/a.ipynb is older than eve/b.zip/b.ipynb, which is taken."]


def test_a_folder_of_clones_is_collected_by_what_follows_the_common_name() -> None:
    for student in ("ada", "bob"):
        folder = Path("clones", f"05-attention-{student}")
        (folder / ".git").mkdir(parents=True)
        (folder / ".git" / "config").write_text("[core]")
        (folder / "05_attention.ipynb").write_bytes(notebook(source=student))
    students = (Student("ada"), Student("bob"))
    collected = collect(Path("clones"), SOURCES, students, prefix="05-attention-")
    assert (collected.left_out, sorted(submitted())) == (
        [],
        ["ada/05_attention/05_attention.ipynb", "bob/05_attention/05_attention.ipynb"],
    )
