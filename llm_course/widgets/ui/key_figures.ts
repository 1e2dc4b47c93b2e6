/** The numbers that matter, side by side, each with what it was before the last change. */

import { fromTo } from "./before.ts";
import { element } from "./dom.ts";

/** @param inRow  Whether they keep one row where the card is wide: what was before then has a line of its own. */
export function keyFigures<State>(
  figures: [name: string, of: (state: State) => string][],
  now: State,
  before: State | undefined,
  inRow: boolean = false,
) {
  const entries = figures.map(([name, of]) => {
    const [was, is] = [before && of(before), of(now)];
    if (!inRow) return element("div", {}, element("dt", {}, name), element("dd", {}, fromTo(was, is)));
    return element("div", {}, element("dt", {}, name), element("dd", {}, is), element("dd", { class: "llm-former-value" }, was === undefined || was === is ? "" : `before: ${was}`));
  });
  return element("dl", { class: inRow ? "llm-figures llm-in-row" : "llm-figures" }, ...entries);
}
