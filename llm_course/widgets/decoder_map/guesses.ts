/** The guess that a row of the residual stream would give, and how tokens are written. */

import { symbolLabel } from "../models/bpe.ts";
import { argmax, softmax } from "../models/numbers.ts";
import { lens } from "./trace.ts";
import type { CourseModel } from "../models/course_model.ts";

/**
 * The top guess that a row of the residual stream would give.
 * @returns  A token, and its probability.
 */
export function guessOf({ decoder }: CourseModel, row: Float32Array): { id: number, share: number } {
  const logits = lens(decoder, row);
  const id = argmax(logits);
  return { id, share: softmax(logits)[id] };
}

export function written({ config, tokenizer }: CourseModel, id: number) {
  return id === config.end_of_text ? "end" : symbolLabel(tokenizer.tokens[id]);
}

/** A guess for a position. Where it is the position's own token it has the name that it has there: START ends a text, too. */
export function writtenAt(
  { course, ids, labels, position }: { course: CourseModel, ids: number[], labels: string[], position: number },
  id: number,
) {
  return id === ids[position] ? labels[position] : written(course, id);
}
