/** Positions as angles: pair i of d numbers turns by position · base^(-2i/d). */

import { ropeFrequencies, rotate } from "../models/decoder.ts";

/** RoPE in the half-split layout: numbers i and i + d/2 are a pair. */
export function rope(vector: number[], position: number, base: number): number[] {
  return rotate([...vector], position, ropeFrequencies(vector.length, base));
}

/** The sinusoids of "Attention is all you need": sin at even numbers, cos at odd ones. */
export function sinusoid(size: number, position: number, base: number): number[] {
  return ropeFrequencies(size, base).flatMap((frequency) => [Math.sin(position * frequency), Math.cos(position * frequency)]);
}
