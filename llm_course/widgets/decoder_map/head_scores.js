/** What a head adds to the scores of tokens (direct logit attribution), in all and by what it takes from each token. */

import { rivalsOf } from "./rivals.js";
import { silencers, traceWithout } from "./sight.js";
import { pushesFrom, pushesOfHead } from "./trace.js";

/** @import { Sight } from "./sight.js" */

/** @typedef {[guess: number, rival: number]} Scores */

/** @type {Scores} */
export const NOTHING = [0, 0];

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
  return pushesOfHead(sight.course.decoder, withHead(sight, layer, head), layer, sight.position, head);
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
  return pushesFrom(sight.course.decoder, withHead(sight, layer, head), layer, sight.position, head, from);
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
  return silent.some((part) => out.includes(part)) ? traceWithout(sight, out.filter((part) => !silent.includes(part))) : trace;
}

/**
 * What each head of a layer adds to the two scores that are compared, or would add if it weren't left out.
 * @param {Sight} sight
 * @param {number} layer
 * @returns {Scores[]}
 */
export function scoresOfHeads(sight, layer) {
  const { guess, rival } = rivalsOf(sight);
  return sight.trace.layers[layer].weights[sight.position].map((_, head) => {
    const scores = addedByHead(sight, layer, head);
    return [scores[guess], scores[rival]];
  });
}
