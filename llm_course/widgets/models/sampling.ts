/** From logits to the next token: temperature, the filters in transformers' order, and one draw. */

import { argmax, softmax } from "./numbers.ts";

export interface Settings {
  temperature?: number; // Above 0; 0 takes the most probable token.
  topK?: number; // Keep the k largest; 0 keeps all.
  topP?: number; // Keep the smallest set of largest tokens whose probabilities reach p; 1 keeps all.
  minP?: number; // Keep tokens with at least minP times the largest probability; 0 keeps all.
}

/** What cut a token; empty where it was kept. */
type Cut = "" | "temperature" | "top-k" | "top-p" | "min-p";

/** @returns  Cut tokens have probability 0, the others sum to 1. */
export function nextDistribution(
  logits: ArrayLike<number>,
  { temperature = 1, topK = 0, topP = 1, minP = 0 }: Settings,
): { probabilities: number[], cuts: Cut[] } {
  const cuts: Cut[] = Array(logits.length).fill("");
  if (temperature === 0) {
    const best = argmax(logits);
    return { probabilities: cuts.map((_, i) => Number(i === best)), cuts: cuts.map((_, i) => (i === best ? "" : "temperature")) };
  }
  const scaled = Array.from(logits, (logit) => logit / temperature);
  // A filter looks at what the one before it left, renormalized.
  const probabilities = () => softmax(scaled.map((score, i) => (cuts[i] ? -Infinity : score)));
  if (topK > 0) cutTopK(scaled, topK, cuts);
  if (topP < 1) cutTopP(probabilities(), topP, cuts);
  if (minP > 0) cutMinP(probabilities(), minP, cuts);
  return { probabilities: probabilities(), cuts };
}

/** Tokens as large as the k-th stay too. */
function cutTopK(scores: number[], k: number, cuts: Cut[]) {
  const threshold = Float64Array.from(scores).sort()[Math.max(0, scores.length - k)];
  scores.forEach((score, i) => {
    if (score < threshold) cuts[i] = "top-k";
  });
}

/** From the smallest up, cut what together has at most 1 - p; the largest always stays. */
function cutTopP(probabilities: number[], p: number, cuts: Cut[]) {
  const ascending = probabilities.map((_, i) => i).filter((i) => !cuts[i]).sort((a, b) => probabilities[a] - probabilities[b]);
  let sum = 0;
  for (const i of ascending.slice(0, -1)) {
    sum += probabilities[i];
    if (sum > 1 - p) return;
    cuts[i] = "top-p";
  }
}

function cutMinP(probabilities: number[], share: number, cuts: Cut[]) {
  const threshold = share * Math.max(...probabilities);
  probabilities.forEach((probability, i) => {
    if (!cuts[i] && probability < threshold) cuts[i] = "min-p";
  });
}

/**
 * The token whose stretch of the cumulative sum holds the draw.
 * @param uniform  In [0, 1).
 */
export function sample(probabilities: number[], uniform: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    last = i;
    sum += probabilities[i];
    if (uniform < sum) return i;
  }
  return last; // the sum fell short of the draw by rounding
}
