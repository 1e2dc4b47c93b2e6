/** What a head carries to a token, a line for each token that it takes from: its message, and the share that is taken of it. */

import { button, element } from "../ui/dom.ts";
import { addedByHead, lanesOf, messageFrom, NOTHING, plus, type Scores } from "./head_scores.ts";
import { written } from "./guesses.ts";
import { argmax, ranking, signed } from "../models/numbers.ts";
import { colorMark, lookOf, rivalsOf } from "./rivals.ts";
import { headName, headOf, isUntold, silencers, traceWithout, type Sight } from "./sight.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { wholePercent } from "../ui/token_bars.ts";
import type { PartActions } from "./decoder_parts.ts";

/** Tokens with a line of their own. */
const MOST = 7;
/** A message that moves no score by more is not named: what it would move most is chance. */
const WEAK = 4;

export function carriedTable(sight: Sight, layer: number, { seeCarried }: PartActions) {
  const head = headOf(sight, layer);
  const isAsked = isUntold(sight, headName(layer, head));
  const isTwice = !isAsked && sight.out.some((part) => !silencers(layer, head).includes(part));
  const caption = isTwice ? `Head ${head + 1}: now, and before (pale)` : `Head ${head + 1} adds share × message`;
  const back = button("‹ All heads", () => seeCarried(head, false));
  return [
    element("p", { class: "llm-carried" }, element("b", {}, caption), back),
    isTwice ? beforeAndAfter(sight, layer, head, caption) : products(sight, layer, head, isAsked, caption),
  ];
}

/**
 * What the head takes from each token and what that adds to the two scores that are compared.
 * @param isAsked  A reader is still to guess what becomes of the guess without the head.
 */
function products(sight: Sight, layer: number, head: number, isAsked: boolean, caption: string) {
  const rivals = rivalsOf(sight);
  const lines = linesOf(sight, layer, head);
  const lanes = lanesOf(rivals, [NOTHING, ...lines.flatMap(({ from, by }) => [from, plus(from, by)])]);
  const rows = lines.map(({ name, share, message, from, by }) => tableRow(name, isAsked ? [share, "?", "?", "?"] : [share, message, ...lanes(from, by, signed)]));
  const compared = [rivals.guess, rivals.rival].map((id) => written(sight.course, id));
  return captionedTable(`${caption}, from each token`, ["from", "share", "message", ...compared], rows, "llm-heat llm-messages");
}

/** What the head takes from each token without the parts that are left out, and with all parts. */
function beforeAndAfter(sight: Sight, layer: number, head: number, caption: string) {
  const both = [sight, { ...sight, out: [], trace: traceWithout(sight, []) }];
  const shares = both.map((each) => sharesOf(each, layer, head));
  const places = largest(shares[0].map((share, from) => Math.max(share, shares[1][from])));
  const rows = places.map((from) => {
    const cells = both.flatMap((each, i) => [wholePercent(shares[i][from]), messageInWords(sight, messageFrom(each, layer, head, from))]);
    return tableRow(sight.labels[from], cells);
  });
  return captionedTable(`${caption}, from each token`, ["from", "share", "message", "share", "message"], rows, "llm-heat llm-messages llm-twice");
}

interface Line {
  name: string;
  share: string;
  message: Node | string; // The score that it moves most, and by how much at a share of one.
  from: Scores; // Where its bars start: where those above it ended.
  by: Scores;
}

/** The tokens that the head takes most from, as they stand in the text; all others together, and the sum. */
function linesOf(sight: Sight, layer: number, head: number): Line[] {
  const { guess, rival } = rivalsOf(sight);
  const shares = sharesOf(sight, layer, head);
  const places = largest(shares);
  const scores = addedByHead(sight, layer, head);
  const all = [scores[guess], scores[rival]] as Scores;
  const lines: Line[] = [];
  let [stand, taken] = [NOTHING, 0];
  for (const from of places) {
    const message = messageFrom(sight, layer, head, from);
    const by = [shares[from] * message[guess], shares[from] * message[rival]] as Scores;
    lines.push({ name: sight.labels[from], share: wholePercent(shares[from]), message: messageInWords(sight, message), from: stand, by });
    [stand, taken] = [plus(stand, by), taken + shares[from]];
  }
  const left = shares.length - places.length;
  if (left > 0) lines.push({ name: `${left} more`, share: wholePercent(1 - taken), message: "", from: stand, by: plus(all, [-stand[0], -stand[1]]) });
  return [...lines, { name: "in all", share: "", message: "", from: NOTHING, by: all }];
}

/** The share that the head takes from each token. */
function sharesOf({ trace, position }: Sight, layer: number, head: number) {
  return trace.layers[layer].weights[position][head];
}

/** Where the largest shares are, as they stand in the text. */
function largest(shares: number[]) {
  return ranking(shares).slice(0, MOST).sort((one, other) => one - other);
}

function messageInWords(sight: Sight, message: Float32Array) {
  const strongest = argmax(message.map(Math.abs));
  const words = `${written(sight.course, strongest)} ${signed(message[strongest], 1)}`;
  if (Math.abs(message[strongest]) < WEAK) return element("span", { class: "llm-note", title: words }, "weak");
  return element("span", {}, colorMark(lookOf(rivalsOf(sight), strongest)), words);
}
