/** Small numeric helpers. */

import type { Matrix } from "../ui/types.ts";

/**
 * exp(x) / sum of exp(x). The largest score is subtracted first, so that no exponential overflows.
 * Where every score is minus infinity, nothing can be chosen and all are 0.
 */
export function softmax(scores: ArrayLike<number>): number[] {
  let largest = -Infinity;
  for (let i = 0; i < scores.length; i++) largest = Math.max(largest, scores[i]);
  if (largest === -Infinity) return Array(scores.length).fill(0);
  const probabilities = Array(scores.length);
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += probabilities[i] = Math.exp(scores[i] - largest);
  for (let i = 0; i < scores.length; i++) probabilities[i] /= total;
  return probabilities;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

export function sum(values: ArrayLike<number>) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** In nats. */
export function klDivergence(p: number[], q: number[]) {
  return sum(p.map((probability, i) => (probability ? probability * Math.log(probability / q[i]) : 0)));
}

/** How far two distributions are apart: from 0, the same, to 1, nothing in common. It is the probability that has moved. */
export function totalVariation(one: number[], other: number[]) {
  return sum(one.map((probability, i) => Math.abs(probability - other[i]))) / 2;
}

/** @returns  The index of the largest. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** @returns  The indices, the largest value first. */
export function ranking(values: ArrayLike<number>): number[] {
  return Array.from(values, (_, i) => i).sort((a, b) => values[b] - values[a]);
}

/** Uniform numbers in [0, 1) from a seed: mulberry32, the same sequence in every browser. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), bits | 61)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers, by Box and Muller. */
export function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function randomMatrix(rows: number, columns: number, draw: () => number): Matrix {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, draw));
}

/** A number as text, with a true minus sign and -∞. */
export function format(value: number, digits: number = 2) {
  if (value === -Infinity) return "−∞";
  if (Number.isNaN(value)) return "NaN";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
}

/** With its sign, unless it rounds to zero. */
export function signed(value: number, digits?: number) {
  const text = format(value, digits);
  return Number(text) > 0 ? `+${text}` : text;
}
