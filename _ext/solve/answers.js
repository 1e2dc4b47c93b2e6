/** What a reader has written, kept in this browser: the text of each exercise, and the texts that stood there before. */

/**
 * @typedef {object} Answer
 * @property {string} text
 * @property {string[]} before  Earlier texts: the latest comes first, none twice, none the stub.
 */

export const NOT_KEPT = "This browser keeps nothing for this site: download the notebook before you leave the page.";
const MOST_KEPT = 20;

/** @param {string} exercise  Such as "02_tokenization/merge_pair". */
const keyOf = (exercise) => `llm-course:answer:${exercise}`;

/**
 * @param {string} exercise
 * @param {string} stub  What stands there where nothing was written yet.
 * @returns {Answer}
 */
export function kept(exercise, stub) {
  const { text = stub, before = [] } = JSON.parse(stored(keyOf(exercise)) ?? "{}");
  return { text, before };
}

/**
 * @param {string} exercise
 * @param {Answer} answer
 * @returns {boolean}  Whether the browser keeps it: one that is full, or keeps nothing, does not.
 */
export function keep(exercise, answer) {
  return store(keyOf(exercise), JSON.stringify(answer));
}

/**
 * What a browser refuses to keep, as long as the page is open.
 * @type {Map<string, string>}
 */
const refused = new Map();

/** @param {string} key */
export function stored(key) {
  return refused.get(key) ?? localStorage.getItem(key);
}

/**
 * @param {string} key
 * @param {string} text
 * @returns {boolean}  Whether the browser keeps it.
 */
export function store(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {} // it is full
  const isKept = localStorage.getItem(key) === text;
  if (!isKept) refused.set(key, text);
  return isKept;
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
