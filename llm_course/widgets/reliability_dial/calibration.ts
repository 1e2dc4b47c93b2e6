/** Confidence against accuracy: bins, calibration error, and the score of answers above a threshold. */

import { sum } from "../models/numbers.ts";

/** Means are NaN where the bin is empty. */
export type Bin = { count: number, confidence: number, accuracy: number };

/** Equal-width bins, (lo, hi], 0 in the first. */
export function binsOf(confidence: number[], correct: boolean[], count: number): Bin[] {
  const sums = Array.from({ length: count }, () => ({ count: 0, confidence: 0, right: 0 }));
  confidence.forEach((value, i) => {
    const bin = sums[Math.max(0, Math.ceil(value * count) - 1)];
    bin.count++;
    bin.confidence += value;
    bin.right += Number(correct[i]);
  });
  return sums.map((bin) => ({ count: bin.count, confidence: bin.confidence / bin.count, accuracy: bin.right / bin.count }));
}

export function calibrationError(bins: Bin[]) {
  const all = sum(bins.map(({ count }) => count));
  return sum(bins.map(({ count, confidence, accuracy }) => (count ? (count / all) * Math.abs(accuracy - confidence) : 0)));
}

export function selectiveScore(confidence: number[], correct: boolean[], threshold: number, penalty: number) {
  const scores = confidence.map((value, i) => (value < threshold ? 0 : correct[i] ? 1 : -penalty));
  return sum(scores) / scores.length;
}

/** The odds of each confidence to a power: above 1 it moves away from one half, below 1 towards it. */
export function sharpened(confidence: number[], power: number) {
  return confidence.map((value) => value ** power / (value ** power + (1 - value) ** power));
}

/** Less than that shows nowhere. */
const LEAST_GAP = 0.005;

/** Neighboring bins that err to the same side, from low confidence to high. Empty bins and those without an error end none. */
export function stretchesOf(bins: Bin[]) {
  const stretches: { isTooSure: boolean, from: number, to: number }[] = [];
  bins.forEach(({ count, confidence, accuracy }, i) => {
    if (!count || Math.abs(confidence - accuracy) < LEAST_GAP) return;
    const [isTooSure, to] = [confidence > accuracy, (i + 1) / bins.length];
    const last = stretches.at(-1);
    if (last?.isTooSure === isTooSure) last.to = to;
    else stretches.push({ isTooSure, from: i / bins.length, to });
  });
  return stretches;
}
