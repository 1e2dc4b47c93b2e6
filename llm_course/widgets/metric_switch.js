/** The same models and the same answers under another ruler: where a jump comes from. */

import { announcement, choice, element, scroller, setTrait, slider, widget } from "./js/dom.js";
import { exactMatch, logProbability, steepestStep, tokensRight } from "./js/metrics.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";

/** @import { Model } from "./js/types.js" */
/** @import { Answers } from "./js/metrics.js" */

/**
 * @typedef {object} Run  One row of models: a training run, or models of several sizes.
 * @property {string} name
 * @property {Answers[]} answers  One for each place of the axis.
 *
 * @typedef {object} View
 * @property {string} name
 * @property {string} axis  What the models differ in.
 * @property {number[]} places
 * @property {boolean} logarithmic  Whether places grow by factors.
 * @property {Run[]} runs
 */

/** @type {Record<string, { name: string, unit: string, of: (answers: Answers, length: number) => number, range?: [number, number] }>} */
const METRICS = {
  exact: { name: "Exact match: the whole answer is right", unit: "share of answers", of: exactMatch, range: [0, 1] },
  tokens: { name: "Tokens right: each counts for itself", unit: "share of tokens", of: tokensRight, range: [0, 1] },
  log: { name: "Log-probability of the right token", unit: "nats per token", of: logProbability },
};

export default widget(
  {
    title: "The same models, another ruler",
    tryThis: [
      "Stay with exact match and move the length from 1 to its end. When does the ability seem to appear?",
      "Switch to tokens right, then to log-probability. Which of the three still shows a jump, and how much of the rise is in its steepest step?",
      "Choose the models that copy lines. Does any metric turn their jump into a slope? What does each seed do?",
    ],
  },
  (model, body) => {
    const views = /** @type {View[]} */ (model.get("views"));
    const longest = views[0].runs[0].answers[0].tokensRight.length;
    const said = announcement();
    const results = element("div");
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Models", views.map(({ name }, i) => [String(i), name]), String(model.get("view")), (value) => setTrait(model, "view", Number(value))),
        choice("Metric", Object.entries(METRICS).map(([key, { name }]) => [key, name]), model.get("metric"), (value) => setTrait(model, "metric", value)),
        slider("Tokens in the answer", { min: 1, max: longest, step: 1, value: model.get("length") }, (value) => setTrait(model, "length", value)),
      ),
      said,
      results,
    );
    for (const trait of ["view", "metric", "length"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const view = views[model.get("view")];
      const { lines, power } = linesOf(model, view);
      said.textContent = sentence(model, view, lines[0].values);
      results.replaceChildren(plot(model, view, [...lines, ...power]), table(model, view, [...lines, ...power]));
    }
  },
);

/** @typedef {{ name: string, values: number[] }} Line */

/**
 * A line for each run. Beside exact match, what the tokens right of the first run would give if no token depended on another.
 * @param {Model} model
 * @param {View} view
 * @returns {{ lines: Line[], power: Line[] }}
 */
function linesOf(model, view) {
  const length = model.get("length");
  const { of } = METRICS[model.get("metric")];
  const lines = view.runs.map(({ name, answers }) => ({ name, values: answers.map((one) => of(one, length)) }));
  if (model.get("metric") !== "exact") return { lines, power: [] };
  const first = view.runs[0];
  const values = first.answers.map((one) => tokensRight(one, length) ** length);
  return { lines, power: [{ name: `${first.name}: tokens right, to the power of ${length}`, values }] };
}

/**
 * @param {Model} model
 * @param {View} view
 * @param {number[]} values
 */
function sentence(model, view, values) {
  const { unit } = METRICS[model.get("metric")];
  const ends = `${view.runs[0].name} goes from ${format(values[0])} to ${format(values[values.length - 1])} (${unit})`;
  const steepest = steepestStep(values);
  if (!steepest) return `${ends}: no rise.`;
  const [from, to] = [view.places[steepest.from], view.places[steepest.from + 1]].map((place) => place.toLocaleString("en"));
  return `${ends}. ${Math.round(100 * steepest.share)} % of the rise comes in one step, from ${from} to ${to} ${view.axis}.`;
}

/**
 * @param {Model} model
 * @param {View} view
 * @param {Line[]} lines
 */
function plot(model, view, lines) {
  const { unit, name, range } = METRICS[model.get("metric")];
  const at = (/** @type {number} */ place) => (view.logarithmic ? Math.log10(place) : place);
  return linePlot({
    title: `${name.split(":")[0]}, answers of ${model.get("length")} ${model.get("length") === 1 ? "token" : "tokens"}`,
    x: view.axis,
    y: unit,
    series: lines.map((line) => ({ name: line.name, points: line.values.map((value, i) => [at(view.places[i]), value]) })),
    xTick: view.logarithmic ? (power) => (Number.isInteger(power) ? (10 ** power).toLocaleString("en") : "") : (place) => place.toLocaleString("en"),
    yRange: range,
  });
}

/**
 * @param {Model} model
 * @param {View} view
 * @param {Line[]} lines
 */
function table(model, view, lines) {
  const digits = model.get("metric") === "log" ? 2 : 3;
  const caption = METRICS[model.get("metric")].unit;
  const header = view.places.map((place) => element("th", { scope: "col" }, place.toLocaleString("en")));
  const rows = lines.map(({ name, values }) =>
    element("tr", {}, element("th", { scope: "row" }, name), ...values.map((value) => element("td", {}, format(value, digits)))),
  );
  const head = element("thead", {}, element("tr", {}, element("th", { scope: "row" }, view.axis), ...header));
  return element(
    "details",
    {},
    element("summary", {}, "The numbers"),
    scroller(caption, element("table", {}, element("caption", {}, caption), head, element("tbody", {}, ...rows))),
  );
}
