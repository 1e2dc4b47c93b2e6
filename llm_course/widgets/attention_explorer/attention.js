/** Scaled dot-product attention: softmax(Q Kᵀ / √d) V, with each step kept. */

import { dot, softmax } from "../models/numbers.js";

/** @import { Decoder } from "../models/decoder.js" */
/** @import { Matrix } from "../ui/types.js" */

/**
 * @param {object} inputs
 * @param {Matrix} inputs.query  [queries, d]
 * @param {Matrix} inputs.key    [keys, d]
 * @param {Matrix} inputs.value  [keys, d_value]
 * @param {boolean} inputs.causal  Hide from each query the keys that come after it. With more keys than queries, the
 *     queries are the last positions, as with a key-value cache.
 * @param {boolean} inputs.scaled  Divide the scores by √d.
 * @returns {{ scores: Matrix, weights: Matrix, output: Matrix }}  Masked scores are minus infinity.
 */
export function attention({ query, key, value, causal, scaled }) {
  const scale = scaled ? 1 / Math.sqrt(key[0].length) : 1;
  const earlier = key.length - query.length;
  const scores = query.map((q, i) => key.map((k, j) => (causal && j > i + earlier ? -Infinity : dot(q, k) * scale)));
  const weights = scores.map(softmax);
  const output = weights.map((row) => value[0].map((_, column) => dot(row, value.map((v) => v[column]))));
  return { scores, weights, output };
}

/**
 * The vectors of every head for a sequence of tokens: [layer][head].
 * @param {Decoder} decoder
 * @param {number[]} ids
 * @returns {{ query: Matrix, key: Matrix, value: Matrix }[][]}
 */
export function readHeads(decoder, ids) {
  const { layers, heads, kv_heads, head_size } = decoder.config;
  const read = Array.from({ length: layers }, () =>
    Array.from({ length: heads }, () => ({ query: /** @type {Matrix} */ ([]), key: /** @type {Matrix} */ ([]), value: /** @type {Matrix} */ ([]) })),
  );
  decoder.read(decoder.newCache(), ids, (name, layer, values) => {
    if (name !== "query" && name !== "key" && name !== "value") return;
    const vectors = Array.from(values);
    read[layer].forEach((vectorsOfHead, head) => {
      const part = name === "query" ? head : Math.floor(head / (heads / kv_heads));
      vectorsOfHead[name].push(vectors.slice(part * head_size, (part + 1) * head_size));
    });
  });
  return read;
}
