/** The numbers that matter, side by side, each with what it was before the last change. */

import { fromTo } from "./before.js";
import { element } from "./dom.js";

/**
 * @template State
 * @param {[name: string, of: (state: State) => string][]} figures
 * @param {State} now
 * @param {State | undefined} before
 */
export function keyFigures(figures, now, before) {
  const entries = figures.map(([name, of]) => element("div", {}, element("dt", {}, name), element("dd", {}, fromTo(before && of(before), of(now)))));
  return element("dl", { class: "llm-figures" }, ...entries);
}
