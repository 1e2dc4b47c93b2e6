"""The contents in the sidebar: what comes first, and what is left out."""

from bs4 import BeautifulSoup

from _ext.sidebar import arranged

CONTENTS = """<p class="caption">Parts</p><ul><li><a href="a.html">1 A</a><details><summary>v</summary>
<ul><li><a href="b.html">Exercises</a></li></ul></details></li></ul>
<p class="caption">Reference</p><ul><li><a href="../chapters/exercises.html">All exercises</a></li>
<li><a href="../chapters/about.html">About this book</a><details><summary>v</summary>
<ul><li><a href="corrections.html">What we corrected</a></li></ul></details></li></ul>"""


def test_all_exercises_come_first_and_pages_about_the_book_stay_away() -> None:
    soup = BeautifulSoup(arranged(lambda page: f"../{page}.html", CONTENTS), "html.parser")
    assert [link.get_text() for link in soup.select("a")] == ["All exercises", "1 A", "Exercises", "About this book"]
    assert [fold["aria-label"] for fold in soup.select("summary")] == ["Pages of this chapter"]
