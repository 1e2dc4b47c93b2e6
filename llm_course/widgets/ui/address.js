/**
 * Widgets' states in the address of a page: `?next_token_bars.text=The+cat` opens the page with that view.
 *
 * Only what a reader has changed stands there: texts, numbers, yes or no, and lists of these, `[1,0.5]`. A second widget
 * of the same name on a page is `name-2`.
 */

/** An address that is longer is cut by some programs. */
const LONGEST = 1500;

/**
 * @param {string} key  Of the widget on its page.
 * @param {Record<string, any>} state
 * @param {string} search  Of the page's address.
 * @returns {Record<string, any>}  What the address says of the widget, in the types of its state; what does not fit is left out.
 */
export function stateFromAddress(key, state, search) {
  /** @type {Record<string, any>} */
  const found = {};
  for (const [name, text] of new URLSearchParams(search)) {
    const [owner, trait] = name.split(".");
    if (owner !== key || !isShared(trait, state[trait])) continue;
    const value = asTypeOf(state[trait], text);
    if (value !== undefined) found[trait] = value;
  }
  return found;
}

/**
 * The query of a page's address with what of a widget's state differs from how it was built.
 * @param {string} search
 * @param {string} key
 * @param {Record<string, any>} built
 * @param {Record<string, any>} state
 * @returns {string}  Empty, or with its question mark; as it was where it would become too long.
 */
export function withState(search, key, built, state) {
  const query = new URLSearchParams(search);
  for (const trait of Object.keys(state).filter((name) => isShared(name, state[name]))) {
    const text = asText(state[trait]);
    if (text === asText(built[trait])) query.delete(`${key}.${trait}`);
    else query.set(`${key}.${trait}`, text);
  }
  const text = query.toString();
  if (text.length > LONGEST) return search;
  return text ? `?${text}` : "";
}

/**
 * @param {string | undefined} trait
 * @param {any} value
 */
function isShared(trait, value) {
  return trait !== undefined && !trait.startsWith("_") && (isPlain(value) || isList(value));
}

/** @param {any} value */
function isPlain(value) {
  return ["string", "number", "boolean"].includes(typeof value);
}

/**
 * Whether the value is a list of plain values, or of such lists.
 * @param {any} value
 * @returns {boolean}
 */
function isList(value) {
  return Array.isArray(value) && value.every((entry) => isPlain(entry) || isList(entry));
}

/** @param {any} value */
function asText(value) {
  return isList(value) ? JSON.stringify(value) : String(value);
}

/**
 * @param {any} example
 * @param {string} text
 */
function asTypeOf(example, text) {
  if (typeof example === "string") return text;
  if (typeof example === "boolean") return { true: true, false: false }[text];
  if (isList(example)) return asList(example, text);
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) && (!Number.isInteger(example) || Number.isInteger(number)) ? number : undefined;
}

/**
 * A list of the same kind of entries. Its length may be another, unless it is a list of lists: a matrix keeps its shape.
 * @param {any[]} example
 * @param {string} text
 */
function asList(example, text) {
  try {
    const list = JSON.parse(text);
    return isList(list) && isAlike(example, list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {any[]} example
 * @param {any[]} list
 * @returns {boolean}
 */
function isAlike(example, list) {
  if (example.some(Array.isArray)) {
    return list.length === example.length && list.every((entry, i) => Array.isArray(entry) && isSameLength(example[i], entry));
  }
  return list.every((entry) => example.length === 0 ? isPlain(entry) : typeof entry === typeof example[0]);
}

/**
 * @param {any} example
 * @param {any[]} entry
 */
function isSameLength(example, entry) {
  return Array.isArray(example) && example.length === entry.length && isAlike(example, entry);
}
