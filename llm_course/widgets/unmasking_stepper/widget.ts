/** The course's masked model writes a sentence: gaps are guessed all at once, and filled in a few at a time. */

import { loadTensors } from "../models/course_model.ts";
import { announcement, button, choice, element, loadWhenVisible, redraw, setTrait, traitSlider } from "../ui/dom.ts";
import { Encoder } from "../models/encoder.ts";
import { widget } from "../ui/frame.ts";
import { randomNumbers, ranking } from "../models/numbers.ts";
import { captionedTable } from "../ui/table.ts";
import { percent } from "../ui/token_bars.ts";
import { guesses, keep, reread, type Guess } from "./unmasking.ts";
import type { Model } from "../ui/types.ts";

type Found = { pass: number, guess: Guess };

const ORDERS: [value: string, text: string][] = [["surest", "the surest"], ["left", "the leftmost"]];
const WORDS: [value: string, text: string][] = [["best", "the likeliest word"], ["drawn", "a word drawn by its chance"]];
const SHOWN = 3;

export default widget(
  {
    title: "A masked model writes",
    tryThis: [
      "Press One pass until no gap is left. In which order are the words found? Then the model reads its sentence again: which word does it doubt?",
      "Start again and fill all gaps in a single pass. How much less does the model believe in that sentence? Then try two and three gaps in a pass.",
      "Draw words by their chance, hide all and write several sentences, with one gap in a pass and with four.",
      "Press a guess below a gap to take it: begin with “capital”, or with “sky”. How sure is the model of the other gaps then? A word that stands there is hidden again by a press.",
    ],
  },
  (model, body) => {
    const said = announcement();
    said.classList.add("llm-two-lines", "llm-five-if-narrow");
    const results = element("div");
    const history = element("ol", { class: "llm-passes", tabindex: 0, "aria-label": "The sentence after each pass" });
    /** In which pass each place was filled, and what it guessed there. */
    let filled: Map<number, Found> = new Map();
    const first = [...model.get("ids")];
    let encoder: Encoder | null = null;
    let found: Guess[] = [];
    let passes = 0;
    const draw = randomNumbers(14);

    const steps = [
      button("One pass", pass),
      button("To the end", () => {
        while (found.length) pass();
      }),
      button("Hide all words", () => restart(first.map((id) => (isWord(id) ? model.get("mask") : id)))),
      button("Start again", () => restart(first)),
    ];
    steps[0].classList.add("llm-primary");
    steps[2].title = "Every word becomes a gap, and the full stop, too";
    steps[3].title = "Back to the sentence as it was at first";
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        traitSlider(model, "at_once", "Gaps filled in a pass", { min: 1, max: first.length - 2, step: 1 }),
        choice("First", ORDERS, model.get("order"), (value) => setTrait(model, "order", value)),
        choice("Fill in", WORDS, model.get("words"), (value) => setTrait(model, "words", value)),
      ),
      element("div", { class: "llm-buttons" }, ...steps),
      said,
      element("div", { class: "llm-row llm-sentences" }, results, history),
    );
    for (const step of steps) step.disabled = true;
    model.on("change:ids", guess);
    model.on("change:words", guess);
    load();

    async function load() {
      const read = async () => new Encoder(model.get("config"), await loadTensors(model, "fill-mask"));
      encoder = await loadWhenVisible(body, said, read, "Loading the masked model …");
      if (encoder) guess();
    }

    function isWord(id: number) {
      return id === model.get("mask") || !model.get("special").includes(id);
    }

    function restart(ids: number[]) {
      passes = 0;
      filled = new Map();
      history.replaceChildren();
      setTrait(model, "ids", [...ids]);
    }

    function pass() {
      passes++;
      const before = model.get("ids");
      const now = keep(before, found, model.get("at_once"), model.get("order"));
      for (const guess of found) if (now[guess.place] !== before[guess.place]) filled.set(guess.place, { pass: passes, guess });
      setTrait(model, "ids", now);
      note((place) => filled.get(place)?.pass === passes);
    }

    /** The sentence joins the list, by the number of its pass. */
    function note(isMarked: (place: number) => boolean, by: string = "") {
      history.append(element("li", { value: passes, class: by ? "llm-by-hand" : undefined }, by, ...marked(model, isMarked)));
      history.scrollTo(history.scrollWidth, history.scrollHeight);
    }

    function guess() {
      if (!encoder) return;
      const ids = model.get("ids");
      const luck = model.get("words") === "drawn" ? draw : null;
      found = guesses(encoder.logits(ids), ids, model.get("mask"), model.get("special"), luck);
      show();
    }

    function show() {
      redraw(results, table(model, found, filled, press));
      const left = found.length ? counted(found.length, "gap", "gaps") : `“${text(model)}” No gap`;
      said.textContent = `${left} left, after ${counted(passes, "pass", "passes")}.${found.length ? "" : doubt()}`;
      steps[0].disabled = steps[1].disabled = found.length === 0;
      steps[2].disabled = steps[3].disabled = false;
    }

    /** What the model thinks of the words when it reads them again. */
    function doubt() {
      const logitsOf = (ids: number[]) => (encoder as Encoder).logits(ids);
      const ids = model.get("ids") as number[];
      const { mean, doubted } = reread(logitsOf, ids, model.get("mask"), model.get("special"));
      const word = (id: number) => `“${model.get("tokens")[id]}”`;
      const instead = doubted.instead === ids[doubted.place] ? "" : `, and would write ${word(doubted.instead)}`;
      return ` Read again, each word hidden in turn, their mean chance is ${percent(mean)}; the model doubts ${word(ids[doubted.place])} most (${percent(doubted.probability)})${instead}.`;
    }

    /**
     * A word is hidden, a gap is filled.
     * @param id  What the reader takes; the model's choice if left out.
     */
    function press(place: number, id?: number) {
      const ids = [...model.get("ids")];
      ids[place] = id ?? found.find((guess) => guess.place === place)?.id ?? model.get("mask");
      filled.delete(place);
      setTrait(model, "ids", ids);
      note((other) => other === place, "by hand: ");
    }
  },
);

