/** A timeline of models. A size that nobody published has a hollow mark below the axis: it has no height. */

import { announcement, choice, element, scroller, setTrait, svg, widget } from "./js/dom.js";
import { widthOf, withRoom } from "./js/labels.js";
import { disclosedByYear, heightOf, inWords, shown, yearOf } from "./js/milestones.js";
import { sample } from "./js/plot.js";

/** @import { Model } from "./js/types.js" */
/** @import { Milestone } from "./js/milestones.js" */

const WIDTH = 640;
const HEIGHT = 380;
const LEFT = 76;
const RIGHT = 16;
const TOP = 14;
const FLOOR = 280; // where sizes end; below it is the band of those not told
/** How far from its mark a name stands. */
const APART = 9;
/** @type {[kind: string, text: string][]} */
const KINDS = [["llm-open", "open weights"], ["llm-closed", "closed, size told"], ["llm-undisclosed", "size not disclosed"]];
const BAND = { top: 296, rows: 3, step: 16 };

export default widget(
  {
    title: "Who tells how large?",
    tryThis: [
      "Switch the scale to linear. What becomes of the first five years, and why does the logarithm not lie about them?",
      "Switch the size to active parameters. Which models fall, and by how much?",
      "Show closed weights only, and read along the bottom: after which year does no closed model of this table tell its size?",
    ],
  },
  (model, body) => {
    const all = /** @type {Milestone[]} */ (model.get("milestones"));
    const said = announcement();
    const results = element("div");
    const set = (/** @type {string} */ trait) => (/** @type {string} */ value) => setTrait(model, trait, value);
    const models = /** @type {[string, string][]} */ ([["-1", "none"], ...all.map(({ month, name }, i) => [String(i), `${name}, ${month}`])]);
    const choose = choice("Model", models, String(model.get("chosen")), (value) => setTrait(model, "chosen", Number(value)));
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Scale", [["log", "logarithmic"], ["linear", "linear"]], model.get("scale"), set("scale")),
        choice("Size", [["total", "all parameters"], ["active", "active for a token"]], model.get("measure"), set("measure")),
        choice("Weights", [["all", "open and closed"], ["open", "open only"], ["closed", "closed only"]], model.get("kind"), set("kind")),
        choose,
      ),
      said,
      results,
    );
    for (const trait of ["scale", "measure", "kind", "chosen"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const picked = all[model.get("chosen")];
      const rows = shown(all, model.get("kind"));
      /** @type {HTMLSelectElement} */ (choose.querySelector("select")).value = String(model.get("chosen"));
      said.textContent = picked ? about(picked) : summary(rows);
      results.replaceChildren(figure(model, rows, picked), counts(rows));
    }
  },
);

/** @param {Milestone} milestone */
function about({ name, organization, month, total, active, open_weights: open, advance }) {
  const size = total === null ? "its size was never published" : `${inWords(total)} parameters${active === total ? "" : `, ${inWords(active)} active for a token`}`;
  return `${name} (${organization}, ${month}): ${size}; ${open ? "open" : "closed"} weights; ${advance}.`;
}

/** @param {Milestone[]} rows */
function summary(rows) {
  const told = rows.filter(({ total }) => total !== null).length;
  return `${told} of the ${rows.length} models shown tell their size. The hollow marks below the line do not.`;
}

/**
 * @param {Model} model
 * @param {Milestone[]} rows
 * @param {Milestone | undefined} picked
 */
