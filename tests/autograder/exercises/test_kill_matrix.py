"""The kill matrix of the book is that of the specifications."""

from autograder.kill_matrix import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make checks`"
