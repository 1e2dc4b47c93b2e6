/** Learning byte-pair merges from a text, one at a time. */

import { byteValue, merge, pairKey } from "../models/bpe.ts";

interface PairCount {
  pair: [string, string];
  count: number;
}

/**
 * How often each pair of neighbors occurs inside the pieces, most often first; of equals, the pair with the smaller ids.
 * @param pieces  Each a list of symbols.
 * @param merges  Those learned so far: the one at index r made the id 256 + r.
 */
export function countPairs(pieces: string[][], merges: [string, string][]): PairCount[] {
  const counts: Map<string, PairCount> = new Map();
  for (const symbols of pieces) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = pairKey(symbols[i], symbols[i + 1]);
      const known = counts.get(key);
      if (known) known.count++;
      else counts.set(key, { pair: [symbols[i], symbols[i + 1]], count: 1 });
    }
  }
  const learned = new Map(merges.map((pair, rank) => [pair.join(""), 256 + rank]));
  const id = (symbol: string) => learned.get(symbol) ?? byteValue(symbol);
  return [...counts.values()].sort(
    (a, b) => b.count - a.count || id(a.pair[0]) - id(b.pair[0]) || id(a.pair[1]) - id(b.pair[1]),
  );
}

export function mergeEverywhere(pieces: string[][], pair: [string, string]): string[][] {
  return pieces.map((symbols) => merge(symbols, pair));
}
