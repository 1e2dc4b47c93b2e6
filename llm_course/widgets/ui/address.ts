/**
 * Widgets' states in the address of a page: `?next_token_bars.text=The+cat` opens the page with that view.
 *
 * Only what a reader has changed stands there: texts, numbers, yes or no, and lists of these, `[1,0.5]`. A second widget
 * of the same name on a page is `name-2`.
 */

/** An address that is longer is cut by some programs. */
const LONGEST = 1500;

/**
 * @param key  Of the widget on its page.
 * @param search  Of the page's address.
 * @returns  What the address says of the widget, in the types of its state; what does not fit is left out.
 */
export function stateFromAddress(key: string, state: Record<string, any>, search: string): Record<string, any> {
  const found: Record<string, any> = {};
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
 * @returns  Empty, or with its question mark; as it was where it would become too long.
 */
export function withState(search: string, key: string, built: Record<string, any>, state: Record<string, any>): string {
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

function isShared(trait: string | undefined, value: any) {
  return trait !== undefined && !trait.startsWith("_") && (isPlain(value) || isList(value));
}

function isPlain(value: any) {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** Whether the value is a list of plain values, or of such lists. */
function isList(value: any): boolean {
  return Array.isArray(value) && value.every((entry) => isPlain(entry) || isList(entry));
}

function asText(value: any) {
  return isList(value) ? JSON.stringify(value) : String(value);
}

function asTypeOf(example: any, text: string) {
  if (typeof example === "string") return text;
  if (typeof example === "boolean") return { true: true, false: false }[text];
  if (isList(example)) return asList(example, text);
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) && (!Number.isInteger(example) || Number.isInteger(number)) ? number : undefined;
}

/** A list of the same kind of entries. Its length may be another, unless it is a list of lists: a matrix keeps its shape. */
function asList(example: any[], text: string) {
  try {
    const list = JSON.parse(text);
    return isList(list) && isAlike(example, list) ? list : undefined;
  } catch {
    return undefined;
  }
}

function isAlike(example: any[], list: any[]): boolean {
  if (example.some(Array.isArray)) {
    return list.length === example.length && list.every((entry, i) => Array.isArray(entry) && isSameLength(example[i], entry));
  }
  return list.every((entry) => example.length === 0 ? isPlain(entry) : typeof entry === typeof example[0]);
}

function isSameLength(example: any, entry: any[]) {
  return Array.isArray(example) && example.length === entry.length && isAlike(example, entry);
}