function figure(model, rows, picked) {
  const scale = model.get("scale");
  const measure = /** @type {"total" | "active"} */ (model.get("measure"));
  const everything = /** @type {Milestone[]} */ (model.get("milestones"));
  const years = everything.map(({ month }) => yearOf(month));
  const [first, last] = [Math.floor(Math.min(...years)), Math.ceil(Math.max(...years))];
  const sizes = everything.map(({ total }) => total ?? 0).filter(Boolean);
  const range = { smallest: 10 ** Math.floor(Math.log10(Math.min(...sizes))), largest: Math.max(2000, ...sizes) };
  const x = (/** @type {number} */ year) => LEFT + ((year - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ billions) => FLOOR - heightOf(billions, range, scale) * (FLOOR - TOP);
  const ticks = scale === "log" ? [0.1, 1, 10, 100, 1000] : [0, 500, 1000, 1500, 2000];
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${summary(rows)} Years ${first} to ${last}, ${scale} scale.` },
    ...ticks.filter((tick) => tick <= range.largest).map((tick) => rule(y(tick), tick === 0 ? "0" : inWords(tick))),
    svg("line", { class: "llm-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: FLOOR + 6, y2: FLOOR + 6 }),
    svg("text", { x: LEFT - 6, y: BAND.top + BAND.step + 4, "text-anchor": "end" }, "not told"),
    ...Array.from({ length: last - first }, (_, i) => svg("text", { x: x(first + i + 0.5), y: HEIGHT - 8, "text-anchor": "middle" }, String(first + i))),
  );
  let hidden = 0;
  const places = rows.map((row) => {
    const size = row[measure];
    return { cx: x(yearOf(row.month)), cy: size === null ? BAND.top + (hidden++ % BAND.rows) * BAND.step : y(size) };
  });
  rows.forEach((row, i) => {
    const kind = row[measure] === null ? "llm-undisclosed" : row.open_weights ? "llm-open" : "llm-closed";
    const mark = svg("circle", { class: `${kind}${row === picked ? " llm-picked" : ""}`, r: row === picked ? 8 : 5.5, ...places[i] }, svg("title", {}, about(row)));
    mark.addEventListener("click", () => setTrait(model, "chosen", everything.indexOf(row)));
    drawing.append(mark);
  });
  drawing.append(...names(rows, places, rows.indexOf(/** @type {Milestone} */ (picked))));
  const entries = KINDS.map(([kind, text]) => sample(text, svg("circle", { class: kind, cx: 13, cy: 5, r: 4.5 })));
  const legend = element("p", { class: "llm-legend" }, ...entries);
  const caption = measure === "total" ? "Parameters, by month of release" : "Parameters active for a token, by month of release";
  return element("figure", { class: "llm-plot llm-timeline" }, element("figcaption", {}, caption), scroller(caption, drawing), legend);
}

/**
 * @param {number} height
 * @param {string} text
 */
function rule(height, text) {
  return svg(
    "g",
    {},
    svg("line", { class: "llm-axis", x1: LEFT, x2: WIDTH - RIGHT, y1: height, y2: height, "stroke-opacity": 0.35 }),
    svg("text", { x: LEFT - 6, y: height + 4, "text-anchor": "end" }, text),
  );
}

/**
 * The names that have room, the picked one's first; a mark whose name has none tells it when it is pointed at.
 * @param {Milestone[]} rows
 * @param {{ cx: number, cy: number }[]} places
 * @param {number} picked  -1 for none.
 */
function names(rows, places, picked) {
  const labels = rows.map(({ name }, i) => {
    const width = widthOf(name);
    const isLeft = places[i].cx + APART + width > WIDTH;
    return { text: name, left: places[i].cx + (isLeft ? -APART - width : APART), top: places[i].cy };
  });
  const marks = places.map(({ cx, cy }) => ({ text: " ", left: cx - 5, top: cy }));
  const order = [...marks.map((_, i) => rows.length + i), ...(picked >= 0 ? [picked] : []), ...labels.keys()];
  const written = withRoom([...labels, ...marks], order);
  if (picked >= 0) written.add(picked);
  return labels.flatMap(({ text, left, top }, i) => {
    if (!written.has(i)) return [];
    const isLeft = left < places[i].cx;
    const place = { x: isLeft ? places[i].cx - APART : left, y: top + 4, "text-anchor": isLeft ? "end" : "start" };
    return [svg("text", { class: "llm-name", "font-weight": i === picked ? 700 : 400, ...place }, text)];
  });
}

/** @param {Milestone[]} rows */
function counts(rows) {
  const years = disclosedByYear(rows);
  const caption = "Models of this table that tell their size, by year";
  const head = element("tr", {}, element("th", { scope: "row" }, "year"), ...years.map(([year]) => element("th", { scope: "col" }, String(year))));
  const line = element("tr", {}, element("th", { scope: "row" }, "told"), ...years.map(([, told, all]) => element("td", {}, `${told} of ${all}`)));
  return scroller(caption, element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, line)));
}
