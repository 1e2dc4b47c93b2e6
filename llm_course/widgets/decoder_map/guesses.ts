/** What the model guesses, as it is and with parts changed: how a guess is written, and the switch of a part that says it. */

import { symbolLabel } from "../models/bpe.ts";
import { element } from "../ui/dom.ts";
import { argmax, softmax } from "../models/numbers.ts";
import { isLeftOut, partsInWords, toggled, traceWithout, type Sight } from "./sight.ts";
import { percent, wholePercent } from "../ui/token_bars.ts";
import { lens } from "./trace.ts";
import type { CourseModel } from "../models/course_model.ts";

/** Shares that differ by less are told as one. */
const NOTICED = 0.005;

/** A token and its probability. */
export interface Guess {
  id: number;
  share: number;
}

function likeliest(logits: Float32Array): Guess {
  const id = argmax(logits);
  return { id, share: softmax(logits)[id] };
}

/** The top guess that a row of the residual stream would give. */
export function guessOf({ decoder }: CourseModel, row: Float32Array): Guess {
  return likeliest(lens(decoder, row));
}

/** @param parts  Those that are left out: no others are. */
export function guessWithout(sight: Sight, parts: string[]): Guess {
  return likeliest(traceWithout(sight, parts).logits[sight.position]);
}

export function guessNow(sight: Sight): Guess {
  return guessWithout(sight, sight.out);
}

/** The guess when parts change sides, and whether it is another one. */
export function guessOtherwise(sight: Sight, parts: string[]): Guess & { isOther: boolean } {
  const guess = guessWithout(sight, toggled(sight, parts));
  return { ...guess, isOther: guess.id !== guessNow(sight).id };
}

export function written({ config, tokenizer }: CourseModel, id: number) {
  return id === config.end_of_text ? "end" : symbolLabel(tokenizer.tokens[id]);
}

/** A guess for a position. Where it is the position's own token it has the name that it has there: START ends a text, too. */
export function writtenAt({ course, ids, labels, position }: Sight, id: number) {
  return id === ids[position] ? labels[position] : written(course, id);
}

export function inWords(sight: Sight, { id, share }: Guess) {
  return `“${writtenAt(sight, id)}”, ${percent(share)}`;
}

/** What becomes of the guess when parts change sides, in words: "would be …", or "would stay …" and what its share is now. */
export function guessThen(sight: Sight, parts: string[]) {
  const { isOther, ...guess } = guessOtherwise(sight, parts);
  if (isOther) return `would be ${inWords(sight, guess)}`;
  const now = guessNow(sight).share;
  return `would stay ${inWords(sight, guess)}${Math.abs(now - guess.share) < NOTICED ? "" : ` instead of ${percent(now)}`}`;
}

/**
 * The switch of parts: leaves them out, or puts them back. `otherwise` writes on it what the model would guess then.
 * @param name  Stands on it in place of the guess.
 */
export function switchOf(sight: Sight, parts: string[], onToggle: () => void, name: string = "") {
  const isOut = isLeftOut(sight, parts);
  const does = `${isOut ? "Put back" : "Leave out"} ${partsInWords(parts)}`;
  return element("button", { type: "button", class: name ? "llm-otherwise llm-named" : "llm-otherwise", "aria-pressed": String(isOut), "aria-label": does, title: does, value: parts.join(), onclick: onToggle }, name);
}

/** @param button  Of a part, as `switchOf` makes it. */
export function otherwise(sight: Sight, button: HTMLElement) {
  const parts = (button as HTMLButtonElement).value.split(",");
  const { id, share, isOther } = guessOtherwise(sight, parts);
  button.classList.toggle("llm-flips", isOther);
  button.replaceChildren(element("b", {}, isLeftOut(sight, parts) ? "↺" : "", writtenAt(sight, id)), element("span", {}, ` ${wholePercent(share)}`));
  button.setAttribute("aria-label", `${button.title}: the guess is then ${button.textContent}`);
}
