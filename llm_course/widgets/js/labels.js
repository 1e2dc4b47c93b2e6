/** Which of many labels can be written without covering one another. */

/** In units of a drawing with letters of 12 px: a little more than a letter takes. */
const LETTER = { width: 7, height: 13 };

/** @param {string} text */
export function widthOf(text) {
  return LETTER.width * text.length;
}

/**
 * @param {{ text: string, left: number, top: number }[]} labels
 * @param {Iterable<number>} order  Those that come first are written first.
 * @returns {Set<number>}
 */
export function withRoom(labels, order) {
  /** @type {Set<number>} */
  const written = new Set();
  for (const i of order) {
    if (![...written].some((other) => other !== i && collide(labels[i], labels[other]))) written.add(i);
  }
  return written;
}

/**
 * @param {{ text: string, left: number, top: number }} one
 * @param {{ text: string, left: number, top: number }} other
 */
function collide(one, other) {
  const [first, second] = one.left < other.left ? [one, other] : [other, one];
  const apart = second.left - first.left > widthOf(first.text);
  return !apart && Math.abs(one.top - other.top) < LETTER.height;
}
