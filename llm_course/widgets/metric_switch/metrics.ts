/** One set of answers, several rulers. */

import { sum } from "../models/numbers.ts";

/** What a model did on items that ask for a row of tokens. */
export interface Answers {
  right_before_error: number[]; // How many items had 0, 1, 2, ... tokens right before the first wrong one.
  tokens_right: number[]; // The share of items whose first, second, ... token was right.
  log_probability: number[]; // Mean log-probability of the first, second, ... right token, in nats.
}

function meanOfFirst(values: number[], count: number) {
  return sum(values.slice(0, count)) / count;
}

/** The share of items whose first `length` tokens are all right. */
export function exactMatch({ right_before_error: counts }: Answers, length: number) {
  return sum(counts.slice(length)) / sum(counts);
}

/** The share of tokens that are right, each asked for after the right ones before it. */
export function tokensRight({ tokens_right }: Answers, length: number) {
  return meanOfFirst(tokens_right, length);
}

/** Log-probability of the right tokens, in nats per token. */
export function logProbability({ log_probability }: Answers, length: number) {
  return meanOfFirst(log_probability, length);
}

/**
 * How much of a whole rise, from the first value to the last, has come by a place.
 * @param values  In order.
 */
export function riseUntil(values: number[], place: number) {
  const rise = values[values.length - 1] - values[0];
  return rise > 0 && place > 0 ? Math.max(0, values[place] - values[0]) / rise : 0;
}

/** The last place up to which all values are as good as nothing; -1 where the first is more already. */
export function lastWithout(values: number[], nothing: number) {
  const first = values.findIndex((value) => value >= nothing);
  return (first === -1 ? values.length : first) - 1;
}
