/** Confidence against accuracy: bins, calibration error, and the score of answers above a threshold. */

/** @typedef {{ count: number, confidence: number, accuracy: number }} Bin  Means are NaN where the bin is empty. */

/**
 * Equal-width bins, (lo, hi], 0 in the first.
 * @param {number[]} confidence
 * @param {boolean[]} correct
 * @param {number} count
 * @returns {Bin[]}
 */
export function binsOf(confidence, correct, count) {
  const sums = Array.from({ length: count }, () => ({ count: 0, confidence: 0, right: 0 }));
  confidence.forEach((value, i) => {
    const bin = sums[Math.max(0, Math.ceil(value * count) - 1)];
    bin.count++;
    bin.confidence += value;
    bin.right += Number(correct[i]);
  });
  return sums.map((bin) => ({ count: bin.count, confidence: bin.confidence / bin.count, accuracy: bin.right / bin.count }));
}

/** @param {Bin[]} bins */
export function calibrationError(bins) {
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce((sum, { count, confidence, accuracy }) => (count ? sum + (count / all) * Math.abs(accuracy - confidence) : sum), 0);
}

/**
 * @param {number[]} confidence
 * @param {boolean[]} correct
 * @param {number} threshold
 * @param {number} penalty
 */
export function selectiveScore(confidence, correct, threshold, penalty) {
  const scores = confidence.map((value, i) => (value < threshold ? 0 : correct[i] ? 1 : -penalty));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/**
 * The odds of each confidence to a power: above 1 it moves away from one half, below 1 towards it.
 * @param {number[]} confidence
 * @param {number} power
 */
export function sharpened(confidence, power) {
  return confidence.map((value) => value ** power / (value ** power + (1 - value) ** power));
}

/** Less than that shows nowhere. */
const LEAST_GAP = 0.005;

/**
 * Neighboring bins that err to the same side, from low confidence to high. Empty bins and those without an error end none.
 * @param {Bin[]} bins
 */
export function stretchesOf(bins) {
  /** @type {{ isTooSure: boolean, from: number, to: number }[]} */
  const stretches = [];
  bins.forEach(({ count, confidence, accuracy }, i) => {
    if (!count || Math.abs(confidence - accuracy) < LEAST_GAP) return;
    const [isTooSure, to] = [confidence > accuracy, (i + 1) / bins.length];
    const last = stretches.at(-1);
    if (last?.isTooSure === isTooSure) last.to = to;
    else stretches.push({ isTooSure, from: i / bins.length, to });
  });
  return stretches;
}
