/** What a context costs: bytes of the KV cache, floating-point operations, dollars. */

/**
 * @typedef {object} Shape
 * @property {number} layers
 * @property {number} heads  Query heads.
 * @property {number} cached  Numbers that one layer keeps for one position.
 * @property {number} scored  Multiplications for one query, one key and one value, in all heads of a layer.
 * @property {number} parameters  That work on one token, without the embedding table.
 * @property {number} stored  Parameters in memory.
 *
 * @typedef {object} Prices  Dollars for a million tokens.
 * @property {number} input
 * @property {number} write  Into the cache.
 * @property {number} read  Out of it.
 * @property {number} output
 */

/**
 * @param {number} kvHeads
 * @param {number} headDim
 */
export function cachedByHeads(kvHeads, headDim) {
  return 2 * kvHeads * headDim;
}

/**
 * @param {Shape} shape
 * @param {number} length
 * @param {number} batch
 * @param {number} bits  Of one number.
 */
export function cacheBytes({ layers, cached }, length, batch, bits) {
  return (layers * cached * length * batch * bits) / 8;
}

/**
 * Operations to read a text once: those of the matrices grow with its length, those of causal attention with its square.
 * @param {Shape} shape
 * @param {number} length
 */
export function readingOperations({ layers, scored, parameters }, length) {
  // A multiplication and an addition; a query meets half of the keys in the mean.
  return { matrices: 2 * parameters * length, attention: 2 * layers * scored * (length ** 2 / 2) };
}

/**
 * The length at which attention takes as many operations as all else.
 * @param {Shape} shape
 */
export function crossing({ layers, scored, parameters }) {
  return (2 * parameters) / (layers * scored);
}

/**
 * Some questions about one text, each with an answer: the text is sent every time, or kept after the first.
 * @param {Prices} prices
 * @param {number} length
 * @param {number} questions
 * @param {number} answer  Tokens of each answer.
 */
export function dollars({ input, write, read, output }, length, questions, answer) {
  const answers = questions * answer * output;
  return {
    sentAgain: (questions * length * input + answers) / 1e6,
    cached: (length * write + (questions - 1) * length * read + answers) / 1e6,
  };
}
