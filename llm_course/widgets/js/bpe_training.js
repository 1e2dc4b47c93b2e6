/** Learning byte-pair merges from a text, one at a time. */

import { merge, pairKey } from "./bpe.js";

/**
 * @typedef {object} PairCount
 * @property {[string, string]} pair
 * @property {number} count
 */

/**
 * How often each pair of neighbors occurs inside the pieces, most often first; of equals, the one met first.
 * @param {string[][]} pieces  Each a list of symbols.
 * @returns {PairCount[]}
 */
export function countPairs(pieces) {
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
  return [...counts.values()].sort((a, b) => b.count - a.count); // a stable sort keeps the order met
}

/**
 * @param {string[][]} pieces
 * @param {[string, string]} pair
 * @returns {string[][]}
 */
export function mergeEverywhere(pieces, pair) {
  return pieces.map((symbols) => merge(symbols, pair));
}
