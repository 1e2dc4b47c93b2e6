/** Scaled dot-product attention: softmax(Q Kᵀ / √d) V, with each step kept. */

import { dot, softmax } from "../models/numbers.ts";
import type { Decoder } from "../models/decoder.ts";
import type { Matrix } from "../ui/types.ts";

interface Inputs {
  query: Matrix; // [queries, d]
  key: Matrix; // [keys, d]
  value: Matrix; // [keys, d_value]
  /**
   * Hide from each query the keys that come after it. With more keys than queries, the queries are the last positions, as
   * with a key-value cache.
   */
  causal: boolean;
  scaled: boolean; // Divide the scores by √d.
}

/** @returns  Masked scores are minus infinity. */
export function attention({ query, key, value, causal, scaled }: Inputs): { scores: Matrix, weights: Matrix, output: Matrix } {
  const scale = scaled ? 1 / Math.sqrt(key[0].length) : 1;
  const earlier = key.length - query.length;
  const scores = query.map((q, i) => key.map((k, j) => (causal && j > i + earlier ? -Infinity : dot(q, k) * scale)));
  const weights = scores.map(softmax);
  const output = weights.map((row) => value[0].map((_, column) => dot(row, value.map((v) => v[column]))));
  return { scores, weights, output };
}

/** The vectors of every head for a sequence of tokens: [layer][head]. */
export function readHeads(decoder: Decoder, ids: number[]): { query: Matrix, key: Matrix, value: Matrix }[][] {
  const { layers, heads, kv_heads, head_size } = decoder.config;
  const read = Array.from({ length: layers }, () =>
    Array.from({ length: heads }, () => ({ query: [] as Matrix, key: [] as Matrix, value: [] as Matrix })),
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
