/**
 * A Llama-shaped decoder: token ids in, logits out, one position at a time with a key-value cache.
 *
 * Vectors are Float32Array, matrices Float32Array in row order: row r of a linear layer makes output r.
 */

import { kernelOf, type Kernel } from "./kernel.ts";
import { softmax } from "./numbers.ts";

export interface Config {
  vocabulary_size: number;
  hidden_size: number;
  feed_forward_size: number;
  layers: number;
  heads: number;
  kv_heads: number;
  head_size: number;
  context_length: number;
  rope_theta: number;
  norm_epsilon: number;
  end_of_text: number;
  rope_frequencies?: number[]; // Radians a position for each pair of a head, in place of those that rope_theta gives.
  attention_factor?: number; // What rotated queries and keys are multiplied by, as YaRN does.
}

/** The keys and values of the positions so far, by layer: [position, kv_heads, head_size]. */
export interface Cache {
  length: number;
  keys: Float32Array[];
  values: Float32Array[];
}

/**
 * Sees each activation as it is made; what it wants to keep, it copies. Names: embedding, attention_input, query, key, value
 * (query and key after rotation), weights (once for each head), mixed, attention_output, feed_forward_input,
 * feed_forward_hidden, feed_forward_output, residual (after each layer), final.
 */
type Observer = (name: string, layer: number, values: ArrayLike<number>) => void;

type Layer = Record<
  "attentionNorm" | "query" | "key" | "value" | "output" | "feedForwardNorm" | "gate" | "up" | "down",
  Float32Array
>;

export class Decoder {
  readonly frequencies: number[];
  readonly embeddings: Float32Array;
  readonly finalNorm: Float32Array;
  readonly layers: Layer[];
  /** Made when it is first of use. */
  private kernel: Kernel | null | undefined;

  constructor(readonly config: Config, tensors: Map<string, Float32Array>) {
    const tensor = (name: string) => {
      const found = tensors.get(name);
      if (!found) throw new Error(`The model's file has no tensor ${name}.`);
      return found;
    };
    this.frequencies = config.rope_frequencies ?? ropeFrequencies(config.head_size, config.rope_theta);
    this.embeddings = tensor("model.embed_tokens.weight");
    this.finalNorm = tensor("model.norm.weight");
    this.layers = Array.from({ length: config.layers }, (_, i) => ({
      attentionNorm: tensor(`model.layers.${i}.input_layernorm.weight`),
      query: tensor(`model.layers.${i}.self_attn.q_proj.weight`),
      key: tensor(`model.layers.${i}.self_attn.k_proj.weight`),
      value: tensor(`model.layers.${i}.self_attn.v_proj.weight`),
      output: tensor(`model.layers.${i}.self_attn.o_proj.weight`),
      feedForwardNorm: tensor(`model.layers.${i}.post_attention_layernorm.weight`),
      gate: tensor(`model.layers.${i}.mlp.gate_proj.weight`),
      up: tensor(`model.layers.${i}.mlp.up_proj.weight`),
      down: tensor(`model.layers.${i}.mlp.down_proj.weight`),
    }));
  }

  newCache(): Cache {
    const { layers, context_length, kv_heads, head_size } = this.config;
    const table = () => Array.from({ length: layers }, () => new Float32Array(context_length * kv_heads * head_size));
    return { length: 0, keys: table(), values: table() };
  }

  /**
   * Read one more token. Where nobody observes, the kernel computes the same in a fraction of the time.
   * @param cache  Grows by this position.
   * @returns  The logits of the next token.
   */
  step(cache: Cache, token: number, observe?: Observer): Float32Array {
    const { context_length } = this.config;
    if (cache.length >= context_length) throw new Error(`The context is full: ${context_length} tokens.`);
    if (!observe && this.kernel === undefined) this.kernel = kernelOf(this);
    if (!observe && this.kernel) return this.kernel.step(cache, token);
    this.kernel?.forget(cache);
    return this.#step(cache, token, observe ?? (() => {}));
  }

