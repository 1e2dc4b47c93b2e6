/** From logits to the next token: temperature, the filters in transformers' order, and one draw. */

import { argmax, softmax } from "./numbers.js";

/**
 * @typedef {object} Settings
 * @property {number} [temperature]  Above 0; 0 takes the most probable token.
 * @property {number} [topK]  Keep the k largest; 0 keeps all.
 * @property {number} [topP]  Keep the smallest set of largest tokens whose probabilities reach p; 1 keeps all.
 * @property {number} [minP]  Keep tokens with at least minP times the largest probability; 0 keeps all.
 *
 * @typedef {"" | "temperature" | "top-k" | "top-p" | "min-p"} Cut  What cut a token; empty where it was kept.
 */

/**
 * @param {ArrayLike<number>} logits
 * @param {Settings} settings
 * @returns {{ probabilities: number[], cuts: Cut[] }}  Cut tokens have probability 0, the others sum to 1.
 */
export function nextDistribution(logits, { temperature = 1, topK = 0, topP = 1, minP = 0 }) {
  /** @type {Cut[]} */
  const cuts = Array(logits.length).fill("");
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

/**
 * Tokens as large as the k-th stay too.
 * @param {number[]} scores
 * @param {number} k
 * @param {Cut[]} cuts
 */
function cutTopK(scores, k, cuts) {
  const threshold = Float64Array.from(scores).sort()[Math.max(0, scores.length - k)];
  scores.forEach((score, i) => {
    if (score < threshold) cuts[i] = "top-k";
  });
}

/**
 * From the smallest up, cut what together has at most 1 - p; the largest always stays.
 * @param {number[]} probabilities
 * @param {number} p
 * @param {Cut[]} cuts
 */
function cutTopP(probabilities, p, cuts) {
  const ascending = probabilities.map((_, i) => i).filter((i) => !cuts[i]).sort((a, b) => probabilities[a] - probabilities[b]);
  let sum = 0;
  for (const i of ascending.slice(0, -1)) {
    sum += probabilities[i];
    if (sum > 1 - p) return;
    cuts[i] = "top-p";
  }
}

/**
 * @param {number[]} probabilities
 * @param {number} share
 * @param {Cut[]} cuts
 */
function cutMinP(probabilities, share, cuts) {
  const threshold = share * Math.max(...probabilities);
  probabilities.forEach((probability, i) => {
    if (!cuts[i] && probability < threshold) cuts[i] = "min-p";
  });
}

/**
 * The token whose stretch of the cumulative sum holds the draw.
 * @param {number[]} probabilities
 * @param {number} uniform  In [0, 1).
 * @returns {number}
 */
export function sample(probabilities, uniform) {
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
