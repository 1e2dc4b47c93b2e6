/** A sentence in the course model: the position that is looked at, and the parts of the model that are left out. */

import { symbolLabel } from "../models/bpe.js";
import { argmax } from "../models/numbers.js";
import { decoderWithout, hasPart, partNamed, trace } from "./trace.js";

/** @import { CourseModel } from "../models/course_model.js" */
/** @import { NamedPart, Trace } from "./trace.js" */

/** Longer sentences are cut: a table of more columns is no longer read. */
export const SENTENCE_TOKENS = 24;

/**
 * @typedef {object} Sight
 * @property {CourseModel} course
 * @property {string} text
 * @property {number[]} ids
 * @property {string[]} labels
 * @property {number} cut  Tokens at the beginning that did not fit.
 * @property {number} position
 * @property {number} head  The head that is looked at, from 1; 0 for the one that looks hardest.
 * @property {string} rival  The token that the guess is compared with, if it can be; or an empty text.
 * @property {string[]} out  The parts that are left out: "attention-3", "feed-forward-1", "head-3-2".
 * @property {number} since  The position from which on they are left out: 0 for the whole text.
 * @property {boolean} predict  Whether a reader is to guess first what becomes of the guess without a head.
 * @property {string[]} told  The heads of which it has been told.
 * @property {boolean} carried  Whether what the head takes from each token is seen, in place of all heads.
 * @property {Trace} trace  Without them.
 * @property {Map<string, Trace>} traces  Those that were asked for, by the parts that they are without since then.
 */

/**
 * @param {CourseModel} course
 * @param {string} text
 * @param {{ head?: number, rival?: string, out?: string[], since?: number, predict?: boolean, told?: string[], carried?: boolean }} [chosen]  Parts that the model doesn't have are ignored,
 *   and so is a place that the text doesn't have.
 * @returns {Sight}
 */
export function sightOf(course, text, { head = 0, rival = "", out: asked = [], since: from = 0, predict = false, told = [], carried = false } = {}) {
  const { ids, cut } = tokensOf(course, text);
  const labels = ids.map((id, i) => (i === 0 ? "START" : symbolLabel(course.tokenizer.tokens[id])));
  const traces = new Map();
  const out = asked.filter((part) => hasPart(course, part));
  const since = from < ids.length ? from : 0;
  return { course, text, ids, labels, cut, position: ids.length - 1, head, rival, out, since, predict, told, carried, trace: traceWithout({ course, ids, since, traces }, out), traces };
}

/**
 * The tokens of a text, behind the one that ends the text before, as the model's texts begin. The end of a long text decides
 * what comes next.
 * @param {CourseModel} course
 * @param {string} text
 * @returns {{ ids: number[], cut: number }}  How many did not fit at the beginning.
 */
export function tokensOf({ tokenizer, config }, text) {
  const all = [config.end_of_text, ...tokenizer.encode(text)];
  const ids = all.length > SENTENCE_TOKENS ? [all[0], ...all.slice(1 - SENTENCE_TOKENS)] : all;
  return { ids, cut: all.length - ids.length };
}

/**
 * What happens in the model when parts of it add nothing, from a position on.
 * @param {Pick<Sight, "course" | "ids" | "since" | "traces">} sight
 * @param {string[]} parts
 */
export function traceWithout({ course, ids, since, traces }, parts) {
  const key = [...parts].sort().join();
  const found = traces.get(key) ?? trace(course.decoder, ids, parts.length ? { decoder: decoderWithout(course, parts), since } : undefined);
  traces.set(key, found);
  return found;
}

/**
 * The head of a layer that is looked at, for the position.
 * @param {Sight} sight
 * @param {number} layer
 */
export function headOf({ trace, position, head }, layer) {
  const mine = trace.layers[layer].weights[position];
  return head >= 1 && head <= mine.length ? head - 1 : argmax(mine.map((weights) => Math.max(...weights)));
}

/**
 * A head as a part that can be left out.
 * @param {number} layer  From 0, and so is the head.
 * @param {number} head
 */
export function headName(layer, head) {
  return `head-${layer + 1}-${head + 1}`;
}

/**
 * The parts that silence a head: itself, and all of its layer's attention.
 * @param {number} layer  From 0, and so is the head.
 * @param {number} head
 */
export function silencers(layer, head) {
  return [headName(layer, head), `attention-${layer + 1}`];
}

/**
 * Whether a reader is still to guess what becomes of the guess without a head.
 * @param {Sight} sight
 * @param {string} head
 */
export function isUntold({ predict, told, out }, head) {
  return predict && !told.includes(head) && !out.includes(head);
}

/** @param {Sight} sight */
export function token({ labels, position }) {
  return labels[position];
}

/**
 * Parts in words, both of a layer as the layer, heads of a layer together: "attention 1, layer 3, and heads 1 and 2 of layer 4".
 * @param {string[]} parts
 */
export function partsInWords(parts) {
  const others = { attention: "feed-forward", "feed-forward": "attention" };
  const named = parts.map((part) => /** @type {NamedPart} */ (partNamed(part)));
  const apart = named.filter(({ kind, layer }) => kind !== "head" || !parts.includes(`attention-${layer}`)); // a head goes with its attention
  const list = (/** @type {Iterable<string>} */ names) => new Intl.ListFormat("en").format(names);
  const names = apart.map(({ kind, layer }) => {
    const heads = apart.filter((other) => other.kind === "head" && other.layer === layer).map(({ head }) => Number(head));
    if (kind === "head") return `head${heads.length > 1 ? "s" : ""} ${list(heads.sort((a, b) => a - b).map(String))} of layer ${layer}`;
    return parts.includes(`${others[kind]}-${layer}`) ? `layer ${layer}` : `${kind} ${layer}`;
  });
  return list(new Set(names));
}

/**
 * Since when parts are left out, in words that follow theirs.
 * @param {Sight} sight
 */
export function sinceInWords({ labels, since }) {
  return since ? ` from “${labels[since]}” on` : "";
}

/**
 * What happens in the model when parts change sides: they are left out, or put back where all of them are.
 * @param {Sight} sight
 * @param {string[]} parts
 */
export function traceOtherwise(sight, parts) {
  return traceWithout(sight, toggled(sight, parts));
}

/**
 * What is left out when parts change sides.
 * @param {Sight} sight
 * @param {string[]} parts
 */
export function toggled(sight, parts) {
  const others = sight.out.filter((part) => !parts.includes(part));
  return isLeftOut(sight, parts) ? others : [...others, ...parts];
}

/**
 * Whether all of the parts are left out.
 * @param {Sight} sight
 * @param {string[]} parts
 */
export function isLeftOut({ out }, parts) {
  return parts.every((part) => out.includes(part));
}
