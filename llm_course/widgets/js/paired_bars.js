/** Two shares of one thing on one scale, from 0 to 1: what it is compared with above, in outline, and itself below. */

import { element } from "./dom.js";

/**
 * @param {number} plain
 * @param {number} own
 * @param {string} [kind]  A class for the second.
 */
export function pairedBars(plain, own, kind = "") {
  const bar = (/** @type {number} */ share, /** @type {string} */ look) => element("i", { class: look, style: `--share: ${Math.min(1, share).toFixed(4)}` });
  return element("span", { class: "llm-paired", "aria-hidden": "true" }, bar(plain, "llm-plain"), bar(own, `llm-own ${kind}`));
}

/**
 * The bars with their numbers at the right: those of a column have tracks of one length.
 * @param {string} text
 * @param {number} plain
 * @param {number} own
 * @param {string} [kind]
 */
export function pairedShares(text, plain, own, kind) {
  return element("div", { class: "llm-beside" }, pairedBars(plain, own, kind), element("span", {}, text));
}
