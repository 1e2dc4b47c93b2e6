"""A learner's first hour, run by the Python that has the learner's wheel alone: `python first_hour.py FOLDER`.

It prints what the notebook showed, as JSON. It must not import anything of the tests: they are in the checkout.
"""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NAME = "05_attention"
ANSWERS = {
    "wrong": "return torch.ones(n_queries, n_keys, dtype=torch.bool).tril()",
    "right": "return torch.ones(n_queries, n_keys, dtype=torch.bool).tril(n_keys - n_queries)",
}
WIDGET = "from llm_course.widgets import NextTokenBars\nNextTokenBars('Once upon a time')"
WHERE = "import llm_course\nprint(llm_course.__path__[0])"


def main(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "llm_course", "lab", "--lay-out"], cwd=folder, check=True, capture_output=True
    )
    path = folder / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    places = {
        cell.metadata.nbgrader.grade_id: n for n, cell in enumerate(notebook.cells) if "nbgrader" in cell.metadata
    }
    answer, check = (notebook.cells[places[name]] for name in ("causal_mask-answer", "causal_mask"))
    stub = "# YOUR CODE HERE\n    raise NotImplementedError()"
    assert stub in answer.source
    # All up to the first check, which is then run once more with the other answer.
    tried = notebook.cells[: places["causal_mask-answer"]]
    for text in ANSWERS.values():
        tried += [nbformat.v4.new_code_cell(answer.source.replace(stub, text)), nbformat.v4.new_code_cell(check.source)]
    tried += [nbformat.v4.new_code_cell(WIDGET), nbformat.v4.new_code_cell(WHERE)]
    notebook.cells = tried
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    nbformat.write(notebook, path)
    names = ["wrong", "right", "widget", "where"]
    shown = dict(zip(names, [tried[place].outputs for place in (-5, -3, -2, -1)], strict=True))
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    code = [len(model["state"].get("_esm", "")) for model in state.values()]
    print(json.dumps({**shown, "code": max(code), "kept": sorted(file.name for file in path.parent.iterdir())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
