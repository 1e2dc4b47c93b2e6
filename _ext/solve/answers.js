/** What a reader has written, kept in this browser: the text of each exercise, and the texts that stood there before. */

/**
 * @typedef {object} Answer
 * @property {string} text
 * @property {string[]} before  Earlier texts: the latest comes first, none twice, none the stub.
 */

const MOST_KEPT = 20;

/** @param {string} exercise  Such as "02_tokenization/merge_pair". */
const keyOf = (exercise) => `llm-course:answer:${exercise}`;

/**
 * @param {string} exercise
 * @param {string} stub  What stands there where nothing was written yet.
 * @returns {Answer}
 */
export function kept(exercise, stub) {
  try {
    const { text, before } = JSON.parse(localStorage.getItem(keyOf(exercise)) ?? "");
    return { text: String(text), before: before.map(String) };
  } catch {
    return { text: stub, before: [] }; // nothing is kept, or nothing that can be read
  }
}

/**
 * @param {string} exercise
 * @param {Answer} answer
 * @returns {boolean}  Whether the browser keeps it: one that is full, or keeps nothing, does not.
 */
export function keep(exercise, answer) {
  try {
    localStorage.setItem(keyOf(exercise), JSON.stringify(answer));
    return true;
  } catch {
    return false;
  }
}

/**
 * Another text takes the place of what is there, which can be brought back.
 * @param {Answer} answer
 * @param {string} text
 * @param {string} stub
 * @returns {Answer}
 */
export function replaced(answer, text, stub) {
  const before = new Set([answer.text, ...answer.before]);
  for (const needless of [text, stub]) before.delete(needless);
  return { text, before: [...before].slice(0, MOST_KEPT) };
}

/**
 * The latest text from before comes back; what stood there is the last to come, so that one after the other does.
 * @param {Answer} answer
 * @param {string} stub
 * @returns {Answer}
 */
export function broughtBack(answer, stub) {
  const [text, ...older] = answer.before;
  return text === undefined ? answer : { text, before: answer.text === stub ? older : [...older, answer.text] };
}
