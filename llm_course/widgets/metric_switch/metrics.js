/** One set of answers, several rulers. */

/**
 * @typedef {object} Answers  What a model did on items that ask for a row of tokens.
 * @property {number[]} rightBeforeError  How many items had 0, 1, 2, ... tokens right before the first wrong one.
 * @property {number[]} tokensRight  The share of items whose first, second, ... token was right.
 * @property {number[]} logProbability  Mean log-probability of the first, second, ... right token, in nats.
 */

/**
 * @param {number[]} values
 * @param {number} count
 */
function meanOfFirst(values, count) {
  return values.slice(0, count).reduce((sum, value) => sum + value, 0) / count;
}

/**
 * The share of items whose first `length` tokens are all right.
 * @param {Answers} answers
 * @param {number} length
 */
export function exactMatch({ rightBeforeError }, length) {
  const total = rightBeforeError.reduce((sum, count) => sum + count, 0);
  return rightBeforeError.slice(length).reduce((sum, count) => sum + count, 0) / total;
}

/**
 * The share of tokens that are right, each asked for after the right ones before it.
 * @param {Answers} answers
 * @param {number} length
 */
export function tokensRight({ tokensRight }, length) {
  return meanOfFirst(tokensRight, length);
}

/**
 * Log-probability of the right tokens, in nats per token.
 * @param {Answers} answers
 * @param {number} length
 */
export function logProbability({ logProbability }, length) {
  return meanOfFirst(logProbability, length);
}

/**
 * How much of a whole rise, from the first value to the last, has come by a place.
 * @param {number[]} values  In order.
 * @param {number} place
 */
export function riseUntil(values, place) {
  const rise = values[values.length - 1] - values[0];
  return rise > 0 && place > 0 ? Math.max(0, values[place] - values[0]) / rise : 0;
}

/**
 * The last place up to which all values are as good as nothing; -1 where the first is more already.
 * @param {number[]} values
 * @param {number} nothing
 */
export function lastWithout(values, nothing) {
  const first = values.findIndex((value) => value >= nothing);
  return (first === -1 ? values.length : first) - 1;
}
