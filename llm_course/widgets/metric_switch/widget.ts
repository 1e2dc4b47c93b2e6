/** The same models and the same answers under three rulers: where a jump comes from. */

import { memory } from "../ui/before.ts";
import { announcement, element, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { exactMatch, lastWithout, logProbability, riseUntil, tokensRight, type Answers } from "./metrics.ts";
import { format } from "../models/numbers.ts";
import { linePlot, type Series } from "../ui/plot.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { percent } from "../ui/token_bars.ts";

/** One row of models: a training run, or models of several sizes. */
export interface Run {
  name: string;
  answers: Answers[]; // One for each place of the axis.
}

interface View {
  name: string;
  axis: string; // What the models differ in.
  places: number[];
  logarithmic: boolean; // Whether places grow by factors.
  runs: Run[];
}

interface Metric {
  name: string;
  unit: string;
  of: (answers: Answers, length: number) => number;
  range?: [number, number];
}

const METRICS: Metric[] = [
  { name: "exact match", unit: "share of answers", of: exactMatch, range: [0, 1] },
  { name: "tokens right", unit: "share of tokens", of: tokensRight, range: [0, 1] },
  { name: "log-probability", unit: "nats per token", of: logProbability },
];
const HEIGHT = 244;
/** An exact match under which a model seems to have learned nothing. */
const NOTHING = 0.05;
/** The gray look of a line. */
const OTHER_SEEDS = 4;
/** At the left of the first model, as a share of the axis: a stretch that ends there is seen. */
const MARGIN = 0.06;
/** Ticks of an axis at the most. */
const TICKS = 4;

export default widget(
  {
    title: "The same models, another ruler",
    tryThis: [
      "Move the length from 1 to its end and watch the first ruler. When does the ability seem to appear?",
      "Set the length to 10. Shaded: where exact match sees nothing. How much of their whole rise do the other two rulers show there?",
      "Keep the length at 10 and choose a model while it is trained: poems, then copied lines. In which of the two is the jump the ruler's, and in which the model's? Each seed jumps in its own place.",
    ],
  },
  (model, body) => {
    const views = model.get("views") as View[];
    const longest = views[0].runs[0].answers[0].tokens_right.length;
    const said = announcement("llm-two-lines");
    const key = element("p", { class: "llm-note" });
    const results = element("div", { class: "llm-row llm-rulers" });
    const numbers = element("div");
    const chosen = traitChoice(model, "view", "Models", views.map(({ name }, i) => [i, name]));
    chosen.classList.add("llm-long");
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        chosen,
        traitSlider(model, "length", "Tokens in the answer", { min: 1, max: longest, step: 1 }),
      ),
      said,
      key,
      results,
      element("details", {}, element("summary", {}, "The numbers"), numbers),
    );
    const remember = memory() as (now: Shown) => Shown | undefined;
    for (const trait of ["view", "length"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const now = { view: views[model.get("view")], length: model.get("length") };
      const before = remember(now);
      const former = before?.view === now.view ? before.length : undefined; // lines of other models are no trace of these
      said.textContent = sentence(now);
      const seeds = now.view.runs.length > 1 ? [`Blue: ${now.view.runs[0].name}. Gray: other seeds.`] : [];
      key.textContent = [shadedSaid(blindOf(now)), ...seeds, ...(former && former !== now.length ? [`Pale: answers of ${former}.`] : [])].join(" ");
      results.replaceChildren(...METRICS.map((metric) => plot(metric, now, former)));
      numbers.replaceChildren(table(now));
    }
  },
);

/** @param blind  The last model in which exact match sees nothing, or -1. */
function shadedSaid(blind: number) {
  if (blind < 0) return "Nothing is shaded: exact match sees every model.";
  const under = `Shaded: exact match under ${percent(NOTHING)}`;
  return blind === 0 ? `${under}, in the first model only.` : `${under}; above it, how much of the ruler's whole rise lies there.`;
}

type Shown = { view: View, length: number };

