/**
 * What a decoder of some size will have lost when its budget of compute is spent: the law that Besiroglu et al. (2024)
 * fitted to the runs of Hoffmann et al. (2022).
 */

export type Run = { parameters: number, tokens: number };

/** The loss that no size and no number of tokens falls below. */
export const LIMIT = 1.82;
/** What a size and a number of tokens add to it: a factor and a power of each. */
const [OF_SIZE, OF_TOKENS] = [{ factor: 482, power: 0.348 }, { factor: 2085, power: 0.366 }];

export function fittedLoss({ parameters, tokens }: Run) {
  return LIMIT + OF_SIZE.factor / parameters ** OF_SIZE.power + OF_TOKENS.factor / tokens ** OF_TOKENS.power;
}

/** The compute of a model's life: 6 N for each token of its training, 2 N for each that it serves. */
export function costOfLife({ parameters, tokens }: Run, served: number) {
  return 6 * parameters * tokens + 2 * parameters * served;
}

/** The runs of some sizes that cost the same over their lives; sizes that leave nothing for training are left out. */
export function runsOfCost(cost: number, served: number, sizes: number[]): (Run & { loss: number })[] {
  return sizes
    .map((parameters) => ({ parameters, tokens: (cost - 2 * parameters * served) / (6 * parameters) }))
    .filter(({ tokens }) => tokens > 0)
    .map((run) => ({ ...run, loss: fittedLoss(run) }));
}

/**
 * The tokens with which no other size that costs as much over its life has a lower loss: there, what more tokens gain for
 * their cost is what a larger size gains.
 */
export function tokensWithLowest(parameters: number, served: number) {
  const gain = (OF_SIZE.factor * OF_SIZE.power) / parameters ** OF_SIZE.power;
  const isTooFew = (tokens: number) => ((tokens + served / 3) * OF_TOKENS.factor * OF_TOKENS.power) / tokens ** (OF_TOKENS.power + 1) > gain;
  let [low, high] = [0, 30]; // powers of ten, halved until they meet
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (isTooFew(10 ** middle)) low = middle;
    else high = middle;
  }
  return 10 ** low;
}

/** The run of 20 tokens for each parameter that costs this over its life. */
export function twentyForEach(cost: number, served: number): Run {
  // 120 N² + 2 N served = cost
  const parameters = (Math.sqrt(served ** 2 + 120 * cost) - served) / 120;
  return { parameters, tokens: 20 * parameters };
}

/**
 * Sizes in equal steps of their logarithm.
 * @param from  Power of ten.
 */
export function sizesBetween(from: number, to: number, stepsOfATenfold: number) {
  const count = Math.round((to - from) * stepsOfATenfold) + 1;
  return Array.from({ length: count }, (_, i) => 10 ** (from + i / stepsOfATenfold));
}

/**
 * @param runs  At least one.
 * @returns  The one with the lowest loss.
 */
export function lowest<Run extends { loss: number }>(runs: Run[]): Run {
  return runs.reduce((best, run) => (best.loss <= run.loss ? best : run));
}
