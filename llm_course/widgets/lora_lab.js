/** LoRA: what a product of two thin matrices saves, and what it can hold. */

import { announcement, button, choice, element, setTrait, slider, svg, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { lowRankParameters, ofRank, rankErrors } from "./js/low_rank.js";

/** @import { Matrix as Numbers } from "./js/types.js" */

/**
 * @typedef {object} Matrix
 * @property {string} name
 * @property {number} rows
 * @property {number} columns
 * @property {number[]} singular_values
 * @property {{ b: Numbers, a: Numbers }} corner  The factors of its first rows and columns, all ranks.
 */

/** A plot tells four lines apart. */
const LINES = 4;
/** Ranks that people use for LoRA. */
const USUAL = [1, 4, 8, 16];

export default widget(
  {
    title: "Low rank: what it saves, what it can hold",
    tryThis: (model) => [
      "Press the ranks from left to right, and watch the second picture become the first. At which rank do you know it again?",
      "Press the last rank: the two thin matrices then have as many numbers as the full one. LoRA saves only far below it.",
      ...(model.get("matrices").length > 2
        ? ["Choose the trained weight itself, then random numbers: less of them fits into the same rank. So LoRA adds to a weight and does not replace it."]
        : []),
    ],
  },
  (model, body) => {
    /** @type {Matrix[]} */
    const matrices = model.get("matrices");
    const highest = Math.min(...matrices.map(({ rows, columns }) => Math.min(rows, columns)));
    const names = matrices.map(({ name }, i) => /** @type {[string, string]} */ ([String(i), name]));
    const results = element("div");
    const said = announcement();
    const presets = element("div", { class: "llm-chips", role: "group", "aria-label": "Ranks to start with" });
    const rankField = slider("Rank r", { min: 1, max: highest, step: 1, value: Math.min(highest, model.get("rank")) }, (rank) => setTrait(model, "rank", rank));
    const rankInput = /** @type {HTMLInputElement} */ (rankField.querySelector("input"));
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Matrix", names, String(model.get("chosen")), (chosen) => setTrait(model, "chosen", Number(chosen))),
        rankField,
        presets,
      ),
      said,
      results,
    );
    for (const trait of ["rank", "chosen"]) model.on(`change:${trait}`, show);
    show();

    /** @param {number} rank */
    function choose(rank) {
      rankInput.value = String(rank);
      rankInput.dispatchEvent(new Event("input"));
    }

    function show() {
      const matrix = matrices[model.get("chosen")];
      const rank = Math.min(highest, model.get("rank"));
      said.textContent = sentence(matrix, rank);
      presets.replaceChildren(...presetRanks(matrix, highest).map((preset) => rankButton(preset, preset === rank, choose)));
      results.replaceChildren(corners(matrix, rank), element("div", { class: "llm-row" }, shapes(matrix, rank), errorPlot(matrices, model.get("chosen"), rank, highest)));
    }
  },
);

/**
 * @param {Matrix} matrix
 * @param {number} rank
 */
function sentence({ rows, columns, singular_values }, rank) {
  const full = rows * columns;
  const thin = lowRankParameters(rows, columns, rank);
  const missed = rankErrors(singular_values)[rank];
  return (
    `At rank ${rank}, B and A have ${rank} · (${rows} + ${columns}) = ${grouped(thin)} numbers: ` +
    `${format((100 * thin) / full, 1)} % of the ${grouped(full)} of a ${rows} × ${columns} matrix. ` +
    `The best such pair misses ${format(100 * missed, 1)} % of the matrix.`
  );
}

/**
 * The usual ranks, and the first at which two thin matrices have no fewer numbers than the full one.
 * @param {Matrix} matrix
 * @param {number} highest
 */
function presetRanks({ rows, columns }, highest) {
  const even = Math.ceil((rows * columns) / (rows + columns));
  return [...USUAL.filter((rank) => rank < even), even].filter((rank) => rank <= highest);
}

/**
 * @param {number} rank
 * @param {boolean} pressed
 * @param {(rank: number) => void} onPress
 */
