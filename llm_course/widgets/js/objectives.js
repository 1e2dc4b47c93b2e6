/** Who may look at whom, and which tokens carry loss: what tells the families of language models apart. */

/** @typedef {"causal" | "bidirectional" | "prefix" | "cross"} Kind */

/**
 * Whether each query may look at each key; the queries are the last of the positions.
 * @param {Kind} kind
 * @param {number} queries
 * @param {number} keys
 * @param {number} [prefix]
 * @returns {boolean[][]}
 */
export function attentionPattern(kind, queries, keys, prefix = 0) {
  const sees = (/** @type {number} */ row, /** @type {number} */ key) => {
    if (kind === "bidirectional" || kind === "cross") return true;
    return key <= row + keys - queries || (kind === "prefix" && key < prefix);
  };
  return Array.from({ length: queries }, (_, row) => Array.from({ length: keys }, (_, key) => sees(row, key)));
}

/**
 * T5's inputs and targets. `spans` are ascending and do not touch.
 * @param {string[]} tokens
 * @param {[number, number][]} spans
 * @param {string[]} sentinels
 * @returns {{ inputs: string[], targets: string[] }}
 */
export function corruptSpans(tokens, spans, sentinels) {
  /** @type {string[]} */
  const inputs = [];
  /** @type {string[]} */
  const targets = [];
  let last = 0;
  spans.forEach(([start, end], i) => {
    inputs.push(...tokens.slice(last, start), sentinels[i]);
    targets.push(sentinels[i], ...tokens.slice(start, end));
    last = end;
  });
  return { inputs: [...inputs, ...tokens.slice(last)], targets: [...targets, sentinels[spans.length]] };
}

/**
 * The chosen places as spans: neighbors are one.
 * @param {boolean[]} chosen
 * @returns {[number, number][]}
 */
export function spansOf(chosen) {
  /** @type {[number, number][]} */
  const spans = [];
  chosen.forEach((is, place) => {
    if (!is) return;
    const last = spans[spans.length - 1];
    if (last && last[1] === place) last[1] = place + 1;
    else spans.push([place, place + 1]);
  });
  return spans;
}

/**
 * What a model reads and what it has to say. With "causal" and "prefix" each token is said from the one before it.
 * @param {"next" | "masked" | "prefix" | "spans"} objective
 * @param {string[]} tokens
 * @param {boolean[]} chosen  Hidden places, for masks and spans.
 * @param {number} prefix
 * @returns {{ reads: string[], says: string[], pattern: Kind }}
 */
export function lesson(objective, tokens, chosen, prefix) {
  if (objective === "masked") {
    const reads = tokens.map((token, i) => (chosen[i] ? "[MASK]" : token));
    return { reads, says: tokens.filter((_, i) => chosen[i]), pattern: "bidirectional" };
  }
  if (objective === "spans") {
    const spans = spansOf(chosen);
    const sentinels = Array.from({ length: spans.length + 1 }, (_, i) => `<${i}>`);
    const { inputs, targets } = corruptSpans(tokens, spans, sentinels);
    return { reads: inputs, says: targets, pattern: "bidirectional" };
  }
  const from = objective === "prefix" ? Math.max(prefix, 1) : 1;
  return { reads: tokens.slice(0, -1), says: tokens.slice(from), pattern: objective === "prefix" ? "prefix" : "causal" };
}
