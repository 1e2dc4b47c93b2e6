/** Two shares of one thing on one scale, from 0 to 1: what it is compared with above, in outline, and itself below. */

import { element } from "./dom.js";

/**
 * @param {number} plain
 * @param {number} own
 * @param {number} [first]  What share of it is of a first kind; the rest has another look.
 */
export function pairedBars(plain, own, first = 1) {
  const bar = (/** @type {number} */ share, /** @type {string} */ look) => element("i", { class: look, style: `--share: ${Math.min(1, share).toFixed(4)}; --first: ${first.toFixed(4)}` });
  return element("span", { class: "llm-paired", "aria-hidden": "true" }, bar(plain, "llm-plain"), bar(own, "llm-own"));
}

/**
 * The bars with their numbers at the right: those of a column have tracks of one length.
 * @param {string} text
 * @param {number} plain
 * @param {number} own
 */
export function pairedShares(text, plain, own) {
  return element("div", { class: "llm-beside" }, pairedBars(plain, own), element("span", {}, text));
}
