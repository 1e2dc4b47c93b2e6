/** What a sentence goes through in a decoder: the numbers of every part at every position, and the guess after each layer. */

import { Decoder, multiply, rmsNorm, type Config } from "../models/decoder.ts";
import { rms } from "../models/norms.ts";
import { dot } from "../models/numbers.ts";
import type { CourseModel } from "../models/course_model.ts";

/** A row of numbers for each position. */
type Rows = Float32Array[];

interface LayerTrace {
  input: Rows; // The residual stream before the layer.
  attentionInput: Rows; // The same after its norm.
  weights: number[][][]; // [position, head, position looked at]
  values: Rows; // What heads take from a token: [key-value head and its numbers].
  mixed: Rows; // What each head has mixed of the values: [head and its numbers].
  attentionOutput: Rows;
  middle: Rows; // The residual stream after attention has been added.
  feedForwardInput: Rows; // The same after its norm.
  hidden: Rows;
  feedForwardOutput: Rows;
  residual: Rows; // The residual stream after the layer.
}

export interface Trace {
  embedding: Rows;
  layers: LayerTrace[];
  final: Rows;
  logits: Rows;
}

/**
 * @param change  Another decoder of the same shape, and the position from which on it
 *   goes on from what the first has read.
 */
export function trace(decoder: Decoder, ids: number[], change: { decoder: Decoder, since: number } = { decoder, since: 0 }): Trace {
  const found: Trace = { embedding: [], layers: decoder.layers.map(emptyLayer), final: [], logits: [] };
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

export interface NamedPart {
  kind: keyof typeof WRITES;
  layer: number; // As it is counted for readers, from 1.
  head: number; // From 1 as well; 0 where the part is no head.
}

/**
 * @param name  "attention-3" and "feed-forward-1" are of the third and of the first layer, "head-3-2" is the
 *   second head of the third.
 * @returns  Undefined where no part can have the name.
 */
export function partNamed(name: string): NamedPart | undefined {
  const [, kind, layer, head = "0"] = name.match(/^(attention|feed-forward)-(\d+)$/) ?? name.match(/^(head)-(\d+)-(\d+)$/) ?? [];
  return kind ? { kind: kind as keyof typeof WRITES, layer: Number(layer), head: Number(head) } : undefined;
}

/** Whether a model has the part. */
export function hasPart({ config }: Pick<CourseModel, "config">, name: string) {
  const part = partNamed(name);
  return part !== undefined && part.layer >= 1 && part.layer <= config.layers && part.head <= config.heads && (part.kind !== "head" || part.head >= 1);
}

/**
 * The decoder in which some parts add nothing.
 * @param parts  Their names.
 */
export function decoderWithout({ config, tensors }: Pick<CourseModel, "config" | "tensors">, parts: string[]) {
  const silent = new Map(tensors);
  for (const part of parts) {
    const { kind, layer, head } = partNamed(part) as NamedPart;
    const name = `model.layers.${layer - 1}.${WRITES[kind]}.weight`;
    const weights = silent.get(name) as Float32Array;
    silent.set(name, kind === "head" ? withoutHead(weights, head - 1, config) : new Float32Array(weights.length));
  }
  return new Decoder(config, silent);
}

/** The matrix that heads write with, [hidden, head and its numbers], with zeros in the columns of one. */
function withoutHead(weights: Float32Array, head: number, { heads, head_size }: Pick<Config, "heads" | "head_size">) {
  return weights.map((value, i) => (Math.floor((i % (heads * head_size)) / head_size) === head ? 0 : value));
}

function emptyLayer(): LayerTrace {
  return {
    input: [], attentionInput: [], weights: [], values: [], mixed: [], attentionOutput: [], middle: [],
    feedForwardInput: [], hidden: [], feedForwardOutput: [], residual: [],
  };
}

function keep(found: Trace, layer: LayerTrace, name: string, row: Float32Array) {
  const places: Record<string, Rows> = {
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

/** The logit lens: the logits that a row of the residual stream would give if no layer came after it. */
export function lens(decoder: Decoder, row: Float32Array) {
  return multiply(decoder.embeddings, lensRow(decoder, row), decoder.config.vocabulary_size);
}

/** A row of the residual stream as the lens multiplies it with each token's. */
export function lensRow(decoder: Decoder, row: Float32Array) {
  return rmsNorm(row, decoder.finalNorm, decoder.config.norm_epsilon);
}

/** What is added to a row, as the lens multiplies it with each token's, at the scale of the whole row. */
function lensOfPart({ config, finalNorm }: Decoder, added: Float32Array, row: Float32Array) {
  const scale = Math.sqrt(rms(row) ** 2 + config.norm_epsilon);
  return added.map((value, j) => (value * finalNorm[j]) / scale);
}

/**
 * By how much a head raises the logit of each token in the lens, on the row as it is after the layer.
 * @param mix  What the head has mixed of the values.
 */
export function pushesOfMix(decoder: Decoder, trace: Trace, layer: number, position: number, head: number, mix: Float32Array) {
  const { head_size, heads, hidden_size, vocabulary_size } = decoder.config;
  const alone = new Float32Array(heads * head_size);
  alone.set(mix, head * head_size);
  const added = multiply(decoder.layers[layer].output, alone, hidden_size);
  return multiply(decoder.embeddings, lensOfPart(decoder, added, trace.layers[layer].residual[position]), vocabulary_size);
}

/** By how much each hidden unit of a layer raises a token's logit in the lens, on the row as it is after the layer. */
export function pushesToward(decoder: Decoder, trace: Trace, layer: number, position: number, token: number): Float32Array {
  const { hidden_size } = decoder.config;
  const { hidden, residual } = trace.layers[layer];
  const embedding = decoder.embeddings.subarray(token * hidden_size, (token + 1) * hidden_size);
  const direction = lensOfPart(decoder, embedding, residual[position]);
  return hidden[position].map((value, unit) => value * dot(column(decoder.layers[layer].down, unit, hidden[position].length), direction));
}

function column(matrix: Float32Array, index: number, columns: number) {
  return Float32Array.from({ length: matrix.length / columns }, (_, row) => matrix[row * columns + index]);
}
