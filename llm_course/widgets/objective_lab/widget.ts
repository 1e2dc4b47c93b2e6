/** One text, four objectives: how many tokens carry loss, and how much of the text the model sees when it guesses each. */

import { announcement, element, redraw, setTrait, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { widthOf } from "../ui/labels.ts";
import { format } from "../models/numbers.ts";
import { aligned, cluesOf, guessesOf, lesson, type Objective } from "../models/objectives.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const OBJECTIVES: [Objective, name: string, sees: string][] = [
  ["next", "Next token", "the past"],
  ["masked", "Masked tokens", "both sides"],
  ["prefix", "Next token behind a prefix", "the past, no less than the prefix"],
  ["spans", "Spans", "both sides, and what it has written"],
];
/** Those for which it matters what is hidden. */
const HIDES = ["masked", "spans"];
/** Where the text has no room in one line, it goes on below after so many words. Pixels, and words. */
const NARROW = { width: 450, words: 3 };
/** Of the names of the rows, and of the mark behind the last word. Pixels. */
const [NAMES, LAST] = [64, 34];
/** Of a token: how wide its letters are beside those that `widthOf` has room for, and the pixels around them. */
const [LETTERS, FRAME] = [0.78, 12];

export default widget(
  {
    title: "What carries loss",
    tryThis: [
      "Stay with masked tokens and hide one word more, then another. What happens to the number of columns, and what to their height?",
      "Hide two neighbors and switch from masks to spans. Which column is higher now, and which word is it that the model sees there?",
      "Compare next token with masked tokens. Which column of next token is lowest, and what is seen in none of them?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const rows = element("div", { class: "llm-lesson" });
    const words = model.get("words") as string[];
    const prefix = traitSlider(model, "prefix", "Length of the prefix", { min: 1, max: words.length - 1, step: 1 });
    /** The column that is pointed at, of the objective that is chosen; -1 for none. */
    let pointed = -1;
    /** What is said while none is. */
    let whole = "";
    const compared = comparison(model, prefix, (objective, column) => {
      if (objective !== model.get("objective")) setTrait(model, "objective", objective);
      point(column);
    });
    body.append(compared.node, said, rows);
    let most = Infinity;
    new ResizeObserver(() => {
      const room = rows.clientWidth < NARROW.width ? NARROW.words : Infinity;
      if (room !== most) showRows((most = room));
    }).observe(rows);
    for (const trait of ["objective", "prefix", "hidden"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const { words: count, marks } = countOf(model, model.get("objective"));
      const counted = marks ? `${count} ${count === 1 ? "word" : "words"} and ${marks} ${marks === 1 ? "mark" : "marks"} carry` : `${count} ${count === 1 ? "token carries" : "tokens carry"}`;
      whole = `${counted} loss; the text has ${words.length}.${hint(model)}`;
      compared.show();
      pointed = -1;
      showRows(most);
    }

    function point(column: number) {
      pointed = column;
      light();
    }

    /** The word that the column stands for, and what the model sees when it guesses it. */
    function light() {
      const [, hidden, length] = askedOf(model);
      const guess = guessesOf(model.get("objective"), hidden, length)[pointed];
      said.textContent = guess ? guessSaid(words[guess.place], guess) : whole;
      rows.querySelectorAll("tr:first-child > td > *").forEach((word, place) => {
        word.classList.toggle("llm-guessed", place === guess?.place);
        word.classList.toggle("llm-seen-before", Boolean(guess?.seen.includes(place)) && place < guess.place);
        word.classList.toggle("llm-seen-behind", Boolean(guess?.seen.includes(place)) && place > guess.place);
      });
      compared.light(guess ? pointed : -1);
    }

    function showRows(most: number) {
      redraw(rows, ...alignedRows(model, most));
      light();
    }
  },
);

function guessSaid(word: string, { place, seen }: { place: number, seen: number[] }) {
  const before = seen.filter((one) => one < place).length;
  const after = seen.length - before;
  return `“${word}” is guessed from ${before} ${before === 1 ? "word" : "words"} before it and ${after || "none"} after it.`;
}

function hint(model: Model) {
  if (model.get("objective") === "spans") return " Marks teach no word, so the passes leave them out. Press a word of the text to hide it, or to show it again.";
  if (HIDES.includes(model.get("objective"))) return " Press a word of the text to hide it, or to show it again.";
  return " Nothing is hidden, so no word can be pressed. What is said stands below the token after which it is said.";
}

function askedOf(model: Model): [words: string[], hidden: boolean[], prefix: number] {
  const words = model.get("words") as string[];
  return [words, words.map((_, i) => model.get("hidden").includes(i)), model.get("prefix")];
}

/** What carries loss: words of the text, and marks between spans. */
function countOf(model: Model, objective: Objective) {
  const all = lesson(objective, ...askedOf(model)).says.length;
  const words = objective === "spans" ? model.get("hidden").length : all;
  return { words, marks: all - words };
}

/** How many words the model sees on average when it guesses one. */
function seenOnAverage(model: Model, objective: Objective) {
  const [, hidden, prefix] = askedOf(model);
  const clues = cluesOf(objective, hidden, prefix);
  return clues.length ? `: ${format(clues.reduce((sum, { before, after }) => sum + before + after, 0) / clues.length, 1)} words` : "";
}

/**
 * Over the text, for as many lessons as one pass of the next-token objective gives.
 * @param count  Of the words that carry loss in a pass.
 */
function passes(count: number, next: number) {
  return count ? String(Number((next / count).toFixed(1))) : "–";
}

/**
 * The objectives to choose from, each with a column for every token that carries loss, as high as the model sees words when
 * it guesses it. They stay where they are and only show other columns, so that a slider among them can be dragged.
 * @param prefix  Its slider, in the row of the objective that it belongs to.
 */
function comparison(model: Model, prefix: HTMLElement, onPoint: (objective: Objective, column: number) => void) {
  const most = model.get("words").length + 2;
  const lines = OBJECTIVES.map(([objective, name, sees]) => {
    const choose = element("button", { type: "button", onclick: () => setTrait(model, "objective", objective) }, name);
    const [units, said, factor] = [columnsToPoint(name, most, (column) => onPoint(objective, column)), element("span"), element("span")];
    const seen = element("span", { class: "llm-note" });
    const named = element("div", {}, choose, seen, objective === "prefix" ? prefix : null);
    const showLine = () => {
      const { words, marks } = countOf(model, objective);
      choose.setAttribute("aria-pressed", String(objective === model.get("objective")));
      seen.textContent = `sees ${sees}${seenOnAverage(model, objective)}`;
      units.replaceChildren(...lessonColumns(model, objective), ...Array.from({ length: marks }, () => element("i", { class: "llm-loss-of-mark" })));
      said.textContent = marks ? `${words}, and ${marks}\u00a0${marks === 1 ? "mark" : "marks"}` : String(words);
      factor.textContent = passes(words, countOf(model, "next").words);
    };
    const light = (column: number) => {
      const chosen = objective === model.get("objective") ? column : -1;
      units.querySelectorAll(".llm-clues").forEach((one, i) => one.classList.toggle("llm-lit", i === chosen));
    };
    return { row: tableRow(named, [units, said, factor]), show: showLine, light };
  });
  const guesses = model.get("words").length - 1;
  const head = ["Objective", "Tokens that carry loss", "how many", `passes for ${guesses} guesses`];
  const caption = "Press a column, a token to guess: its height is how many words the model sees before it (blue) and after it (green)";
  const node = captionedTable(caption, head, lines.map(({ row }) => row), "llm-lessons");
  return { node, show: () => lines.forEach((line) => line.show()), light: (column: number) => lines.forEach((line) => line.light(column)) };
}

/** The place of an objective's columns: one is pressed, or walked to with the arrow keys. */
function columnsToPoint(name: string, most: number, onPoint: (column: number) => void) {
  const node = element("span", { class: "llm-units", style: `--units: ${most}`, tabindex: 0, role: "group", "aria-label": `${name}, columns: arrow keys light what one sees` });
  const columns = () => [...node.querySelectorAll(".llm-clues")];
  node.addEventListener("click", ({ target }) => {
    const column = columns().indexOf(target as Element);
    if (column >= 0) onPoint(column);
  });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !columns().length) return;
    event.preventDefault();
    const at = columns().findIndex((one) => one.classList.contains("llm-lit"));
    onPoint(Math.min(columns().length - 1, Math.max(0, at + step)));
  });
  return node;
}

