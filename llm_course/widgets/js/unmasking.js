/** A masked model that writes: in each pass it guesses every gap, and some of the guesses are kept. */

import { argmax, softmax } from "./numbers.js";
import { sample } from "./sampling.js";

/** @typedef {"surest" | "left"} Order */

/**
 * @typedef {object} Guess  Of one gap.
 * @property {number} place
 * @property {number[]} probabilities
 * @property {number} id  What would be filled in.
 */

/**
 * A guess for each gap. Without `draw`, the likeliest token; with it, a token drawn from the distribution.
 * @param {ArrayLike<number>[]} logits  Of each position.
 * @param {number[]} ids
 * @param {number} mask  The id of a gap.
 * @param {number[]} special  Ids that are no words, never filled in.
 * @param {(() => number) | null} [draw]
 * @returns {Guess[]}
 */
export function guesses(logits, ids, mask, special, draw = null) {
  return ids.flatMap((id, place) => {
    if (id !== mask) return [];
    const probabilities = softmax(Array.from(logits[place], (logit, token) => (special.includes(token) ? -Infinity : logit)));
    return [{ place, probabilities, id: draw ? sample(probabilities, draw()) : argmax(probabilities) }];
  });
}

/**
 * The ids after a pass that keeps `count` guesses.
 * @param {number[]} ids
 * @param {Guess[]} found
 * @param {number} count
 * @param {Order} order  Those that the model is surest of, or the leftmost.
 */
export function keep(ids, found, count, order) {
  const rank = (/** @type {Guess} */ { id, place, probabilities }) => (order === "surest" ? probabilities[id] : -place);
  const kept = [...found].sort((a, b) => rank(b) - rank(a)).slice(0, count);
  const filled = [...ids];
  for (const { place, id } of kept) filled[place] = id;
  return filled;
}
