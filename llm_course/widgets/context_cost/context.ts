/** What a context costs: bytes of the KV cache, floating-point operations, dollars. */

export interface Shape {
  layers: number;
  cached: number; // Numbers that one layer keeps for one position.
  scored: number; // Multiplications for one query, one key and one value, in all heads of a layer.
  parameters: number; // That work on one token, without the embedding table.
  stored: number; // Parameters in memory.
}

/** Dollars for a million tokens. */
export interface Prices {
  input: number;
  write: number; // Into the cache.
  read: number; // Out of it.
  output: number;
}

export function cachedByHeads(kvHeads: number, headDim: number) {
  return 2 * kvHeads * headDim;
}

/** @param bits  Of one number. */
export function cacheBytes({ layers, cached }: Shape, length: number, batch: number, bits: number) {
  return (layers * cached * length * batch * bits) / 8;
}

/** Operations to read a text once: those of the matrices grow with its length, those of causal attention with its square. */
export function readingOperations({ layers, scored, parameters }: Shape, length: number) {
  // A multiplication and an addition; a query meets half of the keys in the mean.
  return { matrices: 2 * parameters * length, attention: 2 * layers * scored * (length ** 2 / 2) };
}

/** The length at which attention takes as many operations as all else. */
export function crossing({ layers, scored, parameters }: Shape) {
  return (2 * parameters) / (layers * scored);
}

/**
 * Some questions about one text, each with an answer: the text is sent every time, or kept after the first.
 * @param answer  Tokens of each answer.
 */
export function dollars({ input, write, read, output }: Prices, length: number, questions: number, answer: number) {
  const answers = questions * answer * output;
  return {
    sentAgain: (questions * length * input + answers) / 1e6,
    cached: (length * write + (questions - 1) * length * read + answers) / 1e6,
  };
}
