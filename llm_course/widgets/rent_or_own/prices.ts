/** What a token costs on a rented machine, and from how many tokens on the machine is cheaper than an API. */

/** Hours in a month of hosting: 30 days. */
export const HOURS = 720;

/**
 * The cost of a million tokens on a machine that is paid by the hour, busy or not.
 * @param tokensPerSecond  While it is busy.
 * @param utilisation  The share of the time in which it is busy, above 0.
 */
export function costPerMillion(hourlyCost: number, tokensPerSecond: number, utilisation: number) {
  return (hourlyCost / (tokensPerSecond * 3600 * utilisation)) * 1e6;
}

/**
 * The tokens a month at which a machine and an API cost the same.
 * @param apiPrice  Of a million tokens.
 */
export function breakEvenTokens(monthlyHosting: number, apiPrice: number) {
  return (monthlyHosting / apiPrice) * 1e6;
}

/** How busy the machine has to be to make that many tokens a month. Above 1, one machine is not enough. */
export function utilisationFor(tokens: number, tokensPerSecond: number) {
  return tokens / (tokensPerSecond * 3600 * HOURS);
}
