/** The drawing of the decoder map: the residual stream as one line, and branches that read from it and add to it. */

import { branches, DRAW, FINAL_NORM, LOGITS, OTHER_NAMES, ROWS, TOKENS, type Part } from "./decoder_parts.ts";
import { element } from "../ui/dom.ts";
import { guessOf, writtenAt } from "./guesses.ts";
import { lookOf, rivalsOf, type Rivals } from "./rivals.ts";
import { isLeftOut, traceWithout, type Sight } from "./sight.ts";
import { percent } from "../ui/token_bars.ts";
import { partNamed } from "./trace.ts";

/** @returns  From the text to the drawn token, and what is no box. */
export function allParts({ trace }: Sight, isSmall: boolean): Part[] {
  const layers = trace.layers.flatMap((_, i) => branches(i, isSmall).flat());
  return [TOKENS, ROWS, ...layers, FINAL_NORM, LOGITS, DRAW, OTHER_NAMES];
}

export function flow(sight: Sight, { isSmall, opened, onOpen }: { isSmall: boolean, opened: Part, onOpen: (key: string) => void }) {
  const { trace, position } = sight;
  const whole = sight.out.length ? traceWithout(sight, []) : undefined;
  const rivals = rivalsOf(sight);
  const box = (part: Part) =>
    element(
      "button",
      {
        type: "button", name: part.key, class: `llm-${part.kind}`, "aria-label": part.fullName, "aria-pressed": String(part.key === opened.key),
        onclick: () => onOpen(part.key),
      },
      part.name,
    );
  const layer = (i: number) => {
    const drawn = branches(i, isSmall).map((parts) => branch(parts.map(box), outOf(sight, parts[parts.length - 1].adds ?? [])));
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

/** The class of a branch that is left out, or of which a head is. */
function outOf(sight: Sight, adds: string[]) {
  if (isLeftOut(sight, adds)) return "llm-out";
  const heads = sight.out.map(partNamed).filter((part) => part?.kind === "head");
  return heads.some((head) => adds.includes(`attention-${head?.layer}`)) && "llm-part-out";
}

/** A way out of the stream, through boxes, and back into it. */
function branch(boxes: HTMLElement[], look: string | false) {
  const ways = boxes.flatMap((box) => [arrow(), box]);
  return element("span", { class: `llm-boxes llm-branch ${look || ""}` }, ...ways, line("llm-back"), line("llm-plus"));
}

function arrow() {
  return line("llm-arrow");
}

function line(look: string) {
  return element("i", { class: look });
}

function note(...words: (string | Node)[]) {
  return element("span", { class: "llm-note" }, ...words);
}

/**
 * The top guess that a row of the residual stream would give.
 * @param rivals  Their colors.
 * @param whole  The row in the model with all its parts, where some are left out.
 */
function guess(sight: Sight, row: Float32Array, rivals: Rivals, whole?: Float32Array) {
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