  #step(cache: Cache, token: number, observe: Observer) {
    const { hidden_size, norm_epsilon, vocabulary_size } = this.config;
    const residual = this.embeddings.slice(token * hidden_size, (token + 1) * hidden_size);
    observe("embedding", 0, residual);
    this.layers.forEach((layer, index) => {
      const normed = rmsNorm(residual, layer.attentionNorm, norm_epsilon);
      observe("attention_input", index, normed);
      add(residual, this.#attend(layer, index, normed, cache, observe));
      const normedAgain = rmsNorm(residual, layer.feedForwardNorm, norm_epsilon);
      observe("feed_forward_input", index, normedAgain);
      add(residual, this.#feedForward(layer, index, normedAgain, observe));
      observe("residual", index, residual);
    });
    cache.length++;
    const final = rmsNorm(residual, this.finalNorm, norm_epsilon);
    observe("final", 0, final);
    return multiply(this.embeddings, final, vocabulary_size);
  }

  /**
   * Read several tokens.
   * @param tokens  At least one.
   * @returns  The logits after the last.
   */
  read(cache: Cache, tokens: number[], observe?: Observer): Float32Array {
    let logits: Float32Array = new Float32Array();
    for (const token of tokens) logits = this.step(cache, token, observe);
    return logits;
  }

  #attend(layer: Decoder["layers"][number], index: number, input: Float32Array, cache: Cache, observe: Observer) {
    const { heads, kv_heads, head_size, hidden_size, attention_factor } = this.config;
    const position = cache.length;
    const width = kv_heads * head_size;
    const query = rotate(multiply(layer.query, input, heads * head_size), position, this.frequencies, attention_factor);
    const key = rotate(multiply(layer.key, input, width), position, this.frequencies, attention_factor);
    const value = multiply(layer.value, input, width);
    observe("query", index, query);
    observe("key", index, key);
    observe("value", index, value);
    cache.keys[index].set(key, position * width);
    cache.values[index].set(value, position * width);

    const mixed = new Float32Array(heads * head_size);
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor(head / (heads / kv_heads)) * head_size;
      const from = head * head_size;
      const weights = softmax(scores(query, from, cache.keys[index], shared, width, head_size, position + 1));
      observe("weights", index, weights);
      const values = cache.values[index];
      weights.forEach((weight, j) => {
        const start = j * width + shared;
        for (let i = 0; i < head_size; i++) mixed[from + i] += weight * values[start + i];
      });
    }
    observe("mixed", index, mixed);
    const output = multiply(layer.output, mixed, hidden_size);
    observe("attention_output", index, output);
    return output;
  }

  /** down(silu(gate(x)) * up(x)) */
  #feedForward(layer: Decoder["layers"][number], index: number, input: Float32Array, observe: Observer) {
    const { feed_forward_size, hidden_size } = this.config;
    const hidden = multiply(layer.gate, input, feed_forward_size);
    const up = multiply(layer.up, input, feed_forward_size);
    for (let i = 0; i < hidden.length; i++) hidden[i] = (hidden[i] / (1 + Math.exp(-hidden[i]))) * up[i];
    observe("feed_forward_hidden", index, hidden);
    const output = multiply(layer.down, hidden, hidden_size);
    observe("feed_forward_output", index, output);
    return output;
  }
}

/**
 * Matrix times vector, four rows at a time: each number of the vector is fetched once for four products.
 * @param matrix  [rows, columns]; rows a multiple of 4
 * @param vector  [columns]
 */
export function multiply(matrix: Float32Array, vector: Float32Array, rows: number) {
  const columns = vector.length;
  const product = new Float32Array(rows);
  for (let row = 0; row < rows; row += 4) {
    const first = row * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    let a = 0, b = 0, c = 0, d = 0;
    for (let i = 0; i < columns; i++) {
      const x = vector[i];
      a += matrix[first + i] * x;
      b += matrix[second + i] * x;
      c += matrix[third + i] * x;
      d += matrix[fourth + i] * x;
    }
    product[row] = a;
    product[row + 1] = b;
    product[row + 2] = c;
    product[row + 3] = d;
  }
  return product;
}

/** x / sqrt(mean(x²) + ε) · gain */
export function rmsNorm(vector: Float32Array, gain: Float32Array, epsilon: number) {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i] ** 2;
  const scale = 1 / Math.sqrt(squares / vector.length + epsilon);
  return vector.map((value, i) => value * scale * gain[i]);
}

/**
 * Radians a position for each pair of a head: θ^(-2i/size).
 * @param size  Of one head.
 */
export function ropeFrequencies(size: number, theta: number) {
  return Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
}

/**
 * Rotary positions: in each head, dimensions i and i + size/2 turn together by position · frequency i.
 * @param heads  Turned in place: [heads, size]
 * @param frequencies  One for each pair.
 * @param factor  What both are multiplied by.
 */
export function rotate<Heads extends Float32Array | number[]>(heads: Heads, position: number, frequencies: number[], factor: number = 1) {
  const half = frequencies.length;
  for (let i = 0; i < half; i++) {
    const angle = position * frequencies[i];
    const cos = factor * Math.cos(angle);
    const sin = factor * Math.sin(angle);
    for (let start = 0; start < heads.length; start += 2 * half) {
      const first = heads[start + i];
      const second = heads[start + i + half];
      heads[start + i] = first * cos - second * sin;
      heads[start + i + half] = second * cos + first * sin;
    }
  }
  return heads;
}

/**
 * @param from  Where the head begins in the query.
 * @param shared  Where its key-value head begins in a position.
 * @param width  Of a position.
 * @param size  Of a head.
 * @param count  Of positions.
 */
function scores(query: Float32Array, from: number, keys: Float32Array, shared: number, width: number, size: number, count: number) {
  const products = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += query[from + i] * keys[j * width + shared + i];
    products[j] = sum / Math.sqrt(size);
  }
  return products;
}

function add(sum: Float32Array, vector: Float32Array) {
  for (let i = 0; i < sum.length; i++) sum[i] += vector[i];
}
