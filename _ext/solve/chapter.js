/** The notebook of a chapter: the site's, or the one that a reader has uploaded, with all that this browser keeps. */

import { NOT_KEPT, keep, kept, replaced, store, stored } from "./answers.js";
import { answersIn, holdsAll, readNotebook, withAnswers } from "./notebook.js";

/** @import { Notebook } from "./notebook.js" */

/** Tells the exercises of a page that other answers are kept than they show. */
export const UPLOADED = "llm-course:uploaded";

export class Chapter {
  #name;
  #address;
  /** @type {Promise<Notebook> | undefined} */
  #released;

  /**
   * @param {string} name  Such as "02_tokenization".
   * @param {URL} address  Of the notebook that learners get.
   */
  constructor(name, address) {
    this.#name = name;
    this.#address = address;
  }

  get #key() {
    return `llm-course:notebook:${this.#name}`;
  }

  /** @param {string} exercise */
  #idOf(exercise) {
    return `${this.#name}/${exercise}`;
  }

  /** As learners get it. */
  released() {
    this.#released ??= fetchedText(this.#address).then(readNotebook);
    this.#released.catch(() => (this.#released = undefined)); // asked for again next time
    return this.#released;
  }

  /** With all answers in it. */
  async filled() {
    const released = await this.released();
    const uploaded = readNotebook(stored(this.#key) ?? JSON.stringify(released));
    const notebook = holdsAll(uploaded, released) ? uploaded : released; // the course may have more exercises by now
    const answers = [...answersIn(notebook)].map(([name, text]) => /** @type {const} */ ([name, kept(this.#idOf(name), text).text]));
    return withAnswers(notebook, new Map(answers));
  }

  async download() {
    const text = JSON.stringify(await this.filled(), null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.download = `${this.#name}.ipynb`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /**
   * Goes on with a notebook: its answers come before those that are kept, which can be brought back.
   * @param {File} file
   * @returns {Promise<string>}  What became of it, in a sentence.
   */
  async upload(file) {
    let notebook;
    try {
      notebook = readNotebook(await file.text());
    } catch (error) {
      return `${file.name} ${/** @type {Error} */ (error).message}: choose the file that you downloaded, ${this.#name}.ipynb.`;
    }
    const released = await this.released();
    if (!holdsAll(notebook, released)) return `${file.name} lacks exercises of this chapter: choose ${this.#name}.ipynb.`;
    const stubs = answersIn(released);
    const written = [...answersIn(notebook)].filter(([name, text]) => text !== stubs.get(name));
    const done = [this.#keep(notebook), ...written.map(([name, text]) => this.#take(name, text, stubs.get(name) ?? ""))];
    dispatchEvent(new Event(UPLOADED));
    const taken = `${written.length} of ${stubs.size} answers were taken from ${file.name}.`;
    return done.every(Boolean) ? taken : `${taken} ${NOT_KEPT}`;
  }

  /**
   * What cells have put out takes room and is not needed.
   * @param {Notebook} notebook
   */
  #keep(notebook) {
    const cells = notebook.cells.map((cell) => (cell.outputs ? { ...cell, outputs: [] } : cell));
    return store(this.#key, JSON.stringify({ ...notebook, cells }));
  }

  /**
   * @param {string} exercise
   * @param {string} text
   * @param {string} stub
   */
  #take(exercise, text, stub) {
    const id = this.#idOf(exercise);
    return keep(id, replaced(kept(id, stub), text, stub));
  }
}

/** @param {URL} address */
async function fetchedText(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname} is missing from the site`);
  return response.text();
}
