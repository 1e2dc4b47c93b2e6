/** The guess that a row of the residual stream would give, and how tokens are written. */

import { symbolLabel } from "../models/bpe.js";
import { argmax, softmax } from "../models/numbers.js";
import { lens } from "./trace.js";

/** @import { CourseModel } from "../models/course_model.js" */

/**
 * The top guess that a row of the residual stream would give.
 * @param {CourseModel} course
 * @param {Float32Array} row
 * @returns {{ id: number, share: number }}  A token, and its probability.
 */
export function guessOf({ decoder }, row) {
  const logits = lens(decoder, row);
  const id = argmax(logits);
  return { id, share: softmax(logits)[id] };
}

/**
 * @param {CourseModel} course
 * @param {number} id
 */
export function written({ config, tokenizer }, id) {
  return id === config.end_of_text ? "end" : symbolLabel(tokenizer.tokens[id]);
}

/**
 * A guess for a position. Where it is the position's own token it has the name that it has there: START ends a text, too.
 * @param {{ course: CourseModel, ids: number[], labels: string[], position: number }} sight
 * @param {number} id
 */
export function writtenAt({ course, ids, labels, position }, id) {
  return id === ids[position] ? labels[position] : written(course, id);
}
