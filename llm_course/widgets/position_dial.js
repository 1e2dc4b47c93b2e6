/** Positions as clock hands: RoPE turns queries and keys, sinusoids are such hands themselves. */

import { announcement, choice, element, setTrait, slider, svg, widget } from "./js/dom.js";
import { dot, format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { frequencies, rope, sinusoid } from "./js/positions.js";

/** @import { Model } from "./js/types.js" */

const DIALS = 6;
const FARTHEST = 64;
/** @type {[string, string][]} */
const BASES = [["100", "100"], ["10000", "10 000"], ["500000", "500 000"]];
/** @type {[string, string][]} */
const KINDS = [["rope", "RoPE: turned queries and keys"], ["sinusoid", "Sinusoids: added to embeddings"]];

export default widget(
  {
    title: "Positions as clock hands",
    tryThis: [
      "Move both positions on together: every hand turns, yet the product stays. Only the distance counts.",
      "Move the key one position at a time: the first hand turns by about 57° a step, the last hardly at all.",
      "Raise the base: the slow hands get slower still, so that they tell far distances apart.",
      "Choose sinusoids: the product again depends on the distance only, and every position has the same length.",
    ],
  },
  (model, body) => {
    const set = (/** @type {string} */ trait) => (/** @type {any} */ value) => setTrait(model, trait, value);
    const dials = element("div", { class: "llm-dials" });
    const plot = element("div");
    const said = announcement();
    const position = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {number} */ max) =>
      slider(label, { min: 0, max, step: 1, value: model.get(trait) }, set(trait));
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Encoding", KINDS, model.get("kind"), set("kind")),
        position("Query at", "query_position", FARTHEST),
        position("Key at", "key_position", FARTHEST),
        position("Both moved on by", "moved", 1000),
        choice("Base", BASES, String(model.get("base")), (base) => set("base")(Number(base))),
      ),
      dials,
      element("p", { class: "llm-legend" }, hand("llm-hand", "query"), hand("llm-hand llm-hand-key", "key")),
      said,
      plot,
    );
    for (const trait of ["kind", "query_position", "key_position", "moved", "base"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const base = model.get("base");
      const query = model.get("query_position") + model.get("moved");
      const key = model.get("key_position") + model.get("moved");
      const distance = query - key;
      const [queryVector, keyVector] = [encoded(model, "query", query), encoded(model, "key", key)];
      dials.replaceChildren(...frequencies(queryVector.length, base).slice(0, DIALS).map((frequency, i) => dial(i, query * frequency, key * frequency)));
      said.textContent =
        `Query at ${query}, key at ${key}, distance ${format(distance, 0)}: product ${format(dot(queryVector, keyVector), 3)}` +
        (model.get("kind") === "sinusoid" ? `; squared length of each ${format(dot(keyVector, keyVector), 3)} = d/2.` : ".");
      plot.replaceChildren(productPlot(model, distance));
    }
  },
);

/**
 * The vector as it enters the product.
 * @param {Model} model
 * @param {"query" | "key"} name
 * @param {number} position
 * @returns {number[]}
 */
function encoded(model, name, position) {
  const vector = model.get(name);
  return model.get("kind") === "rope" ? rope(vector, position, model.get("base")) : sinusoid(vector.length, position, model.get("base"));
}

/**
 * @param {Model} model
 * @param {number} marked  The distance to mark.
 */
function productPlot(model, marked) {
  const query = encoded(model, "query", 0);
  const points = Array.from({ length: 2 * FARTHEST + 1 }, (_, i) => {
    const distance = i - FARTHEST;
    return /** @type {[number, number]} */ ([distance, dot(query, encoded(model, "key", -distance))]);
  });
  return linePlot({
    title: "The product of query and key, by distance",
    x: "position of query − position of key",
    y: "product",
    series: [{ name: "product", points }],
    marker: marked,
  });
}

/**
 * Two hands on a clock; zero is at the right and angles grow against the clock, as in mathematics.
 * @param {number} pair
 * @param {number} query  Radians.
 * @param {number} key
 */
function dial(pair, query, key) {
  const label = `Pair ${pair + 1}: query at ${degrees(query)}, key at ${degrees(key)}`;
  return element(
    "figure",
    {},
    svg(
      "svg",
      { viewBox: "-55 -55 110 110", role: "img", "aria-label": label },
      svg("circle", { r: 50, class: "llm-axis" }),
      line(query, "llm-hand", 46),
      line(key, "llm-hand llm-hand-key", 36),
    ),
    element("figcaption", {}, `pair ${pair + 1}: ${degrees(query)}, ${degrees(key)}`),
  );
}

/**
 * @param {number} angle
 * @param {string} name
 * @param {number} length
 */
function line(angle, name, length) {
  return svg("line", { class: name, x1: 0, y1: 0, x2: length * Math.cos(angle), y2: -length * Math.sin(angle) });
}

/**
 * @param {string} name
 * @param {string} label
 */
function hand(name, label) {
  return element("span", {}, svg("svg", { viewBox: "0 0 30 10", width: 30, height: 10, "aria-hidden": "true" }, svg("path", { class: name, d: "M3 5H27" })), ` ${label}`);
}

/** @param {number} radians */
function degrees(radians) {
  return `${Math.round((radians * 180) / Math.PI) % 360}°`;
}
