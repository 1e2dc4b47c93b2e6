/** A layer as a sum: the two scores that are compared before it, what each head and feed-forward add to them, and after it. */

import { rivalsOf } from "./rivals.js";
import { silencers, traceWithout } from "./sight.js";
import { pushesFrom, pushesOf, pushesOfHead } from "./trace.js";

/** @import { Sight } from "./sight.js" */

/**
 * @typedef {[guess: number, rival: number]} Scores
 *
 * @typedef {object} Ledger  It adds up: what is added counts at the scale that the last norm has after the layer.
 * @property {Scores} before  At the scale of its own.
 * @property {Scores} norm  What the other scale changes in that: where the row grows, the norm divides by more.
 * @property {{ by: Scores, isOut: boolean }[]} heads  What each adds, or would add if it weren't left out.
 * @property {Scores} feedForward
 * @property {Scores} after
 */

/** @type {Scores} */
export const NOTHING = [0, 0];

/**
 * Where the scores stand before each head, and after the last one.
 * @param {Ledger} ledger
 */
export function standsOf({ before, norm, heads }) {
  const stands = [plus(before, norm)];
  for (const { by, isOut } of heads) stands.push(plus(stands[stands.length - 1], isOut ? NOTHING : by));
  return stands;
}

/**
 * @param {Scores} one
 * @param {Scores} other
 * @returns {Scores}
 */
export function plus(one, other) {
  return [one[0] + other[0], one[1] + other[1]];
}

/**
 * What a head adds to the score of each token, or would add if it weren't left out.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 */
export function addedByHead(sight, layer, head) {
  const { trace, isOut } = withHead(sight, layer, head);
  return { scores: pushesOfHead(sight.course.decoder, trace, layer, sight.position, head), isOut };
}

/**
 * A token's message to a head: what the head would add to the score of each token if it took nothing else. Shares of all
 * messages add up to what `addedByHead` finds.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 * @param {number} from
 */
export function messageFrom(sight, layer, head, from) {
  return pushesFrom(sight.course.decoder, withHead(sight, layer, head).trace, layer, sight.position, head, from);
}

/**
 * What happens in the model with a head, which may be left out.
 * @param {Sight} sight
 * @param {number} layer
 * @param {number} head
 */
export function withHead(sight, layer, head) {
  const { trace, out } = sight;
  const silent = silencers(layer, head);
  const isOut = silent.some((part) => out.includes(part));
  return { trace: isOut ? traceWithout(sight, out.filter((part) => !silent.includes(part))) : trace, isOut };
}

/**
 * @param {Sight} sight
 * @param {number} layer
 * @returns {Ledger}
 */
export function ledgerOf(sight, layer) {
  const { course: { decoder }, trace, position } = sight;
  const { guess, rival } = rivalsOf(sight);
  const { feedForwardOutput, input, residual, weights } = trace.layers[layer];
  const ofRivals = (/** @type {Float32Array} */ scores) => /** @type {Scores} */ ([scores[guess], scores[rival]]);
  const scored = (/** @type {Float32Array} */ added) => ofRivals(pushesOf(decoder, added, residual[position]));
  const heads = weights[position].map((_, head) => {
    const { scores, isOut } = addedByHead(sight, layer, head);
    return { by: ofRivals(scores), isOut };
  });
  const before = ofRivals(pushesOf(decoder, input[position], input[position]));
  const rescaled = scored(input[position]);
  return { before, norm: [rescaled[0] - before[0], rescaled[1] - before[1]], heads, feedForward: scored(feedForwardOutput[position]), after: scored(residual[position]) };
}
