/** The numbers that matter, side by side, each with what it was before the last change. */

import { fromTo } from "./before.js";
import { element } from "./dom.js";

/**
 * @template State
 * @param {[name: string, of: (state: State) => string][]} figures
 * @param {State} now
 * @param {State | undefined} before
 * @param {boolean} [inRow]  Whether they keep one row where the card is wide: what was before then has a line of its own.
 */
export function keyFigures(figures, now, before, inRow = false) {
  const entries = figures.map(([name, of]) => {
    const [was, is] = [before && of(before), of(now)];
    if (!inRow) return element("div", {}, element("dt", {}, name), element("dd", {}, fromTo(was, is)));
    return element("div", {}, element("dt", {}, name), element("dd", {}, is), element("dd", { class: "llm-former-value" }, was === undefined || was === is ? "" : `before: ${was}`));
  });
  return element("dl", { class: inRow ? "llm-figures llm-in-row" : "llm-figures" }, ...entries);
}
