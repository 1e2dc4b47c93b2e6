/** Words as rows of numbers: which rows lie near each other, in all dimensions and in a flat picture. */

import { loadCourseModel } from "../models/course_model.ts";
import { announcement, button, choice, columns, element, loadWhenVisible, setTrait, svg, textField, visibleToken } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { cosine, flatten } from "./similarity.ts";
import { markAt, placed, spotsAround, widthOf } from "../ui/labels.ts";
import { format } from "../models/numbers.ts";
import { fitted, written } from "../ui/plot.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { kindsOf, markOf } from "./word_kinds.ts";
import type { Model, Matrix } from "../ui/types.ts";

const NEAREST = 8;
/** How many points of the map are marked as near. */
const MARKED = 5;
/** Of a dot's answer, at most, in units of the map. */
const REACH = 12;
/** Around the chosen word and its neighbors, in units of the map. */
const RINGS = { chosen: 9, near: 7.5 };
/** A neighbor of a cosine below so many times that of random rows says little. */
const CLEARLY = 1.5;
/** What is offered to who types: tokens that are words, most of them whole. */
const WHOLE_WORD = /^ \p{L}{3,}$/u;
/** Of words that are offered: each needs a name of its own in the page. */
let lists = 0;
const MAP = { height: 400, edge: 14 };

