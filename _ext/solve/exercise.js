/** One exercise as a reader solves it: editor, buttons, verdict. */

import { button, element } from "../../llm_course/widgets/ui/dom.ts";
import { NOT_KEPT, broughtBack, keep, kept, replaced } from "./answers.js";
import { UPLOADED } from "./chapter.js";
import { pythonEditor } from "./editor.js";
import { codeBefore } from "./notebook.js";
import { verdictOn } from "./verdict.js";

/** @import { Answer } from "./answers.js" */
/** @import { Chapter } from "./chapter.js" */
/** @import { Python } from "./python.js" */

/**
 * What the site knows of an exercise, as the grader's authoring tools write it.
 * @typedef {{ name: string, assignment: string, stub: string }} Specification
 */

const KEYS = "Tab indents. To leave the editor by keyboard, press Escape, then Tab. Ctrl+Enter checks.";
const LOADING = "Python is loading, 13 MB, only once. Your check runs as soon as it is there.";

/**
 * @param {Specification} specification
 * @param {Python} python
 * @param {Chapter} chapter
 */
export function exercise(specification, python, chapter) {
  const { assignment, name, stub } = specification;
  const id = `${assignment}/${name}`;
  let answer = kept(id, stub);
  let checking = false;

  const keys = element("p", { class: "solve-note solve-keys", id: `solve-${name}-keys` }, KEYS);
  const editor = pythonEditor({
    text: answer.text,
    label: `Your answer: ${name}`,
    description: keys.id,
    onChange: (text) => take({ ...answer, text }),
    onCheck: check,
  });
  const before = button("Show what I had", () => {
    put(broughtBack(answer, stub));
    if (before.hidden) editor.begin(); // who stood on it stands somewhere
  });
  const file = element("input", { type: "file", accept: ".ipynb", hidden: true, "aria-label": "Notebook", onchange: upload });
  const status = element("p", { class: "solve-note", role: "status" });
  const verdict = element("div", { class: "solve-verdict", role: "region", "aria-label": `Verdict on ${name}`, "aria-live": "polite" });
  const buttons = element(
    "div",
    { class: "solve-buttons" },
    button("Check", check),
    button("Start again", () => put(replaced(answer, stub, stub))),
    before,
    button("Download notebook", () => telling(chapter.download())),
    button("Upload notebook", () => file.click()),
    file,
  );
  addEventListener(UPLOADED, () => put(kept(id, stub)));
  before.hidden = !answer.before.length;
  return { node: element("div", { class: "solve-exercise" }, editor.node, keys, buttons, status, verdict), begin: editor.begin };

  /** @param {Answer} next */
  function take(next) {
    answer = next;
    before.hidden = !answer.before.length;
    if (!keep(id, answer)) status.textContent = NOT_KEPT;
  }

  /** @param {Answer} next */
  function put(next) {
    if (next.text === answer.text) return;
    take(next);
    editor.write(next.text);
    verdict.replaceChildren();
  }

  async function check() {
    if (checking) return;
    checking = true;
    status.textContent = python.runs ? "Checking …" : LOADING;
    try {
      const code = codeBefore(await chapter.filled(), name);
      const reply = await python.check({ specification, answer: editor.text(), before: code });
      verdict.replaceChildren(...verdictOn(reply));
      status.textContent = "";
    } catch (error) {
      verdict.replaceChildren(...verdictOn({ error: /** @type {Error} */ (error).message }));
      status.textContent = "";
    }
    checking = false;
  }

  function upload() {
    const [chosen] = file.files ?? [];
    if (chosen) telling(chapter.upload(chosen));
    file.value = ""; // so that the same file can be chosen again
  }

  /** @param {Promise<string | void>} done */
  async function telling(done) {
    status.textContent = await done.then((said) => said ?? "", (error) => `${error.message}.`);
  }
}
