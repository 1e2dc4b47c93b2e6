/** Marks of a drawing are one stop of the Tab key: arrows move between them. */

/** @param marks  One of them has tabIndex 0, the others -1. */
export function moveByArrows(event: KeyboardEvent, marks: (HTMLElement | SVGElement)[]) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const from = marks.indexOf(event.target as HTMLElement);
  const next = by && marks[from + by];
  if (!next) return;
  event.preventDefault();
  [marks[from].tabIndex, next.tabIndex] = [-1, 0];
  next.focus();
}
