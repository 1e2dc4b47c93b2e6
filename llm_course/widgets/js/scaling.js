/**
 * What a decoder of some size will have lost when its budget of compute is spent: the law that Besiroglu et al. (2024)
 * fitted to the runs of Hoffmann et al. (2022).
 */

/** @param {number} parameters @param {number} tokens */
export function fittedLoss(parameters, tokens) {
  return 1.82 + 482 / parameters ** 0.348 + 2085 / tokens ** 0.366;
}

/**
 * How many tokens a budget leaves for training: 6 N a token, when 2 N are put by for each token served later.
 * @param {number} budget  FLOPs, for training and use together.
 * @param {number} parameters
 * @param {number} served  Tokens read and written in the model's life.
 * @returns {number} Not above 0 where use alone takes the budget.
 */
export function tokensFor(budget, parameters, served) {
  return (budget - 2 * parameters * served) / (6 * parameters);
}

/**
 * The loss by size for one budget; sizes that leave nothing for training are left out.
 * @param {number} budget
 * @param {number} served
 * @param {number[]} sizes
 * @returns {{ parameters: number, tokens: number, loss: number }[]}
 */
export function lossBySize(budget, served, sizes) {
  return sizes
    .map((parameters) => ({ parameters, tokens: tokensFor(budget, parameters, served) }))
    .filter(({ tokens }) => tokens > 0)
    .map((run) => ({ ...run, loss: fittedLoss(run.parameters, run.tokens) }));
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
 * @param {Run[]} runs
 * @returns {Run | undefined} The one with the lowest loss.
 */
export function lowest(runs) {
  return runs.reduce((best, run) => (best && best.loss <= run.loss ? best : run), /** @type {Run | undefined} */ (undefined));
}
