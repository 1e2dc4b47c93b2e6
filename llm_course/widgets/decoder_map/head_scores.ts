/** What a head adds to the scores of tokens (direct logit attribution), in all and by what it takes from each token. */

import { element } from "../ui/dom.ts";
import { lookOf, rivalsOf, type Rivals } from "./rivals.ts";
import { silencers, traceWithout, type Sight } from "./sight.ts";
import { pushesOfMix } from "./trace.ts";

export type Scores = [guess: number, rival: number];

export const NOTHING: Scores = [0, 0];

export function plus(one: Scores, other: Scores): Scores {
  return [one[0] + other[0], one[1] + other[1]];
}

/** What a head adds to the score of each token, or would add if it weren't left out. */
export function addedByHead(sight: Sight, layer: number, head: number) {
  const { head_size } = sight.course.config;
  const trace = withHead(sight, layer, head);
  return pushesOfMix(sight.course.decoder, trace, layer, sight.position, head, trace.layers[layer].mixed[sight.position].subarray(head * head_size, (head + 1) * head_size));
}

/**
 * A token's message to a head: what the head would add to the score of each token if it took nothing else. Shares of all
 * messages add up to what `addedByHead` finds.
 */
export function messageFrom(sight: Sight, layer: number, head: number, from: number) {
  const { head_size, heads, kv_heads } = sight.course.config;
  const trace = withHead(sight, layer, head);
  const shared = Math.floor(head / (heads / kv_heads)) * head_size;
  return pushesOfMix(sight.course.decoder, trace, layer, sight.position, head, trace.layers[layer].values[from].subarray(shared, shared + head_size));
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

/**
 * What is added to two scores, in the rows of a table: in a column for each a bar from where the score stood.
 * @param stands  Where the scores stand at any time: the bars' scale.
 */
export function lanesOf(rivals: Rivals, stands: Scores[]) {
  const [least, most] = [Math.min(...stands.flat()), Math.max(...stands.flat())];
  const at = (score: number) => (score - least) / (most - least);
  return (from: Scores, by: Scores, inWords: (score: number, digits: number) => string) =>
    [rivals.guess, rivals.rival].map((id, i) => {
      const [left, right] = [at(from[i]), at(from[i] + by[i])].sort((one, other) => one - other);
      const style = Object.entries({ left, width: right - left, zero: at(0) }).map(([name, share]) => `--${name}: ${share.toFixed(4)}`).join("; ");
      return element("span", { class: `llm-lane ${lookOf(rivals, id)}${by[i] < 0 ? " llm-lowers" : ""}`, style }, inWords(by[i], 1));
    });
}
