/** Texts that take turns share a place as high as the longest of them: what stands below does not move. */

import { element } from "../ui/dom.ts";

/** @param current  Which of them is seen. */
export function onePlace(nodes: Node[], current: number) {
  return element("div", { class: "llm-ring" }, ...nodes.map((node, i) => element("div", { class: i === current && "llm-current" }, node)));
}
