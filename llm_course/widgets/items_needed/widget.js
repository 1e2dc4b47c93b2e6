/** How many items it takes to tell two models apart, in separate tests and in the same one. */

import { choice, element, setTrait, slider, svg, traitSlider, typedNumber } from "../ui/dom.js";
import { calculator } from "../ui/frame.js";
import { keyFigures } from "../ui/key_figures.js";
import { widthOf } from "../ui/labels.js";
import { format, normal, randomNumbers } from "../models/numbers.js";
import { fitted, linePlot, sample, short } from "../ui/plot.js";
import { chanceOfRightOrder, deviations, disagreementOf, itemsNeeded, normalQuantile } from "./statistics.js";
import { captionedTable, tableRow } from "../ui/table.js";

/** @import { Model } from "../ui/types.js" */

const TRAITS = ["first", "second", "likeness", "items", "confidence", "power"];
const CONFIDENCES = [0.8, 0.9, 0.95, 0.99];
const POWERS = [0.5, 0.8, 0.9, 0.99];
/** Whether the models get items of their own. */
const KINDS = /** @type {const} */ ([["unpaired", "separate tests"], ["paired", "the same test"]]);
/** Items of a test, as powers of ten. */
const FEWEST = 1;
const MOST = 5;
/** Height of an interval's row: the bar, and below it the tests that were drawn. */
const ROW = 34;
/** Tests that were drawn once: what moves with the sliders is their spread. */
const DRAWN = drawnTests(100, randomNumbers(12));
/** How right a model may be, and how far the slider sets the two apart. */
const [LEAST, MOST_RIGHT] = [0.01, 0.99];
const FARTHEST = 0.3;
/** Points that the upper chart shows, and those that it marks: its axes stay, so that its lines are seen to move. */
const DIFFERENCES = [0.1, 100];
const DIFFERENCES_MARKED = [0.1, 0.3, 1, 3, 10, 30, 100];
/** Points that the intervals are drawn on: the first axis that has so much room on both sides of the difference. */
const AXES = [{ from: -10, to: 10, room: 5 }, { from: -20, to: 40, room: 10 }, { from: -40, to: 20, room: 10 }, { from: -100, to: 100, room: 10 }];
/** Of the texts beside the intervals: the axis keeps its place when they change. */
const WIDEST = "−33.3 to −33.3";
const PLOTTED = Array.from({ length: 41 }, (_, i) => FEWEST + (i * (MOST - FEWEST)) / 40);

export default calculator(
  {
    title: "How many items for this difference?",
    tryThis: [
      "Move the first model up until it is right on 98 %: the second follows, as many points below. Do they take more items, or fewer? Why?",
      "Let the models share all their mistakes (100 %). Two versions of one model often nearly do: what does the same test save then?",
      "Type 164 items, the size of HumanEval. How many points apart must the models be before the interval of the same test leaves out 0?",
    ],
  },
  { traits: TRAITS, fields, compute: comparisonOf, sentence, pictures: [figures, plot, intervals, table] },
);

/**
 * By how many standard errors each test is off, and how far down its dot lies.
 * @param {number} count
 * @param {() => number} uniform
 */
function drawnTests(count, uniform) {
  return Array.from({ length: count }, () => ({ off: normal(uniform), down: uniform() }));
}

/** @param {Model} model */
function fields(model) {
  const percent = (/** @type {number} */ share) => `${format(100 * share, 1)} %`;
  const set = (/** @type {string} */ trait) => (/** @type {number} */ value) => setTrait(model, trait, value);
  const pick = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {number[]} */ values) =>
    choice(label, values.map((value) => [String(value), `${100 * value} %`]), String(model.get(trait)), (value) => set(trait)(Number(value)));
  let wanted = model.get("first") - model.get("second");
  const apart = slider(
    "Points apart",
    { min: Math.min(0, wanted), max: Math.max(FARTHEST, wanted), step: 0.005, value: wanted, format: inPoints },
    (value) => {
      wanted = value;
      follow();
    },
  );

  /** The second model keeps its distance, as far as there is room below or above it. */
  function follow() {
    const second = Math.min(MOST_RIGHT, Math.max(LEAST, model.get("first") - wanted));
    set("second")(Number(second.toFixed(4)));
    const [input, shown] = [/** @type {HTMLInputElement} */ (apart.querySelector("input")), /** @type {Element} */ (apart.querySelector(".llm-shown"))];
    input.value = String(model.get("first") - second);
    shown.textContent = inPoints(model.get("first") - second);
    input.setAttribute("aria-valuetext", shown.textContent);
  }

  return [
    slider("First model right", { min: LEAST, max: MOST_RIGHT, step: 0.005, value: model.get("first"), format: percent }, (value) => {
      set("first")(value);
      follow();
    }),
    apart,
    traitSlider(model, "likeness", "Mistakes they share", { min: 0, max: 1, step: 0.01, format: (share) => `${Math.round(100 * share)} %` }),
    slider(
      "Test items",
      {
        min: FEWEST, max: MOST, step: "any", value: Math.log10(model.get("items")),
        format: (power) => itemsOf(power).toLocaleString("en"), parse: (text) => Math.log10(typedNumber(text)),
      },
      (power) => set("items")(itemsOf(power)),
    ),
    element(
      "details",
      { class: "llm-grow" },
      element("summary", {}, "Confidence and power"),
      element("div", { class: "llm-controls" }, pick("Confidence", "confidence", CONFIDENCES), pick("Tests that find it", "power", POWERS)),
    ),
  ];
}

