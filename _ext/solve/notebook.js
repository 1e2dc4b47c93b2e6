/** A chapter's notebook: answers into it and out of it. */

/**
 * @typedef {object} Cell
 * @property {string} cell_type
 * @property {string | string[]} source
 * @property {{ nbgrader?: { grade_id?: string, grade?: boolean } }} metadata
 * @property {any[]} [outputs]
 * @property {number | null} [execution_count]
 * @typedef {{ cells: Cell[] }} Notebook
 */

const OF_ANSWERS = /^(\w+)-answer$/;

/** @param {Cell} cell */
const sourceOf = (cell) => [cell.source].flat().join("");

/**
 * The exercise whose answer stands in a cell.
 * @param {Cell} cell
 */
const exerciseOf = (cell) => OF_ANSWERS.exec(cell.metadata?.nbgrader?.grade_id ?? "")?.[1];

/**
 * @param {string} text  Of a file.
 * @returns {Notebook}
 * @throws {Error}  Which says what is wrong with the file, as the end of a sentence.
 */
export function readNotebook(text) {
  let notebook;
  try {
    notebook = JSON.parse(text);
  } catch {
    throw new Error("is not a notebook");
  }
  if (!Array.isArray(notebook?.cells)) throw new Error("is not a notebook");
  return notebook;
}

/**
 * @param {Notebook} notebook
 * @returns {Map<string, string>}  By the exercise's name.
 */
export function answersIn(notebook) {
  const found = notebook.cells.map((cell) => /** @type {[string | undefined, string]} */ ([exerciseOf(cell), sourceOf(cell)]));
  return new Map(/** @type {[string, string][]} */ (found.filter(([name]) => name)));
}

/**
 * Whether a notebook has a cell for each answer of another.
 * @param {Notebook} notebook
 * @param {Notebook} released
 */
export function holdsAll(notebook, released) {
  const answers = answersIn(notebook);
  return [...answersIn(released).keys()].every((name) => answers.has(name));
}

/**
 * A copy with answers in their cells, which then have not run.
 * @param {Notebook} notebook
 * @param {Map<string, string>} answers
 * @returns {Notebook}
 */
export function withAnswers(notebook, answers) {
  const cells = notebook.cells.map((cell) => {
    const answer = answers.get(exerciseOf(cell) ?? "");
    if (answer === undefined || answer === sourceOf(cell)) return cell;
    return { ...cell, source: answer.split(/(?<=\n)/), outputs: [], execution_count: null };
  });
  return { ...notebook, cells };
}

/**
 * The code that has run before an answer's cell: imports, earlier answers and what a learner has added, but no checks.
 * @param {Notebook} notebook
 * @param {string} name
 * @returns {string[]}
 */
export function codeBefore(notebook, name) {
  const end = notebook.cells.findIndex((cell) => exerciseOf(cell) === name);
  const code = notebook.cells.slice(0, end).filter((cell) => cell.cell_type === "code" && !cell.metadata?.nbgrader?.grade);
  return code.map(sourceOf);
}
