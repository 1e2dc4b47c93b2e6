/** What a token costs on a rented machine, and from how many tokens on the machine is cheaper than an API. */

/** Hours in a month of hosting: 30 days. */
export const HOURS = 720;

/**
 * The cost of a million tokens on a machine that is paid by the hour, busy or not.
 * @param {number} hourlyCost
 * @param {number} tokensPerSecond  While it is busy.
 * @param {number} utilisation  The share of the time in which it is busy, above 0.
 */
export function costPerMillion(hourlyCost, tokensPerSecond, utilisation) {
  return (hourlyCost / (tokensPerSecond * 3600 * utilisation)) * 1e6;
}

/**
 * The tokens a month at which a machine and an API cost the same.
 * @param {number} monthlyHosting
 * @param {number} apiPrice  Of a million tokens.
 */
export function breakEvenTokens(monthlyHosting, apiPrice) {
  return (monthlyHosting / apiPrice) * 1e6;
}

/**
 * How busy the machine has to be to make that many tokens a month. Above 1, one machine is not enough.
 * @param {number} tokens
 * @param {number} tokensPerSecond
 */
export function utilisationFor(tokens, tokensPerSecond) {
  return tokens / (tokensPerSecond * 3600 * HOURS);
}
