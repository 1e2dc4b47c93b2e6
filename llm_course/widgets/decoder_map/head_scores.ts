/** What a head adds to the scores of tokens (direct logit attribution), in all and by what it takes from each token. */

import { rivalsOf } from "./rivals.ts";
import { silencers, traceWithout, type Sight } from "./sight.ts";
import { pushesFrom, pushesOfHead } from "./trace.ts";

export type Scores = [guess: number, rival: number];

export const NOTHING: Scores = [0, 0];

export function plus(one: Scores, other: Scores): Scores {
  return [one[0] + other[0], one[1] + other[1]];
}

/** What a head adds to the score of each token, or would add if it weren't left out. */
export function addedByHead(sight: Sight, layer: number, head: number) {
  return pushesOfHead(sight.course.decoder, withHead(sight, layer, head), layer, sight.position, head);
}

/**
 * A token's message to a head: what the head would add to the score of each token if it took nothing else. Shares of all
 * messages add up to what `addedByHead` finds.
 */
export function messageFrom(sight: Sight, layer: number, head: number, from: number) {
  return pushesFrom(sight.course.decoder, withHead(sight, layer, head), layer, sight.position, head, from);
}

/** What happens in the model with a head, which may be left out. */
export function withHead(sight: Sight, layer: number, head: number) {
  const { trace, out } = sight;
  const silent = silencers(layer, head);
  return silent.some((part) => out.includes(part)) ? traceWithout(sight, out.filter((part) => !silent.includes(part))) : trace;
}

/** What each head of a layer adds to the two scores that are compared, or would add if it weren't left out. */
export function scoresOfHeads(sight: Sight, layer: number): Scores[] {
  const { guess, rival } = rivalsOf(sight);
  return sight.trace.layers[layer].weights[sight.position].map((_, head) => {
    const scores = addedByHead(sight, layer, head);
    return [scores[guess], scores[rival]];
  });
}