function rankButton(rank, pressed, onPress) {
  const node = button(`r = ${rank}`, () => onPress(rank));
  node.setAttribute("aria-pressed", String(pressed));
  return node;
}

/**
 * The first rows and columns of the matrix, of the product, and of what it misses, all in one scale of color.
 * @param {Matrix} matrix
 * @param {number} rank
 */
function corners({ name, singular_values, corner: { b, a } }, rank) {
  const whole = ofRank(b, a, singular_values.length);
  const product = ofRank(b, a, rank);
  const rest = whole.map((row, i) => row.map((number, j) => number - product[i][j]));
  const largest = Math.max(1e-9, ...whole.flat().map(Math.abs));
  const missed = format(100 * rankErrors(singular_values)[rank], 0);
  return element(
    "div",
    { class: "llm-row llm-corners" },
    picture(name, `a corner of ${whole.length} × ${whole[0].length}`, whole, largest),
    element("span", { "aria-hidden": "true" }, "="),
    picture(`B · A of rank ${rank}`, "the best there is", product, largest),
    element("span", { "aria-hidden": "true" }, "+"),
    picture("What B · A misses", `${missed} % of the whole matrix`, rest, largest),
  );
}

/**
 * Blue above zero, orange below, stronger the larger.
 * @param {string} name
 * @param {string} note
 * @param {Numbers} numbers
 * @param {number} largest
 */
function picture(name, note, numbers, largest) {
  const cells = numbers.flatMap((row, i) =>
    row.map((number, j) =>
      svg("rect", { x: j, y: i, width: 1, height: 1, class: number < 0 ? "llm-below" : "llm-above", "fill-opacity": Math.min(1, Math.abs(number) / largest).toFixed(2) }),
    ),
  );
  const drawing = svg("svg", { viewBox: `0 0 ${numbers[0].length} ${numbers.length}`, role: "img", "aria-label": `${name}: ${note}` }, ...cells);
  return element("figure", {}, element("figcaption", {}, name), drawing, element("p", { class: "llm-note" }, note));
}

/**
 * The matrix and its two factors, to scale.
 * @param {Matrix} matrix
 * @param {number} rank
 */
function shapes({ rows, columns }, rank) {
  const unit = 100 / Math.max(rows, columns);
  const [height, width, thin] = [rows * unit, columns * unit, Math.max(1, rank * unit)];
  const left = width + 34;
  const across = left + thin + 8;
  const label = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ text) => svg("text", { x, y, "text-anchor": "middle" }, text);
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${2 * 100 + 34 + 100 + 8} 128`, role: "img", "aria-label": `To scale: the matrix of ${rows} by ${columns}, B of ${rows} by ${rank} and A of ${rank} by ${columns}` },
    svg("rect", { class: "llm-full", x: 1, y: 1, width, height }),
    label(width / 2, 120, `${rows} × ${columns}`),
    label(width + 17, 55, "≈"),
    svg("rect", { class: "llm-thin", x: left, y: 1, width: thin, height }),
    label(left + thin / 2, 120, `B: ${rows} × ${rank}`),
    svg("rect", { class: "llm-thin", x: across, y: 1, width, height: thin }),
    label(across + width / 2, Math.min(112, thin + 16), `A: ${rank} × ${columns}`),
  );
  return element("figure", { class: "llm-plot llm-shapes" }, element("figcaption", {}, "The numbers to keep, to scale"), drawing);
}

/**
 * @param {Matrix[]} matrices
 * @param {number} chosen
 * @param {number} rank
 * @param {number} highest
 */
function errorPlot(matrices, chosen, rank, highest) {
  const shown = [matrices[chosen], ...matrices.filter((_, i) => i !== chosen)].slice(0, LINES);
  return linePlot({
    title: "What the best pair of each rank misses",
    x: "rank",
    y: "share missed",
    series: shown.map(({ name, singular_values }) => ({
      name,
      points: rankErrors(singular_values).slice(0, highest + 1).map((error, r) => /** @type {[number, number]} */ ([r, error])),
    })),
    marker: rank,
    yRange: [0, 1],
  });
}

/** @param {number} count */
function grouped(count) {
  return count.toLocaleString("en-US");
}
