/** How many items a test needs to tell two models apart, with items of their own and with the same ones. */

import { calculator, choice, element, setTrait, slider } from "./js/dom.js";
import { keyFigures } from "./js/key_figures.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { chanceOfRightOrder, deviations, disagreementOf, itemsNeeded, normalQuantile } from "./js/statistics.js";
import { captionedTable, tableRow } from "./js/table.js";

/** @import { Model } from "./js/types.js" */

const TRAITS = ["first", "second", "likeness", "items", "confidence", "power"];
const CONFIDENCES = [0.8, 0.9, 0.95, 0.99];
const POWERS = [0.5, 0.8, 0.9, 0.99];
/** Items of a test, as powers of ten. */
const FEWEST = 1;
const MOST = 5;
const PLOTTED = Array.from({ length: 41 }, (_, i) => FEWEST + (i * (MOST - FEWEST)) / 40);

export default calculator(
  {
    title: "How many items for this difference?",
    tryThis: [
      "Move both models up, 2 points apart as before, until the better one is right on 98 %. Do they take more items, or fewer? Why?",
      "Move the likeness to its right end. Two versions of one model are often that alike: what do the same items save then?",
      "Set the test to 164 items, the size of HumanEval. How far must the second model fall behind before the interval leaves out 0?",
    ],
  },
  { traits: TRAITS, fields, compute: comparisonOf, sentence, pictures: [figures, plot, table] },
);

/** @param {Model} model */
function fields(model) {
  const percent = (/** @type {number} */ share) => `${format(100 * share, 1)} %`;
  const set = (/** @type {string} */ trait) => (/** @type {number} */ value) => setTrait(model, trait, value);
  const pick = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {number[]} */ values, /** @type {string} */ unit) =>
    choice(label, values.map((value) => [String(value), `${100 * value} %${unit}`]), String(model.get(trait)), (value) => set(trait)(Number(value)));
  return [
    slider("First model right", { min: 0.01, max: 0.99, step: 0.005, value: model.get("first"), format: percent }, set("first")),
    slider("Second model right", { min: 0.01, max: 0.99, step: 0.005, value: model.get("second"), format: percent }, set("second")),
    slider("Likeness of the two", { min: 0, max: 1, step: 0.01, value: model.get("likeness"), format: (share) => `${Math.round(100 * share)} %` }, set("likeness")),
    slider(
      "Items in the test",
      { min: FEWEST, max: MOST, step: 0.001, value: Math.log10(model.get("items")), format: (power) => itemsOf(power).toLocaleString("en") },
      (power) => set("items")(itemsOf(power)),
    ),
    pick("Confidence", "confidence", CONFIDENCES, ""),
    pick("Found in", "power", POWERS, " of tests"),
  ];
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
  return {
    difference, disagreement, deviation, items, confidence, power, reach,
    far: reach + normalQuantile(power), // so many standard errors away, a difference is found in that share of tests
    needed: { unpaired: needed(deviation.unpaired), paired: needed(deviation.paired) },
  };
}

/** @typedef {ReturnType<typeof comparisonOf>} Asked */

/** @param {number} count */
function inItems(count) {
  return count === Infinity ? "no number of items" : count === 1 ? "1 item" : `${count.toLocaleString("en")} items`;
}

/** @param {Asked} asked */
function sentence({ difference, disagreement, confidence, power, needed }) {
  if (difference === 0) return "Both models are right equally often: no test can find a difference.";
  return (
    `A difference of ${points(difference)} takes ${inItems(needed.unpaired)} for each model, or ${inItems(needed.paired)} that both get ` +
    `(they disagree on ${format(100 * disagreement, 1)} %). Then ${100 * power} % of tests find it: 0 lies outside their ${100 * confidence} % interval.`
  );
}

/**
 * @param {Asked} now
 * @param {Asked | undefined} before
 */
function figures(now, before) {
  const written = (/** @type {number} */ count) => (count === Infinity ? "–" : count.toLocaleString("en"));
  /** @type {[string, (of: Asked) => string][]} */
  const shown = [
    ["points apart", ({ difference }) => format(100 * Math.abs(difference), 1)],
    ["items, others for each", ({ needed }) => written(needed.unpaired)],
    ["items, the same", ({ needed }) => written(needed.paired)],
  ];
  return keyFigures(shown, now, before);
}

/** @param {number} difference */
function points(difference) {
  const value = format(100 * Math.abs(difference), 1);
  return `${value} ${value === "1.0" ? "point" : "points"}`;
}

/**
 * The smallest difference that a test of so many items finds; where it meets the difference asked for, the items are enough.
 * @param {Asked} asked
 * @param {Asked | undefined} before
 */
function plot({ difference, deviation, items, far, power, needed }, before) {
  const size = 100 * Math.abs(difference);
  const highest = Math.min(50, Math.max(5, 4 * size));
  const found = (/** @type {number} */ of, distance = far) =>
    PLOTTED.map((at) => /** @type {[number, number]} */ ([at, (100 * distance * of) / Math.sqrt(10 ** at)])).filter(([, value]) => value <= highest);
  const ends = [needed.unpaired, needed.paired].map(Math.log10).filter((at) => at >= FEWEST && at <= MOST);
  return linePlot({
    title: `The smallest difference that ${100 * power} % of tests find, by their items`,
    x: "items in the test",
    y: "points",
    series: [
      { name: "other items for each", points: found(deviation.unpaired), before: before && found(before.deviation.unpaired, before.far) },
      { name: "the same items", points: found(deviation.paired), before: before && found(before.deviation.paired, before.far) },
      { name: "the difference", points: [[FEWEST, size], [MOST, size]] },
    ],
    dots: difference === 0 ? [] : ends.map((at, i) => ({ at: [at, size], name: Math.round(10 ** at).toLocaleString("en"), below: i === 1 })),
    marker: Math.log10(items),
    markerName: "this test",
    xTicks: [1, 2, 3, 4, 5],
    xTick: (at) => (10 ** at).toLocaleString("en"),
    yRange: [0, highest],
    height: 250,
  });
}

/** @param {Asked} asked */
function table({ difference, deviation, items, confidence, reach }) {
  const names = ["", "Standard error", `${100 * confidence} % interval`, "Right order"];
  const lines = /** @type {const} */ (["unpaired", "paired"]).map((kind) => {
    const error = deviation[kind] / Math.sqrt(items);
    const ends = [difference - reach * error, difference + reach * error].map((end) => format(100 * end, 1));
    const order = difference === 0 ? "–" : `${format(100 * chanceOfRightOrder(difference, deviation[kind], items), 1)} %`;
    const cells = [format(100 * error, 2), `${ends[0]} to ${ends[1]}`, order];
    const name = kind === "paired" ? "the same items" : "other items for each";
    return tableRow(name, cells);
  });
  return captionedTable(`A test of ${inItems(items)}, in points`, names, lines);
}