function lessonColumns(model: Model, objective: Objective) {
  const [words, hidden, prefix] = askedOf(model);
  const share = (count: number) => (count / (words.length - 1)).toFixed(3);
  return cluesOf(objective, hidden, prefix).map(({ before, after }) => element("i", { class: "llm-clues", style: `--before: ${share(before)}; --after: ${share(after)}` }));
}

/** How wide the place of each word is, in pixels: as whatever objective may write there, so that no word moves. */
function widthsOf(words: string[]) {
  return words.map((word, i) => Math.round(LETTERS * Math.max(...[word, words[i + 1] ?? "", "[MASK]"].map(widthOf)) + FRAME));
}

/**
 * The text, what is read and what has to be said, below one another: one table, or several of a few words.
 * @param most  Words in a table.
 */
function alignedRows(model: Model, most: number) {
  const [words, hidden, prefix] = askedOf(model);
  const columns = aligned(model.get("objective"), words, hidden, prefix);
  const cell = (tokens: string[], width: number, kind: string) =>
    element("td", { colspan: width, class: tokens.length ? "" : "llm-nothing" }, ...(tokens.length ? tokens.map((token) => element("span", { class: kind }, token)) : ["–"]));
  const row = (name: string, cells: Node[]) => element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  const read = ({ reads, width, isMark, inPrefix }: { reads: string | null, width: number, isMark: boolean, inPrefix: boolean }) =>
    cell(reads === null ? [] : [reads], width, isMark ? "llm-token llm-mark" : inPrefix ? "llm-token llm-ahead" : "llm-token");
  const parts: (typeof columns)[] = [];
  let room = 0;
  for (const column of columns) {
    if (room < column.width) {
      parts.push([]);
      room = most;
    }
    parts[parts.length - 1].push(column);
    room -= column.width;
  }
  const widths = widthsOf(words);
  let place = 0;
  return parts.map((part) => {
    const first = place;
    place += part.reduce((sum, { width }) => sum + width, 0);
    const rows = [
      row("the text", words.slice(first, place).map((word, j) => element("td", { style: `width: ${widths[first + j]}px` }, wordOf(model, word, first + j)))),
      row("it reads", part.map(read)),
      row("it says", part.map(({ says, width }) => cell(says, width, "llm-token llm-loss"))),
    ];
    // A column of its own may follow the last word.
    const named = first < words.length ? `Words ${first + 1} to ${Math.min(place, words.length)}` : "After the last word";
    const table = captionedTable(parts.length > 1 ? named : "Text, input and targets", [], rows, "llm-aligned");
    const width = widths.slice(first, place).reduce((sum, one) => sum + one + 2, NAMES + (place < words.length || parts.length > 1 ? 0 : LAST));
    table.style.setProperty("--width", `${width}px`);
    return table;
  });
}

/** A word of the text: a button that hides it, where that matters. */
function wordOf(model: Model, word: string, place: number) {
  if (!HIDES.includes(model.get("objective"))) return element("span", { class: "llm-token" }, word);
  const hidden = model.get("hidden") as number[];
  const is = hidden.includes(place);
  const onclick = () => setTrait(model, "hidden", is ? hidden.filter((other) => other !== place) : [...hidden, place].sort((a, b) => a - b));
  return element("button", { type: "button", "aria-pressed": String(is), onclick }, word);
}
