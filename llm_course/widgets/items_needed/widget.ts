/** How many items it takes to tell two models apart, in separate tests and in the same one. */

import { element, setTrait, slider, sliderField, svg, traitChoice, traitSlider, typedNumber } from "../ui/dom.ts";
import { calculator } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { widthOf } from "../ui/labels.ts";
import { format, normal, randomNumbers } from "../models/numbers.ts";
import { fitted, linePlot, sample, short } from "../ui/plot.ts";
import { chanceOfRightOrder, deviations, disagreementOf, itemsNeeded, normalQuantile } from "./statistics.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const TRAITS = ["first", "second", "likeness", "items", "confidence", "power"];
const CONFIDENCES = [0.8, 0.9, 0.95, 0.99];
const POWERS = [0.5, 0.8, 0.9, 0.99];
/** Whether the models get items of their own. */
const KINDS = [["unpaired", "separate tests"], ["paired", "the same test"]] as const;
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

/** By how many standard errors each test is off, and how far down its dot lies. */
function drawnTests(count: number, uniform: () => number) {
  return Array.from({ length: count }, () => ({ off: normal(uniform), down: uniform() }));
}

function fields(model: Model) {
  const percent = (share: number) => `${format(100 * share, 1)} %`;
  const set = (trait: string) => (value: number) => setTrait(model, trait, value);
  const pick = (label: string, trait: string, values: number[]) => traitChoice(model, trait, label, values.map((value) => [value, `${100 * value} %`]));
  let wanted = model.get("first") - model.get("second");
  const apart = sliderField(
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
    apart.write(model.get("first") - second);
  }

  return [
    slider("First model right", { min: LEAST, max: MOST_RIGHT, step: 0.005, value: model.get("first"), format: percent }, (value) => {
      set("first")(value);
      follow();
    }),
    apart.node,
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

function inPoints(share: number) {
  return format(100 * share, 1);
}

function itemsOf(power: number) {
  return Math.round(10 ** power);
}

/** What is asked, and what follows from it. */
function comparisonOf(model: Model) {
  const [first, second, likeness, items, confidence, power] = TRAITS.map((trait) => model.get(trait));
  const difference = first - second;
  const disagreement = disagreementOf(first, second, likeness);
  const deviation = deviations({ first, second, disagreement });
  const needed = (of: number) => (difference === 0 ? Infinity : itemsNeeded(difference, of, confidence, power));
  const reach = normalQuantile((1 + confidence) / 2);
  const ends = (of: number) => [-1, 1].map((side) => 100 * (difference + (side * reach * of) / Math.sqrt(items)));
  return {
    second, difference, disagreement, deviation, items, confidence, power,
    far: reach + normalQuantile(power), // so many standard errors away, a difference is found in that share of tests
    needed: { unpaired: needed(deviation.unpaired), paired: needed(deviation.paired) },
    ends: { unpaired: ends(deviation.unpaired), paired: ends(deviation.paired) },
  };
}

type Asked = ReturnType<typeof comparisonOf>;

function inItems(count: number) {
  return count === Infinity ? "no number of items" : count === 1 ? "1 item" : `${count.toLocaleString("en")} items`;
}

function sentence({ difference, disagreement, deviation }: Asked) {
  if (difference === 0) return "Both models are right equally often: no test can find a difference.";
  const times = format((deviation.unpaired / deviation.paired) ** 2, 1);
  const many = times === "1.0" ? "as many items" : `${times} times as many items`;
  return `A difference of ${points(difference)} takes ${many} in separate tests as in the same one, where the models disagree on ${format(100 * disagreement, 1)}\u00a0% of items.`;
}

function figures(now: Asked, before: Asked | undefined) {
  const written = (count: number) => (count === Infinity ? "–" : count.toLocaleString("en"));
  const shown: [string, (of: Asked) => string][] = [
    ["second model right", ({ second }) => `${format(100 * second, 1)} %`],
    ["items, separate tests", ({ needed }) => written(needed.unpaired)],
    ["items, the same test", ({ needed }) => written(needed.paired)],
  ];
  return keyFigures(shown, now, before, true);
}

function points(difference: number) {
  const value = format(100 * Math.abs(difference), 1);
  return `${value} ${value === "1.0" ? "point" : "points"}`;
}

/** Equal factors are equally high: a power of ten. */
function heightOf(points: number) {
  return Math.log10(points / DIFFERENCES[0]);
}

/** The smallest difference that a test of so many items finds; where it meets the difference asked for, the items are enough. */
function plot({ difference, deviation, items, far, power, needed }: Asked, before: Asked | undefined) {
  const height = (share: number) => heightOf(100 * Math.abs(share));
  const shown = DIFFERENCES.map(heightOf) as [number, number];
  const found = (of: number, distance = far) =>
    PLOTTED.map((at) => [at, height((distance * of) / Math.sqrt(10 ** at))] as [number, number]).filter(([, value]) => value >= shown[0] && value <= shown[1]);
  const level = (share: number) => (share === 0 ? [] : [FEWEST, MOST].map((at) => [at, height(share)] as [number, number]));
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
 */
function intervals({ difference, deviation, items, confidence, ends }: Asked) {
  const rows = KINDS.map(([kind, name]) => ({ name, ends: ends[kind], error: (100 * deviation[kind]) / Math.sqrt(items), text: ends[kind].map((end) => format(end, Math.abs(end) < 0.05 ? 2 : 1)).join(" to ") }));
  const { from: least, to: most, room: step } = AXES.find(({ from, to, room }) => 100 * difference >= from + room - 1e-9 && 100 * difference <= to - room + 1e-9) ?? AXES[AXES.length - 1];
  const caption = `${100 * confidence} % interval of a test of ${inItems(items)} that measures the true difference, in points`;
  const marks = Array.from({ length: (most - least) / step + 1 }, (_, i) => least + step * i);
  const draw = (width: number) => {
    const [left, right] = [20 + widthOf(WIDEST), width - 16];
    const toX = (value: number) => left + ((Math.min(most, Math.max(least, value)) - least) / (most - least)) * (right - left);
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
  const bar = (look: string) => svg("rect", { class: look, x: 1, y: 1, width: 24, height: 8, rx: 2 });
  const dot = (look: string) => svg("circle", { class: look, cx: 13, cy: 5, r: 3 });
  const line = (...marks: HTMLElement[]) => element("p", { class: "llm-legend" }, ...marks);
  return element(
    "div",
    {},
    line(sample("0 lies in the interval: not found", bar("llm-holds")), sample("0 does not: found", bar("llm-leaves-out"))),
    line(sample(`one of ${DRAWN.length} such tests, in the right order`, dot("llm-bar-within")), sample("in the wrong order", dot("llm-bar-beyond"))),
  );
}

function table({ difference, deviation, items }: Asked) {
  const lines = KINDS.map(([kind, name]) => {
    const order = difference === 0 ? "–" : `${format(100 * chanceOfRightOrder(difference, deviation[kind], items), 1)} %`;
    return tableRow(name, [format((100 * deviation[kind]) / Math.sqrt(items), 2), order]);
  });
  return captionedTable(`A test of ${inItems(items)}`, ["", "standard error, points", "right order"], lines, "llm-dense-rows");
}
