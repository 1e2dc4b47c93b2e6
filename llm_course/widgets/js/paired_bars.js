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
