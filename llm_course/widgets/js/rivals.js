/** Two tokens that compete for the next place: their logits along the residual stream. */

import { alongStream, rowsAlong } from "./along_stream.js";
import { written } from "./lens_table.js";
import { dot, twoLargest } from "./numbers.js";
import { guessOtherwise } from "./otherwise.js";
import { traceWithout } from "./sight.js";
import { lensRow } from "./trace.js";

/** @import { Points } from "./plot.js" */
/** @import { Sight } from "./sight.js" */
/** @import { Trace } from "./trace.js" */

/**
 * The guess, and the token that comes closest to being it.
 * @param {Sight} sight
 * @param {string[][]} ways  Parts that may change sides, those that are asked first in front: another guess is the rival.
 * @returns {[guess: number, rival: number]}
 */
export function rivalsOf(sight, ways) {
  const [guess, second] = twoLargest(sight.trace.logits[sight.position]);
  const other = ways.map((parts) => guessOtherwise(sight, parts)).find(({ isOther }) => isOther);
  return [guess, other?.id ?? second];
}

/**
 * The race of the two from the embedding to the last layer.
 * @param {Sight} sight
 * @param {string[][]} ways  As `rivalsOf` takes them.
 * @param {[from: number, to: number]} band  What is opened, in layers.
 */
export function rivalsAlong(sight, ways, band) {
  const { course, trace } = sight;
  const [guess, rival] = rivalsOf(sight, ways);
  const whole = sight.out.length ? traceWithout(sight, []) : undefined;
  const line = (/** @type {number} */ id, /** @type {number} */ look) =>
    ({ name: written(course, id), look, points: logitsAlong(sight, trace, id), before: whole && logitsAlong(sight, whole, id) });
  const [first, second] = [guess, rival].map((id) => `“${written(course, id)}”`);
  return alongStream(trace, {
    title: `Scores of ${first} and ${second}${whole ? ", pale with all parts" : " along the stream"}`,
    y: "logit",
    series: [line(rival, 0), line(guess, 1)],
    band,
    tracesAreNamed: true,
  });
}

/**
 * A token's logit in the lens after each part that adds to the stream.
 * @param {Sight} sight
 * @param {Trace} trace
 * @param {number} id
 * @returns {Points}
 */
export function logitsAlong({ course: { decoder }, position }, trace, id) {
  const size = decoder.config.hidden_size;
  const embedding = decoder.embeddings.subarray(id * size, (id + 1) * size);
  return rowsAlong(trace, position).map(([x, row]) => [x, dot(embedding, lensRow(decoder, row))]);
}
