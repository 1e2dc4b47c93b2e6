/** Arcs below a line of tokens: from each that a head looks at to the one that looks, as broad as the share that it takes. */

import { svg } from "../ui/dom.ts";
import { argmax } from "../models/numbers.ts";
import { percent } from "../ui/token_bars.ts";

/** Smaller shares have no arc. */
const SEEN = 0.03;
/** In pixels: of an arc that takes all. */
const BROADEST = 8;
/** In pixels: an arc is deeper the wider it is, up to here. */
const DEEPEST = 24;
/** In pixels: of a letter of the name, with some room. */
const LETTER = 6.3;
/** In pixels: beside the name. */
const ROOM = 8;
/** In pixels below the tokens: the name where it stands left of the arc. */
const BESIDE = 16;

/**
 * @param position  Of the one that looks.
 * @param weights  What it takes from each.
 * @param stretch  The stretch of the line that is in sight.
 * @param nameOf  What stands on the broadest arc, with the largest share: it may be
 *   of the token itself, which has no arc.
 */
export function tokenArcs(
  tokens: HTMLElement[],
  position: number,
  weights: number[],
  stretch: { from: number, to: number },
  nameOf: (share: string, isItself: boolean) => string,
) {
  const middle = (i: number) => tokens[i].offsetLeft + tokens[i].offsetWidth / 2;
  const seen = weights.map((_, i) => i).filter((i) => i !== position && weights[i] >= SEEN).sort((one, other) => weights[one] - weights[other]);
  if (!seen.length) return [];
  const arcs = seen.map((i) => arc(middle(i), middle(position), weights[i]));
  const broadest = seen[seen.length - 1];
  const most = argmax(weights);
  const name = nameOf(percent(weights[most]), most === position);
  const width = LETTER * name.length;
  const { x, y } = placeOfName(width, [middle(broadest), middle(position)], stretch);
  return [...arcs, svg("text", { x, y, "text-anchor": "middle" }, name)];
}

/**
 * Below the middle of the arc, or left of it where it is so short that it would be covered.
 * @param arc  Where it ends.
 */
function placeOfName(width: number, [one, other]: [one: number, other: number], stretch: { from: number, to: number }) {
  const [least, most] = [stretch.from + width / 2, stretch.to - width / 2];
  const beside = Math.min(one, other) - ROOM - width / 2;
  if (Math.abs(one - other) < width + 2 * ROOM && beside >= least) return { x: beside, y: BESIDE };
  return { x: Math.min(Math.max((one + other) / 2, least), most), y: DEEPEST + 3 };
}

function arc(from: number, to: number, share: number) {
  const depth = Math.min(DEEPEST, 4 + Math.abs(to - from) / 8) / 0.75; // a Bézier curve comes three quarters as deep as its handles
  return svg("path", { d: `M${from} 0C${from} ${depth} ${to} ${depth} ${to} 0`, "stroke-width": Math.max(1, BROADEST * share), style: `--share: ${share.toFixed(3)}` });
}
