/** What a sentence goes through in a decoder: the numbers of every part at every position, and the guess after each layer. */

import { Decoder, multiply, rmsNorm } from "../models/decoder.js";
import { dot } from "../models/numbers.js";

/** @import { CourseModel } from "../models/course_model.js" */
/** @import { Config } from "../models/decoder.js" */

/**
 * A row of numbers for each position.
 * @typedef {Float32Array[]} Rows
 *
 * @typedef {object} LayerTrace
 * @property {Rows} input  The residual stream before the layer.
 * @property {Rows} attentionInput  The same after its norm.
 * @property {number[][][]} weights  [position, head, position looked at]
 * @property {Rows} values  What heads take from a token: [key-value head and its numbers].
 * @property {Rows} mixed  What each head has mixed of the values: [head and its numbers].
 * @property {Rows} attentionOutput
 * @property {Rows} middle  The residual stream after attention has been added.
 * @property {Rows} feedForwardInput  The same after its norm.
 * @property {Rows} hidden
 * @property {Rows} feedForwardOutput
 * @property {Rows} residual  The residual stream after the layer.
 *
 * @typedef {object} Trace
 * @property {Rows} embedding
 * @property {LayerTrace[]} layers
 * @property {Rows} final
 * @property {Rows} logits
 */

/**
 * @param {Decoder} decoder
 * @param {number[]} ids
 * @param {{ decoder: Decoder, since: number }} [change]  Another decoder of the same shape, and the position from which on it
 *   goes on from what the first has read.
 * @returns {Trace}
 */
export function trace(decoder, ids, change = { decoder, since: 0 }) {
  /** @type {Trace} */
  const found = { embedding: [], layers: decoder.layers.map(emptyLayer), final: [], logits: [] };
  const cache = decoder.newCache();
  ids.forEach((id, position) => {
    for (const layer of found.layers) layer.weights.push([]);
    const reader = position < change.since ? decoder : change.decoder;
    const logits = reader.step(cache, id, (name, index, values) => {
      const layer = found.layers[index];
      if (name === "weights") layer.weights[position].push(Array.from(values));
      else keep(found, layer, name, Float32Array.from(values));
    });
    found.logits.push(logits);
  });
  found.layers.forEach((layer, i) => {
    layer.input = i === 0 ? found.embedding : found.layers[i - 1].residual;
    layer.middle = layer.input.map((row, position) => row.map((value, j) => value + layer.attentionOutput[position][j]));
  });
  return found;
}

/** What a part writes with: without it, it adds nothing to the residual stream. */
const WRITES = { attention: "self_attn.o_proj", head: "self_attn.o_proj", "feed-forward": "mlp.down_proj" };

/**
 * @typedef {object} NamedPart
 * @property {keyof typeof WRITES} kind
 * @property {number} layer  As it is counted for readers, from 1.
 * @property {number} head  From 1 as well; 0 where the part is no head.
 */

/**
 * @param {string} name  "attention-3" and "feed-forward-1" are of the third and of the first layer, "head-3-2" is the
 *   second head of the third.
 * @returns {NamedPart | undefined}  Undefined where no part can have the name.
 */
export function partNamed(name) {
  const [, kind, layer, head = "0"] = name.match(/^(attention|feed-forward)-(\d+)$/) ?? name.match(/^(head)-(\d+)-(\d+)$/) ?? [];
  return kind ? { kind: /** @type {keyof typeof WRITES} */ (kind), layer: Number(layer), head: Number(head) } : undefined;
}

/**
 * Whether a model has the part.
 * @param {Pick<CourseModel, "config">} course
 * @param {string} name
 */
export function hasPart({ config }, name) {
  const part = partNamed(name);
  return part !== undefined && part.layer >= 1 && part.layer <= config.layers && part.head <= config.heads && (part.kind !== "head" || part.head >= 1);
}

/**
 * The decoder in which some parts add nothing.
 * @param {Pick<CourseModel, "config" | "tensors">} course
 * @param {string[]} parts  Their names.
 */
export function decoderWithout({ config, tensors }, parts) {
  const silent = new Map(tensors);
  for (const part of parts) {
    const { kind, layer, head } = /** @type {NamedPart} */ (partNamed(part));
    const name = `model.layers.${layer - 1}.${WRITES[kind]}.weight`;
    const weights = /** @type {Float32Array} */ (silent.get(name));
    silent.set(name, kind === "head" ? withoutHead(weights, head - 1, config) : new Float32Array(weights.length));
  }
  return new Decoder(config, silent);
}

/**
 * The matrix that heads write with, [hidden, head and its numbers], with zeros in the columns of one.
 * @param {Float32Array} weights
 * @param {number} head
 * @param {Pick<Config, "heads" | "head_size">} config
 */
function withoutHead(weights, head, { heads, head_size }) {
  return weights.map((value, i) => (Math.floor((i % (heads * head_size)) / head_size) === head ? 0 : value));
}

/** @returns {LayerTrace} */
function emptyLayer() {
  return {
    input: [], attentionInput: [], weights: [], values: [], mixed: [], attentionOutput: [], middle: [],
    feedForwardInput: [], hidden: [], feedForwardOutput: [], residual: [],
  };
}

