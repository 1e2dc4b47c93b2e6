/** What the book loads when a reader wants to solve an exercise in the page; it lies in `_static/solve/`. */

import { version } from "pyodide/package.json";
import { element } from "../../llm_course/widgets/ui/dom.ts";
import { Chapter } from "./chapter.js";
import { exercise } from "./exercise.js";
import { Python } from "./python.js";
import style from "./style.css";

/** The version in this script's own address goes with all that belongs to it: no cache mixes two of them. */
const { search } = new URL(import.meta.url);
/** @param {string} path */
const address = (path) => new URL(path + search, import.meta.url);

/** One for all exercises of a page. */
const python = new Python({
  script: address("worker.js"),
  pyodide: new URL(`../pyodide/${version}/`, import.meta.url).href,
  archive: address("llm_course.zip").href,
});
/** @type {Map<string, Chapter>} */
const chapters = new Map();

document.head.append(element("style", {}, style));

/**
 * Puts an exercise into its place, and lets the reader write.
 * @param {HTMLElement} place
 * @param {string} id  Such as "02_tokenization/merge_pair".
 * @throws {Error}  Which says in a sentence why it cannot be loaded.
 */
export async function solve(place, id) {
  python.start().catch(() => {}); // a check says so
  const response = await fetch(address(`${id}.json`));
  if (!response.ok) throw new Error(`the site lacks ${id}.json`);
  const { node, begin } = exercise(await response.json(), python, chapterOf(id.split("/")[0]));
  place.replaceChildren(node);
  begin();
}

/** @param {string} name */
function chapterOf(name) {
  const chapter = chapters.get(name) ?? new Chapter(name, address(`../../downloads/${name}.ipynb`));
  chapters.set(name, chapter);
  chapter.released().catch(() => {}); // it comes early, and a check says what is missing
  return chapter;
}
