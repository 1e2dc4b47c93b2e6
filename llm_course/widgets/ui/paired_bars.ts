/** Two bars of one scale, one below the other. */

import { element } from "./dom.ts";

/**
 * @param share  Of the track.
 * @param first  What share of the bar is of a first kind; the rest has another look.
 */
function bar(share: number, look: string, first: number = 1) {
  return element("i", { class: look, style: `--share: ${Math.min(1, share).toFixed(4)}; --first: ${first.toFixed(4)}` });
}

function paired(...bars: HTMLElement[]) {
  return element("span", { class: "llm-paired", "aria-hidden": "true" }, ...bars);
}

/**
 * Two shares of one thing, from 0 to 1: what it is compared with above, in outline, and itself below. Their numbers stand at
 * the right: the bars of a column have tracks of one length.
 */
export function pairedShares(text: string, plain: number, own: number) {
  return element("div", { class: "llm-beside" }, paired(bar(plain, "llm-plain"), bar(own, "llm-own")), element("span", {}, text));
}

/**
 * Two bars that begin with the same part; a line says how long the lower one should be.
 * @param largest  The value of a full bar.
 */
export function barsOfParts({ shared, above, below, aim }: { shared: number, above: number, below: number, aim: number }, largest: number) {
  const parted = (whole: number, look: string) => bar(whole / largest, look, whole ? shared / whole : 1);
  return paired(parted(above, "llm-own llm-refused"), parted(below, "llm-own"), bar(aim / largest, "llm-aim"));
}