/**
 * @param {Trace} found
 * @param {LayerTrace} layer
 * @param {string} name
 * @param {Float32Array} row
 */
function keep(found, layer, name, row) {
  /** @type {Record<string, Rows>} */
  const places = {
    embedding: found.embedding,
    attention_input: layer.attentionInput,
    value: layer.values,
    mixed: layer.mixed,
    attention_output: layer.attentionOutput,
    feed_forward_input: layer.feedForwardInput,
    feed_forward_hidden: layer.hidden,
    feed_forward_output: layer.feedForwardOutput,
    residual: layer.residual,
    final: found.final,
  };
  places[name]?.push(row);
}

/**
 * The logit lens: the logits that a row of the residual stream would give if no layer came after it.
 * @param {Decoder} decoder
 * @param {Float32Array} row
 */
export function lens(decoder, row) {
  return multiply(decoder.embeddings, lensRow(decoder, row), decoder.config.vocabulary_size);
}

/**
 * A row of the residual stream as the lens multiplies it with each token's.
 * @param {Decoder} decoder
 * @param {Float32Array} row
 */
export function lensRow(decoder, row) {
  return rmsNorm(row, decoder.finalNorm, decoder.config.norm_epsilon);
}

/**
 * By how much a head raises the logit of each token in the lens, on the row as it is after the layer.
 * @param {Decoder} decoder
 * @param {Trace} trace
 * @param {number} layer
 * @param {number} position
 * @param {number} head
 * @returns {Float32Array}
 */
export function pushesOfHead(decoder, trace, layer, position, head) {
  const { head_size } = decoder.config;
  const { mixed } = trace.layers[layer];
  return pushesOfMix(decoder, trace, layer, position, head, mixed[position].subarray(head * head_size, (head + 1) * head_size));
}

/**
 * By how much a head would raise the logit of each token in the lens if it took all from one position.
 * @param {Decoder} decoder
 * @param {Trace} trace
 * @param {number} layer
 * @param {number} position
 * @param {number} head
 * @param {number} from
 * @returns {Float32Array}
 */
export function pushesFrom(decoder, trace, layer, position, head, from) {
  const { head_size, heads, kv_heads } = decoder.config;
  const shared = Math.floor(head / (heads / kv_heads)) * head_size;
  return pushesOfMix(decoder, trace, layer, position, head, trace.layers[layer].values[from].subarray(shared, shared + head_size));
}

/**
 * @param {Decoder} decoder
 * @param {Trace} trace
 * @param {number} layer
 * @param {number} position
 * @param {number} head
 * @param {Float32Array} mix  What the head has mixed of the values.
 */
function pushesOfMix(decoder, trace, layer, position, head, mix) {
  const { head_size, heads, hidden_size } = decoder.config;
  const alone = new Float32Array(heads * head_size);
  alone.set(mix, head * head_size);
  return pushesOf(decoder, multiply(decoder.layers[layer].output, alone, hidden_size), trace.layers[layer].residual[position]);
}

/**
 * By how much something in a row raises the logit of each token in the lens.
 * @param {Decoder} decoder
 * @param {Float32Array} added
 * @param {Float32Array} row
 */
function pushesOf(decoder, added, row) {
  const scale = lensScale(decoder, row);
  return multiply(decoder.embeddings, added.map((value, j) => (value * decoder.finalNorm[j]) / scale), decoder.config.vocabulary_size);
}

/**
 * What the last norm divides a row by.
 * @param {Decoder} decoder
 * @param {Float32Array} row
 */
function lensScale(decoder, row) {
  return Math.sqrt(rootMeanSquare(row) ** 2 + decoder.config.norm_epsilon);
}

/**
 * By how much each hidden unit of a layer raises a token's logit in the lens, on the row as it is after the layer.
 * @param {Decoder} decoder
 * @param {Trace} trace
 * @param {number} layer
 * @param {number} position
 * @param {number} token
 * @returns {Float32Array}
 */
export function pushesToward(decoder, trace, layer, position, token) {
  const { hidden_size } = decoder.config;
  const { hidden, residual } = trace.layers[layer];
  const embedding = decoder.embeddings.subarray(token * hidden_size, (token + 1) * hidden_size);
  const scale = lensScale(decoder, residual[position]);
  const direction = embedding.map((value, j) => (value * decoder.finalNorm[j]) / scale);
  return hidden[position].map((value, unit) => value * dot(column(decoder.layers[layer].down, unit, hidden[position].length), direction));
}

/**
 * @param {Float32Array} matrix
 * @param {number} index
 * @param {number} columns
 */
function column(matrix, index, columns) {
  return Float32Array.from({ length: matrix.length / columns }, (_, row) => matrix[row * columns + index]);
}

/**
 * The root of the mean square of a row.
 * @param {ArrayLike<number>} row
 */
export function rootMeanSquare(row) {
  let squares = 0;
  for (let i = 0; i < row.length; i++) squares += row[i] ** 2;
  return Math.sqrt(squares / row.length);
}
