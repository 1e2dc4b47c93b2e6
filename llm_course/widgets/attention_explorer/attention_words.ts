/** What a head does, in words: where its weight goes, which token a query listens to, how far its scores are spread. */

import { fromTo } from "../ui/before.ts";
import { element } from "../ui/dom.ts";
import { moments } from "../models/norms.ts";
import { argmax, format, sum } from "../models/numbers.ts";
import type { Matrix } from "../ui/types.ts";

/** A head that gives more than so much of its weight to one kind of place is named after it. */
const HABIT = 0.3;
/** A head without such a place is spread where it listens in effect to so large a share of what it may see. */
const SPREAD = 0.5;
const ORDINALS = ["first", "second", "third"];
/** Weights that differ by less are the same. */
const ALIKE = 1e-6;

/**
 * Shares of a head's weight in the mean of its rows, by kind of place, the largest first. The first two rows are left out:
 * there one token back is the first token.
 */
function habits(weights: Matrix, tokens: string[]) {
  const rows = weights.slice(2);
  if (!rows.length || weights.length !== weights[0].length) return [];
  const mean = (place: (i: number) => number) => sum(rows.map((row, i) => row[place(i + 2)])) / rows.length;
  const columns = tokens.map((_, j) => mean(() => j));
  const rest = argmax(columns);
  return [
    { does: "looks most at the token before", name: "one back", short: "1 back", share: mean((i) => i - 1) },
    { does: `looks most at “${tokens[rest]}”`, name: `“${tokens[rest]}”`, short: `“${tokens[rest]}”`, share: columns[rest] },
    { does: "looks most at the token itself", name: "itself", short: "itself", share: mean((i) => i) },
  ].sort((one, other) => other.share - one.share);
}

/**
 * Where a head looks most, in a word or two: the kind of place and its share of the weight; where there is none, whether it
 * looks at few tokens or many.
 */
export function habitName(weights: Matrix, tokens: string[]): [kind: string, share?: string] {
  const [most] = habits(weights, tokens);
  if (most?.share > HABIT) return [most.short, `${Math.round(100 * most.share)}%`];
  return [isSpread(weights) ? "many tokens" : "few tokens"];
}

/** Whether the rows of a head are spread over much of what they may see: those before them, where all keep to that. */
function isSpread(weights: Matrix) {
  const isCausal = weights.every((row, i) => row.every((weight, j) => j <= i || weight === 0));
  const shares = weights.map((row, i) => effective(row) / (isCausal ? i + 1 : row.length)).slice(2);
  return sum(shares) > SPREAD * shares.length;
}

/**
 * To how many tokens a query listens in effect: the exponential of the entropy is the number of equally heard tokens that
 * would be as uncertain.
 */
function effective(weights: number[]) {
  return Math.exp(-sum(weights.map((weight) => (weight > 0 ? weight * Math.log(weight) : 0))));
}

/**
 * Where a head's weight goes, in words.
 * @param head  Which one.
 */
export function habitOf(weights: Matrix, tokens: string[], head: string) {
  const shares = habits(weights, tokens);
  if (!shares.length) return [];
  const [most] = shares;
  const named = most.share > HABIT ? `${head} ${most.does}.` : `${head} has no fixed place, and looks at ${isSpread(weights) ? "many" : "few"} tokens.`;
  const listed = shares.map(({ name, share }) => `${name} ${Math.round(100 * share)}\u00a0%`).join(", ");
  return [element("b", {}, named), ` Mean of rows: ${listed}.`];
}

/** Which token a query listens to most, and to how many in effect. */
export function summary(weights: number[], query: string, tokens: string[], before?: number[]) {
  const most = argmax(weights);
  const alike = weights.filter((weight) => weights[most] - weight < ALIKE).length;
  const said =
    alike > 1
      ? `“${query}” listens to ${alike} tokens alike (${format(weights[most])} each).`
      : `“${query}” listens most to ${named(tokens, most)} (${fromTo(before && format(before[most]), format(weights[most]))}).`;
  return `${said} In effect it listens to ${format(effective(weights), 1)} of ${tokens.length} tokens.`;
}

/** A token by its name, and which it is where others are written alike. */
function named(tokens: string[], place: number) {
  const alike = tokens.map((_, i) => i).filter((i) => tokens[i] === tokens[place]);
  const name = `“${tokens[place]}”`;
  if (alike.length === 1) return name;
  const which = alike.indexOf(place);
  return `the ${ORDINALS[which] ?? `${which + 1}th`} ${name}`;
}

export function spread(scores: Matrix) {
  const seen = scores.flat().filter(Number.isFinite);
  return `Standard deviation of scores: ${format(Math.sqrt(moments(seen).variance), 1)}.`;
}
