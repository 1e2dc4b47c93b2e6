"""When something was handed in is kept, as far as a platform or the instructor says so."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.collecting.laying import Collected, Times
from autograder.collecting.platforms import Student, read_worksheet
from autograder.students.roster import RosterError
from autograder.submissions.hand_in import read_hand_in
from tests.autograder.collecting import downloads
from tests.autograder.collecting.downloads import notebook

NAME = "05_attention"
DUE = datetime(2026, 10, 12, 12)
DAY = timedelta(days=1)
ROSTER = (Student("zoe", "Zoe Doe", "777"),)
MOODLE, LATE, IN_TIME = "Zoe Doe_12_assignsubmission_file_/a.ipynb", "zoe_LATE_777_1_a.ipynb", "zoe_777_1_a.ipynb"
HEADER = "Identifier,Full name,Grade,Last modified (submission)\n"


def take(files: Mapping[str, bytes], **times: object) -> Collected:
    known = Times(**{"due": {NAME: DUE}, **times})  # type: ignore[arg-type]
    return downloads.take(files, ROSTER, lambda questions: False, known)


def handed_in_at(doubtful: bool = False) -> datetime | None:
    hand_in = read_hand_in(Path("submitted", "zoe", NAME, f"{NAME}.ipynb"))
    assert bool(hand_in.flags) == doubtful
    return hand_in.submitted_at


def test_what_canvas_calls_late_is_late_by_a_second_at_least() -> None:
    (line,) = take({LATE: notebook()}).taken
    assert handed_in_at() == DUE + timedelta(seconds=1)
    assert "The platform calls it late, and not by how much: timestamp.txt says 1 second after it was due." in line
    assert take({LATE: notebook()}).taken == [f"zoe: {NAME}, as before."]


def test_a_time_that_was_corrected_is_kept_while_canvas_calls_it_late() -> None:
    take({LATE: notebook()})
    Path("submitted", "zoe", NAME, "timestamp.txt").write_text("2026-10-14 12:00:00 UTC")
    take({LATE: notebook()})
    assert handed_in_at() == DUE + 2 * DAY
    take({LATE: notebook(source="newer")})
    assert handed_in_at(doubtful=True) == DUE + 2 * DAY, "it was last changed when the archive was made"


def test_what_is_late_no_more_came_in_time() -> None:
    take({LATE: notebook()})
    take({IN_TIME: notebook()})
    assert handed_in_at() == DUE


def test_late_without_a_due_date_is_told_and_counts_once_there_is_one() -> None:
    (line,) = take({LATE: notebook()}, due={}).taken
    assert "has no due date here to count from" in line and handed_in_at() is None
    take({LATE: notebook()})
    assert handed_in_at() == DUE + timedelta(seconds=1)


@pytest.mark.parametrize("path", [MOODLE, IN_TIME, f"zoe/{NAME}/a.ipynb"])
def test_an_instructor_says_when_it_came(path: str) -> None:
    (line,) = take({path: notebook()}, at=DUE + DAY).taken
    assert handed_in_at() == DUE + DAY and line.endswith(" Handed in at 2026-10-13 12:00 UTC.")
    # The same hand-in, collected again later, came when it came. It may have come earlier.
    assert take({path: notebook()}, at=DUE + 3 * DAY).taken == [f"zoe: {NAME}, as before."]
    assert handed_in_at() == DUE + DAY
    take({path: notebook()}, at=DUE - DAY)
    assert handed_in_at() == DUE - DAY
    take({path: notebook(source="newer")}, at=DUE + 3 * DAY)
    assert handed_in_at() == DUE + 3 * DAY


def test_what_was_there_before_does_not_come_late_with_others() -> None:
    take({MOODLE: notebook()})
    take({MOODLE: notebook()}, at=datetime.now(UTC).replace(tzinfo=None) + DAY)
    assert handed_in_at() is None
    # Who forgot to say so may say it later.
    take({MOODLE: notebook()}, at=DUE - DAY)
    assert handed_in_at() == DUE - DAY


def test_what_is_called_late_came_late_whatever_an_instructor_says() -> None:
    take({LATE: notebook()}, at=DUE - DAY)
    assert handed_in_at() == DUE + timedelta(seconds=1)


def test_a_newer_hand_in_came_no_earlier_than_the_one_before() -> None:
    take({MOODLE: notebook()}, at=DUE + DAY)
    (line,) = take({MOODLE: notebook(source="newer")}).taken
    assert handed_in_at(doubtful=True) == DUE + DAY
    assert line.endswith(" Its timestamp.txt is that of the hand-in before: correct it if this one came later.")


@pytest.mark.parametrize(
    "time",
    [
        "Monday, 12 October 2026, 3:45 PM",
        "Monday, 12 October 2026, 3:45\u202fPM",
        "Monday, October 12, 2026, 3:45 PM",
        "Monday, 12 October 2026, 15:45",
        "2026-10-12 15:45",
        "2026-10-12T15:45:00",
    ],
)
def test_moodles_worksheet_says_when_each_came(time: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = f'Participant 12,Zoe Doe,-,"{time}"\nParticipant 13,Eve,-,-\nParticipant 777,Max,-,"{time}"\n'
    Path("sheet.csv").write_text("\ufeff" + HEADER + row, encoding="utf-8")
    worksheet = read_worksheet(Path("sheet.csv"))
    local = datetime(2026, 10, 12, 15, 45).astimezone(UTC).replace(tzinfo=None)
    assert worksheet == {"12": local, "777": local}
    take({MOODLE: notebook()}, worksheet=worksheet)
    assert handed_in_at() == local
    (line,) = take({MOODLE: notebook("swiglu-answer")}, worksheet={"777": local}).taken
    assert line.endswith("The worksheet does not say when it was handed in.")
    # Canvas's numbers are others.
    take({IN_TIME.replace("zoe", "doezoe"): notebook("swiglu-answer")}, worksheet=worksheet)
    assert not Path("submitted", "zoe", "06_feed_forward", "timestamp.txt").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Full name,Status\nZoe,-\n", "has no columns “Identifier” and “Last modified (submission)”"),
        ("", "has no columns"),
        (HEADER + 'Participant 1,Z,-,"lundi 12 novembre 2026"\n', "sheet.csv, line 2: 'lundi 12 novembre 2026'"),
    ],
)
def test_a_worksheet_that_cannot_be_read_is_told(text: str, sentence: str) -> None:
    Path("sheet.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RosterError) as refused:
        read_worksheet(Path("sheet.csv"))
    assert sentence in str(refused.value)


def test_what_comes_in_another_assignments_box_is_told_for_its_lateness_is_not_known() -> None:
    """The platform calls late what is late for the assignment of the box, and that is due later."""
    of_the_box = {f"{name}_{number}_1_b.ipynb": notebook("swiglu") for name, number in (("ada", 1), ("bob", 2))}
    of_the_box["zoe_777_2_b.ipynb"] = notebook("swiglu")
    times = Times(due={NAME: DUE})
    assert downloads.take(of_the_box, times=times).notes == []
    (note,) = downloads.take({**of_the_box, IN_TIME: notebook()}, times=times).notes
    assert note.startswith(f"zoe: {NAME} came among hand-ins of 06_feed_forward") and "submitted/zoe/" in note


def test_a_box_for_two_assignments_is_no_news() -> None:
    both = {f"{name}_{number}_1_a.ipynb": notebook() for name, number in (("ada", 1), ("bob", 2))}
    both |= {path.replace("_1_a", "_2_b"): notebook("swiglu") for path in both}
    assert downloads.take(both, times=Times(due={NAME: DUE})).notes == []
