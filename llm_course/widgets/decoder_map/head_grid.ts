/** The guess without each head of the model, a line for each layer. */

import { button, element } from "../ui/dom.ts";
import { guessWithout, inWords, writtenAt } from "./guesses.ts";
import { lookOf, rivalsOf } from "./rivals.ts";
import { headName, isUntold, partsInWords, type Sight } from "./sight.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { PartActions } from "./decoder_parts.ts";

/** What becomes of the guess without each head: `tellAlone` writes it on the buttons. */
export function headGrid(sight: Sight, { leaveOutAlone, tellAll }: PartActions) {
  const table = headButtons(sight, "The guess without one head alone (bar: its share)", "llm-alone", leaveOutAlone);
  return element("div", {}, table, tried(sight, headsOf(sight).flat(), tellAll));
}

/**
 * A button for each head, to leave it out alone: without names but for those that a reader is still to guess.
 * @param look  The class of the buttons.
 */
export function headButtons(sight: Sight, caption: string, look: string, onPress: (part: string) => void) {
  const parts = headsOf(sight);
  const cell = (part: string) => {
    const name = `Leave out ${partsInWords([part])} alone`;
    const isPressed = sight.out.join() === part;
    return element("button", { type: "button", class: look, value: part, title: name, "aria-label": name, "aria-pressed": String(isPressed), onclick: () => onPress(part) }, isUntold(sight, part) ? "?" : "");
  };
  const rows = parts.map((heads, layer) => tableRow(`layer ${layer + 1}`, heads.map(cell)));
  const columns = ["", ...parts[0].map((_, head) => `head ${head + 1}`)];
  return captionedTable(caption, columns, rows, "llm-heat llm-head-grid");
}

/** The heads of each layer, as parts. */
export function headsOf({ trace, position }: Sight) {
  return trace.layers.map(({ weights }, layer) => weights[position].map((_, head) => headName(layer, head)));
}

/** Whether a reader has found all heads that change the guess when they alone are left out: one at least. */
export function areAllFound(sight: Sight) {
  const heads = headsOf(sight).flat();
  const { id: whole } = guessWithout(sight, []);
  const changes = (head: string) => guessWithout(sight, [head]).id !== whole;
  const isTold = (head: string) => !isUntold(sight, head);
  return heads.filter(isTold).some(changes) && heads.every((head) => isTold(head) || !changes(head));
}

/** How many heads have been tried, and what that has shown. */
function tried(sight: Sight, parts: string[], tellAll: () => void) {
  const told = parts.filter((part) => !isUntold(sight, part));
  const { id: whole } = guessWithout(sight, []);
  const changed = told.map((part) => guessWithout(sight, [part]).id).filter((id) => id !== whole);
  const to = changed.length ? `, to ${changed.map((id) => `“${writtenAt(sight, id)}”`).join(", ")}` : "";
  const change = `change${changed.length === 1 ? "s" : ""} the guess${to}.`;
  const isAll = told.length === parts.length;
  const words = isAll ? `${changed.length} of ${parts.length} ${change}` : `Tried ${told.length} of ${parts.length}: ${changed.length} ${change}`;
  return element("p", { class: "llm-tried" }, words, isAll ? null : button("Show all", tellAll));
}

/**
 * Writes what the model guesses without one head, and with all others.
 * @param button  As `headGrid` makes it.
 */
export function tellAlone(sight: Sight, button: HTMLElement) {
  const { value, title } = button as HTMLButtonElement;
  const guess = guessWithout(sight, [value]);
  button.classList.add(lookOf(rivalsOf(sight), guess.id));
  button.classList.toggle("llm-flips", guess.id !== guessWithout(sight, []).id);
  button.style.setProperty("--share", guess.share.toFixed(3));
  button.replaceChildren(element("span", {}, writtenAt(sight, guess.id)));
  button.setAttribute("aria-label", `${title}: the guess is ${inWords(sight, guess)}`);
}
