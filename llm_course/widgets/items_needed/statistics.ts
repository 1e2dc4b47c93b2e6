/** Comparing two models on a test whose items are right or wrong. */

/** Two models on items of one kind. */
interface Comparison {
  first: number; // Share of items that the first model gets right.
  second: number; // The same of the second model.
  disagreement: number; // Share of items that exactly one of them gets right.
}

/**
 * The chance that a standard normal number is below x. By the complementary error function of Numerical Recipes (erfcc),
 * whose relative error is below 1.2e-7.
 */
export function normalBelow(x: number) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const factors = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const tail = (t * Math.exp(-z * z + factors.reduceRight((sum, factor) => sum * t + factor, 0))) / 2;
  return x > 0 ? 1 - tail : tail;
}

/**
 * The number that a standard normal number is below with this chance: found by halving, which needs no table.
 * @param chance  Above 0 and below 1.
 */
export function normalQuantile(chance: number) {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * On which share of items two models disagree: on as many as their shares differ if they are as alike as they can be, on
 * more the less one of them tells about the other.
 * @param likeness  From 0, unrelated, to 1, as alike as their shares allow.
 */
export function disagreementOf(first: number, second: number, likeness: number) {
  const unrelated = first * (1 - second) + second * (1 - first);
  return unrelated - likeness * (unrelated - Math.abs(first - second));
}

/**
 * The standard deviation of the difference on one item. Unpaired, each model has items of its own; paired, both have the
 * same, and the difference of an item is 1, 0 or -1.
 */
export function deviations({ first, second, disagreement }: Comparison): { unpaired: number, paired: number } {
  return {
    unpaired: Math.sqrt(first * (1 - first) + second * (1 - second)),
    paired: Math.sqrt(Math.max(0, disagreement - (first - second) ** 2)),
  };
}

/**
 * Items that a test needs to find a difference: so that its interval leaves out 0, in this share of tests.
 * @param difference  Not 0.
 * @param deviation  Of the difference on one item.
 * @param confidence  Of the two-sided interval, as 0.95.
 * @param power  The share of tests that find it, as 0.8.
 */
export function itemsNeeded(difference: number, deviation: number, confidence: number, power: number) {
  const distance = normalQuantile((1 + confidence) / 2) + normalQuantile(power);
  return Math.max(1, Math.ceil(((distance * deviation) / difference) ** 2 - 1e-9));
}

/** The chance that a test of so many items gives the better model the higher score. */
export function chanceOfRightOrder(difference: number, deviation: number, items: number) {
  return deviation === 0 ? 1 : normalBelow((Math.abs(difference) * Math.sqrt(items)) / deviation);
}
