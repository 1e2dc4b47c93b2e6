/** The drawing of the decoder map: the residual stream as one line, and branches that read from it and add to it. */

import { branches, DRAW, FINAL_NORM, LOGITS, OTHER_NAMES, ROWS, TOKENS, wholeLayer } from "./decoder_parts.js";
import { element } from "../ui/dom.js";
import { guessOf, writtenAt } from "./guesses.js";
import { lookOf, rivalsOf } from "./rivals.js";
import { isLeftOut, traceWithout } from "./sight.js";
import { percent } from "../ui/token_bars.js";
import { partNamed } from "./trace.js";

/** @import { Part } from "./decoder_parts.js" */
/** @import { Rivals } from "./rivals.js" */
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
 * @returns {Part[]}  From the text to the drawn token, and what is no box.
 */
export function allParts({ trace }, isSmall) {
  const layers = trace.layers.flatMap((_, i) => branchesOf(i, isSmall).flat());
  return [TOKENS, ROWS, ...layers, FINAL_NORM, LOGITS, DRAW, OTHER_NAMES];
}

/**
 * @param {Sight} sight
 * @param {{ isSmall: boolean, opened: Part, onOpen: (key: string) => void }} options
 */
export function flow(sight, { isSmall, opened, onOpen }) {
  const { trace, position } = sight;
  const whole = sight.out.length ? traceWithout(sight, []) : undefined;
  const rivals = rivalsOf(sight);
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
    const drawn = branchesOf(i, isSmall).map((parts) => branch(parts.map(box), outOf(sight, parts[parts.length - 1].adds ?? [])));
    return element("li", { class: "llm-layer" }, element("div", { class: "llm-block" }, ...drawn), guess(sight, trace.layers[i].residual[position], rivals, whole?.layers[i].residual[position]));
  };
  return element(
    "ol",
    { "aria-label": "The decoder, from the text to the drawn token" },
    element("li", { class: "llm-source" }, element("span", { class: "llm-boxes" }, box(TOKENS), arrow(), box(ROWS)), note("residual stream", element("span", { class: "llm-so-far" }, "the guess, if it ended here:")), guess(sight, trace.embedding[position], rivals)),
    ...trace.layers.map((_, i) => layer(i)),
    element("li", { class: "llm-sink" }, element("span", { class: "llm-boxes" }, box(FINAL_NORM), arrow(), box(LOGITS), arrow(), box(DRAW))),
  );
}

/**
 * The class of a branch that is left out, or of which a head is.
 * @param {Sight} sight
 * @param {string[]} adds
 */
function outOf(sight, adds) {
  if (isLeftOut(sight, adds)) return "llm-out";
  const heads = sight.out.map(partNamed).filter((part) => part?.kind === "head");
  return heads.some((head) => adds.includes(`attention-${head?.layer}`)) && "llm-part-out";
}

/**
 * A way out of the stream, through boxes, and back into it.
 * @param {HTMLElement[]} boxes
 * @param {string | false} look
 */
function branch(boxes, look) {
  const ways = boxes.flatMap((box) => [arrow(), box]);
  return element("span", { class: `llm-boxes llm-branch ${look || ""}` }, ...ways, line("llm-back"), line("llm-plus"));
}

function arrow() {
  return line("llm-arrow");
}

/** @param {string} look */
function line(look) {
  return element("i", { class: look });
}

/** @param {(string | Node)[]} words */
function note(...words) {
  return element("span", { class: "llm-note" }, ...words);
}

/**
 * The top guess that a row of the residual stream would give.
 * @param {Sight} sight
 * @param {Float32Array} row
 * @param {Rivals} rivals  Their colors.
 * @param {Float32Array} [whole]  The row in the model with all its parts, where some are left out.
 */
function guess(sight, row, rivals, whole) {
  const { course, ids, position } = sight;
  const { id: best, share } = guessOf(course, row);
  const bar = element("span", { class: "llm-bar", style: `--share: ${share.toFixed(4)}` });
  const was = whole && guessOf(course, whole);
  const isOther = was && (was.id !== best || was.share !== share);
  const past = isOther ? element("i", { class: "llm-was", title: `with all parts: ${percent(was.share)}`, style: `--share: ${was.share.toFixed(4)}` }) : null;
  const isItself = best === ids[position];
  const aside = isItself ? " (itself)" : "";
  const former = was && was.id !== best ? `, was ${writtenAt(sight, was.id)}` : aside;
  const words = element("span", { class: "llm-guessed-words" }, element("b", {}, writtenAt(sight, best)), element("span", { class: "llm-former" }, former), " ", element("span", {}, percent(share)));
  return element("span", { class: `llm-guess ${lookOf(rivals, best)}` }, words, element("span", { class: "llm-track" }, bar, past));
}