/** @param {number} share */
function inPoints(share) {
  return format(100 * share, 1);
}

/** @param {number} power */
function itemsOf(power) {
  return Math.round(10 ** power);
}

/** What is asked, and what follows from it. @param {Model} model */
function comparisonOf(model) {
  const [first, second, likeness, items, confidence, power] = TRAITS.map((trait) => model.get(trait));
  const difference = first - second;
  const disagreement = disagreementOf(first, second, likeness);
  const deviation = deviations({ first, second, disagreement });
  const needed = (/** @type {number} */ of) => (difference === 0 ? Infinity : itemsNeeded(difference, of, confidence, power));
  const reach = normalQuantile((1 + confidence) / 2);
  const ends = (/** @type {number} */ of) => [-1, 1].map((side) => 100 * (difference + (side * reach * of) / Math.sqrt(items)));
  return {
    second, difference, disagreement, deviation, items, confidence, power,
    far: reach + normalQuantile(power), // so many standard errors away, a difference is found in that share of tests
    needed: { unpaired: needed(deviation.unpaired), paired: needed(deviation.paired) },
    ends: { unpaired: ends(deviation.unpaired), paired: ends(deviation.paired) },
  };
}

/** @typedef {ReturnType<typeof comparisonOf>} Asked */

/** @param {number} count */
function inItems(count) {
  return count === Infinity ? "no number of items" : count === 1 ? "1 item" : `${count.toLocaleString("en")} items`;
}

/** @param {Asked} asked */
function sentence({ difference, disagreement, deviation }) {
  if (difference === 0) return "Both models are right equally often: no test can find a difference.";
  const times = format((deviation.unpaired / deviation.paired) ** 2, 1);
  const many = times === "1.0" ? "as many items" : `${times} times as many items`;
  return `A difference of ${points(difference)} takes ${many} in separate tests as in the same one, where the models disagree on ${format(100 * disagreement, 1)}\u00a0% of items.`;
}

/**
 * @param {Asked} now
 * @param {Asked | undefined} before
 */
function figures(now, before) {
  const written = (/** @type {number} */ count) => (count === Infinity ? "–" : count.toLocaleString("en"));
  /** @type {[string, (of: Asked) => string][]} */
  const shown = [
    ["second model right", ({ second }) => `${format(100 * second, 1)} %`],
    ["items, separate tests", ({ needed }) => written(needed.unpaired)],
    ["items, the same test", ({ needed }) => written(needed.paired)],
  ];
  return keyFigures(shown, now, before, true);
}

/** @param {number} difference */
function points(difference) {
  const value = format(100 * Math.abs(difference), 1);
  return `${value} ${value === "1.0" ? "point" : "points"}`;
}

/** Equal factors are equally high: a power of ten. @param {number} points */
function heightOf(points) {
  return Math.log10(points / DIFFERENCES[0]);
}

/**
 * The smallest difference that a test of so many items finds; where it meets the difference asked for, the items are enough.
 * @param {Asked} asked
 * @param {Asked | undefined} before
 */
function plot({ difference, deviation, items, far, power, needed }, before) {
  const height = (/** @type {number} */ share) => heightOf(100 * Math.abs(share));
  const shown = /** @type {[number, number]} */ (DIFFERENCES.map(heightOf));
  const found = (/** @type {number} */ of, distance = far) =>
    PLOTTED.map((at) => /** @type {[number, number]} */ ([at, height((distance * of) / Math.sqrt(10 ** at))])).filter(([, value]) => value >= shown[0] && value <= shown[1]);
  const level = (/** @type {number} */ share) => (share === 0 ? [] : [FEWEST, MOST].map((at) => /** @type {[number, number]} */ ([at, height(share)])));
  const hasMoved = before && JSON.stringify([before.deviation, before.far, before.difference]) !== JSON.stringify([deviation, far, difference]);
  const ends = [needed.unpaired, needed.paired].map((count, look) => ({ at: Math.log10(count), look })).filter(({ at }) => at >= FEWEST && at <= MOST);
  return linePlot({
    title: `The smallest difference that ${100 * power} % of tests find, by their items${hasMoved ? "; pale: before" : ""}`,
    x: "items in the test",
    y: "points",
    series: [
      { name: KINDS[0][1], points: found(deviation.unpaired), before: before && found(before.deviation.unpaired, before.far) },
      { name: KINDS[1][1], points: found(deviation.paired), before: before && found(before.deviation.paired, before.far) },
      { name: "the difference", points: level(difference), before: before && level(before.difference) },
    ],
    dots: difference === 0 ? [] : ends.map(({ at, look }) => ({ at: [at, height(difference)], name: Math.round(10 ** at).toLocaleString("en"), below: look === 1, look })),
    marker: Math.log10(items),
    markerName: "this test",
    xTicks: [1, 2, 3, 4, 5],
    xTick: (at) => (10 ** at).toLocaleString("en"),
    yTick: (height) => String(DIFFERENCES_MARKED.find((one) => heightOf(one) === height)),
    yTicks: DIFFERENCES_MARKED.map(heightOf),
    yRange: shown,
    height: 196,
    linesAreInLegend: true, // beside them, their names would jump with each change
    tracesAreNamed: true,
  });
}

