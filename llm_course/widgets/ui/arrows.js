/** Marks of a drawing are one stop of the Tab key: arrows move between them. */

/**
 * @param {KeyboardEvent} event
 * @param {(HTMLElement | SVGElement)[]} marks  One of them has tabIndex 0, the others -1.
 */
export function moveByArrows(event, marks) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const from = marks.indexOf(/** @type {HTMLElement} */ (event.target));
  const next = by && marks[from + by];
  if (!next) return;
  event.preventDefault();
  [marks[from].tabIndex, next.tabIndex] = [-1, 0];
  next.focus();
}