export default widget(
  {
    title: "Neighbors of a word",
    tryThis: [
      "Choose a name, a color, a number: are its neighbors of its kind? Nobody told the model which words are names.",
      { say: "Choose “big”, then “small”, or “happy” and “sad”: are opposites far from each other? The table learns which words appear in the same places.", set: { word: "big" } },
      { say: "Choose “cat”, then “hot”. The mark is what random rows would reach: which of the two lists would you trust?", set: { word: "cat" } },
      "Find two words that are close in the flat map but not in the list of neighbors: two dimensions cannot hold them all.",
    ],
    followsTraits: true,
  },
  (model, body) => {
    const controls = element("div", { class: "llm-controls" });
    const list = element("div");
    const map = element("div");
    const said = announcement("llm-three-lines");
    body.append(columns([controls, said, list], [map]));
    load();

    async function load() {
      const words = await loadWhenVisible(body, said, () => readWords(model));
      if (words) start(words);
    }

    function start({ labels, vectors, shown, idsOf }: Words) {
      const flat = flatten(shown.map((i) => vectors[i]));
      const names = shown.map((i) => labels[i].trim());
      const options = shown.map((i) => [String(i), labels[i].trim()] as [string, string]);
      const none = element("option", { value: "", disabled: true });
      const asked = shown.find((i) => labels[i].trim() === model.get("word")) ?? shown[0];
      const word = choice("Word", options, String(asked), (chosen) => show(Number(chosen)));
      const select = word.querySelector("select") as HTMLSelectElement;
      controls.append(word);
      const typed = textField("Or type any word", "", (text) => seek(text.trim()), { autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
      const input = typed.querySelector("input") as HTMLInputElement;
      const whole = labels.filter((label) => WHOLE_WORD.test(label)).map((label) => element("option", { value: label.trim() }));
      const offered = element("datalist", { id: `llm-words-${++lists}` }, ...whole);
      input.setAttribute("list", offered.id);
      controls.append(typed, offered);
      model.on("change:word", () => {
        const asked = shown.find((i) => labels[i].trim() === model.get("word"));
        if (asked !== undefined && select.value !== String(asked)) show(asked);
      });
      show(asked);

      /** Shows a word that was typed, if it is one token; else says of what tokens it is made. */
      function seek(typed: string) {
        const ids = idsOf(typed);
        if (ids.length === 1) show(ids[0]);
        else if (typed) {
          showNone(typed);
          said.textContent = `“${typed}” is ${ids.length} tokens, ${inPieces(ids.map((id) => visibleToken(labels[id])))}: only a token has a row.`;
        }
      }

      /** No other word stands as the answer to one without a row; what stood there keeps its room. */
      function showNone(typed: string) {
        none.textContent = `${typed} (no row)`;
        select.append(none);
        select.value = "";
        list.style.visibility = "hidden";
        map.replaceChildren(wordMap(names, flat, -1, [], (i) => show(shown[i])));
      }

      function show(word: number) {
        const place = shown.indexOf(word);
        none.remove();
        list.style.visibility = "";
        if (document.activeElement !== input) input.value = "";
        select.value = String(word);
        if (select.value !== String(word)) select.append(element("option", { value: word, selected: true }, `${labels[word].trim()} (not on the map)`));
        setTrait(model, "word", labels[word].trim());
        const ranked = nearest(vectors, word);
        const near = ranked.slice(0, NEAREST);
        const chance = bestByChance(labels.length, vectors[word].length);
        const nearer = ranked.filter(({ index, similarity }) => shown.includes(index) && similarity > chance).slice(0, MARKED);
        const marked = nearer.map(({ index, similarity }) => ({ place: shown.indexOf(index), isClear: similarity > CLEARLY * chance }));
        list.replaceChildren(nearestTable(labels[word].trim(), near.map(({ index, similarity }) => ({ index, name: visibleToken(labels[index]), similarity })), labels.length, chance, show));
        map.replaceChildren(wordMap(names, flat, place, marked, (i) => show(shown[i])));
        const isClear = near[0].similarity > CLEARLY * chance;
        said.textContent = `Nearest to “${labels[word].trim()}”: “${labels[near[0].index].trim()}”.${isClear ? "" : " Random rows come nearly as near."}`;
      }
    }
  },
);

interface Words {
  labels: string[];
  vectors: Matrix;
  shown: number[]; // Which of them the map shows.
  idsOf: (word: string) => number[]; // The tokens of a word after a space.
}

/** The course model's embedding table. */
async function readWords(model: Model): Promise<Words> {
  const { tokenizer, decoder, config } = await loadCourseModel(model);
  const size = config.hidden_size;
  const labels = tokenizer.tokens.map((_, id) => tokenizer.decode([id]));
  const vectors = labels.map((_, id) => Array.from(decoder.embeddings.subarray(id * size, (id + 1) * size)));
  const idsOf = (word: string) => tokenizer.encode(` ${word}`);
  const shown = model.get("words").map(idsOf).filter((ids: number[]) => ids.length === 1).flat();
  return { labels, vectors, shown, idsOf };
}

/** Of a long word, so many pieces are named. */
const PIECES = 4;

function inPieces(pieces: string[]) {
  return pieces.length > PIECES ? `${pieces.slice(0, PIECES).join(" + ")} + …` : pieces.join(" + ");
}

/** The other vectors, most similar first. */
function nearest(vectors: Matrix, word: number) {
  return vectors
    .map((vector, index) => ({ index, similarity: cosine(vector, vectors[word]) }))
    .filter(({ index }) => index !== word)
    .sort((a, b) => b.similarity - a.similarity);
}

/**
 * The highest cosine that a row is to be expected to have with one of many random rows. Each has a standard deviation of
 * about 1/√d; the second term is what the largest of n normal numbers lacks to √(2 ln n), the third Euler's constant.
 */
function bestByChance(count: number, width: number) {
  const root = Math.sqrt(2 * Math.log(count));
  const largest = root - (Math.log(Math.log(count)) + Math.log(4 * Math.PI)) / (2 * root) + 0.577 / root;
  return Math.max(0, Math.min(1, largest / Math.sqrt(width)));
}

/** @param count  Of all words. */
function nearestTable(
  word: string,
  near: { index: number, name: string, similarity: number }[],
  count: number,
  chance: number,
  onPick: (index: number) => void,
) {
  const caption = `Nearest to “${word}”, of all ${count}, by cosine`;
  const clear = CLEARLY * chance;
  const share = (value: number) => `--share: ${Math.max(0, value).toFixed(3)}`;
  const rows = near.map(({ index, name, similarity }) => {
    const track = element("span", { class: "llm-track" }, element("span", { class: "llm-bar", style: share(similarity) }), element("span", { class: "llm-was", style: share(chance) }), element("span", { class: "llm-was llm-clear-from", style: share(clear) }));
    const scale = element("span", { class: "llm-scale" }, track, element("span", {}, format(similarity)));
    return tableRow(button(name, () => onPick(index)), [scale], similarity <= clear && "llm-faint");
  });
  const mark = element("p", { class: "llm-note" }, element("span", { class: "llm-tick-mark" }), `best of ${count} random rows: ${format(chance)}`);
  const pale = element("p", { class: "llm-note" }, element("span", { class: "llm-tick-mark llm-clear-from" }), `${CLEARLY} times that: ${format(clear)}. What is below is pale: not clearly nearer than chance.`);
  return element("div", {}, captionedTable(caption, [], rows, "llm-bars llm-token-bars"), mark, pale);
}

/** @param neighbors  Those nearer than chance, and whether clearly so. */
function wordMap(
  labels: string[],
  flat: [number, number][],
  chosen: number,
  neighbors: { place: number, isClear: boolean }[],
  onPick: (place: number) => void,
) {
  const near = neighbors.map(({ place }) => place);
  const title = "The words along the two directions in which they vary most; not to scale";
  return element(
    "figure",
    { class: "llm-plot llm-map" },
    element("figcaption", {}, title),
    kindLegend(labels),
    fitted((width) => drawing(width)),
    element("p", { class: "llm-note" }, "␣\u00a0is the space before a word: a token without it is often a piece of a word."),
    element("p", { class: "llm-note llm-three-lines" }, chosen < 0 ? `The word itself is not on the map; ${neighbors.length ? "ringed: the nearest that are" : "nothing is ringed"}.` : lead(neighbors.length), " A place is two thirds rank, one third value: what is crowded gets room. Press a mark or a word to choose it."),
  );

  function drawing(width: number) {
    const widest = Math.max(...labels.map(widthOf));
    const [across, down] = [spread(flat.map(([x]) => x), width - widest), spread(flat.map(([, y]) => y), MAP.height)];
    const points = flat.map((_, i) => [across[i], down[i]] as [number, number]);
    const spots = places(labels, points, width);
    // What is looked at is named in any case, on others if need be.
    for (const i of [chosen, ...near].filter((place) => place >= 0)) spots[i] ??= spotsAround(points[i])[0];
    const [fromX, fromY] = points[chosen] ?? [0, 0];
    const lines = (chosen < 0 ? [] : neighbors).map(({ place, isClear }) => svg("line", { class: `llm-grid ${isClear ? "" : "llm-hardly"}`, x1: fromX, y1: fromY, x2: points[place][0], y2: points[place][1] }));
    const state = (i: number) => (i === chosen ? "llm-chosen" : near.includes(i) ? "llm-near" : "llm-far");
    const marks = points.map((point, i) => markOf(labels[i], point));
    const rings = [chosen, ...near].filter((i) => i >= 0).map((i) => svg("circle", { class: `llm-ring-of ${state(i)}`, cx: points[i][0], cy: points[i][1], r: i === chosen ? RINGS.chosen : RINGS.near }));
    const order = [...labels.keys()].sort((i, j) => Number(near.includes(i) || i === chosen) - Number(near.includes(j) || j === chosen));
    const words = order.flatMap((i) => (spots[i] ? [svg("g", { onclick: () => onPick(i) }, ...written(labels[i], spots[i], state(i)))] : []));
    // Above all labels, and wider than the dots: what stands at a place is not always what the reader means. A word
    // without room is seen where it is pointed at.
    const targets = points.map(([cx, cy], i) =>
      svg(
        "g",
        { class: "llm-spot" },
        svg("circle", { class: "llm-target", cx, cy, r: reach(points, i), onclick: () => onPick(i) }, svg("title", {}, labels[i])),
        ...(spots[i] ? [] : [svg("text", { x: cx + 6, y: cy - 4 }, labels[i])]),
      ),
    );
    return svg("svg", { viewBox: `0 0 ${width} ${MAP.height}`, role: "img", "aria-label": `${title}; rings are around the chosen word and the nearest to it` }, ...lines, ...rings, ...marks, ...words, ...targets);
  }
}

/** What the marks mean. */
function kindLegend(labels: string[]) {
  const entries = kindsOf(labels).map(({ name, mark }) => element("span", {}, svg("svg", { viewBox: "4 0 18 14", width: 18, height: 14, "aria-hidden": "true" }, mark), name));
  return element("p", { class: "llm-legend llm-kinds" }, ...entries, element("span", { class: "llm-note" }, "(our kinds: the model was told none)"));
}

/** Where the lines lead. */
function lead(lines: number) {
  return lines ? "Lines lead to the nearest of the words shown, dashed: not clearly nearer than chance." : "None of the words shown is nearer than chance.";
}

/**
 * A scale on which what is crowded gets room: a third by value, the rest by rank.
 * @param size  In pixels.
 */
function spread(values: number[], size: number): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ranked = [...values].sort((a, b) => a - b);
  return values.map((value) => {
    const share = ((value - low) / (high - low || 1) + 2 * (ranked.indexOf(value) / (values.length - 1))) / 3;
    return MAP.edge + share * (size - 2 * MAP.edge);
  });
}

/** Where each word is written, whichever is chosen: those with the least room around them choose first. */
function places(labels: string[], points: [number, number][], width: number) {
  const room = points.map((_, i) => nearestPoint(points, i));
  const order = [...labels.keys()].sort((i, j) => room[i] - room[j]);
  const spots = placed(
    order.map((i) => ({ text: labels[i], spots: spotsAround(points[i]) })),
    { frame: { left: 0, top: 0, right: width, bottom: MAP.height }, taken: points.map((point) => markAt(point, 5)), lines: [] },
  );
  return labels.map((_, i) => spots[order.indexOf(i)]);
}

/** How far a point is from the nearest other. */
function nearestPoint(points: [number, number][], i: number) {
  return Math.min(...points.filter((_, j) => j !== i).map(([x, y]) => Math.hypot(x - points[i][0], y - points[i][1])));
}

/** How far around a point it may answer: to half the way to the nearest other point. */
function reach(points: [number, number][], i: number) {
  return Math.min(REACH, Math.max(1, nearestPoint(points, i) / 2));
}
