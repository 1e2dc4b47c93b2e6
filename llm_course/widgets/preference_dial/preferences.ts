/** DPO on a handful of answers, exactly: a policy that differs from its reference by a weight for each feature. */

import { dot, softmax, sum } from "../models/numbers.ts";

const RATE = 0.1;

export interface Candidate {
  text: string;
  logProb: number; // Under the reference, up to a constant that all share.
  features: number[];
}

/** Indices of two candidates. */
export type Pair = [chosen: number, rejected: number];

/** The probabilities of the candidates: the reference's, times e to the weighted features. */
export function policyOver(candidates: Candidate[], weights: number[]) {
  return softmax(candidates.map(({ logProb, features }) => logProb + score(features, weights)));
}

/** By how much the policy's log probability of a candidate has grown, up to what all have in common. In a margin that cancels. */
function score(features: number[], weights: number[]) {
  return dot(features, weights);
}

/** The difference of the two implicit rewards of a pair. */
export function margin(candidates: Candidate[], weights: number[], [chosen, rejected]: Pair, beta: number) {
  return beta * (score(candidates[chosen].features, weights) - score(candidates[rejected].features, weights));
}

/** The DPO loss where a share of the raters prefers the first of each pair, and the others the second. */
export function dpoLoss(candidates: Candidate[], weights: number[], pairs: Pair[], beta: number, share: number) {
  const losses = pairs.map((pair) => {
    const gap = margin(candidates, weights, pair, beta);
    return share * softplus(-gap) + (1 - share) * softplus(gap);
  });
  return sum(losses) / pairs.length;
}

export function dpoGradient(candidates: Candidate[], weights: number[], pairs: Pair[], beta: number, share: number): number[] {
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
 * @returns  The weights.
 */
export function trainDpo(candidates: Candidate[], pairs: Pair[], beta: number, share: number, steps: number): number[] {
  let weights = candidates[0].features.map(() => 0);
  for (let i = 0; i < steps && pairs.length; i++) {
    const slopes = dpoGradient(candidates, weights, pairs, beta, share);
    // Over beta squared, so that the margin grows as fast whatever beta is.
    weights = weights.map((weight, j) => weight - (RATE / beta ** 2) * slopes[j]);
  }
  return weights;
}

function softplus(x: number) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
