/** Positions as angles: pair i of d numbers turns by position · base^(-2i/d). */

/** The speed of each pair, in radians a position. */
export function frequencies(size: number, base: number): number[] {
  return Array.from({ length: size / 2 }, (_, i) => base ** ((-2 * i) / size));
}

/** RoPE in the half-split layout: numbers i and i + d/2 are a pair. */
export function rope(vector: number[], position: number, base: number): number[] {
  const half = vector.length / 2;
  const rotated = [...vector];
  frequencies(vector.length, base).forEach((frequency, i) => {
    const cos = Math.cos(position * frequency);
    const sin = Math.sin(position * frequency);
    rotated[i] = vector[i] * cos - vector[i + half] * sin;
    rotated[i + half] = vector[i + half] * cos + vector[i] * sin;
  });
  return rotated;
}

/** The sinusoids of "Attention is all you need": sin at even numbers, cos at odd ones. */
export function sinusoid(size: number, position: number, base: number): number[] {
  return frequencies(size, base).flatMap((frequency) => [Math.sin(position * frequency), Math.cos(position * frequency)]);
}
