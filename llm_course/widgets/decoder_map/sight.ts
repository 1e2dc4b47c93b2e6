/** A sentence in the course model: the position that is looked at, and the parts of the model that are left out. */

import { symbolLabel } from "../models/bpe.ts";
import { argmax } from "../models/numbers.ts";
import { decoderWithout, hasPart, partNamed, trace, type NamedPart, type Trace } from "./trace.ts";
import type { CourseModel } from "../models/course_model.ts";
import type { Model } from "../ui/types.ts";

/** Longer sentences are cut: a table of more columns is no longer read. */
export const SENTENCE_TOKENS = 24;

export interface Sight {
  course: CourseModel;
  text: string;
  ids: number[];
  labels: string[];
  cut: number; // Tokens at the beginning that did not fit.
  position: number;
  head: number; // The head that is looked at, from 1; 0 for the one that looks hardest.
  rival: string; // The token that the guess is compared with, if it can be; or an empty text.
  out: string[]; // The parts that are left out: "attention-3", "feed-forward-1", "head-3-2".
  since: number; // The position from which on they are left out: 0 for the whole text.
  predict: boolean; // Whether a reader is to guess first what becomes of the guess without a head.
  told: string[]; // The heads of which it has been told.
  carried: boolean; // Whether what the head takes from each token is seen, in place of all heads.
  trace: Trace; // Without them.
  traces: Map<string, Trace>; // Those that were asked for, by the parts that they are without since then.
}

/** What a reader chooses; a position of -1 is the last. */
export type Chosen = Pick<Sight, keyof typeof AT_FIRST>;

const AT_FIRST = { position: -1, head: 0, rival: "", out: [] as string[], since: 0, predict: false, told: [] as string[], carried: false };

export function chosenIn(model: Model) {
  return Object.fromEntries(Object.keys(AT_FIRST).map((trait) => [trait, model.get(trait)])) as Chosen;
}

/**
 * Parts that the model doesn't have are ignored, and so is a place that the text doesn't have.
 * @param former  What was seen before: what was traced of the same text is not traced again.
 */
export function sightOf(course: CourseModel, text: string, asked: Partial<Chosen> = {}, former?: Sight): Sight {
  const chosen = { ...AT_FIRST, ...asked };
  const { ids, cut } = tokensOf(course, text);
  const labels = ids.map((id, i) => (i === 0 ? "START" : symbolLabel(course.tokenizer.tokens[id])));
  const out = chosen.out.filter((part) => hasPart(course, part));
  const since = chosen.since < ids.length ? chosen.since : 0;
  const position = chosen.position >= 0 && chosen.position < ids.length ? chosen.position : ids.length - 1;
  const traces = former?.text === text && former.since === since ? former.traces : new Map();
  return { ...chosen, course, text, ids, labels, cut, position, out, since, trace: traceWithout({ course, ids, since, traces }, out), traces };
}

/**
 * The tokens of a text, behind the one that ends the text before, as the model's texts begin. The end of a long text decides
 * what comes next.
 * @returns  How many did not fit at the beginning.
 */
export function tokensOf({ tokenizer, config }: CourseModel, text: string): { ids: number[], cut: number } {
  const all = [config.end_of_text, ...tokenizer.encode(text)];
  const ids = all.length > SENTENCE_TOKENS ? [all[0], ...all.slice(1 - SENTENCE_TOKENS)] : all;
  return { ids, cut: all.length - ids.length };
}

/** What happens in the model when parts of it add nothing, from a position on. */
export function traceWithout({ course, ids, since, traces }: Pick<Sight, "course" | "ids" | "since" | "traces">, parts: string[]) {
  const key = [...parts].sort().join();
  const found = traces.get(key) ?? trace(course.decoder, ids, parts.length ? { decoder: decoderWithout(course, parts), since } : undefined);
  traces.set(key, found);
  return found;
}

/** The head of a layer that is looked at, for the position. */
export function headOf({ trace, position, head }: Sight, layer: number) {
  const mine = trace.layers[layer].weights[position];
  return head >= 1 && head <= mine.length ? head - 1 : argmax(mine.map((weights) => Math.max(...weights)));
}

/**
 * A head as a part that can be left out.
 * @param layer  From 0, and so is the head.
 */
export function headName(layer: number, head: number) {
  return `head-${layer + 1}-${head + 1}`;
}

/**
 * The parts that silence a head: itself, and all of its layer's attention.
 * @param layer  From 0, and so is the head.
 */
export function silencers(layer: number, head: number) {
  return [headName(layer, head), `attention-${layer + 1}`];
}

/** Whether a reader is still to guess what becomes of the guess without a head. */
export function isUntold({ predict, told, out }: Sight, head: string) {
  return predict && !told.includes(head) && !out.includes(head);
}

export function token({ labels, position }: Sight) {
  return labels[position];
}

/** Parts in words, both of a layer as the layer, heads of a layer together: "attention 1, layer 3, and heads 1 and 2 of layer 4". */
export function partsInWords(parts: string[]) {
  const others = { attention: "feed-forward", "feed-forward": "attention" };
  const named = parts.map((part) => partNamed(part) as NamedPart);
  const apart = named.filter(({ kind, layer }) => kind !== "head" || !parts.includes(`attention-${layer}`)); // a head goes with its attention
  const list = (names: Iterable<string>) => new Intl.ListFormat("en").format(names);
  const names = apart.map(({ kind, layer }) => {
    const heads = apart.filter((other) => other.kind === "head" && other.layer === layer).map(({ head }) => Number(head));
    if (kind === "head") return `head${heads.length > 1 ? "s" : ""} ${list(heads.sort((a, b) => a - b).map(String))} of layer ${layer}`;
    return parts.includes(`${others[kind]}-${layer}`) ? `layer ${layer}` : `${kind} ${layer}`;
  });
  return list(new Set(names));
}

/** Since when parts are left out, in words that follow theirs. */
export function sinceInWords({ labels, since }: Sight) {
  return since ? ` from “${labels[since]}” on` : "";
}

/** What is left out when parts change sides: they are left out, or put back where all of them are. */
export function toggled(sight: Sight, parts: string[]) {
  const others = sight.out.filter((part) => !parts.includes(part));
  return isLeftOut(sight, parts) ? others : [...others, ...parts];
}

/** Whether all of the parts are left out. */
export function isLeftOut({ out }: Sight, parts: string[]) {
  return parts.every((part) => out.includes(part));
}
