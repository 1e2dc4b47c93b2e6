/** The drawing of the decoder map: the residual stream as one line, and branches that read from it and add to it. */

import { branches, DRAW, FINAL_NORM, LOGITS, ROWS, TOKENS, wholeLayer } from "./decoder_parts.js";
import { element } from "./dom.js";
import { guessOf, written } from "./lens_table.js";
import { switchOf } from "./otherwise.js";
import { isLeftOut, traceWithout } from "./sight.js";
import { percent } from "./token_bars.js";

/** @import { Part } from "./decoder_parts.js" */
/** @import { Sight } from "./sight.js" */

/**
 * The boxes on each of a layer's branches.
 * @param {number} layer
 * @param {boolean} isSmall  A layer is one box.
 */
function branchesOf(layer, isSmall) {
  return isSmall ? [[wholeLayer(layer)]] : branches(layer);
}

/**
 * @param {Sight} sight
 * @param {boolean} isSmall
 * @returns {Part[]}  From the text to the drawn token.
 */
export function allParts({ trace }, isSmall) {
  const layers = trace.layers.flatMap((_, i) => branchesOf(i, isSmall).flat());
  return [TOKENS, ROWS, ...layers, FINAL_NORM, LOGITS, DRAW];
}

/**
 * @param {Sight} sight
 * @param {{ isSmall: boolean, opened: Part, isDrawn: boolean, onOpen: (key: string) => void, onToggle: (parts: string[], key: string) => void }} options
 *   `isDrawn` where a token has just been drawn: a mark runs along the stream. Parts are toggled by their names.
 */
export function flow(sight, { isSmall, opened, isDrawn, onOpen, onToggle }) {
  const { trace, position } = sight;
  const whole = sight.out.length ? traceWithout(sight, []) : undefined;
  const final = guessOf(sight.course, trace.layers[trace.layers.length - 1].residual[position]).id;
  const box = (/** @type {Part} */ part) =>
    element(
      "button",
      {
        type: "button", name: part.key, class: `llm-${part.kind}`, "aria-label": part.fullName, "aria-pressed": String(part.key === opened.key),
        onclick: () => onOpen(part.key),
      },
      part.name,
    );
  const layer = (/** @type {number} */ i) => {
    const drawn = branchesOf(i, isSmall).map((parts) => {
      const { adds = [], key } = parts[parts.length - 1];
      return element("div", { class: "llm-way" }, branch(parts.map(box), isLeftOut(sight, adds)), switchOf(sight, adds, () => onToggle(adds, key)));
    });
    return element("li", { class: "llm-layer" }, element("div", { class: "llm-block" }, ...drawn), guess(sight, trace.layers[i].residual[position], final, whole?.layers[i].residual[position]));
  };
  return element(
    "ol",
    { "aria-label": "The decoder, from the text to the drawn token" },
    element("li", { class: "llm-source" }, element("span", { class: "llm-boxes" }, box(TOKENS), arrow(), box(ROWS)), note("residual stream"), element("span", { class: "llm-note llm-if-not" }, "guess without it"), guess(sight, trace.embedding[position], final)),
    ...trace.layers.map((_, i) => layer(i)),
    element("li", { class: "llm-sink" }, element("span", { class: "llm-boxes" }, box(FINAL_NORM), arrow(), box(LOGITS), arrow(), box(DRAW)), element("span", { class: "llm-note llm-key" }, element("i"), "final guess")),
    isDrawn ? element("li", { class: "llm-mark", "aria-hidden": "true" }) : null,
  );
}

/**
 * A way out of the stream, through boxes, and back into it.
 * @param {HTMLElement[]} boxes
 * @param {boolean} isOut
 */
function branch(boxes, isOut) {
  const ways = boxes.flatMap((box) => [arrow(), box]);
  return element("span", { class: isOut ? "llm-boxes llm-branch llm-out" : "llm-boxes llm-branch" }, ...ways, line("llm-back"), line("llm-plus"));
}

function arrow() {
  return line("llm-arrow");
}

/** @param {string} look */
function line(look) {
  return element("i", { class: look });
}

/** @param {string} words */
function note(words) {
  return element("span", { class: "llm-note" }, words);
}

/**
 * The top guess that a row of the residual stream would give.
 * @param {Sight} sight
 * @param {Float32Array} row
 * @param {number} final  The guess after the last layer: those that agree with it have its color.
 * @param {Float32Array} [whole]  The row in the model with all its parts, where some are left out.
 */
function guess({ course, ids, position }, row, final, whole) {
  const { id: best, share } = guessOf(course, row);
  const bar = element("span", { class: "llm-bar", style: `--share: ${share.toFixed(4)}` });
  const was = whole && guessOf(course, whole);
  const past = was ? element("i", { class: "llm-was", style: `--share: ${was.share.toFixed(4)}` }) : null;
  const itself = best === ids[position] ? " (itself)" : "";
  const former = was && was.id !== best ? `, was ${written(course, was.id)} ` : `${itself} `;
  const words = element("span", {}, element("b", {}, written(course, best)), former, element("span", {}, percent(share)));
  return element("span", { class: best === final ? "llm-guess" : "llm-guess llm-other" }, words, element("span", { class: "llm-track" }, bar, past));
}