function valuesOf({ of }: Metric, run: Run, length: number) {
  return run.answers.map((one) => of(one, length));
}

/** The last place up to which exact match sees nothing; -1 where it sees the first model already. */
function blindOf({ view, length }: Shown) {
  return lastWithout(valuesOf(METRICS[0], view.runs[0], length), NOTHING);
}

/** What the other rulers say where exact match sees nothing yet: a slope that it hides, or nothing either. */
function sentence({ view, length }: Shown) {
  const first = view.runs[0];
  const of = `Answers of ${length} ${length === 1 ? "token" : "tokens"}${view.runs.length > 1 ? `, ${first.name}` : ""}`;
  const tokens = valuesOf(METRICS[1], first, length);
  const last = blindOf({ view, length });
  if (last < 0) return `${of}: exact match sees every one of the models.`;
  return `${of}: up to ${short(view.places[last])} ${view.axis}, exact match stays under ${percent(NOTHING)}. There, ${percent(tokens[last])} of the tokens are right.`;
}

function plot(metric: Metric, { view, length }: Shown, formerLength: number | undefined) {
  const at = (place: number) => (view.logarithmic ? Math.log10(place) : place);
  const points = (values: number[]) => values.map((value, i) => [at(view.places[i]), value] as [number, number]);
  const series: Series[] = view.runs.map((run, i) => ({
    name: "", // a note above the plots tells of the seeds
    look: i === 0 ? 0 : OTHER_SEEDS,
    points: points(valuesOf(metric, run, length)),
    before: formerLength && i === 0 ? points(valuesOf(metric, run, formerLength)) : undefined,
  })).reverse(); // the first one lies on top
  if (metric.of === exactMatch) {
    const power = view.runs[0].answers.map((one) => tokensRight(one, length) ** length);
    series.push({ name: "if tokens were independent", look: 1, points: points(power) });
  }
  const blind = blindOf({ view, length });
  const [first, last] = [view.places[0], view.places[view.places.length - 1]].map(at);
  const left = first - MARGIN * (last - first);
  const risen = percent(riseUntil(valuesOf(metric, view.runs[0], length), blind));
  return linePlot({
    title: metric.name[0].toUpperCase() + metric.name.slice(1),
    x: `${view.axis}${view.logarithmic ? ", by factors" : ""}`,
    y: metric.unit,
    series,
    band: blind < 0 ? undefined : [left, at(view.places[blind])],
    markerName: blind < 0 ? undefined : blind === 0 ? "" : risen, // up to the first model nothing can have risen
    xRange: [left, last],
    bandNameAbove: true, // beside it, it would stand in another place in each of the three
    xTicks: sparse(view.places).map(at),
    xTick: (value) => short(view.logarithmic ? 10 ** value : value),
    yRange: metric.range,
    height: HEIGHT,
    tracesAreNamed: true,
  });
}

/** Some of the places, the first and the last among them. */
function sparse(places: number[]) {
  const count = Math.min(TICKS, places.length);
  return Array.from({ length: count }, (_, i) => places[Math.round((i * (places.length - 1)) / Math.max(1, count - 1))]);
}

/** 25,600 as 26K. */
function short(value: number) {
  if (value >= 999_500) return `${Number((value / 1e6).toPrecision(2))}M`;
  return value >= 1000 ? `${Number((value / 1000).toPrecision(2))}K` : String(Math.round(value));
}

function table({ view, length }: Shown) {
  const caption = `Answers of ${length} ${length === 1 ? "token" : "tokens"}`;
  const rows = METRICS.flatMap((metric) => view.runs.map((run) => {
    const cells = valuesOf(metric, run, length).map((value) => format(value, metric.range ? 3 : 2));
    return tableRow(`${metric.name}, ${run.name}`, cells);
  }));
  const head = [element("th", { scope: "row" }, view.axis), ...view.places.map((place) => place.toLocaleString("en"))];
  return captionedTable(caption, head, rows);
}
