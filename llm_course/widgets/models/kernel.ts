/**
 * The decoder's step in WebAssembly, four numbers at a time: what decoder.ts computes, without a look inside.
 *
 * The instructions are in kernel/kernel.wat. Here the model is laid out in their memory: the weights, copied once; the keys
 * and values of one cache; a place for each intermediate result.
 */

import { CODE } from "../built/kernel_code.js";
import type { Cache, Decoder } from "./decoder.ts";

const PAGE = 0x10000;

/** @returns  Null where the browser has no WebAssembly with SIMD, or the model's sizes do not fit it. */
export function kernelOf(decoder: Decoder): Kernel | null {
  const code = Uint8Array.from(atob(CODE), (letter) => letter.charCodeAt(0));
  const { hidden_size, feed_forward_size, head_size, vocabulary_size } = decoder.config;
  // Half a head is turned at once.
  const fits = [hidden_size, feed_forward_size, head_size / 2, vocabulary_size].every((size) => size % 4 === 0);
  if (!fits || !globalThis.WebAssembly?.validate(code)) return null;
  return new Kernel(decoder, code);
}

export class Kernel {
  private readonly embeddings: number;
  private readonly finalNorm: number;
  private readonly layers: number[];
  private readonly keys: number[];
  private readonly values: number[];
  private readonly places: Record<string, number>;
  private readonly logits: number;
  private readonly floats: Float32Array;
  private readonly functions: Record<string, any>;
  /** Whose keys and values stand in the memory. */
  private held: Cache | null = null;

  constructor(private readonly decoder: Decoder, code: Uint8Array<ArrayBuffer>) {
    const { config, layers, embeddings, finalNorm } = decoder;
    const { hidden_size, feed_forward_size, heads, kv_heads, head_size, context_length, vocabulary_size } = config;
    let end = 0;
    /**
     * @param count  Of floats.
     * @returns  Their address.
     */
    const reserve = (count: number): number => {
      const address = end;
      end += 16 * Math.ceil(count / 4);
      return address;
    };
    const table = () => layers.map(() => reserve(context_length * kv_heads * head_size));

    // In the order in which a layer's tensors are made in decoder.ts, which is that of their use.
    const tensors = [embeddings, finalNorm, ...layers.flatMap((layer) => Object.values(layer))];
    const addresses = tensors.map((tensor) => reserve(tensor.length));
    this.embeddings = addresses[0];
    this.finalNorm = addresses[1];
    this.layers = layers.map((layer) => addresses[tensors.indexOf(layer.attentionNorm)]);
    this.keys = table();
    this.values = table();
    const globals = {
      hidden_size, feed_forward_size, heads, kv_heads, head_size, norm_epsilon: config.norm_epsilon,
      residual: reserve(hidden_size),
      normed: reserve(hidden_size),
      query: reserve(heads * head_size),
      mixed: reserve(heads * head_size),
      weights: reserve(context_length + 4), // the last four may be filled up with nothing
      hidden: reserve(feed_forward_size),
      up: reserve(feed_forward_size),
      output: reserve(hidden_size),
      cosines: reserve(head_size / 2),
      sines: reserve(head_size / 2),
    };
    this.places = globals;
    this.logits = reserve(vocabulary_size);

    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
    this.floats = new Float32Array(memory.buffer);
    tensors.forEach((tensor, i) => this.#write(addresses[i], tensor));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { model: { memory } });
    this.functions = instance.exports as Record<string, any>;
    for (const [name, value] of Object.entries(globals)) this.functions[name].value = value;
  }

  /** As Decoder.step, which has checked that there is room. */
  step(cache: Cache, token: number): Float32Array {
    const { hidden_size, kv_heads, head_size, vocabulary_size } = this.decoder.config;
    const position = cache.length;
    const width = kv_heads * head_size;
    if (this.held !== cache) this.#hold(cache, position * width);
    this.#turn(position);
    this.#write(this.places.residual, this.decoder.embeddings.subarray(token * hidden_size, (token + 1) * hidden_size));
    this.layers.forEach((tensors, i) => {
      this.functions.layer(tensors, this.keys[i], this.values[i], position);
      cache.keys[i].set(this.#read(this.keys[i] + 4 * position * width, width), position * width);
      cache.values[i].set(this.#read(this.values[i] + 4 * position * width, width), position * width);
    });
    cache.length++;
    this.functions.norm(this.finalNorm);
    this.functions.multiply(this.embeddings, this.places.normed, vocabulary_size, hidden_size, this.logits);
    return this.#read(this.logits, vocabulary_size).slice();
  }

  /** To be told when a cache is written by other hands: its keys and values are then copied anew. */
  forget(cache: Cache) {
    if (this.held === cache) this.held = null;
  }

  /** @param count  Of floats in each table. */
  #hold(cache: Cache, count: number) {
    cache.keys.forEach((keys, i) => this.#write(this.keys[i], keys.subarray(0, count)));
    cache.values.forEach((values, i) => this.#write(this.values[i], values.subarray(0, count)));
    this.held = cache;
  }

  /** The angles of a position are the same in all layers. */
  #turn(position: number) {
    const { frequencies, config } = this.decoder;
    const factor = config.attention_factor ?? 1;
    this.#write(this.places.cosines, frequencies.map((frequency) => factor * Math.cos(position * frequency)));
    this.#write(this.places.sines, frequencies.map((frequency) => factor * Math.sin(position * frequency)));
  }

  #write(address: number, values: ArrayLike<number>) {
    this.floats.set(values, address / 4);
  }

  #read(address: number, count: number) {
    return this.floats.subarray(address / 4, address / 4 + count);
  }
}
