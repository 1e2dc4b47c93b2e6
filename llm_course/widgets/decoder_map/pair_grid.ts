/** Who is guessed for each pair of names: a tile for each pair, and a bar for each head that is left out alone. */

import { button, element } from "../ui/dom.ts";
import { headButtons, headsOf } from "./head_grid.ts";
import { written } from "./guesses.ts";
import { NAMES, pairIn, PAIRS, placeOf, type PairGuesses } from "./name_pairs.ts";
import { colorMark } from "./rivals.ts";
import { isUntold, partsInWords, sinceInWords, type Sight } from "./sight.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { PartActions } from "./decoder_parts.ts";

/** Sentences that are read in a row before the page has its turn. */
const AT_ONCE = 4;
const NEITHER = { place: -1, look: "llm-neither", name: "neither", inFull: "neither" };
/** By which of a pair is guessed: the second one is the likelier guess. Colors are those of the map. */
const OUTCOMES = [
  { place: 1, look: "llm-orange", name: "second", inFull: "second name" },
  { place: 0, look: "llm-green", name: "first", inFull: "first name" },
  NEITHER,
];

export function pairsSeen(sight: Sight, actions: PartActions) {
  if (!pairIn(sight.text)) return { said: [element("p", {}, `Write a text with two of these names: ${NAMES.join(", ")}. It is tried with all pairs of them then.`)], shown: [] };
  const { out } = sight;
  const model = out.length ? `without ${partsInWords(out)}${sinceInWords(sight)}` : "with all parts";
  const said = element("p", {}, `This text with ${PAIRS.length} pairs of names, ${model}: who is guessed? Press a pair to see it.`);
  const counts = element("p", { class: "llm-name-counts" });
  const tiles = pairTiles(sight, actions);
  const heads = headBars(sight, actions);
  tellCounts(sight, actions.pairs, counts);
  return { said: [said, counts, heads], proof: counts, shown: [tiles] };
}

/** A row for each name that comes first, a column for each that comes second. A tile brings its sentence into the map. */
function pairTiles(sight: Sight, { pairs, showPair }: PartActions) {
  const shown = pairIn(sight.text)?.join();
  const tiles = PAIRS.map((pair) => element("button", { type: "button", class: "llm-name-pair", "aria-label": pair.join(" and "), "aria-pressed": String(pair.join() === shown), onclick: () => showPair(pair) }));
  pairs.known(sight, sight.out).forEach((guess, i) => tellTile(sight, tiles[i], i, guess));
  const rows = NAMES.map((first) => tableRow(first, NAMES.map((second) => tiles[PAIRS.findIndex((pair) => pair.join() === [first, second].join())] ?? "")));
  const table = captionedTable("First name in rows, second in columns", ["", ...NAMES.map((name) => element("th", { scope: "col" }, element("span", {}, name)))], rows, "llm-heat llm-name-pairs");
  table.querySelector("caption")?.replaceChildren("First name ", colorMark("llm-green"), "in rows, second ", colorMark("llm-orange"), "in columns");
  return table;
}

/** @param index  Of its pair. */
function tellTile({ course }: Sight, tile: Element, index: number, guess: number) {
  const pair = PAIRS[index];
  const name = written(course, guess).replace("\u2423", "");
  tile.classList.add(outcomeOf(placeOf(course, guess, pair)).look);
  tile.replaceChildren(element("span", { class: "llm-if-wide" }, name));
  tile.setAttribute("title", `${pair.join(" and ")}: ${name}`);
  tile.setAttribute("aria-label", `${pair.join(" and ")}: ${name}`);
}

function outcomeOf(place: number) {
  return OUTCOMES.find((outcome) => outcome.place === place) ?? NEITHER;
}

/** How many pairs end in each way, in the order of `OUTCOMES`. */
function countsOf({ course }: Sight, guesses: number[]) {
  const places = guesses.map((guess, i) => placeOf(course, guess, PAIRS[i]));
  return OUTCOMES.map((outcome) => places.filter((place) => place === outcome.place).length);
}

function tellCounts(sight: Sight, pairs: PairGuesses, node: Element) {
  const counts = countsOf(sight, pairs.known(sight, sight.out));
  node.replaceChildren(...OUTCOMES.map(({ inFull, look }, i) => element("span", {}, colorMark(look), inFull, " ", element("b", {}, String(counts[i])))));
}

/** What all pairs end in when one head alone is left out: `tellHead` writes it on the buttons. */
function headBars(sight: Sight, { leaveOutOnly, pairs, tellAll }: PartActions) {
  const parts = headsOf(sight).flat();
  const table = headButtons(sight, `Guesses changed, one head out${sinceInWords(sight)}`, "llm-names-without", leaveOutOnly);
  const isAll = parts.every((part) => !isUntold(sight, part));
  for (const cell of table.querySelectorAll(".llm-names-without:empty")) tellHead(sight, pairs, cell as HTMLButtonElement);
  const all = button(`Try all ${parts.length}`, tellAll);
  all.classList.toggle("llm-needless", isAll); // its place stays
  return element("div", { class: "llm-of-names" }, table, all);
}

/** How many guesses change without the head, and what all of them are then: once they are found. */
function tellHead(sight: Sight, pairs: PairGuesses, cell: HTMLButtonElement) {
  const [whole, guesses] = [[], [cell.value]].map((parts) => pairs.known(sight, parts));
  if (Math.min(whole.length, guesses.length) < PAIRS.length) return;
  const changed = guesses.filter((guess, i) => guess !== whole[i]).length;
  const counts = countsOf(sight, guesses);
  cell.classList.toggle("llm-flips", changed > PAIRS.length / 2);
  counts.forEach((count, i) => cell.style.setProperty(`--${OUTCOMES[i].name}`, (count / PAIRS.length).toFixed(3)));
  cell.replaceChildren(element("span", {}, String(changed)));
  cell.title = `${cell.title}: ${changed} guesses change (${OUTCOMES.map(({ name }, i) => `${counts[i]} ${name}`).join(", ")})`;
  cell.setAttribute("aria-label", cell.title);
}

/**
 * Finds a few more guesses, and tells them.
 * @param node  That `pairsSeen` stands in.
 * @returns  Whether there was something to find.
 */
export function tellPairs(sight: Sight, pairs: PairGuesses, node: HTMLElement): boolean {
  const tiles = [...node.querySelectorAll(".llm-name-pair")];
  if (tiles.some((tile) => !tile.firstChild)) {
    pairs.find(sight, sight.out, AT_ONCE);
    pairs.known(sight, sight.out).forEach((guess, i) => tellTile(sight, tiles[i], i, guess));
    tellCounts(sight, pairs, node.querySelector(".llm-name-counts") as Element);
    return true;
  }
  const cells = [...node.querySelectorAll(".llm-names-without")] as HTMLButtonElement[];
  const asked = cells.filter((cell) => cell.matches(":empty")); // before those that are still to be asked for
  const missing = [[], ...[...asked, ...cells].map(({ value }) => [value])].find((parts) => pairs.known(sight, parts).length < PAIRS.length);
  if (missing) pairs.find(sight, missing, AT_ONCE);
  asked.forEach((cell) => tellHead(sight, pairs, cell));
  return missing !== undefined;
}
