/** Rounding weights to few levels: whole multiples of a scale, and the 16 levels of NF4. */

import { rms } from "../models/norms.ts";
import { softmax } from "../models/numbers.ts";
import type { CourseModel } from "../models/course_model.ts";
import type { Decoder } from "../models/decoder.ts";

/** The levels of NF4 as they were published with bitsandbytes (Dettmers et al. 2023). */
export const NF4_LEVELS = [
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
  -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
];

/** The nearest whole number; of two, the even one. */
export function roundToEven(value: number) {
  const below = Math.floor(value);
  const above = value - below;
  if (above !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

export function absmax(weights: ArrayLike<number>) {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) largest = Math.max(largest, Math.abs(weights[i]));
  return largest;
}

/** The levels that weights with this largest magnitude can become, in order. */
export function levelsOf(largest: number, { bits, nf4 }: { bits: number, nf4: boolean }) {
  if (nf4) return NF4_LEVELS.map((level) => level * largest);
  const top = 2 ** (bits - 1) - 1;
  return Array.from({ length: 2 * top + 1 }, (_, i) => ((i - top) * largest) / top);
}

/** The weights of one group, there and back. */
export function roundGroup(weights: number[], { bits, nf4 }: { bits: number, nf4: boolean }) {
  const largest = absmax(weights);
  if (largest === 0) return weights.map(() => 0);
  if (nf4) return weights.map((weight) => nearest(weight / largest) * largest);
  const scale = largest / (2 ** (bits - 1) - 1);
  return weights.map((weight) => roundToEven(weight / scale) * scale);
}

/** The level of NF4 nearest to a share; of two, the lower. */
function nearest(share: number) {
  return NF4_LEVELS.reduce((best, level) => (Math.abs(share - level) < Math.abs(share - best) ? level : best));
}

/** Weights there and back, each `size` neighbors with a scale of their own. The last group may be short. */
export function roundByGroups(weights: number[], size: number, format: { bits: number, nf4: boolean }) {
  const groups = Array.from({ length: Math.ceil(weights.length / size) }, (_, g) => weights.slice(g * size, (g + 1) * size));
  return groups.flatMap((group) => roundGroup(group, format));
}

/** Which weight of a row is the outlier. */
export const OUTLIER = 7;

/**
 * A row in which one weight is so many deviations large.
 * @param deviations  None if 0.
 */
export function withOutlier(row: number[], deviations: number) {
  return row.map((weight, i) => (deviations && i === OUTLIER ? deviations * rms(row) : weight));
}

/**
 * A matrix there and back, row by row: groups do not reach from one row into the next.
 * @param outlier  In deviations: each row is rounded as if it had one, which is then taken out again. What
 *   remains is what it does to others.
 */
export function roundMatrix(
  matrix: Float32Array,
  columns: number,
  size: number,
  format: { bits: number, nf4: boolean },
  outlier: number = 0,
) {
  const rounded = new Float32Array(matrix.length);
  for (let start = 0; start < matrix.length; start += columns) {
    const row = Array.from(matrix.subarray(start, start + columns));
    rounded.set(roundByGroups(withOutlier(row, outlier), size, format), start);
    if (outlier) rounded[start + OUTLIER] = row[OUTLIER];
  }
  return rounded;
}

/**
 * The tensors of the course model, all linear layers there and back. Embedding and norms stay as they are.
 * @param outlier  As for `roundMatrix`.
 */
export function roundLayers({ config, tensors }: CourseModel, size: number, format: { bits: number, nf4: boolean }, outlier: number = 0) {
  const rounded = new Map(tensors);
  for (const [name, tensor] of tensors) {
    if (!name.includes("_proj")) continue;
    const columns = name.includes("down_proj") ? config.feed_forward_size : config.hidden_size;
    rounded.set(name, roundMatrix(tensor, columns, size, format, outlier));
  }
  return rounded;
}

/** The length of the difference by the length of the weights. */
export function relativeError(weights: ArrayLike<number>, rounded: ArrayLike<number>) {
  return errorOfAll([[weights, rounded]]);
}

/** The same for all linear layers together. */
export function errorOfLayers(tensors: Map<string, Float32Array>, rounded: Map<string, Float32Array>) {
  const names = [...tensors.keys()].filter((name) => name.includes("_proj"));
  return errorOfAll(names.map((name) => [tensors.get(name) as Float32Array, rounded.get(name) as Float32Array]));
}

function errorOfAll(pairs: [weights: ArrayLike<number>, rounded: ArrayLike<number>][]) {
  let lost = 0;
  let whole = 0;
  for (const [weights, rounded] of pairs) {
    for (let i = 0; i < weights.length; i++) {
      lost += (weights[i] - rounded[i]) ** 2;
      whole += weights[i] ** 2;
    }
  }
  return Math.sqrt(lost / whole);
}

/** After each token of a text, the probabilities of the next. */
export function nextProbabilities(decoder: Decoder, ids: number[]) {
  const cache = decoder.newCache();
  return ids.map((id) => softmax(decoder.step(cache, id)));
}
