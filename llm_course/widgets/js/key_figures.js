/** The numbers that matter, side by side, each with what it was before the last change. */

import { fromTo } from "./before.js";
import { element } from "./dom.js";

/**
 * @typedef {object} KeyFigure
 * @property {string} name
 * @property {string} value
 * @property {string} [before]
 */

/** @param {KeyFigure[]} list */
export function keyFigures(list) {
  const entries = list.map(({ name, value, before }) => element("div", {}, element("dt", {}, name), element("dd", {}, fromTo(before, value))));
  return element("dl", { class: "llm-figures" }, ...entries);
}
