"""Nobody is taken for another, nobody's place is taken unasked, and nobody unknown is added unasked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from autograder.collecting.collect import Declined
from autograder.collecting.laying import Collected
from autograder.collecting.platforms import Student
from tests.autograder.collecting import downloads
from tests.autograder.collecting.downloads import EVE, ZOE, notebook, submitted

NAME = "05_attention"
ZOES = f"zoe/{NAME}/{NAME}.ipynb"
MOODLE = "{}_assignsubmission_file_/a.ipynb"
ROSTER = Student("zoe", "Zoe Doe", "777"), Student("eve", "Eve Roe", "666")


class Person:
    """Answers what is asked, and keeps it."""

    def __init__(self, agrees: bool = True) -> None:
        self.asked: list[str] = []
        self._agrees = agrees

    def __call__(self, questions: Sequence[str]) -> bool:
        self.asked += questions
        return self._agrees


def take(
    files: Mapping[str, bytes],
    students: Sequence[Student] = ROSTER,
    person: Person | None = None,
    name: str = "all.zip",
) -> Collected:
    """Collect an archive; without a person, nothing may be asked."""
    return downloads.take(files, students, person or Person(agrees=False), name=name)


def lay(content: bytes) -> None:
    path = Path("submitted", ZOES)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "path",
    [MOODLE.format("zoe_1"), MOODLE.format("ZOE_1"), MOODLE.format("zoe_777"), "zoe_666123_9_a.ipynb"],
    ids=["Moodle", "capitals", "Moodle's number is not Canvas's", "Canvas"],
)
def test_a_display_name_is_nobodys_id(path: str) -> None:
    lay(ZOE)
    collected = take({path: EVE, "bert.txt": b""})
    assert submitted() == {ZOES: ZOE}
    (line,) = [line for line in collected.left_out if "is the id of" in line or "and the id of a student here" in line]
    assert "give the name of this student in the roster" in line


def test_a_name_on_the_roster_is_found_if_it_is_ones_own_only() -> None:
    twins = Student("tim", "Ti Mo"), Student("tom", "Mo Ti")
    collected = take({MOODLE.format("Zoe Doe_1"): ZOE, MOODLE.format("Ti Mo_2"): EVE}, (*ROSTER, *twins))
    assert submitted() == {ZOES: ZOE}
    assert collected.left_out == ["Ti Mo may be tim or tom: rename the folder to one of these."]


def test_canvas_runs_names_together() -> None:
    students = Student("zoe", "Zoe Ann Doe"), Student("ida", "Ida van der Berg"), Student("max", "Max O'Neil")
    files = {"doezoeann_1_2_a.ipynb": ZOE, "vanderbergida_3_4_a.ipynb": ZOE, "oneilmax_5_6_a.ipynb": ZOE}
    take(files, students)
    assert {path.split("/")[0] for path in submitted()} == {"zoe", "ida", "max"}


def test_a_number_of_canvas_goes_before_a_name() -> None:
    person = Person()
    take({"doezoe_666_1_a.ipynb": EVE, "doezoe_999_2_a.ipynb": ZOE}, ROSTER, person)
    assert submitted() == {f"eve/{NAME}/{NAME}.ipynb": EVE, f"doezoe/{NAME}/{NAME}.ipynb": ZOE}
    assert person.asked == ["Not on the roster: doezoe."]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({MOODLE.format("Zoe Doe_1"): ZOE}, "was collected from Zoe Doe in Moodle"),
        ({"zoe_777_1_a.ipynb": ZOE}, "was collected from zoe in Canvas"),
        ({"zoe/a.ipynb": ZOE}, "was collected from zoe in all.zip"),
        ({}, "was laid by hand or fetched by the exchange"),
    ],
    ids=["Moodle", "Canvas", "folders", "by hand"],
)
@pytest.mark.parametrize(
    "eves", [{MOODLE.format("Zoe Doe_2"): EVE}, {"zoe/a.ipynb": EVE}], ids=["Moodle", "another archive"]
)
def test_a_place_that_is_held_from_elsewhere_is_not_taken_unasked(
    held: dict[str, bytes], told: str, eves: dict[str, bytes]
) -> None:
    take(held) if held else lay(ZOE)
    (before,) = [Path("submitted", path).stat() for path in submitted()]
    files = sorted(str(path) for path in Path().rglob("*"))
    with pytest.raises(Declined, match=r"^Nothing was collected: .* --yes\.$"):
        take(eves, name="all2.zip")
    Path("all2.zip").unlink()
    assert submitted() == {ZOES: ZOE} and Path("submitted", ZOES).stat() == before
    assert sorted(str(path) for path in Path().rglob("*")) == files
    person = Person()
    take(eves, person=person, name="all2.zip")
    (path,) = eves
    assert person.asked[0].startswith(f"zoe: {NAME} {told}, and {path} of ")
    assert submitted() == {ZOES: EVE} and [path.read_bytes() for path in Path("replaced").rglob("*.ipynb")] == [ZOE]


@pytest.mark.parametrize("path", [MOODLE.format("Zoe Doe_1"), "zoe_777_1_a.ipynb", "zoe/a.ipynb"])
def test_a_newer_hand_in_of_the_same_learner_is_not_asked_about(path: str) -> None:
    for version in ("first", "second", "third"):
        take({path.replace("777_1", f"777_{len(version)}"): notebook(source=version)})
    assert submitted() == {ZOES: notebook(source="third")}


def test_what_was_changed_by_hand_is_not_replaced_unasked() -> None:
    path = MOODLE.format("Zoe Doe_1")
    take({path: ZOE})
    Path("submitted", ZOES).write_bytes(notebook(source="mended by hand"))
    person = Person()
    take({path: notebook(source="newer")}, person=person)
    assert "was changed since it was collected" in person.asked[0]


@pytest.mark.parametrize("held", [{MOODLE.format("Zoe Doe_1"): ZOE}, {}], ids=["Moodle", "by hand"])
def test_who_hands_in_what_another_did_does_not_come_to_hold_that_place(held: dict[str, bytes]) -> None:
    take(held) if held else lay(ZOE)
    take({MOODLE.format("Zoe Doe_2"): ZOE})
    with pytest.raises(Declined):
        take({MOODLE.format("Zoe Doe_2"): EVE})
    assert submitted() == {ZOES: ZOE}


def test_who_is_not_on_the_roster_is_asked_about_first() -> None:
    files = {f"{name}_{number}_1_a.ipynb": ZOE for number, name in enumerate(("doezoe", "abc", "def", "ghi"))}
    roster = (Student("zoe", "Zoe Doe"), *(Student(f"s{number}", f"S {number}") for number in range(7)))
    person = Person(agrees=False)
    with pytest.raises(Declined):
        take(files, roster, person)
    assert person.asked == ["Not on the roster: abc, def, ghi."] and not Path("submitted").exists()
    take(files, roster, Person())
    assert len(submitted()) == 4
    # Who was agreed to once is known from then on.
    take(dict.fromkeys(files, EVE), roster)


def test_without_a_roster_nobody_is_asked() -> None:
    files = {MOODLE.format("Ada_1"): ZOE}
    take(files, ())
    # Grading puts those into the gradebook who handed in.
    take({**files, MOODLE.format("Bert_2"): EVE}, (Student("Ada"),))
    assert set(submitted()) == {f"{name}/{NAME}/{NAME}.ipynb" for name in ("Ada", "Bert")}


def test_a_name_of_ones_own_that_became_an_id_stays_ones_own() -> None:
    take({MOODLE.format("Ada_1"): ZOE}, ())
    take({MOODLE.format("Ada_1"): EVE}, (Student("Ada"),))
    assert submitted() == {f"Ada/{NAME}/{NAME}.ipynb": EVE}
    # Once the roster says who has that id, a display name is not enough.
    assert take({MOODLE.format("Ada_9"): ZOE}, (Student("Ada", "Ada Lovelace"),)).taken == []
