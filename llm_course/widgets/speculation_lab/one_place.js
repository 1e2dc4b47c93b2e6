/** Texts that take turns share a place as high as the longest of them: what stands below does not move. */

import { element } from "../ui/dom.js";

/**
 * @param {Node[]} nodes
 * @param {number} current  Which of them is seen.
 */
export function onePlace(nodes, current) {
  return element("div", { class: "llm-ring" }, ...nodes.map((node, i) => element("div", { class: i === current && "llm-current" }, node)));
}
