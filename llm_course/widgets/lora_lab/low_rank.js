/** How well a product of two thin matrices can stand for a matrix. */

/** @import { Matrix } from "../ui/types.js" */

/**
 * The relative error, in the Frobenius norm, of the best approximation of each rank from 0 on: what the left-out
 * singular values hold (Eckart and Young, 1936).
 * @param {number[]} singularValues  Largest first.
 * @returns {number[]}
 */
export function rankErrors(singularValues) {
  const total = singularValues.reduce((sum, value) => sum + value ** 2, 0);
  let left = total;
  return [1, ...singularValues.map((value) => Math.sqrt(Math.max(0, (left -= value ** 2)) / total))];
}

/**
 * B [rows, r] and A [r, columns].
 * @param {number} rows
 * @param {number} columns
 * @param {number} rank
 */
export function lowRankParameters(rows, columns, rank) {
  return rank * (rows + columns);
}

/**
 * The product of the first `rank` columns of B and rows of A.
 * @param {Matrix} b  [rows, all ranks]
 * @param {Matrix} a  [all ranks, columns]
 * @param {number} rank
 * @returns {Matrix}
 */
export function ofRank(b, a, rank) {
  return b.map((row) => a[0].map((_, j) => row.slice(0, rank).reduce((sum, number, r) => sum + number * a[r][j], 0)));
}

/**
 * The same factors with rows and columns in the order of the strongest pattern: what the matrix has of it becomes a shape.
 * @param {Matrix} b
 * @param {Matrix} a
 * @returns {{ b: Matrix, a: Matrix }}
 */
export function sortedByPattern(b, a) {
  const order = a[0].map((_, column) => column).sort((one, other) => a[0][one] - a[0][other]);
  return { b: [...b].sort((one, other) => one[0] - other[0]), a: a.map((row) => order.map((column) => row[column])) };
}
