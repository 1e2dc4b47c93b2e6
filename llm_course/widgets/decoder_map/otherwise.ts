/** The switch of a part that can be left out, which says what the model would guess then. */

import { element } from "../ui/dom.ts";
import { writtenAt } from "./guesses.ts";
import { argmax, softmax } from "../models/numbers.ts";
import { isLeftOut, partsInWords, traceOtherwise, type Sight } from "./sight.ts";
import { percent, wholePercent } from "../ui/token_bars.ts";

/** Shares that differ by less are told as one. */
const NOTICED = 0.005;

/**
 * Leaves parts out, or puts them back. `otherwise` writes on it what the model would guess then.
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

/** The guess when parts change sides, and whether it is another one. */
export function guessOtherwise(sight: Sight, parts: string[]) {
  const { position, trace } = sight;
  const shares = softmax(traceOtherwise(sight, parts).logits[position]);
  const id = argmax(shares);
  return { id, share: shares[id], isOther: id !== argmax(trace.logits[position]) };
}

/** What becomes of the guess when parts change sides, in words: "would be …", or "would stay …" and what its share is now. */
export function guessThen(sight: Sight, parts: string[]) {
  const { id, share, isOther } = guessOtherwise(sight, parts);
  const guess = inWords(sight, id, share);
  if (isOther) return `would be ${guess}`;
  const now = softmax(sight.trace.logits[sight.position])[id];
  return `would stay ${guess}${Math.abs(now - share) < NOTICED ? "" : ` instead of ${percent(now)}`}`;
}

/** The guess as it is, in words. */
export function guessNow(sight: Sight) {
  const shares = softmax(sight.trace.logits[sight.position]);
  const id = argmax(shares);
  return inWords(sight, id, shares[id]);
}

/** A guess and its share. */
export function inWords(sight: Sight, id: number, share: number) {
  return `“${writtenAt(sight, id)}”, ${percent(share)}`;
}
