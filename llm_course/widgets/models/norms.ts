/** Normalizations of one vector, without gain and bias. */

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

export function moments(vector: number[]) {
  const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  const variance = vector.reduce((sum, value) => sum + (value - mean) ** 2, 0) / vector.length;
  return { mean, variance };
}

export function rms(vector: number[]) {
  return Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0) / vector.length);
}
