/** Byte-level byte-pair encoding: text to token ids and back, as GPT-2 does it. */

import { visibleToken } from "../ui/dom.ts";

interface Vocabulary {
  pattern: string; // A regular expression that cuts text into pieces; no merge crosses a cut.
  tokens: string[]; // The token of each id, written in byte characters.
  merges: [string, string][]; // Pairs to join, best first.
  special: Record<string, number>; // Tokens that are never cut; ASCII, so their byte characters are themselves.
}

export class Tokenizer {
  readonly tokens: string[];
  readonly special: Record<string, number>;
  readonly ids: Map<string, number>;
  readonly ranks: Map<string, number>;
  private readonly pieces: RegExp;
  private readonly specials: RegExp;
  private readonly known = new Map<string, number[]>();

  constructor({ pattern, tokens, merges, special }: Vocabulary) {
    this.tokens = tokens;
    this.special = special;
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    this.ranks = new Map(merges.map(([left, right], rank) => [pairKey(left, right), rank]));
    this.pieces = new RegExp(unicodeSpaces(pattern), "gu");
    const names = Object.keys(special).map((name) => name.replace(/[|.*+?^${}()[\]\\]/g, "\\$&"));
    this.specials = new RegExp(`(${names.join("|") || "(?!)"})`);
  }

  encode(text: string): number[] {
    return text.split(this.specials).flatMap((part) => {
      if (Object.hasOwn(this.special, part)) return [this.special[part]];
      return this.cut(part).flatMap((piece) => this.encodePiece(piece));
    });
  }

  /** The pieces that are encoded one by one. */
  cut(text: string): string[] {
    return text.match(this.pieces) ?? [];
  }

  encodePiece(piece: string): number[] {
    let ids = this.known.get(piece);
    if (!ids) {
      let symbols = byteCharacters(piece);
      for (let pair; (pair = bestPair(symbols, this.ranks)); ) symbols = merge(symbols, pair);
      ids = symbols.map((symbol) => this.ids.get(symbol) as number);
      this.known.set(piece, ids);
    }
    return ids;
  }

  /** The bytes of tokens need not be whole characters: what is none becomes U+FFFD. */
  decode(ids: number[]) {
    return fromByteCharacters(ids.map((id) => this.tokens[id]).join(""));
  }
}

/** The adjacent pair with the best rank, the leftmost where it occurs twice. */
export function bestPair(symbols: string[], ranks: Map<string, number>): [string, string] | null {
  let best = null;
  let bestRank = Infinity;
  for (let i = 0; i + 1 < symbols.length; i++) {
    const rank = ranks.get(pairKey(symbols[i], symbols[i + 1])) ?? Infinity;
    if (rank < bestRank) {
      bestRank = rank;
      best = [symbols[i], symbols[i + 1]] as [string, string];
    }
  }
  return best;
}

/** Join every occurrence of a pair, from left to right. */
export function merge(symbols: string[], [left, right]: [string, string]): string[] {
  const merged = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(symbols[i]);
  }
  return merged;
}

/** No symbol holds a space (its byte character is Ġ), so a space parts them. */
export function pairKey(left: string, right: string) {
  return `${left} ${right}`;
}

/** JavaScript's \s counts U+FEFF and leaves out U+0085; tokenizers mean Unicode's White_Space. */
function unicodeSpaces(pattern: string) {
  return pattern.replaceAll("\\s", "\\p{White_Space}").replaceAll("\\S", "\\P{White_Space}");
}

/** GPT-2's way to write any byte as a visible character: printable Latin-1 stands for itself, the rest from U+0100 on. */
const BYTE_CHARACTERS = (() => {
  let next = 0x100;
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();
const BYTES = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** The UTF-8 bytes of a text, one byte character each. */
export function byteCharacters(text: string): string[] {
  return Array.from(new TextEncoder().encode(text), (byte) => BYTE_CHARACTERS[byte]);
}

export function byteValue(character: string): number {
  return BYTES.get(character) as number;
}

export function fromByteCharacters(characters: string): string {
  const bytes = Uint8Array.from(characters, byteValue);
  // ignoreBOM: a byte order mark is text like any other here.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** A token in byte characters as a label; bytes that are no whole character are written as numbers. */
export function symbolLabel(symbol: string) {
  const text = fromByteCharacters(symbol);
  if (!text.includes("\ufffd")) return visibleToken(text);
  return `⟨${Array.from(symbol, (character) => byteValue(character).toString(16).toUpperCase()).join(" ")}⟩`;
}
