/** One exercise as a reader solves it: editor, buttons, verdict. */

import { button, element } from "../../llm_course/widgets/ui/dom.ts";
import { NOT_KEPT, broughtBack, keep, kept, replaced } from "./answers.js";
import { UPLOADED } from "./chapter.js";
import { pythonEditor } from "./editor.js";
import { codeBefore } from "./notebook.js";
import { verdictOn } from "./verdict.js";

/** @import { Answer } from "./answers.js" */
/** @import { Chapter } from "./chapter.js" */
/** @import { NoReply, Python } from "./python.js" */

/**
 * What the site knows of an exercise, as the grader's authoring tools write it.
 * @typedef {{ name: string, assignment: string, stub: string }} Specification
 */

const KEYS = "Tab indents. To leave the editor by keyboard, press Escape, then Tab. Ctrl+Enter checks.";
const STARTING = "Python is starting: 13 MB for the first time, later from your browser's own copy. Your check runs as soon as it is there.";

/**
 * @param {Specification} specification
 * @param {Python} python
 * @param {Chapter} chapter
 */
export function exercise(specification, python, chapter) {
  const { assignment, name, stub } = specification;
  const id = `${assignment}/${name}`;
  let answer = kept(id, stub);
  /** How many checks were begun: of two that run, the later one counts. */
  let checks = 0;
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
  const showKept = () => put(kept(id, stub));
  addEventListener(UPLOADED, showKept);
  // What is written in another tab is shown here, so that neither writes over the other.
  addEventListener("storage", ({ newValue }) => newValue && showKept());
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
    if (checking) python.endCheck();
    checking = true;
    const mine = ++checks;
    const told = await verdictNow();
    if (mine !== checks) return;
    checking = false;
    verdict.replaceChildren(...told);
    verdict.removeAttribute("aria-busy");
    verdict.scrollIntoView({ block: "nearest" });
    status.textContent = "";
  }

  async function verdictNow() {
    const answer = editor.text();
    verdict.setAttribute("aria-busy", "true");
    status.textContent = python.runs ? "Checking …" : STARTING;
    status.scrollIntoView({ block: "nearest" });
    try {
      const before = codeBefore(await chapter.filled(), name);
      await python.start();
      status.textContent = "Checking …";
      return verdictOn(await python.check({ specification, answer, before }));
    } catch (error) {
      const { message, printed } = /** @type {NoReply} */ (error);
      return verdictOn({ error: message, printed });
    }
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