function counted(number: number, one: string, many: string) {
  return `${number} ${number === 1 ? one : many}`;
}

/** The sentence. Pieces that begin with ## belong to the word before them, and marks stand close. */
function text(model: Model) {
  const tokens = model.get("ids").slice(1, -1).map((id: number) => model.get("tokens")[id]);
  return tokens.join(" ").replaceAll(" ##", "").replace(/ ([.,?!])/g, "$1");
}

/** The sentence as nodes, its tokens as in the table, with those of some places marked. */
function marked(model: Model, isMarked: (place: number) => boolean) {
  const ids = model.get("ids") as number[];
  return ids.slice(1, -1).flatMap((id, i) => {
    const token = id === model.get("mask") ? "____" : model.get("tokens")[id];
    const joins = i === 0 || /^[.,?!]/.test(token);
    return [joins ? "" : " ", isMarked(i + 1) ? element("mark", {}, token) : token];
  });
}

/**
 * The tokens as buttons; below each gap its likeliest tokens, below a word that was found the pass that found it and what
 * was likeliest there.
 */
function table(model: Model, found: Guess[], filled: Map<number, Found>, press: (place: number, id?: number) => void) {
  const tokens = model.get("tokens");
  const places = model.get("ids").map((_: number, i: number) => i).slice(1, -1);
  const last = Math.max(1, ...[...filled.values()].map(({ pass }) => pass));
  const strength = (place: number) => `--share: ${((filled.get(place)?.pass ?? 0) / last).toFixed(2)}`;
  const header = places.map((place: number) => {
    const id = model.get("ids")[place];
    const gap = id === model.get("mask");
    const label = gap ? `Gap ${place}: fill it` : `${tokens[id]}: hide it`;
    const kind = gap ? "llm-gap-word" : filled.has(place) ? "llm-found" : "";
    return element("th", { scope: "col", style: strength(place) }, element("button", { type: "button", class: kind, "aria-label": label, onclick: () => press(place) }, gap ? "____" : tokens[id]));
  });
  const passes = places.map((place: number) => element("td", {}, filled.has(place) ? `pass ${filled.get(place)?.pass}` : ""));
  const guessed = Array.from({ length: SHOWN }, (_, rank) => {
    const cells = places.map((place: number) => {
      const now = found.find((one) => one.place === place);
      const guess = now ?? filled.get(place)?.guess;
      if (!guess) return element("td", {}, "\u00a0\n\u00a0");
      const id = ranking(guess.probabilities)[rank];
      const probability = guess.probabilities[id];
      const text = `${tokens[id]}\n${percent(probability)}`;
      const take = now ? element("button", { type: "button", "aria-label": `Gap ${place}: take ${tokens[id]}, ${percent(probability)}`, onclick: () => press(place, id) }, text) : text;
      return element("td", { class: now ? "llm-positive" : "llm-past", style: `--share: ${probability.toFixed(3)}` }, take);
    });
    return element("tr", {}, element("th", { scope: "row", "aria-label": `guess ${rank + 1}`, style: found.length || filled.size ? undefined : "visibility: hidden" }, `${rank + 1}.`), ...cells);
  });
  const rows = [element("tr", { class: "llm-found-in" }, element("th", { scope: "row" }, element("span", { class: "llm-unseen" }, "found in")), ...passes), ...guessed];
  const caption = "The sentence; below each gap, what the model guesses for it alone; in gray, what it guessed for a word that it found";
  const node = captionedTable(caption, ["", ...header], rows, "llm-heat llm-sentence");
  node.style.setProperty("--places", String(places.length));
  return node;
}
