/** Normalizations of one vector, without gain and bias. */

import { dot, sum } from "./numbers.ts";

/** (x - mean) / √(variance + ε), with the variance over n. */
export function layerNorm(vector: number[], epsilon: number) {
  const { mean } = moments(vector);
  return vector.map((value) => (value - mean) / divisors(vector, epsilon).layer);
}

/** x / √(mean of squares + ε) */
export function rmsNorm(vector: number[], epsilon: number) {
  return vector.map((value) => value / divisors(vector, epsilon).root);
}

/** What each norm divides by. */
export function divisors(vector: number[], epsilon: number) {
  const { variance } = moments(vector);
  return {
    layer: Math.sqrt(variance + epsilon),
    root: Math.sqrt(rms(vector) ** 2 + epsilon),
  };
}

export function moments(vector: ArrayLike<number>) {
  const mean = sum(vector) / vector.length;
  const variance = sum(Array.from(vector, (value) => (value - mean) ** 2)) / vector.length;
  return { mean, variance };
}

export function rms(vector: ArrayLike<number>) {
  return Math.sqrt(dot(vector, vector) / vector.length);
}
