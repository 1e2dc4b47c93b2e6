/** How well a product of two thin matrices can stand for a matrix. */

import type { Matrix } from "../ui/types.ts";

/**
 * The relative error, in the Frobenius norm, of the best approximation of each rank from 0 on: what the left-out
 * singular values hold (Eckart and Young, 1936).
 * @param singularValues  Largest first.
 */
export function rankErrors(singularValues: number[]): number[] {
  const total = singularValues.reduce((sum, value) => sum + value ** 2, 0);
  let left = total;
  return [1, ...singularValues.map((value) => Math.sqrt(Math.max(0, (left -= value ** 2)) / total))];
}

/** B [rows, r] and A [r, columns]. */
export function lowRankParameters(rows: number, columns: number, rank: number) {
  return rank * (rows + columns);
}

/**
 * The product of the first `rank` columns of B and rows of A.
 * @param b  [rows, all ranks]
 * @param a  [all ranks, columns]
 */
export function ofRank(b: Matrix, a: Matrix, rank: number): Matrix {
  return b.map((row) => a[0].map((_, j) => row.slice(0, rank).reduce((sum, number, r) => sum + number * a[r][j], 0)));
}

/** The same factors with rows and columns in the order of the strongest pattern: what the matrix has of it becomes a shape. */
export function sortedByPattern(b: Matrix, a: Matrix): { b: Matrix, a: Matrix } {
  const order = a[0].map((_, column) => column).sort((one, other) => a[0][one] - a[0][other]);
  return { b: [...b].sort((one, other) => one[0] - other[0]), a: a.map((row) => order.map((column) => row[column])) };
}
