/** Nearness of vectors, and a flat picture of many. */

import { dot, randomNumbers } from "../models/numbers.ts";
import type { Matrix } from "../ui/types.ts";

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>) {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
}

/** Coordinates on the two directions in which the vectors vary most (principal components), by power iteration. */
export function flatten(vectors: Matrix): [number, number][] {
  const size = vectors[0].length;
  const mean = Array.from({ length: size }, (_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0) / vectors.length);
  const centered = vectors.map((vector) => vector.map((value, i) => value - mean[i]));
  const first = leading(centered);
  const rest = centered.map((vector) => {
    const along = dot(vector, first);
    return vector.map((value, i) => value - along * first[i]);
  });
  const second = leading(rest);
  return centered.map((vector) => [dot(vector, first), dot(vector, second)]);
}

/** The unit direction of largest variance: multiply by XᵀX until it no longer turns. */
function leading(centered: Matrix) {
  const uniform = randomNumbers(1);
  let direction = centered[0].map(() => uniform() - 0.5);
  for (let round = 0; round < 200; round++) {
    const projections = centered.map((vector) => dot(vector, direction));
    const next = direction.map((_, i) => centered.reduce((sum, vector, j) => sum + projections[j] * vector[i], 0));
    const length = Math.sqrt(dot(next, next)) || 1;
    direction = next.map((value) => value / length);
  }
  return direction;
}