/**
 * Where the difference lies that a test of so many items finds: an interval that holds 0 is hollow. The axis stays; what
 * lies beyond it is drawn at its end.
 * @param {Asked} asked
 */
function intervals({ difference, deviation, items, confidence, ends }) {
  const rows = KINDS.map(([kind, name]) => ({ name, ends: ends[kind], error: (100 * deviation[kind]) / Math.sqrt(items), text: ends[kind].map((end) => format(end, Math.abs(end) < 0.05 ? 2 : 1)).join(" to ") }));
  const { from: least, to: most, room: step } = AXES.find(({ from, to, room }) => 100 * difference >= from + room - 1e-9 && 100 * difference <= to - room + 1e-9) ?? AXES[AXES.length - 1];
  const caption = `${100 * confidence} % interval of a test of ${inItems(items)} that measures the true difference, in points`;
  const marks = Array.from({ length: (most - least) / step + 1 }, (_, i) => least + step * i);
  const draw = (/** @type {number} */ width) => {
    const [left, right] = [20 + widthOf(WIDEST), width - 16];
    const toX = (/** @type {number} */ value) => left + ((Math.min(most, Math.max(least, value)) - least) / (most - least)) * (right - left);
    const floor = ROW * rows.length;
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${floor + 16}`, role: "img", "aria-label": `${caption}: ${rows.map(({ name, text }) => `${name}, ${text}`).join("; ")}` },
      ...marks.filter(Boolean).map((mark) => svg("path", { class: "llm-grid", d: `M${toX(mark)} 0V${floor}` })),
      ...marks.map((mark) => svg("text", { class: "llm-tick", x: toX(mark), y: floor + 13, "text-anchor": "middle" }, short(mark))),
      svg("path", { class: "llm-axis", d: `M${toX(0)} 0V${floor}` }),
      ...rows.flatMap(({ name, ends: [from, to], error, text }, i) => {
        const middle = i * ROW + 8;
        const tests = DRAWN.map(({ off, down }) => ({ found: 100 * difference + off * error, down }));
        return [
          svg("text", { x: 0, y: middle + 4 }, name),
          svg("rect", { class: from <= 0 && to >= 0 ? "llm-holds" : "llm-leaves-out", x: toX(from), y: middle - 5, width: Math.max(1, toX(to) - toX(from)), height: 10, rx: 2 }),
          ...(from < least ? [svg("path", { class: "llm-above", d: `M${left - 3} ${middle - 5}l-7 5 7 5z` })] : []),
          ...(to > most ? [svg("path", { class: "llm-above", d: `M${right + 3} ${middle - 5}l7 5 -7 5z` })] : []),
          svg("circle", { class: "llm-point", cx: toX(100 * difference), cy: middle, r: 4 }),
          ...tests.map(({ found, down }) => svg("circle", { class: found > 0 ? "llm-bar-within" : "llm-bar-beyond", cx: toX(found), cy: middle + 10 + 10 * down, r: 1.9, "fill-opacity": 0.8 })),
          svg("text", { class: "llm-tick", x: 0, y: middle + 19 }, text),
        ];
      }),
    );
  };
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, caption), fitted(draw), legend());
}

/** What the marks of the intervals mean. */
function legend() {
  const bar = (/** @type {string} */ look) => svg("rect", { class: look, x: 1, y: 1, width: 24, height: 8, rx: 2 });
  const dot = (/** @type {string} */ look) => svg("circle", { class: look, cx: 13, cy: 5, r: 3 });
  const line = (/** @type {HTMLElement[]} */ ...marks) => element("p", { class: "llm-legend" }, ...marks);
  return element(
    "div",
    {},
    line(sample("0 lies in the interval: not found", bar("llm-holds")), sample("0 does not: found", bar("llm-leaves-out"))),
    line(sample(`one of ${DRAWN.length} such tests, in the right order`, dot("llm-bar-within")), sample("in the wrong order", dot("llm-bar-beyond"))),
  );
}

/** @param {Asked} asked */
function table({ difference, deviation, items }) {
  const lines = KINDS.map(([kind, name]) => {
    const order = difference === 0 ? "–" : `${format(100 * chanceOfRightOrder(difference, deviation[kind], items), 1)} %`;
    return tableRow(name, [format((100 * deviation[kind]) / Math.sqrt(items), 2), order]);
  });
  return captionedTable(`A test of ${inItems(items)}`, ["", "standard error, points", "right order"], lines, "llm-dense-rows");
}
