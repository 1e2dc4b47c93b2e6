/** A sentence with other names in the places of its two: what the model guesses for each pair, whatever is left out of it. */

import { argmax } from "../models/numbers.ts";
import { tokensOf, type Sight } from "./sight.ts";
import { decoderWithout } from "./trace.ts";
import type { CourseModel } from "../models/course_model.ts";
import type { Decoder } from "../models/decoder.ts";

/** In the order in which they come in the text. */
export type Pair = [first: string, second: string];

/** Each is one token with the space before it: a guess is one of them or is not. */
export const NAMES = ["Sam", "Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Sara", "Emma"];

/** Each with each other one: by rows, as a table has them. */
export const PAIRS = NAMES.flatMap((first) => NAMES.filter((second) => second !== first).map((second) => [first, second] as Pair));

/** @returns  Undefined where the text has not just two of the names. */
export function pairIn(text: string): Pair | undefined {
  const [first, second, ...others] = new Set(text.match(anyName()));
  return second && !others.length ? [first, second] : undefined;
}

/** The text with another pair in the places of its own. */
export function withPair(text: string, [first, second]: Pair) {
  const own = pairIn(text);
  return text.replace(anyName(), (name) => (name === own?.[0] ? first : second));
}

function anyName() {
  return new RegExp(`\\b(?:${NAMES.join("|")})\\b`, "g");
}

/** Which of the pair a guess is: 0 or 1, or -1 for neither. */
export function placeOf({ tokenizer }: CourseModel, guess: number, pair: Pair) {
  return pair.indexOf(tokenizer.decode([guess]).trim());
}

export type PairGuesses = ReturnType<typeof pairGuesses>;

/** The guesses after a text with each pair. They are found a few at a time, for all at once would hold up who reads. */
export function pairGuesses(course: CourseModel) {
  const found: Map<string, number[]> = new Map();
  let latest: { key: string, decoder: Decoder } | undefined; // one model at a time: each has weights of its own

  /**
   * @param sight  Of a text with a pair, whichever.
   * @param parts  That are left out.
   * @returns  Of the first pairs, as far as they are found.
   */
  function known(sight: Sight, parts: string[]): number[] {
    const key = JSON.stringify([withPair(sight.text, PAIRS[0]), parts.length ? tokensWithout(sight) : 0, ...[...parts].sort()]);
    const guesses = found.get(key) ?? [];
    found.set(key, guesses);
    return guesses;
  }

  /** @param count  Of guesses to find. */
  function find(sight: Sight, parts: string[], count: number) {
    const guesses = known(sight, parts);
    const decoder = decoderOf(parts);
    for (const pair of PAIRS.slice(guesses.length, guesses.length + count)) {
      const { ids } = tokensOf(course, withPair(sight.text, pair));
      const cache = course.decoder.newCache();
      const since = Math.max(0, ids.length - tokensWithout(sight));
      course.decoder.read(cache, ids.slice(0, since));
      guesses.push(argmax(decoder.read(cache, ids.slice(since))));
    }
  }

  function decoderOf(parts: string[]) {
    if (!parts.length) return course.decoder;
    const key = parts.join();
    if (latest?.key !== key) latest = { key, decoder: decoderWithout(course, parts) };
    return latest.decoder;
  }

  return { known, find };
}

/** From how many tokens at the end parts are left out. Those before may be more or fewer with other names. */
function tokensWithout({ ids, since }: Sight) {
  return since ? ids.length - since : Infinity;
}
