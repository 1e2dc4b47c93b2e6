/**
 * A Llama-shaped decoder: token ids in, logits out, one position at a time with a key-value cache.
 *
 * Vectors are Float32Array, matrices Float32Array in row order: row r of a linear layer makes output r.
 */

import { kernelOf } from "./kernel.js";
import { softmax } from "./numbers.js";

/** @import { Kernel } from "./kernel.js" */

/**
 * @typedef {object} Config
 * @property {number} vocabulary_size
 * @property {number} hidden_size
 * @property {number} feed_forward_size
 * @property {number} layers
 * @property {number} heads
 * @property {number} kv_heads
 * @property {number} head_size
 * @property {number} context_length
 * @property {number} rope_theta
 * @property {number} norm_epsilon
 * @property {number} end_of_text
 * @property {number[]} [rope_frequencies]  Radians a position for each pair of a head, in place of those that rope_theta gives.
 * @property {number} [attention_factor]  What rotated queries and keys are multiplied by, as YaRN does.
 *
 * @typedef {object} Cache  The keys and values of the positions so far, by layer: [position, kv_heads, head_size].
 * @property {number} length
 * @property {Float32Array[]} keys
 * @property {Float32Array[]} values
 *
 * @typedef {(name: string, layer: number, values: ArrayLike<number>) => void} Observer
 *     Sees each activation as it is made; what it wants to keep, it copies. Names: embedding, attention_input, query, key, value
 *     (query and key after rotation), weights (once for each head), mixed, attention_output, feed_forward_input,
 *     feed_forward_hidden, feed_forward_output, residual (after each layer), final.
 */

export class Decoder {
  /**
   * @param {Config} config
   * @param {Map<string, Float32Array>} tensors
   */
  constructor(config, tensors) {
    const tensor = (/** @type {string} */ name) => {
      const found = tensors.get(name);
      if (!found) throw new Error(`The model's file has no tensor ${name}.`);
      return found;
    };
    this.config = config;
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
    /** Made when it is first of use. @type {Kernel | null | undefined} */
    this.kernel = undefined;
  }

  /** @returns {Cache} */
  newCache() {
    const { layers, context_length, kv_heads, head_size } = this.config;
    const table = () => Array.from({ length: layers }, () => new Float32Array(context_length * kv_heads * head_size));
    return { length: 0, keys: table(), values: table() };
  }

  /**
   * Read one more token. Where nobody observes, the kernel computes the same in a fraction of the time.
   * @param {Cache} cache  Grows by this position.
   * @param {number} token
   * @param {Observer} [observe]
   * @returns {Float32Array}  The logits of the next token.
   */
  step(cache, token, observe) {
    const { context_length } = this.config;
    if (cache.length >= context_length) throw new Error(`The context is full: ${context_length} tokens.`);
    if (!observe && this.kernel === undefined) this.kernel = kernelOf(this);
    if (!observe && this.kernel) return this.kernel.step(cache, token);
    this.kernel?.forget(cache);
    return this.#step(cache, token, observe ?? (() => {}));
  }

  /**
   * @param {Cache} cache
   * @param {number} token
   * @param {Observer} observe
   */
  #step(cache, token, observe) {
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
   * @param {Cache} cache
   * @param {number[]} tokens  At least one.
   * @param {Observer} [observe]
   * @returns {Float32Array}  The logits after the last.
   */
  read(cache, tokens, observe) {
    /** @type {Float32Array} */
    let logits = new Float32Array();
    for (const token of tokens) logits = this.step(cache, token, observe);
    return logits;
  }

  /**
   * @param {Decoder["layers"][number]} layer
   * @param {number} index
   * @param {Float32Array} input
   * @param {Cache} cache
   * @param {Observer} observe
   */
  #attend(layer, index, input, cache, observe) {
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

  /**
   * down(silu(gate(x)) * up(x))
   * @param {Decoder["layers"][number]} layer
   * @param {number} index
   * @param {Float32Array} input
   * @param {Observer} observe
   */
  #feedForward(layer, index, input, observe) {
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
 * @param {Float32Array} matrix  [rows, columns]; rows a multiple of 4
 * @param {Float32Array} vector  [columns]
 * @param {number} rows
 */
export function multiply(matrix, vector, rows) {
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

/**
 * x / sqrt(mean(x²) + ε) · gain
 * @param {Float32Array} vector
 * @param {Float32Array} gain
 * @param {number} epsilon
 */
export function rmsNorm(vector, gain, epsilon) {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i] ** 2;
  const scale = 1 / Math.sqrt(squares / vector.length + epsilon);
  return vector.map((value, i) => value * scale * gain[i]);
}

/**
 * Radians a position for each pair of a head: θ^(-2i/size).
 * @param {number} size  Of one head.
 * @param {number} theta
 */
export function ropeFrequencies(size, theta) {
  return Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
}

/**
 * Rotary positions: in each head, dimensions i and i + size/2 turn together by position · frequency i.
 * @param {Float32Array} heads  Turned in place: [heads, size]
 * @param {number} position
 * @param {number[]} frequencies  One for each pair.
 * @param {number} [factor]  What both are multiplied by.
 */
export function rotate(heads, position, frequencies, factor = 1) {
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
 * @param {Float32Array} query
 * @param {number} from  Where the head begins in the query.
 * @param {Float32Array} keys
 * @param {number} shared  Where its key-value head begins in a position.
 * @param {number} width  Of a position.
 * @param {number} size  Of a head.
 * @param {number} count  Of positions.
 */
function scores(query, from, keys, shared, width, size, count) {
  const products = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += query[from + i] * keys[j * width + shared + i];
    products[j] = sum / Math.sqrt(size);
  }
  return products;
}

/**
 * @param {Float32Array} sum
 * @param {Float32Array} vector
 */
function add(sum, vector) {
  for (let i = 0; i < sum.length; i++) sum[i] += vector[i];
}
