/** Probabilities of tokens as a table with bars on one scale; a row may say why its token was cut, or be a button that takes it. */

import { element, scroller, visibleToken } from "./dom.js";

/**
 * @typedef {object} Bar
 * @property {number} id
 * @property {string} token
 * @property {number} probability
 * @property {number} [before]  Marked on the scale: what it was before the last change, or without it.
 * @property {string} [note]
 * @property {boolean} [cut]  Hatched.
 * @property {string} [look]  The class of its color, where tokens have one each.
 */

/**
 * @param {string} caption
 * @param {{ noteName?: string, onPick?: (id: number) => void }} [options]
 */
export function tokenBars(caption, { noteName, onPick } = {}) {
  const body = element("tbody");
  const names = ["Next token", "Probability", ...(noteName ? [noteName] : [])];
  const header = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", { class: "llm-bars llm-token-bars" }, element("caption", {}, caption), element("thead", {}, header), body);

  /**
   * @param {Bar[]} bars
   * @param {number} [largest]  The probability of a full bar.
   */
  function show(bars, largest = 1) {
    const focused = [...body.querySelectorAll("button")].findIndex((button) => button === document.activeElement);
    body.replaceChildren(...bars.map((bar) => row(bar, largest)));
    if (focused >= 0) body.querySelectorAll("button")[Math.min(focused, bars.length - 1)]?.focus();
  }

  /**
   * @param {Bar} bar
   * @param {number} largest
   */
  function row({ id, token, probability, before, note, cut = false, look }, largest) {
    const label = visibleToken(token);
    const take = onPick && element("button", { type: "button", onclick: () => onPick(id) }, label);
    return element(
      "tr",
      { class: cut ? "llm-cut" : look },
      element("th", { scope: "row" }, take ?? label),
      element("td", {}, onScale(probability / largest, percent(probability), before === undefined ? undefined : before / largest)),
      noteName ? element("td", {}, note) : null,
    );
  }

  return { node: scroller(caption, table), show };
}

/**
 * A bar on a scale as wide as its place, and its number in words.
 * @param {number} share
 * @param {string} text
 * @param {number} [before]  Marked on the scale.
 */
export function onScale(share, text, before) {
  const mark = (/** @type {string} */ look, /** @type {number} */ at) => element("span", { class: look, style: `--share: ${at.toFixed(4)}` });
  const track = element("span", { class: "llm-track" }, mark("llm-bar", share), before === undefined ? null : mark("llm-was", before));
  return element("span", { class: "llm-scale" }, track, element("span", { class: "llm-percent" }, text));
}

/**
 * The number does not leave its sign at the end of a line.
 * @param {number} probability
 */
export function percent(probability) {
  if (probability === 0) return "0\u00a0%";
  if (probability < 0.001) return "<\u00a00.1\u00a0%";
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}

/**
 * A share in few letters. What is not all, or not nothing, is not said to be.
 * @param {number} share
 */
export function wholePercent(share) {
  const rounded = Math.round(100 * share);
  if (rounded === 0) return "<1\u00a0%";
  return rounded === 100 && share < 1 ? ">99\u00a0%" : `${rounded}\u00a0%`;
}
