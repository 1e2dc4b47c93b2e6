/** A text the course model is writing: its tokens, and the logits of the next one. */

import { argmax } from "./numbers.ts";
import type { CourseModel } from "./course_model.ts";
import type { Cache } from "./decoder.ts";

export class Writer {
  private readonly cache: Cache;
  ids: number[] = [];
  promptLength = 0;
  /** Whether the prompt is longer than the context. */
  isCut = false;
  logits: Float32Array = new Float32Array();
  /** Those that the last token was drawn from. */
  former = this.logits;
  /** Of each token given those before it; the first, which ends the text before, is given. */
  readonly probabilities = [1];

  constructor(readonly course: CourseModel) {
    this.cache = course.decoder.newCache();
  }

  label(id: number) {
    return this.course.tokenizer.decode([id]);
  }

  /** The model's texts begin after the token that ends the one before; it comes before the prompt. */
  start(prompt: string) {
    const { tokenizer, config } = this.course;
    const all = [config.end_of_text, ...tokenizer.encode(prompt)];
    this.isCut = all.length > config.context_length - 1;
    this.#read(all.slice(0, config.context_length - 1));
    this.promptLength = this.ids.length;
  }

  append(id: number) {
    this.#read([...this.ids, id]);
  }

  /**
   * What the model would most probably write after a token; neither is kept.
   * @param count  Of tokens, at most.
   */
  ahead(id: number, count: number) {
    const { decoder, config, tokenizer } = this.course;
    const { length } = this.cache;
    const ids: number[] = [];
    for (let next = id; ids.length < count && next !== config.end_of_text && this.cache.length < config.context_length; ids.push(next)) {
      next = argmax(decoder.step(this.cache, next));
    }
    this.cache.length = length;
    return tokenizer.decode(ids.filter((next) => next !== config.end_of_text));
  }

  /** Take back what was written after the prompt. */
  reset() {
    this.#read(this.ids.slice(0, this.promptLength));
  }

  get finished() {
    const written = this.ids.length > this.promptLength && this.ids.at(-1) === this.course.config.end_of_text;
    return written || this.ids.length >= this.course.config.context_length;
  }

  /** The token that the next one follows; of a finished text the one before its last. Nothing at the beginning of a text. */
  get last() {
    const id = this.ids.at(this.finished ? -2 : -1);
    return id === undefined || id === this.course.config.end_of_text ? "" : this.label(id);
  }

  get prompt() {
    return this.course.tokenizer.decode(this.ids.slice(1, this.promptLength));
  }

  get written() {
    return this.textOf(this.own);
  }

  /** What was written after the prompt. */
  get own() {
    return this.ids.slice(this.promptLength);
  }

  textOf(ids: number[]) {
    return this.course.tokenizer.decode(ids);
  }

  /** The cache is kept as far as the tokens agree: what was read once is not read again. */
  #read(ids: number[]) {
    let kept = 0;
    while (kept < ids.length - 1 && kept < this.ids.length && ids[kept] === this.ids[kept]) kept++;
    if (kept > 0 && kept < this.cache.length) this.#rewind(kept);
    else this.cache.length = kept;
    this.probabilities.length = Math.max(1, kept);
    ids.slice(kept).forEach((id, i) => {
      if (kept + i > 0) this.probabilities[kept + i] = this.#probability(id);
      this.former = this.logits;
      this.logits = this.course.decoder.step(this.cache, id);
    });
    this.ids = ids;
  }

  /** The last token that agrees is read again, for the logits after it. */
  #rewind(length: number) {
    this.cache.length = length - 1;
    this.logits = this.course.decoder.step(this.cache, this.ids[length - 1]);
  }

  #probability(id: number) {
    const sum = this.logits.reduce((total, logit) => total + Math.exp(logit - this.logits[id]), 0);
    return 1 / sum;
  }
}
