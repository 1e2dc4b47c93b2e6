/** Words as rows of numbers: which rows lie near each other, in all dimensions and in a flat picture. */

import { loadCourseModel } from "./js/course_model.js";
import { announcement, choice, element, loadWhenVisible, setTrait, svg, visibleToken, widget } from "./js/dom.js";
import { cosine, flatten } from "./js/similarity.js";
import { heatMap } from "./js/heat_map.js";
import { withRoom } from "./js/labels.js";
import { format } from "./js/numbers.js";

/** @import { Model, Matrix } from "./js/types.js" */

const NEAREST = 8;
/** How many points of the map are marked as near. */
const MARKED = 5;
/** Of a dot's answer, at most, in units of the map. */
const REACH = 12;
const MAP = { width: 520, height: 360, edge: 20, label: 50 };

export default widget(
  {
    title: "Neighbors of a word",
    tryThis: [
      "Choose a name, a color, a number: are its neighbors of its kind? Nobody told the model which words are names.",
      "Choose a word and its opposite, such as “hot” and “cold”: near or far? The table learns which words appear in the same places.",
      "Find two words that are close in the flat map but not in the list of neighbors: two dimensions cannot hold them all.",
    ],
  },
  (model, body) => {
    const controls = element("div", { class: "llm-controls" });
    const results = element("div", { class: "llm-row" });
    const said = announcement();
    body.append(controls, said, results);
    load();

    async function load() {
      const words = await loadWhenVisible(body, said, () => readWords(model));
      if (words) start(words);
    }

    /** @param {Words} words */
    function start({ labels, vectors, shown }) {
      const places = flatten(shown.map((i) => vectors[i]));
      const options = shown.map((i) => /** @type {[string, string]} */ ([String(i), labels[i].trim()]));
      const asked = shown.find((i) => labels[i].trim() === model.get("word")) ?? shown[0];
      controls.append(choice("Word", options, String(asked), (chosen) => show(Number(chosen))));
      show(asked);

      /** @param {number} place  Of the words shown. */
      function pick(place) {
        const select = /** @type {HTMLSelectElement} */ (controls.querySelector("select"));
        select.value = String(shown[place]);
        show(shown[place]);
      }

      /** @param {number} word */
      function show(word) {
        setTrait(model, "word", labels[word].trim());
        const ranked = nearest(vectors, word);
        const near = ranked.slice(0, NEAREST);
        const marked = ranked.map(({ index }) => shown.indexOf(index)).filter((place) => place >= 0).slice(0, MARKED);
        const table = heatMap({ caption: `Nearest of all ${labels.length}, by cosine`, rows: near.map(({ index }) => visibleToken(labels[index])), columns: ["cosine"] });
        table.show(near.map(({ similarity }) => [similarity]));
        results.replaceChildren(table.node, wordMap(shown.map((i) => labels[i].trim()), places, shown.indexOf(word), marked, pick));
        said.textContent = `Nearest to “${labels[word].trim()}”: ${near.slice(0, 3).map(({ index, similarity }) => `“${labels[index].trim()}” (${format(similarity)})`).join(", ")}.`;
      }
    }
  },
);

/**
 * @typedef {object} Words
 * @property {string[]} labels
 * @property {Matrix} vectors
 * @property {number[]} shown  Which of them the map shows.
 */

/**
 * The learner's vectors, or the course model's embedding table.
 * @param {Model} model
 * @returns {Promise<Words>}
 */
async function readWords(model) {
  if (model.get("vectors")) {
    return { labels: model.get("words"), vectors: model.get("vectors"), shown: model.get("words").map((/** @type {string} */ _, /** @type {number} */ i) => i) };
  }
  const { tokenizer, decoder, config } = await loadCourseModel(model);
  const size = config.hidden_size;
  const labels = tokenizer.tokens.map((_, id) => tokenizer.decode([id]));
  const vectors = labels.map((_, id) => Array.from(decoder.embeddings.subarray(id * size, (id + 1) * size)));
  const tokens = model.get("words").map((/** @type {string} */ word) => tokenizer.encode(` ${word}`));
  const shown = tokens.filter((/** @type {number[]} */ ids) => ids.length === 1).flat();
  return { labels, vectors, shown };
}

/**
 * The other vectors, most similar first.
 * @param {Matrix} vectors
 * @param {number} word
 */
function nearest(vectors, word) {
  return vectors
    .map((vector, index) => ({ index, similarity: cosine(vector, vectors[word]) }))
    .filter(({ index }) => index !== word)
    .sort((a, b) => b.similarity - a.similarity);
}

/**
 * @param {string[]} labels
 * @param {[number, number][]} places
 * @param {number} chosen
 * @param {number[]} near
 * @param {(place: number) => void} onPick
 */
function wordMap(labels, places, chosen, near, onPick) {
  const spread = (/** @type {0 | 1} */ axis, /** @type {number} */ size) => {
    const values = places.map((place) => place[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (/** @type {number} */ value) => MAP.edge + ((value - low) / (high - low || 1)) * (size - 2 * MAP.edge);
  };
  const [toX, toY] = [spread(0, MAP.width - MAP.label), spread(1, MAP.height)];
  const points = places.map(([x, y]) => /** @type {[number, number]} */ ([toX(x), toY(y)]));
  const written = withRoom(labels.map((text, i) => ({ text, left: points[i][0], top: points[i][1] })), [chosen, ...near, ...labels.keys()]);
  const marks = labels.map((label, i) => {
    const kind = i === chosen ? "llm-chosen" : near.includes(i) ? "llm-near" : "llm-far";
    const [x, y] = points[i];
    const dot = svg("circle", { cx: x, cy: y, r: i === chosen ? 5 : 3 });
    const word = svg("text", { x: x + 5, y: y - 4, onclick: () => onPick(i) }, label);
    return svg("g", { class: kind }, dot, ...(written.has(i) ? [word] : []));
  });
  // Above all labels, and wider than the dots: what stands at a place is not always what the reader means.
  const targets = points.map(([cx, cy], i) => svg("circle", { class: "llm-target", cx, cy, r: reach(points, i), onclick: () => onPick(i) }, svg("title", {}, labels[i])));
  const title = "The words on the two directions in which they vary most; filled points are the chosen word and the nearest of those shown; press a dot or a word to choose it";
  return element(
    "figure",
    { class: "llm-plot llm-map" },
    element("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${MAP.width} ${MAP.height}`, role: "img", "aria-label": title }, ...marks, ...targets),
  );
}

/**
 * How far around a point it may answer: to half the way to the nearest other point.
 * @param {[number, number][]} points
 * @param {number} i
 */
function reach(points, i) {
  const distances = points.filter((_, j) => j !== i).map(([x, y]) => Math.hypot(x - points[i][0], y - points[i][1]));
  return Math.min(REACH, Math.max(1, Math.min(...distances) / 2));
}
