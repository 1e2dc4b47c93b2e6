/**
 * A BERT-shaped encoder with a masked-language-model head: token ids in, the logits of every position out, all at once.
 *
 * Vectors are Float32Array, matrices Float32Array in row order, as in decoder.ts.
 */

import { multiply } from "./decoder.ts";
import { moments } from "./norms.ts";
import { dot, softmax } from "./numbers.ts";

interface EncoderConfig {
  layers: number;
  heads: number;
  norm_epsilon: number;
}

export class Encoder {
  private readonly width: number;

  /** @param tensors  By transformers' names. */
  constructor(private readonly config: EncoderConfig, private readonly tensors: Map<string, Float32Array>) {
    this.width = this.#tensor("bert.embeddings.LayerNorm.weight").length;
  }

  /** @returns  For each position, a logit for each token of the vocabulary. */
  logits(ids: number[]): Float32Array[] {
    let rows = ids.map((id, position) => this.#norm(this.#embedding(id, position), "bert.embeddings.LayerNorm"));
    for (let layer = 0; layer < this.config.layers; layer++) rows = this.#layer(rows, `bert.encoder.layer.${layer}`);
    return rows.map((row) => this.#head(row));
  }

  /** Word, position and kind of text (there is one) are added. */
  #embedding(id: number, position: number) {
    const row = (table: string, index: number) =>
      this.#tensor(`bert.embeddings.${table}_embeddings.weight`).subarray(index * this.width, (index + 1) * this.width);
    return plus(plus(row("word", id), row("position", position)), row("token_type", 0));
  }

  /** BERT's norms stand behind what they norm: norm(x + attention(x)), then norm(x + feedForward(x)). */
  #layer(rows: Float32Array[], name: string) {
    const mixed = this.#attend(rows, `${name}.attention.self`);
    return rows.map((row, i) => {
      const attended = this.#linear(mixed[i], `${name}.attention.output.dense`);
      const inner = this.#norm(plus(row, attended), `${name}.attention.output.LayerNorm`);
      const hidden = this.#linear(inner, `${name}.intermediate.dense`).map(gelu);
      return this.#norm(plus(inner, this.#linear(hidden, `${name}.output.dense`)), `${name}.output.LayerNorm`);
    });
  }

  /** Every position sees every other: there is no mask. */
  #attend(rows: Float32Array[], name: string) {
    const [queries, keys, values] = ["query", "key", "value"].map((part) =>
      rows.map((row) => this.#linear(row, `${name}.${part}`)),
    );
    const size = this.width / this.config.heads;
    return queries.map((query) => {
      const mixed = new Float32Array(this.width);
      for (let start = 0; start < this.width; start += size) {
        const own = query.subarray(start, start + size);
        const weights = softmax(keys.map((key) => dot(own, key.subarray(start, start + size)) / Math.sqrt(size)));
        weights.forEach((weight, j) => {
          for (let i = start; i < start + size; i++) mixed[i] += weight * values[j][i];
        });
      }
      return mixed;
    });
  }

  /** One more layer, and the embedding table once more as the output layer. */
  #head(row: Float32Array) {
    const hidden = this.#linear(row, "cls.predictions.transform.dense").map(gelu);
    const normed = this.#norm(hidden, "cls.predictions.transform.LayerNorm");
    const bias = this.#tensor("cls.predictions.bias");
    return plus(multiply(this.#tensor("bert.embeddings.word_embeddings.weight"), normed, bias.length), bias);
  }

  #linear(vector: Float32Array, name: string) {
    const bias = this.#tensor(`${name}.bias`);
    return plus(multiply(this.#tensor(`${name}.weight`), vector, bias.length), bias);
  }

  #norm(vector: Float32Array, name: string) {
    const [gain, bias] = [this.#tensor(`${name}.weight`), this.#tensor(`${name}.bias`)];
    const { mean, variance } = moments(vector);
    const scale = 1 / Math.sqrt(variance + this.config.norm_epsilon);
    return vector.map((x, i) => (x - mean) * scale * gain[i] + bias[i]);
  }

  #tensor(name: string) {
    const found = this.tensors.get(name);
    if (!found) throw new Error(`The model's file has no tensor ${name}.`);
    return found;
  }
}

function plus(a: Float32Array, b: Float32Array) {
  return a.map((x, i) => x + b[i]);
}

/** x times the chance that a standard normal number is below x. */
function gelu(x: number) {
  return (x / 2) * (1 + errorFunction(x / Math.SQRT2));
}

/** Abramowitz and Stegun's formula 7.1.26, within 1.5e-7. */
function errorFunction(x: number) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}
