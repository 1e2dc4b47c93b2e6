/** Who may look at whom, and which tokens carry loss: what tells the families of language models apart. */

type Kind = "causal" | "bidirectional" | "prefix" | "window" | "cross";
export type Objective = "next" | "masked" | "prefix" | "spans";

/**
 * Whether each query may look at each key; the queries are the last of the positions.
 * @param size  Of the prefix, or of the window: that counts the query's own position.
 */
export function attentionPattern(kind: Kind, queries: number, keys: number, size: number = 0): boolean[][] {
  const sees = (row: number, key: number) => {
    if (kind === "bidirectional" || kind === "cross") return true;
    const own = row + keys - queries;
    if (kind === "window") return key <= own && key > own - size;
    return key <= own || (kind === "prefix" && key < size);
  };
  return Array.from({ length: queries }, (_, row) => Array.from({ length: keys }, (_, key) => sees(row, key)));
}

/**
 * Where a change of one key can be noticed: the keys themselves, then the queries after each layer. A second layer looks
 * at what the first has made, so it needs as many queries as keys.
 */
export function reached(pattern: boolean[][], changed: number, layers: number) {
  const rows = [pattern[0].map((_, key) => key === changed)];
  for (let layer = 0; layer < layers; layer++) rows.push(pattern.map((sees) => sees.some((is, key) => is && rows[layer][key])));
  return rows;
}

/** T5's inputs and targets. `spans` are ascending and do not touch. */
export function corruptSpans(tokens: string[], spans: [number, number][], sentinels: string[]): { inputs: string[], targets: string[] } {
  const inputs: string[] = [];
  const targets: string[] = [];
  let last = 0;
  spans.forEach(([start, end], i) => {
    inputs.push(...tokens.slice(last, start), sentinels[i]);
    targets.push(sentinels[i], ...tokens.slice(start, end));
    last = end;
  });
  return { inputs: [...inputs, ...tokens.slice(last)], targets: [...targets, sentinels[spans.length]] };
}

/** The chosen places as spans: neighbors are one. */
export function spansOf(chosen: boolean[]): [number, number][] {
  const spans: [number, number][] = [];
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
 * @param chosen  Hidden places, for masks and spans.
 */
export function lesson(
  objective: Objective,
  tokens: string[],
  chosen: boolean[],
  prefix: number,
): { reads: string[], says: string[], pattern: Kind } {
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

/**
 * The words that carry loss, each with the places of the text that the model sees when it guesses it. A hidden word is seen
 * by nobody; with spans it is seen once it is written, by those behind it.
 * @param chosen  Hidden places.
 */
export function guessesOf(objective: Objective, chosen: boolean[], prefix: number): { place: number, seen: number[] }[] {
  const places = chosen.map((_, place) => place);
  if (objective === "masked" || objective === "spans") {
    const isSeen = (other: number, place: number) => !chosen[other] || (objective === "spans" && other < place);
    return places.filter((place) => chosen[place]).map((place) => ({ place, seen: places.filter((other) => isSeen(other, place)) }));
  }
  return places.slice(objective === "prefix" ? Math.max(prefix, 1) : 1).map((place) => ({ place, seen: places.slice(0, place) }));
}

/**
 * How many words the model sees before each word that carries loss, and how many behind it.
 * @param chosen  Hidden places.
 */
export function cluesOf(objective: Objective, chosen: boolean[], prefix: number): { before: number, after: number }[] {
  return guessesOf(objective, chosen, prefix).map(({ place, seen }) => {
    const before = seen.filter((other) => other < place).length;
    return { before, after: seen.length - before };
  });
}

/** Words of the text with what a model reads and says in their place. */
interface Column {
  width: number; // How many words.
  reads: string | null; // Null where it reads nothing.
  says: string[];
  isMark: boolean; // Whether it reads a mask or a sentinel.
  inPrefix: boolean; // Whether what it reads is seen from before, too.
}

/**
 * A lesson, laid below its text: the tokens of `lesson`, in its order, column by column. With "next" and "prefix" a
 * target stands below the token after which it is said; the sentinel that ends the spans stands last.
 */
export function aligned(objective: Objective, tokens: string[], chosen: boolean[], prefix: number): Column[] {
  const { reads, says } = lesson(objective, tokens, chosen, prefix);
  if (objective === "spans") return alignedSpans(tokens, chosen, says);
  if (objective === "masked") {
    return tokens.map((token, i) => ({ width: 1, reads: reads[i], says: chosen[i] ? [token] : [], isMark: chosen[i], inPrefix: false }));
  }
  const from = tokens.length - 1 - says.length;
  return tokens.map((_, i) => ({
    width: 1,
    reads: reads[i] ?? null,
    says: i >= from && i < reads.length ? [says[i - from]] : [],
    isMark: false,
    inPrefix: objective === "prefix" && i < prefix,
  }));
}

/** @param says  Sentinels, and the words behind each. */
function alignedSpans(tokens: string[], chosen: boolean[], says: string[]): Column[] {
  const spans = spansOf(chosen);
  const starts = new Map(spans.map((span, number) => [span[0], { number, width: span[1] - span[0] }]));
  const columns: Column[] = [];
  for (let i = 0; i < tokens.length; ) {
    const span = starts.get(i);
    const width = span?.width ?? 1;
    const sentinel = span && `<${span.number}>`;
    columns.push({ width, reads: sentinel ?? tokens[i], says: sentinel ? [sentinel, ...tokens.slice(i, i + width)] : [], isMark: Boolean(span), inPrefix: false });
    i += width;
  }
  return [...columns, { width: 1, reads: null, says: says.slice(-1), isMark: false, inPrefix: false }];
}
