/**
 * What a decoder of some size will have lost when its budget of compute is spent: the law that Besiroglu et al. (2024)
 * fitted to the runs of Hoffmann et al. (2022).
 */

/** @typedef {{ parameters: number, tokens: number }} Run */

/** The loss that no size and no number of tokens falls below. */
export const LIMIT = 1.82;
/** What a size and a number of tokens add to it: a factor and a power of each. */
const [OF_SIZE, OF_TOKENS] = [{ factor: 482, power: 0.348 }, { factor: 2085, power: 0.366 }];

/** @param {Run} run */
export function fittedLoss({ parameters, tokens }) {
  return LIMIT + OF_SIZE.factor / parameters ** OF_SIZE.power + OF_TOKENS.factor / tokens ** OF_TOKENS.power;
}

/**
 * The compute of a model's life: 6 N for each token of its training, 2 N for each that it serves.
 * @param {Run} run
 * @param {number} served
 */
export function costOfLife({ parameters, tokens }, served) {
  return 6 * parameters * tokens + 2 * parameters * served;
}

/**
 * The runs of some sizes that cost the same over their lives; sizes that leave nothing for training are left out.
 * @param {number} cost
 * @param {number} served
 * @param {number[]} sizes
 * @returns {(Run & { loss: number })[]}
 */
export function runsOfCost(cost, served, sizes) {
  return sizes
    .map((parameters) => ({ parameters, tokens: (cost - 2 * parameters * served) / (6 * parameters) }))
    .filter(({ tokens }) => tokens > 0)
    .map((run) => ({ ...run, loss: fittedLoss(run) }));
}

/**
 * The tokens with which no other size that costs as much over its life has a lower loss: there, what more tokens gain for
 * their cost is what a larger size gains.
 * @param {number} parameters
 * @param {number} served
 */
export function tokensWithLowest(parameters, served) {
  const gain = (OF_SIZE.factor * OF_SIZE.power) / parameters ** OF_SIZE.power;
  const isTooFew = (/** @type {number} */ tokens) => ((tokens + served / 3) * OF_TOKENS.factor * OF_TOKENS.power) / tokens ** (OF_TOKENS.power + 1) > gain;
  let [low, high] = [0, 30]; // powers of ten, halved until they meet
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (isTooFew(10 ** middle)) low = middle;
    else high = middle;
  }
  return 10 ** low;
}

/**
 * The run of 20 tokens for each parameter that costs this over its life.
 * @param {number} cost
 * @param {number} served
 * @returns {Run}
 */
export function twentyForEach(cost, served) {
  // 120 N² + 2 N served = cost
  const parameters = (Math.sqrt(served ** 2 + 120 * cost) - served) / 120;
  return { parameters, tokens: 20 * parameters };
}

/**
 * Sizes in equal steps of their logarithm.
 * @param {number} from  Power of ten.
 * @param {number} to
 * @param {number} stepsOfATenfold
 */
export function sizesBetween(from, to, stepsOfATenfold) {
  const count = Math.round((to - from) * stepsOfATenfold) + 1;
  return Array.from({ length: count }, (_, i) => 10 ** (from + i / stepsOfATenfold));
}

/**
 * @template {{ loss: number }} Run
 * @param {Run[]} runs  At least one.
 * @returns {Run} The one with the lowest loss.
 */
export function lowest(runs) {
  return runs.reduce((best, run) => (best.loss <= run.loss ? best : run));
}
