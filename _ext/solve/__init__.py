"""Exercises that a reader solves in the page: Python runs in the browser.

On a page of exercises each that can be solved so has a button below its stub. `{solve}` puts one into a chapter, right
behind the idea that it practices, with its text and its hints as they stand in the chapter's exercises.md:

    ```{solve} merge_pair
    ```

A page without such an exercise knows nothing of all this. One with some links `solve.js`, which loads the rest
(`site_files.py`) when a reader presses a button.
"""

from typing import Any

from sphinx.application import Sphinx

from _ext.solve import places, site_files


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("solve", places.SolveDirective)
    app.add_node(places.solve, html=(places.visit, places.depart))
    app.connect("doctree-read", places.add_to_exercises)
    app.connect("build-finished", site_files.write)
    app.add_js_file("solve.js")
    app.add_css_file("solve.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
