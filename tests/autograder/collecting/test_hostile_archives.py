"""An archive that is damaged, too large, or led astray costs its own learner at most."""

import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from autograder.collecting.collect import MAX_NOTEBOOKS, collect
from autograder.submissions import archives
from autograder.submissions.archives import MAX_INNER_FILES, ArchiveError
from autograder.submissions.hand_in import MAX_BESIDE
from tests.autograder.collecting.downloads import SOURCES, notebook, packed, submitted, take


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
