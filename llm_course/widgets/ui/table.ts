/** Tables of what a widget found. */

import { element, scroller, type Child } from "./dom.ts";

/**
 * A table with its caption. Where it is wider than its place, it scrolls.
 * @param head  The names of its columns, if they have any: an empty name leaves its cell empty, and a
 *   cell is taken as it is.
 * @param look  Its class.
 */
export function captionedTable(caption: string, head: (Node | string)[], rows: Node[], look?: string) {
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
 * @param look  Its class.
 */
export function tableRow(name: Child, cells: Child[], look?: string | false) {
  return element("tr", { class: look }, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell)));
}
