/** A masked model that writes: in each pass it guesses every gap, and some of the guesses are kept. */

import { argmax, softmax } from "../models/numbers.ts";
import { sample } from "../models/sampling.ts";

type Order = "surest" | "left";

/** Of one gap. */
export interface Guess {
  place: number;
  probabilities: number[];
  id: number; // What would be filled in.
}

/**
 * A guess for each gap. Without `draw`, the likeliest token; with it, a token drawn from the distribution.
 * @param logits  Of each position.
 * @param mask  The id of a gap.
 * @param special  Ids that are no words, never filled in.
 */
export function guesses(
  logits: ArrayLike<number>[],
  ids: number[],
  mask: number,
  special: number[],
  draw: (() => number) | null = null,
): Guess[] {
  return ids.flatMap((id, place) => {
    if (id !== mask) return [];
    const probabilities = softmax(Array.from(logits[place], (logit, token) => (special.includes(token) ? -Infinity : logit)));
    return [{ place, probabilities, id: draw ? sample(probabilities, draw()) : argmax(probabilities) }];
  });
}

/**
 * How well the words of a sentence fit together: each is hidden in turn, and the model guesses it from all others.
 * @returns  The geometric mean of their
 *   probabilities, and the word with the lowest, with what the model would write there.
 */
export function reread(
  logitsOf: (ids: number[]) => ArrayLike<number>[],
  ids: number[],
  mask: number,
  special: number[],
): { mean: number, doubted: { place: number, probability: number, instead: number } } {
  const words = ids.flatMap((id, place) => {
    if (special.includes(id)) return [];
    const hidden = ids.map((other, i) => (i === place ? mask : other));
    const [{ probabilities, id: instead }] = guesses(logitsOf(hidden), hidden, mask, special);
    return [{ place, probability: probabilities[id], instead }];
  });
  const mean = Math.exp(words.reduce((sum, { probability }) => sum + Math.log(probability), 0) / words.length);
  return { mean, doubted: words.reduce((least, word) => (word.probability < least.probability ? word : least)) };
}

/**
 * The ids after a pass that keeps `count` guesses.
 * @param order  Those that the model is surest of, or the leftmost.
 */
export function keep(ids: number[], found: Guess[], count: number, order: Order) {
  const rank = ({ id, place, probabilities }: Guess) => (order === "surest" ? probabilities[id] : -place);
  const kept = [...found].sort((a, b) => rank(b) - rank(a)).slice(0, count);
  const filled = [...ids];
  for (const { place, id } of kept) filled[place] = id;
  return filled;
}
