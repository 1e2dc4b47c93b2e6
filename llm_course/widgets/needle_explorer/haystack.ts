/** A text of plain sentences in which a child and its thing are hidden, as in llm_course/corpus/long_texts.py. */

import { argmax, sum } from "../models/numbers.ts";
import type { Tokenizer } from "../models/bpe.ts";

interface Words {
  names: string[];
  attributes: string[];
  nouns: string[];
  hay: string[]; // Sentences.
}

export type Span = { start: number, end: number };

export interface Haystack {
  ids: number[];
  answer: number; // The id of the name that should come next.
  needle: Span; // Where the sentence with it stands.
  others: Span[]; // Where those of the other children stand.
  thing: string;
}

export function buildHaystack(
  words: Words,
  tokenizer: Tokenizer,
  draw: () => number,
  { length, depth, distractors, sameNoun }: { length: number, depth: number, distractors: number, sameNoun: boolean },
): Haystack {
  const names = sample(words.names, distractors + 1, draw);
  const attributes = sample(words.attributes, distractors + 1, draw);
  const nouns = sameNoun ? Array(distractors + 1).fill(sample(words.nouns, 1, draw)[0]) : sample(words.nouns, distractors + 1, draw);
  const things = attributes.map((attribute, i) => `${attribute} ${nouns[i]}`);
  const needles = things.map((thing, i) => tokenizer.encode(` ${names[i]} had ${/^[aeiou]/.test(thing) ? "an" : "a"} ${thing}.`));
  const beginning = tokenizer.encode("One day:");
  const question = tokenizer.encode(` The ${things[0]} belonged to`);
  const room = Math.max(0, length - beginning.length - question.length - needles.flat().length);
  const { hay, starts } = sentences(words.hay, tokenizer, draw, room);
  const nearest = (place: number) => starts.reduce((best, start) => (Math.abs(start - place) < Math.abs(best - place) ? start : best));
  const places = needles.map((_, i) => nearest(i === 0 ? depth * room : Math.floor(draw() * (room + 1))));
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const ids = [...beginning];
  const spans: Span[] = [];
  let last = 0;
  for (const i of order) {
    ids.push(...hay.slice(last, places[i]));
    spans[i] = { start: ids.length, end: ids.length + needles[i].length };
    ids.push(...needles[i]);
    last = places[i];
  }
  ids.push(...hay.slice(last), ...question);
  const [needle, ...others] = spans;
  return { ids, answer: tokenizer.encode(` ${names[0]}`)[0], needle, others, thing: things[0] };
}

/** Sentences of exactly `room` tokens, and where a needle may stand between them. */
function sentences(hay: string[], tokenizer: Tokenizer, draw: () => number, room: number) {
  const all = hay.map((sentence) => tokenizer.encode(` ${sentence}`));
  /** Whether sentences can make up so many tokens. */
  const fills = [true];
  for (let total = 1; total <= room; total++) fills.push(all.some((one) => one.length <= total && fills[total - one.length]));
  // Of a room that sentences cannot fill, such as 3, the rest is the end of a sentence.
  let rest = 0;
  while (!fills[room - rest]) rest++;
  const ids = all[0].slice(all[0].length - rest);
  const starts = [rest];
  while (ids.length < room) {
    const left = room - ids.length;
    const fitting = all.filter((one) => one.length <= left && fills[left - one.length]);
    ids.push(...fitting[Math.floor(draw() * fitting.length)]);
    starts.push(ids.length);
  }
  return { hay: ids, starts };
}

function sample<T>(items: T[], count: number, draw: () => number) {
  const left = [...items];
  return Array.from({ length: count }, () => left.splice(Math.floor(draw() * left.length), 1)[0]);
}

/**
 * The head that gives the needle most.
 * @param weights  Of the last token, head by head.
 */
export function mostAttentiveHead(weights: number[][], { start, end }: Span) {
  return argmax(weights.map((row) => sum(row.slice(start, end))));
}
