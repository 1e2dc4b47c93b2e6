/** Weights under a microscope: the levels that few bits leave them, and the error. */

import { announcement, choice, element, scroller, setTrait, slider, svg, traitCheckbox, widget } from "./js/dom.js";
import { format, normal, randomNumbers } from "./js/numbers.js";
import { absmax, levelsOf, relativeError, roundByGroups } from "./js/quantization.js";

/** @import { Model } from "./js/types.js" */

const TRAITS = ["bits", "group", "outlier", "nf4"];
/** Weights in the row that is looked at, and which of them is the outlier. */
const ROW = 256;
const OUTLIER = 7;
const GROUPS = [8, 16, 32, 64, 128, 256];
const WIDTH = 420;
const HEIGHT = 132;
const BINS = 60;

const plain = (() => {
  const uniform = randomNumbers(15);
  return Array.from({ length: ROW }, () => normal(uniform));
})();

export default widget(
  {
    title: "Quantization microscope",
    tryThis: [
      "Go from 8 bits down to 2. At how many bits does the error pass a tenth?",
      "At 4 bits and one scale for the row, move the outlier to the right. What happens to the levels near 0, where almost all weights are?",
      "Keep the outlier, and make the groups smaller. Which weights still suffer?",
      "Without an outlier, switch to NF4 at groups of 64. It has 16 levels, as 4 bits have 15: why is the error smaller?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(element("div", { class: "llm-controls" }, ...fields(model)), said, results);
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const seen = look(model);
      said.textContent = sentence(seen);
      results.replaceChildren(drawing(seen), table(seen));
    }
  },
);

/** @param {Model} model */
function fields(model) {
  return [
    slider("Bits", { min: 2, max: 8, step: 1, value: model.get("bits") }, (bits) => setTrait(model, "bits", bits)),
    choice(
      "Weights that share a scale",
      GROUPS.map((size) => [String(size), size === ROW ? "the whole row (256)" : String(size)]),
      String(model.get("group")),
      (size) => setTrait(model, "group", Number(size)),
    ),
    slider(
      "Outlier",
      { min: 0, max: 40, step: 1, value: model.get("outlier"), format: (value) => (value ? `${value} deviations` : "none") },
      (outlier) => setTrait(model, "outlier", outlier),
    ),
    traitCheckbox(model, "nf4", "NF4 in place of whole numbers (4 bits)"),
  ];
}

/** @param {Model} model */
function look(model) {
  const [bits, group, outlier, nf4] = TRAITS.map((trait) => model.get(trait));
  const weights = plain.map((weight, i) => (outlier && i === OUTLIER ? outlier : weight));
  const rounded = roundByGroups(weights, group, { bits, nf4 });
  const first = weights.slice(0, group);
  const hit = rounded.map((_, i) => i !== OUTLIER && i < group);
  const errorOf = (/** @type {(i: number) => boolean} */ chosen) =>
    relativeError(weights.filter((_, i) => chosen(i)), rounded.filter((_, i) => chosen(i)));
  return {
    bits: nf4 ? 4 : bits, group, outlier, nf4, weights, rounded,
    levels: levelsOf(absmax(first), { bits, nf4 }),
    errors: { all: errorOf(() => true), near: errorOf((i) => hit[i]), far: group < ROW ? errorOf((i) => i >= group) : undefined },
  };
}

/** @typedef {ReturnType<typeof look>} Seen */

/** @param {Seen} seen */
function sentence({ bits, group, nf4, levels, rounded, weights, errors }) {
  const used = new Set(rounded.slice(0, group).map((value) => value.toFixed(9))).size;
  const zeros = rounded.slice(0, group).filter((value, i) => value === 0 && weights[i] !== 0).length;
  const name = nf4 ? "NF4" : `${bits} bits`;
  return (
    `${name}: ${levels.length} levels, of which the first group uses ${used}; ${zeros} of its ${group} weights become 0. ` +
    `The row is off by ${format(100 * errors.all, 1)} % of its length, with ${format(bits + 16 / group, 2)} bits per weight, scales in 16 bits included.`
  );
}

/** The histogram of the row, and below it the levels of the first group. @param {Seen} seen */
function drawing({ weights, levels }) {
  const reach = Math.max(4, absmax(weights));
  const toX = (/** @type {number} */ value) => 10 + ((value + reach) / (2 * reach)) * (WIDTH - 20);
  const counts = new Array(BINS).fill(0);
  for (const weight of weights) counts[Math.min(BINS - 1, Math.floor(((weight + reach) / (2 * reach)) * BINS))] += 1;
  const tallest = Math.max(...counts);
  const bars = counts.map((count, i) => {
    const left = toX(-reach + (2 * reach * i) / BINS);
    const height = (count / tallest) * (HEIGHT - 50);
    return svg("rect", { style: "fill: rgb(var(--llm-blue))", x: left, y: HEIGHT - 40 - height, width: (WIDTH - 20) / BINS - 1, height });
  });
  const marks = levels.map((level) => svg("line", { stroke: "currentColor", x1: toX(level), x2: toX(level), y1: HEIGHT - 36, y2: HEIGHT - 20 }));
  const label = `Histogram of ${ROW} weights, and the ${levels.length} levels that the first group can become`;
  return element(
    "div",
    {},
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, style: "max-width: 34rem" },
      ...bars,
      ...marks,
    ),
    element("p", {}, "Bars: the weights. Ticks: the levels of the first group."),
  );
}

/** @param {Seen} seen */
function table({ group, errors }) {
  /** @type {[string, number | undefined][]} */
  const rows = [
    ["all weights", errors.all],
    [`the first ${group}, without the outlier`, errors.near],
    ["the groups behind them", errors.far],
  ];
  const lines = rows.map(([name, error]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, error === undefined ? "–" : `${format(100 * error, 1)} %`)),
  );
  const caption = "Relative error";
  return scroller(caption, element("table", {}, element("caption", {}, caption), element("tbody", {}, ...lines)));
}
