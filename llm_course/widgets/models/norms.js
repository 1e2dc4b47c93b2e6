/** Normalizations of one vector, without gain and bias. */

/**
 * (x - mean) / √(variance + ε), with the variance over n.
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function layerNorm(vector, epsilon) {
  const { mean } = moments(vector);
  return vector.map((value) => (value - mean) / divisors(vector, epsilon).layer);
}

/**
 * x / √(mean of squares + ε)
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function rmsNorm(vector, epsilon) {
  return vector.map((value) => value / divisors(vector, epsilon).root);
}

/**
 * What each norm divides by.
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function divisors(vector, epsilon) {
  const { variance } = moments(vector);
  return {
    layer: Math.sqrt(variance + epsilon),
    root: Math.sqrt(rms(vector) ** 2 + epsilon),
  };
}

/** @param {number[]} vector */
export function moments(vector) {
  const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  const variance = vector.reduce((sum, value) => sum + (value - mean) ** 2, 0) / vector.length;
  return { mean, variance };
}

/** @param {number[]} vector */
export function rms(vector) {
  return Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0) / vector.length);
}
