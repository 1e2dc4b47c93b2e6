/** One drafted token against the target, by the right rule and by wrong ones. */

import { sum } from "../models/numbers.ts";
import { sample } from "../models/sampling.ts";

/** What becomes of a drafted token, and of a rejected one. "exact" is the right rule; the others are common mistakes. */
export type Rule = "exact" | "target" | "all" | "best";

/** The chance that a drafted token is accepted. */
export function chanceOf(target: number[], draft: number[], token: number, rule: Rule) {
  if (rule === "all") return 1;
  if (rule === "best") return target[token] === Math.max(...target) ? 1 : 0;
  return draft[token] > 0 ? Math.min(1, target[token] / draft[token]) : 0;
}

/** What is drawn from after a rejection: where the target has more than the draft, normalized. */
export function replacement(target: number[], draft: number[], rule: Rule) {
  if (rule === "target") return target;
  const more = target.map((p, token) => Math.max(p - draft[token], 0));
  const total = sum(more);
  return total > 0 ? more.map((value) => value / total) : target;
}

/**
 * Worked out without chance: how often each token is accepted from the draft, drawn anew after a rejection, and comes out
 * in either way.
 */
export function outcome(target: number[], draft: number[], rule: Rule) {
  const accepted = draft.map((q, token) => q * chanceOf(target, draft, token, rule));
  const acceptance = sum(accepted);
  const redrawn = replacement(target, draft, rule).map((share) => (1 - acceptance) * share);
  return { acceptance, accepted, redrawn, comesOut: accepted.map((share, token) => share + redrawn[token]) };
}

/** The token that one drafted token ends in. */
export function drawOne(target: number[], draft: number[], rule: Rule, uniform: () => number) {
  const token = sample(draft, uniform());
  return uniform() < chanceOf(target, draft, token, rule) ? token : sample(replacement(target, draft, rule), uniform());
}

/** Tokens that one pass of the target gives on average. */
export function expectedTokens(acceptance: number, drafted: number) {
  let [sum, chance] = [0, 1];
  for (let i = 0; i <= drafted; i++) {
    sum += chance;
    chance *= acceptance;
  }
  return sum;
}

/**
 * How many times as fast as without a draft.
 * @param cost  Of a pass of the draft, in passes of the target.
 */
export function speedUp(acceptance: number, drafted: number, cost: number) {
  return expectedTokens(acceptance, drafted) / (1 + drafted * cost);
}
