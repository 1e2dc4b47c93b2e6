/** Tables of what a widget found. */

import { element, scroller } from "./dom.js";

/** @import { Child } from "./dom.js" */

/**
 * A table with its caption. Where it is wider than its place, it scrolls.
 * @param {string} caption
 * @param {(Node | string)[]} head  The names of its columns, if they have any: an empty name leaves its cell empty, and a
 *   cell is taken as it is.
 * @param {Node[]} rows
 * @param {string} [look]  Its class.
 */
export function captionedTable(caption, head, rows, look) {
  const cells = head.map((name) => (name instanceof Node ? name : name ? element("th", { scope: "col" }, name) : element("td")));
  return scroller(
    caption,
    element(
      "table",
      { class: look },
      element("caption", {}, caption),
      cells.length ? element("thead", {}, element("tr", {}, ...cells)) : null,
      element("tbody", {}, ...rows),
    ),
  );
}

/**
 * A row of a table: its name, and a cell for each of the rest.
 * @param {Child} name
 * @param {Child[]} cells
 * @param {string | false} [look]  Its class.
 */
export function tableRow(name, cells, look) {
  return element("tr", { class: look }, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell)));
}
