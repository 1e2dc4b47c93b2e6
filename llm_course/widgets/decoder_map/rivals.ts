/** The guess and a token that competes with it: one color each in the whole map, and their scores along the residual stream. */

import { alongStream, rowsAlong } from "./along_stream.ts";
import { element, inlineChoice } from "../ui/dom.ts";
import { written } from "./guesses.ts";
import { argmax, dot, ranking } from "../models/numbers.ts";
import { traceWithout, type Sight } from "./sight.ts";
import { lensRow, type Trace } from "./trace.ts";
import type { CourseModel } from "../models/course_model.ts";
import type { Points } from "../ui/plot.ts";

export interface Rivals {
  guess: number; // What the model guesses with all its parts.
  rival: number; // What it is compared with.
  colors: [orange: number, green: number]; // Of these two, of which the text keeps one name's color when the guess changes.
  others: number[]; // All that it may be compared with: tokens of the text so far, and first guesses.
}

/**
 * @returns  The rival is the one that is asked for, if it is among the others; or else the guess without what is left
 *   out; or else, where the guess is a name, the likeliest other one of the text; or else the second guess.
 */
export function rivalsOf(sight: Sight): Rivals {
  const { course, ids, position, trace } = sight;
  const [guess, second] = ranking(traceWithout(sight, []).logits[position]);
  const now = argmax(trace.logits[position]);
  const others = withoutBareTwins(course, [...new Set([now, second, ...ids.slice(1, position + 1)])]).filter((id) => id !== guess);
  const asked = others.find((id) => course.tokenizer.decode([id]) === sight.rival);
  const paired = (rival: number) => ({ guess, rival, colors: colorsOf(sight, guess, rival), others });
  if (asked !== undefined || now !== guess) return paired(asked ?? now);
  const names = isName(course, guess) ? others.filter((id) => ids.includes(id) && isName(course, id)) : [];
  const [name] = names.sort((a, b) => trace.logits[position][b] - trace.logits[position][a]);
  return paired(name ?? second);
}

/** The second of two names of the text is orange, whichever is the guess; else the guess. */
function colorsOf({ course, ids }: Sight, guess: number, rival: number): Rivals["colors"] {
  const text = course.tokenizer.decode(ids.slice(1));
  const [at, other] = [guess, rival].map((id) => (isName(course, id) ? text.indexOf(course.tokenizer.decode([id]).trim()) : -1));
  return at >= 0 && at < other ? [rival, guess] : [guess, rival];
}

function isName({ tokenizer }: CourseModel, id: number) {
  return /^ \p{Lu}/u.test(tokenizer.decode([id]));
}

/** Tokens without those that begin a text with a word that stands later with its space, too: their scores move alike. */
function withoutBareTwins({ tokenizer }: CourseModel, ids: number[]) {
  const texts = ids.map((id) => tokenizer.decode([id]));
  return ids.filter((_, i) => !texts.includes(` ${texts[i]}`));
}

/** The class of a token's color. */
export function lookOf({ colors: [orange, green] }: Rivals, id: number) {
  if (id === orange) return "llm-orange";
  return id === green ? "llm-green" : "llm-neither";
}

/**
 * A small square in a token's color.
 * @param look  The class of the color.
 */
export function colorMark(look: string) {
  return element("i", { class: `llm-color-mark ${look}` });
}

/**
 * The race of the two from the embedding to the last layer.
 * @param band  What is opened, in layers.
 * @param height  In pixels, where there is room.
 */
export function rivalsAlong(sight: Sight, band: [from: number, to: number], onCompare: (rival: string) => void, height?: number) {
  const { course, trace } = sight;
  const rivals = rivalsOf(sight);
  const { guess, rival, colors, others } = rivals;
  const whole = sight.out.length ? traceWithout(sight, []) : undefined;
  const line = (id: number, look: number) =>
    ({ name: written(course, id), look, points: logitsAlong(sight, trace, id), before: whole && logitsAlong(sight, whole, id) });
  const now = argmax(trace.logits[sight.position]);
  const third = [guess, rival].includes(now) ? [] : [line(now, 3)]; // what the model guesses without the parts that are left out
  const options = others.map((id) => [course.tokenizer.decode([id]), written(course, id)] as [string, string]);
  const select = inlineChoice("Compare with", options, course.tokenizer.decode([rival]), onCompare);
  const mark = (id: number) => element("span", { class: `llm-bar ${lookOf(rivals, id)}` });
  const [start, first, end] = ["Scores: ", `${written(course, guess)} \u00a0`, whole ? " (pale: all parts)" : ""];
  return alongStream(trace, {
    title: `Scores of ${written(course, guess)} and ${written(course, rival)} along the stream${end}`,
    caption: [start, mark(guess), first, mark(rival), select, end],
    series: [...third, ...[rival, guess].map((id) => line(id, 1 + colors.indexOf(id)))],
    band,
    height,
    linesAreNamedAtEnd: true,
    tracesAreNamed: true,
  });
}

/** A token's logit in the lens after each part that adds to the stream. */
export function logitsAlong({ course: { decoder }, position }: Sight, trace: Trace, id: number): Points {
  const size = decoder.config.hidden_size;
  const embedding = decoder.embeddings.subarray(id * size, (id + 1) * size);
  return rowsAlong(trace, position).map(([x, row]) => [x, dot(embedding, lensRow(decoder, row))]);
}
