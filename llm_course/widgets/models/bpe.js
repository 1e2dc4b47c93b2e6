/** Byte-level byte-pair encoding: text to token ids and back, as GPT-2 does it. */

import { visibleToken } from "../ui/dom.js";

/**
 * @typedef {object} Vocabulary
 * @property {string} pattern  A regular expression that cuts text into pieces; no merge crosses a cut.
 * @property {string[]} tokens  The token of each id, written in byte characters.
 * @property {[string, string][]} merges  Pairs to join, best first.
 * @property {Record<string, number>} special  Tokens that are never cut; ASCII, so their byte characters are themselves.
 */

export class Tokenizer {
  /** @param {Vocabulary} vocabulary */
  constructor({ pattern, tokens, merges, special }) {
    this.tokens = tokens;
    this.special = special;
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    this.ranks = new Map(merges.map(([left, right], rank) => [pairKey(left, right), rank]));
    this.pieces = new RegExp(unicodeSpaces(pattern), "gu");
    const names = Object.keys(special).map((name) => name.replace(/[|.*+?^${}()[\]\\]/g, "\\$&"));
    this.specials = new RegExp(`(${names.join("|") || "(?!)"})`);
    /** @type {Map<string, number[]>} */
    this.known = new Map();
  }

  /**
   * @param {string} text
   * @returns {number[]}
   */
  encode(text) {
    return text.split(this.specials).flatMap((part) => {
      if (Object.hasOwn(this.special, part)) return [this.special[part]];
      return this.cut(part).flatMap((piece) => this.encodePiece(piece));
    });
  }

  /**
   * The pieces that are encoded one by one.
   * @param {string} text
   * @returns {string[]}
   */
  cut(text) {
    return text.match(this.pieces) ?? [];
  }

  /**
   * @param {string} piece
   * @returns {number[]}
   */
  encodePiece(piece) {
    let ids = this.known.get(piece);
    if (!ids) {
      let symbols = byteCharacters(piece);
      for (let pair; (pair = bestPair(symbols, this.ranks)); ) symbols = merge(symbols, pair);
      ids = symbols.map((symbol) => /** @type {number} */ (this.ids.get(symbol)));
      this.known.set(piece, ids);
    }
    return ids;
  }

  /**
   * The bytes of tokens need not be whole characters: what is none becomes U+FFFD.
   * @param {number[]} ids
   */
  decode(ids) {
    return fromByteCharacters(ids.map((id) => this.tokens[id]).join(""));
  }
}

/**
 * The adjacent pair with the best rank, the leftmost where it occurs twice.
 * @param {string[]} symbols
 * @param {Map<string, number>} ranks
 * @returns {[string, string] | null}
 */
export function bestPair(symbols, ranks) {
  let best = null;
  let bestRank = Infinity;
  for (let i = 0; i + 1 < symbols.length; i++) {
    const rank = ranks.get(pairKey(symbols[i], symbols[i + 1])) ?? Infinity;
    if (rank < bestRank) {
      bestRank = rank;
      best = /** @type {[string, string]} */ ([symbols[i], symbols[i + 1]]);
    }
  }
  return best;
}

/**
 * Join every occurrence of a pair, from left to right.
 * @param {string[]} symbols
 * @param {[string, string]} pair
 * @returns {string[]}
 */
export function merge(symbols, [left, right]) {
  const merged = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(symbols[i]);
  }
  return merged;
}

/**
 * No symbol holds a space (its byte character is Ġ), so a space parts them.
 * @param {string} left
 * @param {string} right
 */
export function pairKey(left, right) {
  return `${left} ${right}`;
}

/**
 * JavaScript's \s counts U+FEFF and leaves out U+0085; tokenizers mean Unicode's White_Space.
 * @param {string} pattern
 */
function unicodeSpaces(pattern) {
  return pattern.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}");
}

/** GPT-2's way to write any byte as a visible character: printable Latin-1 stands for itself, the rest from U+0100 on. */
const BYTE_CHARACTERS = (() => {
  let next = 0x100;
  const printable = (/** @type {number} */ byte) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();
const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/**
 * The UTF-8 bytes of a text, one byte character each.
 * @param {string} text
 * @returns {string[]}
 */
export function byteCharacters(text) {
  return Array.from(new TextEncoder().encode(text), (byte) => BYTE_CHARACTERS[byte]);
}

/**
 * @param {string} character
 * @returns {number}
 */
export function byteValue(character) {
  return /** @type {number} */ (BYTES.get(character));
}

/**
 * @param {string} characters
 * @returns {string}
 */
export function fromByteCharacters(characters) {
  const bytes = Uint8Array.from(characters, byteValue);
  // ignoreBOM: a byte order mark is text like any other here.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/**
 * A token in byte characters as a label; bytes that are no whole character are written as numbers.
 * @param {string} symbol
 */
export function symbolLabel(symbol) {
  const text = fromByteCharacters(symbol);
  if (!text.includes("\ufffd")) return visibleToken(text);
  return `⟨${Array.from(symbol, (character) => byteValue(character).toString(16).toUpperCase()).join(" ")}⟩`;
}
