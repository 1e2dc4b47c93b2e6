/** Line plots as SVG: lines differ by color and by dashes, and a legend names them. */

import { element, svg } from "./dom.js";

/**
 * @typedef {[x: number, y: number][]} Points
 *
 * @typedef {object} Plot
 * @property {string} title  Says what the plot shows, for those who do not see it too.
 * @property {string} x  Label of the axis.
 * @property {string} y
 * @property {{ name: string, points: Points }[]} series  Up to four.
 * @property {number} [marker]  Where a vertical line stands.
 * @property {[from: number, to: number]} [band]  A stretch of x that is shaded; the marker's name stands beside it.
 * @property {string} [markerName]
 * @property {{ at: [x: number, y: number], name: string, below?: boolean }[]} [dots]
 * @property {(value: number) => string} [xTick]  How a value of x is written.
 * @property {(value: number) => string} [yTick]
 * @property {[number, number]} [yRange]
 */

const WIDTH = 420;
const HEIGHT = 210;
const EDGE = { left: 52, right: 10, top: 8, bottom: 36 };

/**
 * @param {Plot} plot
 * @returns {HTMLElement}
 */
export function linePlot({ title, x, y, series, marker, band, markerName, dots = [], xTick, yTick, yRange }) {
  const all = series.flatMap(({ points }) => points);
  const [left, right] = range(all.map(([value]) => value));
  const [low, high] = yRange ?? range(all.map(([, value]) => value));
  const toX = (/** @type {number} */ value) => EDGE.left + ((value - left) / (right - left || 1)) * (WIDTH - EDGE.left - EDGE.right);
  const toY = (/** @type {number} */ value) => HEIGHT - EDGE.bottom - ((value - low) / (high - low || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const lines = series.map(({ points }, i) =>
    svg("polyline", { class: `llm-line llm-line-${i}`, points: points.map(([px, py]) => `${toX(px).toFixed(1)},${toY(py).toFixed(1)}`).join(" ") }),
  );
  const mark = marker === undefined ? null : svg("line", { class: "llm-marker", x1: toX(marker), x2: toX(marker), y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  const named = band?.[1] ?? marker;
  const shade = band ? svg("rect", { class: "llm-band", x: toX(band[0]), y: EDGE.top, width: Math.max(2, toX(band[1]) - toX(band[0])), height: HEIGHT - EDGE.top - EDGE.bottom }) : null;
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title },
    ...ticks(left, right).map((value) => label(toX(value), HEIGHT - EDGE.bottom + 14, "middle", (xTick ?? short)(value))),
    ...ticks(low, high).map((value) => label(EDGE.left - 6, toY(value) + 4, "end", (yTick ?? short)(value))),
    svg("path", { class: "llm-axis", d: `M${EDGE.left} ${EDGE.top}V${HEIGHT - EDGE.bottom}H${WIDTH - EDGE.right}` }),
    shade,
    mark,
    named !== undefined && markerName ? beside(toX(named), EDGE.top + 10, markerName) : null,
    ...lines,
    ...dots.flatMap(({ at, name, below }) => [svg("circle", { class: "llm-point", cx: toX(at[0]), cy: toY(at[1]), r: 4 }), beside(toX(at[0]), toY(at[1]) + (below ? 18 : -8), name)]),
    svg("text", { x: (EDGE.left + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, x),
    svg("text", { transform: `translate(11 ${(HEIGHT - EDGE.bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, y),
  );
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, title), drawing, legend(series));
}

/**
 * An entry of a legend: what a mark means.
 * @param {string} name
 * @param {Element} mark  In a box of 26 by 10.
 */
export function sample(name, mark) {
  return element("span", {}, svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" }, mark), ` ${name}`);
}

/** @param {{ name: string }[]} series */
function legend(series) {
  if (series.length < 2) return null;
  const entries = series.map(({ name }, i) => sample(name, svg("path", { class: `llm-line llm-line-${i}`, d: "M0 5H26" })));
  return element("p", { class: "llm-legend" }, ...entries);
}

/**
 * @param {number[]} values
 * @returns {[number, number]}
 */
function range(values) {
  return [Math.min(...values), Math.max(...values)];
}

/**
 * Three to six round numbers in a range.
 * @param {number} low
 * @param {number} high
 */
function ticks(low, high) {
  const raw = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @param {string} text
 */
function label(x, y, anchor, text) {
  return svg("text", { x, y, "text-anchor": anchor }, text);
}

/**
 * A name on that side of a place which has room for it.
 * @param {number} x
 * @param {number} y
 * @param {string} name
 */
function beside(x, y, name) {
  return x < WIDTH / 2 ? label(x + 6, y, "start", name) : label(x - 6, y, "end", name);
}
