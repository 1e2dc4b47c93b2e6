/** Normalizations of one vector, without gain and bias. */

/**
 * (x - mean) / √(variance + ε), with the variance over n.
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function layerNorm(vector, epsilon) {
  const { mean, variance } = moments(vector);
  return vector.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

/**
 * x / √(mean of squares + ε)
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function rmsNorm(vector, epsilon) {
  return vector.map((value) => value / Math.sqrt(rms(vector) ** 2 + epsilon));
}

/**
 * A variant often seen in code: the standard deviation over n - 1, and ε added to it instead of to the variance.
 * @param {number[]} vector
 * @param {number} epsilon
 */
export function layerNormVariant(vector, epsilon) {
  const { mean, variance } = moments(vector);
  const deviation = Math.sqrt((variance * vector.length) / (vector.length - 1));
  return vector.map((value) => (value - mean) / (deviation + epsilon));
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
