"""What platforms give is taken for the right learner and assignment, and nothing is lost or led astray."""

import io
import json
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from autograder.collecting.collect import MAX_NOTEBOOKS, collect
from autograder.collecting.laying import Collected
from autograder.collecting.platforms import Student
from autograder.submissions import archives
from autograder.submissions.archives import MAX_INNER_FILES, ArchiveError
from autograder.submissions.hand_in import MAX_BESIDE

SOURCES = {"05_attention": {"causal_mask", "causal_mask-answer"}, "06_feed_forward": {"swiglu", "swiglu-answer"}}


def notebook(grade_id: str = "causal_mask-answer", source: str = "pass") -> bytes:
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    cell = {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def packed(files: Mapping[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return memory.getvalue()


@pytest.fixture(autouse=True)
def in_a_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def take(files: Mapping[str, bytes], *students: Student) -> Collected:
    Path("downloads.zip").write_bytes(packed(files))
    return collect(Path("downloads.zip"), SOURCES, students, lambda questions: True)


def submitted() -> dict[str, bytes]:
    root = Path("submitted")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


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


def test_a_folder_around_all_is_passed_through() -> None:
    take({"week 3/ada/a.ipynb": notebook(), "week 3/bert/b.ipynb": notebook()})
    assert set(submitted()) == {"ada/05_attention/05_attention.ipynb", "bert/05_attention/05_attention.ipynb"}


def test_the_gradebook_tells_who_it_is() -> None:
    students = Student("al1815", "Ada Lovelace"), Student("gh1906", "Grace Hopper", "123")
    take(
        {"Lovelace Ada_1_assignsubmission_file_/a.ipynb": notebook(), "hoppergrace_123_7_a.ipynb": notebook()},
        *students,
    )
    assert set(submitted()) == {"al1815/05_attention/05_attention.ipynb", "gh1906/05_attention/05_attention.ipynb"}


def test_learners_of_one_name_are_not_taken_for_each_other() -> None:
    folders = [f"Ada Lovelace_{number}_assignsubmission_file_/a.ipynb" for number in (1, 2)]
    assert submitted() == {} and take(dict.fromkeys(folders, notebook())).left_out == [
        "2 learners are called Ada Lovelace: rename their folders and collect again."
    ]
    twice = Student("al1", "Ada Lovelace"), Student("al2", "Ada Lovelace")
    assert take({folders[0]: notebook()}, *twice).left_out == [
        "Ada Lovelace may be al1 or al2: rename the folder to one of these."
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


def test_a_zip_of_a_learner_is_looked_into() -> None:
    take({"lovelaceada_1_2_work.zip": packed({"work/a.ipynb": notebook(), "work/helper.py": b"x = 1"})})
    assert set(submitted()) == {f"lovelaceada/05_attention/{name}" for name in ("05_attention.ipynb", "helper.py")}


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


def test_the_time_of_the_last_change_is_kept(tmp_path: Path) -> None:
    with zipfile.ZipFile("downloads.zip", "w") as bundle:
        bundle.writestr(zipfile.ZipInfo("ada/a.ipynb", (2026, 11, 27, 12, 0, 0)), notebook())
    collect(Path("downloads.zip"), SOURCES)
    (path,) = Path("submitted").rglob("*.ipynb")
    assert stat.S_ISREG(path.stat().st_mode) and path.stat().st_mtime > 1_790_000_000


@pytest.mark.parametrize(
    "name", ["../../evil.ipynb", "/etc/evil.ipynb", "ada/../../../evil.ipynb", "C:/evil.ipynb", "..\\evil.ipynb"]
)
def test_no_path_leads_out(name: str, tmp_path: Path) -> None:
    collected = take({name: notebook()})
    assert submitted() == {} and collected.taken == []
    assert collected.left_out[0].endswith("leads out of the archive.")


def test_links_and_devices_are_not_followed() -> None:
    Path("secret").write_text("secret")
    with tarfile.open("downloads.tar", "w") as bundle:
        for name, kind in (
            ("ada/a.ipynb", tarfile.SYMTYPE),
            ("ada/b.ipynb", tarfile.LNKTYPE),
            ("ada/c", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "secret"
            bundle.addfile(member)
    collected = collect(Path("downloads.tar"), SOURCES)
    assert submitted() == {} and len(collected.left_out) == 3
    info = zipfile.ZipInfo("ada/a.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile("links.zip", "w") as links:
        links.writestr(info, "../secret")
    assert collect(Path("links.zip"), SOURCES).left_out == ["ada/a.ipynb is a link."]


def test_a_bomb_is_read_no_further_than_what_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.collecting.collect.MAX_NOTEBOOK", 1 << 20)
    collected = take({"ada/a.ipynb": bytes(50 << 20), "bert/b.ipynb": notebook()})
    assert set(submitted()) == {"bert/05_attention/05_attention.ipynb"}
    assert collected.left_out == ["ada/a.ipynb is longer than the 1 MiB that are taken."]


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    with pytest.raises(ArchiveError, match="more than 3 files: collect it in parts"):
        take({f"ada/{number}.txt": b"" for number in range(5)})


def test_one_damaged_file_costs_nobody_else_theirs() -> None:
    data = bytearray(packed({"ada/a.ipynb": notebook(source="x" * 2000), "bert/b.ipynb": notebook()}))
    start = data.index(b"ada/a.ipynb") + len(b"ada/a.ipynb")
    data[start + 5 : start + 40] = bytes(35)
    Path("damaged.zip").write_bytes(data)
    collected = collect(Path("damaged.zip"), SOURCES)
    assert set(submitted()) == {"bert/05_attention/05_attention.ipynb"}
    assert collected.left_out == ["ada/a.ipynb is damaged."]


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


def test_a_learners_own_timestamp_is_not_believed_on_a_platform() -> None:
    folder = "Ada Lovelace_1_assignsubmission_file_"
    collected = take({f"{folder}/a.ipynb": notebook(), f"{folder}/timestamp.txt": b"2020-01-01 00:00:00 UTC"})
    assert list(submitted()) == ["Ada Lovelace/05_attention/05_attention.ipynb"]
    assert collected.left_out == [f"{folder}/timestamp.txt is not believed."]


@pytest.mark.parametrize("name", [".", ".."])
def test_no_name_leads_out_of_submitted(name: str) -> None:
    collected = take({f"{name}_12_assignsubmission_file_/a.ipynb": notebook(), "ada/05_attention.ipynb": notebook()})
    assert set(submitted()) == {"ada/05_attention/05_attention.ipynb"}
    assert not Path("05_attention").exists()
    assert any("name is none" in line for line in collected.left_out)


def test_a_flood_of_one_learners_costs_the_others_nothing() -> None:
    flood = packed({f"{number}.txt": b"" for number in range(MAX_INNER_FILES + 1)})
    versions = {f"carl/{number}/05_attention.ipynb": notebook() for number in range(MAX_NOTEBOOKS + 1)}
    collected = take({"ada/05_attention.ipynb": notebook(), "bert/all.zip": flood, **versions})
    assert set(submitted()) == {"ada/05_attention/05_attention.ipynb"}
    assert any(f"all.zip holds more than {MAX_INNER_FILES} files" in line for line in collected.left_out)
    assert any(f"carl handed in {MAX_NOTEBOOKS + 1} notebooks" in line for line in collected.left_out)


def long_list(number: int, said: int, length: int | None = None, zip64: bool = False) -> bytes:
    """A zip that lists one file a number of times. Its end says how many there are and how long the list is."""
    one = packed({"a": b""})
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    body = one[:start] + one[start:end] * number
    length = len(body) - start if length is None else length
    if not zip64:
        return body + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, said, said, length, len(body) - length, 0)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, said, said, length, len(body) - length)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(body), 1)
    nothing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return body + record + locator + nothing


@pytest.mark.parametrize(
    "inner",
    [
        long_list(20_000, said=20_000),
        long_list(20_000, said=1),
        long_list(20_000, said=1, length=47),
        long_list(20_000, said=20_000, zip64=True),
        long_list(20_000, said=1, zip64=True),
        packed({"a" * 60_000 + str(number): b"" for number in range(20)}),
    ],
    ids=["honest", "lies about the number", "lies about the length", "zip64", "zip64 that lies", "long names"],
)
def test_a_zip_of_a_learner_is_refused_before_a_long_list_is_read(
    inner: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = 0

    class Counted(zipfile.ZipInfo):
        def __init__(self, filename: str, **named: Any) -> None:
            nonlocal listed
            listed += 1 + len(filename) // 1000
            super().__init__(filename, **named)

    monkeypatch.setattr(zipfile, "ZipInfo", Counted)
    collected = take({"ada/05_attention.ipynb": notebook(), "bert/all.zip": inner})
    assert set(submitted()) == {"ada/05_attention/05_attention.ipynb"} and "bert" in " ".join(collected.left_out)
    assert listed < 2 * MAX_INNER_FILES


def test_five_hundred_files_of_long_names_are_no_flood() -> None:
    names = [f"work/{'ä' * 100}/{'b' * 100}{number}.txt" for number in range(MAX_INNER_FILES - 1)]
    collected = take({"ada/all.zip": packed({"work/a.ipynb": notebook(), **dict.fromkeys(names, b"x")})})
    assert len(submitted()) == MAX_INNER_FILES and collected.left_out == []


def test_within_a_zip_of_a_learner_nothing_is_unpacked_to_list_it() -> None:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as bundle:
        bundle.addfile(tarfile.TarInfo("05_attention.ipynb"))
    assert take({"ada/a.zip": memory.getvalue()}).left_out == ["ada/a.zip is an archive that cannot be read."]


def zipped(files: Mapping[str, bytes], year: int = 2099) -> bytes:
    """A zip whose files all say that they were changed in one year."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return memory.getvalue()


ZOE, EVE = notebook(source="zoe"), notebook(source="eve")
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
    inner = {eves: zipped({evil: EVE})} if eves.endswith(".zip") else {f"{eves}/{evil}": EVE}
    collected = take({zoes: ZOE, **inner}, *students)
    names = {"zoe", "Zoe Doe"}
    assert [content for path, content in submitted().items() if path.split("/")[0] in names] == [ZOE]
    assert {path.split("/")[0] for path in submitted()} - names <= {"eve", "Eve"}
    assert len(submitted()) == 2 or len(collected.left_out) == 1


@pytest.mark.parametrize("evil", ["zoe/05_attention/x.ipynb", f"{MOODLE_ZOE}/x.ipynb", "zoe/x.ipynb"])
@pytest.mark.parametrize("eves", ["eve_666_8_work.zip", f"{MOODLE_EVE}/work.zip", "eve/work.zip", "eve"])
def test_who_hands_in_alone_hands_in_for_nobody_else(eves: str, evil: str) -> None:
    inner = {eves: zipped({evil: EVE})} if eves.endswith(".zip") else {f"{eves}/{evil}": EVE}
    take(inner, Student("eve", "Eve"), Student("zoe", "Zoe Doe"))
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
    for name, year, time in (("a", 2099, 1000), ("b", 1999, 2000)):
        path = Path("work/eve") / f"{name}.zip"
        path.write_bytes(zipped({f"{name}.ipynb": notebook(source=str(year))}, year))
        os.utime(path, (time, time))
    collected = collect(Path("work"), SOURCES)
    assert submitted()["eve/05_attention/05_attention.ipynb"] == notebook(source="1999")
    assert collected.left_out == ["eve/a.zip/a.ipynb is older than eve/b.zip/b.ipynb, which is taken."]


def test_a_timestamp_within_a_zip_is_not_believed() -> None:
    inner = packed({"a.ipynb": notebook(), "timestamp.txt": b"2020-01-01 00:00:00 UTC"})
    collected = take({"submitted/eve/05_attention/a.zip": inner})
    assert list(submitted()) == ["eve/05_attention/05_attention.ipynb"]
    assert collected.left_out == ["submitted/eve/05_attention/a.zip/timestamp.txt is not believed."]


def test_what_lies_beside_is_read_for_the_notebook_that_is_taken_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    content = archives.Entry.content

    def noted(entry: archives.Entry, limit: int) -> bytes:
        read.append(str(entry.path))
        # What lies beside the first learner's notebook is laid before that beside the second's is read.
        assert entry.path != PurePosixPath("bert/helper.py") or Path("submitted/ada").exists()
        return content(entry, limit)

    monkeypatch.setattr(archives.Entry, "content", noted)
    versions = {f"ada/{number}.ipynb": notebook(source=str(number)) for number in range(60)}
    others = {"ada/6.ipynb": notebook("swiglu-answer"), "bert/a.ipynb": notebook(), "bert/helper.py": b""}
    collected = take({**versions, **others, "ada/helper.py": b"x = 1", "ada/page.html": b""})
    assert len(submitted()) == 6 and read.count("ada/helper.py") == 2
    assert len([line for line in collected.left_out if "page.html" in line]) == 1


def test_folders_that_are_deeper_than_grading_looks_cost_nobody_anything() -> None:
    deep = {"a/b/c/d/x.txt": b"4", "a/b/c/d/e/x.txt": b"5", f"{'a/' * 1900}x.txt": b"1900"}
    collected = take({"bert/05_attention.ipynb": notebook(), "ada/a.zip": packed({"a.ipynb": notebook(), **deep})})
    names = "ada/05_attention/05_attention.ipynb", "ada/05_attention/a/b/c/d/x.txt"
    assert set(submitted()) == {*names, "bert/05_attention/05_attention.ipynb"}
    assert len(collected.left_out) == 2
    assert collected.left_out[0] == "ada/a.zip/a/b/c/d/e/x.txt lies more than 4 folders deep."


@pytest.mark.parametrize("when", ["nan", "inf", "-inf", "1e300", "-5", str(2**80)])
def test_a_time_that_is_none_costs_nobody_a_hand_in(when: str) -> None:
    with tarfile.open("downloads.tar", "w", format=tarfile.PAX_FORMAT) as bundle:
        for student, time in (("ada", when), ("bert", "1000")):
            member = tarfile.TarInfo(f"{student}/05_attention.ipynb")
            member.size, member.pax_headers = len(notebook()), {"mtime": time}
            bundle.addfile(member, io.BytesIO(notebook()))
    collected = collect(Path("downloads.tar"), SOURCES)
    assert set(submitted()) == {f"{name}/05_attention/05_attention.ipynb" for name in ("ada", "bert")}
    assert collected.left_out == []


def test_a_time_that_was_written_beside_a_hand_in_stays_when_it_is_collected_once_more() -> None:
    files = {"Ada Lovelace_12345_assignsubmission_file_/05_attention.ipynb": notebook()}
    ada = Student("ada", "Ada Lovelace")
    take(files, ada)
    time = Path("submitted", "ada", "05_attention", "timestamp.txt")
    time.write_text("2026-10-03 12:00:00 UTC")
    assert take(files, ada).taken == ["ada: 05_attention, as before."]
    assert time.exists()
    # Another one came no earlier than the one before.
    (name,) = files
    (line,) = take({name: notebook(source="1")}, ada).taken
    assert time.read_text().startswith("2026-10-03 12:00:00")
    assert line.endswith(" Its timestamp.txt is that of the hand-in before: correct it if this one came later.")


def damaged(names: Iterable[str], size: int) -> bytes:
    """A zip of files that unpack to so many bytes, and whose checksums are wrong."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in names:
            bundle.writestr(name, bytes(size))
            bundle.getinfo(name).CRC ^= 1
    return memory.getvalue()


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes that are unpacked of each file that is read, readable or not."""
    sizes: list[int] = []
    read = archives._read_zip

    def counted(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
        sizes.append(min(info.file_size, limit))
        return read(archive, info, limit)

    monkeypatch.setattr(archives, "_read_zip", counted)
    return sizes


def test_what_is_damaged_is_charged_and_told_in_a_line(unpacked: list[int]) -> None:
    names = [f"{number}.txt" for number in range(480)]
    inner = damaged(names, size=1 << 20)
    collected = take({"eve/a.ipynb": notebook(), "eve/all.zip": inner, "bert/b.ipynb": notebook()})
    assert set(submitted()) == {f"{name}/05_attention/05_attention.ipynb" for name in ("eve", "bert")}
    assert sum(unpacked) < MAX_BESIDE + (8 << 20)
    first, second = collected.left_out
    assert first.startswith("eve/all.zip/0.txt, eve/all.zip/1.txt, eve/all.zip/2.txt and 13 more: each is damaged.")
    assert second.endswith("and 461 more: each does not fit into the 16 MiB that are taken beside a notebook.")
    assert collected.number_left_out == 480


def test_damaged_zips_of_a_learner_are_charged(unpacked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_INNERS_BYTES", 8 << 20)
    files = {"eve/a.ipynb": notebook(), "bert/b.ipynb": notebook(), "bert/c.zip": packed({"helper.py": b""})}
    Path("downloads.zip").write_bytes(damaged([f"eve/{number}.zip" for number in range(60)], size=1 << 20))
    with zipfile.ZipFile("downloads.zip", "a") as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    collected = collect(Path("downloads.zip"), SOURCES)
    assert {path.split("/")[0] for path in submitted()} == {"eve", "bert"}
    assert sum(unpacked) < 10 << 20
    assert [line.rpartition(" more: ")[0][-2:] for line in collected.left_out] == [" 5", "49"]


def test_a_flood_of_zips_of_one_learner_costs_the_others_nothing() -> None:
    flood = {f"eve/{number}.zip": packed({f"{name}.txt": b"" for name in range(400)}) for number in range(300)}
    collected = take({**flood, "eve/a.ipynb": notebook(), "bert/b.ipynb": notebook()})
    assert {path.split("/")[0] for path in submitted()} == {"eve", "bert"}
    (line,) = collected.left_out
    assert "and 277 more: each is not looked into, after 20 zips or 128 MiB of them." in line
