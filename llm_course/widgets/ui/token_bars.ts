/** Probabilities of tokens as a table with bars on one scale; a row may say why its token was cut, or be a button that takes it. */

import { element, redraw, scroller, visibleToken } from "./dom.ts";

interface Bar {
  id: number;
  token: string;
  probability: number;
  before?: number; // Marked on the scale: what it was before the last change, or without it.
  note?: string;
  cut?: boolean; // Hatched.
  look?: string; // The class of its color, where tokens have one each.
}

export function tokenBars(caption: string, { noteName, onPick }: { noteName?: string, onPick?: (id: number) => void } = {}) {
  const body = element("tbody");
  const names = ["Next token", "Probability", ...(noteName ? [noteName] : [])];
  const header = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", { class: "llm-bars llm-token-bars" }, element("caption", {}, caption), element("thead", {}, header), body);

  /** @param largest  The probability of a full bar. */
  function show(bars: Bar[], largest: number = 1) {
    redraw(body, ...bars.map((bar) => row(bar, largest)));
  }

  function row({ id, token, probability, before, note, cut = false, look }: Bar, largest: number) {
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
 * @param before  Marked on the scale.
 */
export function onScale(share: number, text: string, before?: number) {
  const mark = (look: string, at: number) => element("span", { class: look, style: `--share: ${at.toFixed(4)}` });
  const track = element("span", { class: "llm-track" }, mark("llm-bar", share), before === undefined ? null : mark("llm-was", before));
  return element("span", { class: "llm-scale" }, track, element("span", { class: "llm-percent" }, text));
}

/** The number does not leave its sign at the end of a line. */
export function percent(probability: number) {
  if (probability === 0) return "0\u00a0%";
  if (probability < 0.001) return "<\u00a00.1\u00a0%";
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}

/** A share in few letters. What is not all, or not nothing, is not said to be. */
export function wholePercent(share: number) {
  const rounded = Math.round(100 * share);
  if (rounded === 0) return "<1\u00a0%";
  return rounded === 100 && share < 1 ? ">99\u00a0%" : `${rounded}\u00a0%`;
}
