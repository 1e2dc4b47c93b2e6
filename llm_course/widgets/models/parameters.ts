/** Where the parameters of a decoder are: no biases, RMSNorm, feed-forward networks plain, gated, or as experts. */

import { typedNumber } from "../ui/dom.ts";

export interface Shape {
  vocabulary: number; // Tokens in the vocabulary.
  width: number; // d_model.
  layers: number;
  hidden: number; // d_ff, of one expert.
  group: number; // Query heads that share a key and value head.
  gated: boolean; // Three matrices in a feed-forward network instead of two.
  tied: boolean; // The head is the embedding table.
  experts: number; // Feed-forward networks in a layer; 1 is a dense model.
  chosen: number; // How many of them work on a token.
}

export function parameterCounts({ vocabulary, width, layers, hidden, group, gated, tied, experts, chosen }: Shape) {
  const network = (gated ? 3 : 2) * width * hidden;
  const router = experts > 1 ? experts * width : 0;
  const parts = {
    feedForward: layers * (experts * network + router),
    attention: layers * (2 * width * width + 2 * width * Math.floor(width / group)),
    embeddings: vocabulary * width * (tied ? 1 : 2),
    norms: (2 * layers + 1) * width,
  };
  const total = parts.feedForward + parts.attention + parts.embeddings + parts.norms;
  const asleep = layers * (experts - Math.min(chosen, experts)) * network;
  return { ...parts, total, active: total - asleep };
}

/** A count in words: "6.74 billion", "1,000 trillion". */
export function inWords(count: number) {
  if (count >= 1e15) return `${Math.round(count / 1e12).toLocaleString("en")} trillion`;
  if (count >= 1e12) return `${(count / 1e12).toFixed(2)} trillion`;
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} billion`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} million`;
  return Math.round(count).toLocaleString("en");
}

/** A count as `inWords` writes it, "70 billion", or "70 B", or in digits. */
export function countInWords(text: string) {
  const [, digits, word = ""] = /^\s*([\d.,\s]+(?:e\d+)?)\s*([a-z]*)/i.exec(text) ?? [];
  const factor = { m: 1e6, b: 1e9, t: 1e12 }[word[0]?.toLowerCase() ?? ""] ?? 1;
  return typedNumber(digits ?? "") * factor;
}
