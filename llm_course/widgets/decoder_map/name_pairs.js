/** A sentence with other names in the places of its two: what the model guesses for each pair, whatever is left out of it. */

import { argmax } from "../models/numbers.js";
import { tokensOf } from "./sight.js";
import { decoderWithout } from "./trace.js";

/** @import { CourseModel } from "../models/course_model.js" */
/** @import { Decoder } from "../models/decoder.js" */
/** @import { Sight } from "./sight.js" */

/** @typedef {[first: string, second: string]} Pair  In the order in which they come in the text. */

/** Each is one token with the space before it: a guess is one of them or is not. */
export const NAMES = ["Sam", "Anna", "Tom", "Lily", "Ben", "Mia", "Max", "Sara", "Emma"];

/** Each with each other one: by rows, as a table has them. */
export const PAIRS = NAMES.flatMap((first) => NAMES.filter((second) => second !== first).map((second) => /** @type {Pair} */ ([first, second])));

/**
 * @param {string} text
 * @returns {Pair | undefined}  Undefined where the text has not just two of the names.
 */
export function pairIn(text) {
  const [first, second, ...others] = new Set(text.match(anyName()));
  return second && !others.length ? [first, second] : undefined;
}

/**
 * The text with another pair in the places of its own.
 * @param {string} text
 * @param {Pair} pair
 */
export function withPair(text, [first, second]) {
  const own = pairIn(text);
  return text.replace(anyName(), (name) => (name === own?.[0] ? first : second));
}

function anyName() {
  return new RegExp(`\\b(?:${NAMES.join("|")})\\b`, "g");
}

/**
 * Which of the pair a guess is: 0 or 1, or -1 for neither.
 * @param {CourseModel} course
 * @param {number} guess
 * @param {Pair} pair
 */
export function placeOf({ tokenizer }, guess, pair) {
  return pair.indexOf(tokenizer.decode([guess]).trim());
}

/** @typedef {ReturnType<typeof pairGuesses>} PairGuesses */

/**
 * The guesses after a text with each pair. They are found a few at a time, for all at once would hold up who reads.
 * @param {CourseModel} course
 */
export function pairGuesses(course) {
  /** @type {Map<string, number[]>} */
  const found = new Map();
  /** @type {{ key: string, decoder: Decoder } | undefined} */
  let latest; // one model at a time: each has weights of its own

  /**
   * @param {Sight} sight  Of a text with a pair, whichever.
   * @param {string[]} parts  That are left out.
   * @returns {number[]}  Of the first pairs, as far as they are found.
   */
  function known(sight, parts) {
    const key = JSON.stringify([withPair(sight.text, PAIRS[0]), parts.length ? tokensWithout(sight) : 0, ...[...parts].sort()]);
    const guesses = found.get(key) ?? [];
    found.set(key, guesses);
    return guesses;
  }

  /**
   * @param {Sight} sight
   * @param {string[]} parts
   * @param {number} count  Of guesses to find.
   */
  function find(sight, parts, count) {
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

  /** @param {string[]} parts */
  function decoderOf(parts) {
    if (!parts.length) return course.decoder;
    const key = parts.join();
    if (latest?.key !== key) latest = { key, decoder: decoderWithout(course, parts) };
    return latest.decoder;
  }

  return { known, find };
}

/**
 * From how many tokens at the end parts are left out. Those before may be more or fewer with other names.
 * @param {Sight} sight
 */
function tokensWithout({ ids, since }) {
  return since ? ids.length - since : Infinity;
}
