/** DPO on a handful of answers, exactly: a policy that differs from its reference by a weight for each feature. */

import { softmax } from "../models/numbers.js";

const RATE = 0.1;

/**
 * @typedef {object} Candidate
 * @property {string} text
 * @property {number} logProb  Under the reference, up to a constant that all share.
 * @property {number[]} features
 *
 * @typedef {[chosen: number, rejected: number]} Pair  Indices of two candidates.
 */

/**
 * The probabilities of the candidates: the reference's, times e to the weighted features.
 * @param {Candidate[]} candidates
 * @param {number[]} weights
 */
export function policyOver(candidates, weights) {
  return softmax(candidates.map(({ logProb, features }) => logProb + score(features, weights)));
}

/**
 * By how much the policy's log probability of a candidate has grown, up to what all have in common. In a margin that cancels.
 * @param {number[]} features
 * @param {number[]} weights
 */
function score(features, weights) {
  return features.reduce((sum, feature, i) => sum + feature * weights[i], 0);
}

/**
 * The difference of the two implicit rewards of a pair.
 * @param {Candidate[]} candidates
 * @param {number[]} weights
 * @param {Pair} pair
 * @param {number} beta
 */
export function margin(candidates, weights, [chosen, rejected], beta) {
  return beta * (score(candidates[chosen].features, weights) - score(candidates[rejected].features, weights));
}

/**
 * The DPO loss where a share of the raters prefers the first of each pair, and the others the second.
 * @param {Candidate[]} candidates
 * @param {number[]} weights
 * @param {Pair[]} pairs
 * @param {number} beta
 * @param {number} share
 */
export function dpoLoss(candidates, weights, pairs, beta, share) {
  const losses = pairs.map((pair) => {
    const gap = margin(candidates, weights, pair, beta);
    return share * softplus(-gap) + (1 - share) * softplus(gap);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / pairs.length;
}

/**
 * @param {Candidate[]} candidates
 * @param {number[]} weights
 * @param {Pair[]} pairs
 * @param {number} beta
 * @param {number} share
 * @returns {number[]}
 */
export function dpoGradient(candidates, weights, pairs, beta, share) {
  const slopes = weights.map(() => 0);
  for (const pair of pairs) {
    // By how much the policy is less sure of the pair than the raters are.
    const missing = share - 1 / (1 + Math.exp(-margin(candidates, weights, pair, beta)));
    const [chosen, rejected] = pair.map((index) => candidates[index].features);
    slopes.forEach((_, i) => (slopes[i] -= (beta * missing * (chosen[i] - rejected[i])) / pairs.length));
  }
  return slopes;
}

/**
 * Gradient descent on the DPO loss from the reference.
 * @param {Candidate[]} candidates
 * @param {Pair[]} pairs
 * @param {number} beta
 * @param {number} share
 * @param {number} steps
 * @returns {number[]}  The weights.
 */
export function trainDpo(candidates, pairs, beta, share, steps) {
  let weights = candidates[0].features.map(() => 0);
  for (let i = 0; i < steps && pairs.length; i++) {
    const slopes = dpoGradient(candidates, weights, pairs, beta, share);
    // Over beta squared, so that the margin grows as fast whatever beta is.
    weights = weights.map((weight, j) => weight - (RATE / beta ** 2) * slopes[j]);
  }
  return weights;
}

/**
 * @param {number[]} p
 * @param {number[]} q
 */
export function klDivergence(p, q) {
  return p.reduce((sum, probability, i) => sum + (probability ? probability * Math.log(probability / q[i]) : 0), 0);
}

/** @param {number} x */
function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
