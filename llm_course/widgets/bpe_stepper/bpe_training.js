/** Learning byte-pair merges from a text, one at a time. */

import { byteValue, merge, pairKey } from "../models/bpe.js";

/**
 * @typedef {object} PairCount
 * @property {[string, string]} pair
 * @property {number} count
 */

/**
 * How often each pair of neighbors occurs inside the pieces, most often first; of equals, the pair with the smaller ids.
 * @param {string[][]} pieces  Each a list of symbols.
 * @param {[string, string][]} merges  Those learned so far: the one at index r made the id 256 + r.
 * @returns {PairCount[]}
 */
export function countPairs(pieces, merges) {
  /** @type {Map<string, PairCount>} */
  const counts = new Map();
  for (const symbols of pieces) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = pairKey(symbols[i], symbols[i + 1]);
      const known = counts.get(key);
      if (known) known.count++;
      else counts.set(key, { pair: [symbols[i], symbols[i + 1]], count: 1 });
    }
  }
  const learned = new Map(merges.map((pair, rank) => [pair.join(""), 256 + rank]));
  const id = (/** @type {string} */ symbol) => learned.get(symbol) ?? byteValue(symbol);
  return [...counts.values()].sort(
    (a, b) => b.count - a.count || id(a.pair[0]) - id(b.pair[0]) || id(a.pair[1]) - id(b.pair[1]),
  );
}

/**
 * @param {string[][]} pieces
 * @param {[string, string]} pair
 * @returns {string[][]}
 */
export function mergeEverywhere(pieces, pair) {
  return pieces.map((symbols) => merge(symbols, pair));
}
