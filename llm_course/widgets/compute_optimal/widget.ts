/** How to split a budget of compute between parameters and tokens, and what changes when the model is used afterwards. */

import { memory } from "../ui/before.ts";
import { announcement, button, choice, columns, element, setTrait, traitChoice, traitSlider, typedNumber } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { countInWords, inWords } from "../models/parameters.ts";
import { linePlot, type Points } from "../ui/plot.ts";
import { costOfLife, fittedLoss, LIMIT, lowest, runsOfCost, sizesBetween, tokensWithLowest, twentyForEach, type Run } from "./scaling.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const OWN = "own";
/** As published. */
const PUBLISHED: Record<string, Run> = {
  "GPT-3": { parameters: 175e9, tokens: 300e9 },
  Gopher: { parameters: 280e9, tokens: 300e9 },
  Chinchilla: { parameters: 70e9, tokens: 1.4e12 },
  "LLaMA 7B": { parameters: 6.7e9, tokens: 1e12 },
  "Llama 3 8B": { parameters: 8e9, tokens: 15e12 },
  "Llama 3 405B": { parameters: 405e9, tokens: 15.6e12 },
};
/** Where their names stand, in pixels to the right of their dots and down: as the dots do, they stay in their places. */
const NAMED_AT: Record<string, [right: number, down: number]> = { "GPT-3": [-3, -13], Gopher: [9, 17], Chinchilla: [-14, 36], "LLaMA 7B": [0, -30], "Llama 3 8B": [-14, 26], "Llama 3 405B": [0, 32] };
const SERVED = [0, 1e11, 1e12, 3e12, 1e13, 3e13, 1e14, 1.5e14, 2e14, 1e15];
/** Powers of ten. */
const [BUDGETS, SIZES] = [{ min: 17, max: 28 }, { min: 6, max: 13 }];
/** Powers of ten of sizes that the lowest point is looked for between: for the largest budget it is none to choose. */
const SEARCHED = { from: 5, to: 16 };
/**
 * The chart shows these sizes (as powers of ten) and losses, whatever is set: what changes is then seen to move. Losses
 * are spread out towards their limit, so that the bowls of small and of large budgets are equally wide and deep.
 */
const SHOWN = { sizes: [6, 13.4] as [number, number], losses: [1.842, 5] };
const LOSSES_MARKED = [1.85, 1.9, 2, 2.2, 2.5, 3, 4];
/** Budgets in gray behind the reader's own, as powers of ten, and how far from it. */
const OTHER_BUDGETS = [18, 20, 22, 24, 26];
const APART = 0.4;
/** Of the width: two dots that are nearer would cover each other, and are one with two names. */
const DOTS_APART = 0.015;
/** FLOPs in a second of an H100 at work, as in the chapter. */
const SPEED = 4e14;

export default widget(
  {
    title: "A budget of compute, split",
    tryThis: [
      { say: "Try Gopher: how many times too large is it, and how much higher is its loss than the lowest?", set: traitsOf(PUBLISHED.Gopher) },
      { say: "This is Chinchilla. Press “ten times” twice. By how much do parameters and tokens of the lowest point grow?", set: traitsOf(PUBLISHED.Chinchilla) },
      { say: "This is Llama 3 8B. Raise the tokens served: from how many on is its size the best of those that cost as much over their lives?", set: traitsOf(PUBLISHED["Llama 3 8B"]) },
    ],
    followsTraits: true,
  },
  (model, body) => {
    const names = Object.keys(PUBLISHED);
    const start = choice("Start from", [[OWN, "sizes of your own"], ...names.map((name) => [name, name] as [string, string])], OWN, (name) => {
      if (name in PUBLISHED) setAll(model, traitsOf(PUBLISHED[name]));
    });
    const started = start.querySelector("select") as HTMLSelectElement;
    const said = announcement();
    const curve = element("div");
    const ways = element("div");
    const remember = memory() as (now: Points) => Points | undefined;
    body.append(columns([element("div", { class: "llm-controls" }, start, ...fields(model))], [curve]), said, ways);
    for (const trait of ["budget", "parameters", "served"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const chosen = runOf(model);
      const served = model.get("served");
      const cost = costOfLife(chosen, served);
      const best = lowest(runsOfCost(cost, served, sizesBetween(SEARCHED.from, SEARCHED.to, 100)));
      const above = fittedLoss(chosen) - best.loss;
      const isFar = isSeen(at(chosen)) ? "" : ", too far for the chart";
      said.textContent = `Chosen: ${sentence(chosen)} It is ${timesAsLarge(chosen, best)}, ${above < 0.001 ? "less than 0.001" : format(above, 3)} above it for as much compute${served ? " over a life" : ""}${isFar}.${served ? ` At ${inWords(cost / (2 * served))}, serving takes all of it.` : ""}`;
      const points = bowl(cost, served, chosen);
      const before = remember(points);
      started.value = publishedAs(chosen) ?? OWN;
      curve.replaceChildren(plot(model, points, before, best, cost));
      ways.replaceChildren(table(model, best));
    }
  },
);

/** A published run, before any token is served. */
function traitsOf(run: Run) {
  return { budget: Math.log10(costOfLife(run, 0)), parameters: Math.log10(run.parameters), served: 0 };
}

function runOf(model: Model): Run {
  const parameters = 10 ** model.get("parameters");
  return { parameters, tokens: 10 ** model.get("budget") / (6 * parameters) };
}

function setAll(model: Model, values: Record<string, number>) {
  for (const [trait, value] of Object.entries(values)) model.set(trait, value);
  model.save_changes();
}

function fields(model: Model) {
  const multiply = (power: number) => () => setTrait(model, "budget", within(model.get("budget") + power, BUDGETS));
  const written = (value: number) => (10 ** value).toExponential(1).replace("+", "");
  const counts = [...new Set([...SERVED, model.get("served")])].sort((a, b) => a - b);
  return [
    // Any step, so that a published run keeps its exact size.
    traitSlider(model, "budget", "Budget in FLOPs", { ...BUDGETS, step: "any", format: written, parse: (text) => Math.log10(typedNumber(text)) }),
    element("div", { class: "llm-chips" }, button("a tenth", multiply(-1)), button("ten times", multiply(1))),
    traitSlider(model, "parameters", "Parameters", { ...SIZES, step: "any", format: (value) => inWords(10 ** value), parse: (text) => Math.log10(countInWords(text)) }),
    traitChoice(model, "served", "Tokens served in its life", counts.map((count) => [count, count ? inWords(count) : "none"])),
  ];
}

function within(value: number, { min, max }: { min: number, max: number }) {
  return Math.min(max, Math.max(min, value));
}

function timesAsLarge(chosen: Run, best: Run) {
  const times = chosen.parameters / best.parameters;
  const count = times < 0.01 ? "under 0.01" : times >= 1000 ? inWords(times) : format(times, times < 0.95 ? 2 : times < 10 ? 1 : 0);
  return `${count} times as large as the lowest`;
}

function sentence(run: Run) {
  return `${inWords(run.parameters)} parameters on ${inWords(run.tokens)} tokens, ${ratio(run)} for each, loss ${format(fittedLoss(run), 3)}.`;
}

function ratio({ parameters, tokens }: Run) {
  if (tokens < 0.01 * parameters) return "under 0.01";
  if (tokens < parameters) return format(tokens / parameters, 2);
  if (tokens > 1e6 * parameters) return inWords(tokens / parameters);
  return tokens < 10 * parameters ? format(tokens / parameters, 1) : Math.round(tokens / parameters).toLocaleString("en");
}

/** The name of the published model that a run is, if any. */
function publishedAs(run: Run) {
  const isSame = (one: number, other: number) => Math.abs(one / other - 1) < 1e-6;
  const found = Object.entries(PUBLISHED).find(([, { parameters, tokens }]) => isSame(parameters, run.parameters) && isSame(tokens, run.tokens));
  return found?.[0];
}

/** Where a run is in the chart. */
function at(run: Run): [power: number, height: number] {
  return [Math.log10(run.parameters), heightOf(fittedLoss(run))];
}

function heightOf(loss: number) {
  return Math.log10(loss - LIMIT);
}

function isSeen([power, height]: [power: number, height: number]) {
  const [least, most] = SHOWN.losses.map(heightOf);
  return power >= SHOWN.sizes[0] && power <= SHOWN.sizes[1] && height >= least && height <= most;
}

/**
 * The part in the chart of the line of all runs that cost the same over their lives.
 * @param chosen  Its own size is one of them.
 */
function bowl(cost: number, served: number, chosen?: Run): Points {
  const sizes = [...sizesBetween(...SHOWN.sizes, chosen ? 200 : 40), ...(chosen ? [chosen.parameters] : [])].sort((a, b) => a - b);
  return runsOfCost(cost, served, sizes).map(at).filter(isSeen);
}

/** @param cost  Of the chosen run's life. */
function plot(model: Model, points: Points, before: Points | undefined, best: Run & { loss: number }, cost: number) {
  const chosen = runOf(model);
  const seen = Object.entries(PUBLISHED).filter(([, run]) => isSeen(at(run)));
  const itself = seen.find(([name]) => name === publishedAs(chosen));
  const isHere = isSeen(at(chosen)) && Math.abs(at(chosen)[0] - at(best)[0]) < DOTS_APART * (SHOWN.sizes[1] - SHOWN.sizes[0]);
  const toSize = ([power]: Points[0]) => setTrait(model, "parameters", within(power, SIZES));
  const toBudget = ([power]: Points[0]) => setTrait(model, "budget", budgetWithLowest(10 ** power, model));
  const ofBest = { at: at(isHere ? chosen : best), name: "lowest", below: true, look: isHere ? 3 : 0, onDrag: isHere ? undefined : toBudget };
  const ofChosen = { at: at(chosen), name: itself ? `chosen: ${itself[0]}` : "chosen", look: 3, isAlwaysNamed: true, onDrag: toSize, beside: itself && NAMED_AT[itself[0]] };
  const others = OTHER_BUDGETS.filter((power) => Math.abs(power - Math.log10(cost)) > APART);
  return linePlot({
    title: `Loss by size, for your budget (blue${before ? "; pale: before" : ""}; drag its dots) and others (gray). Pale dots: published models, each of its own budget`,
    x: "parameters",
    y: `fitted loss, never below ${LIMIT}`,
    series: [...others.map((power) => ({ name: "", points: bowl(10 ** power, 0), look: 4, aside: `1e${power} FLOPs` })), { name: "", points, before, look: 0 }],
    dots: [
      ...(isSeen(at(chosen)) ? [ofChosen, ofBest] : [ofBest]),
      ...seen.filter((one) => one !== itself).map(([name, run]) => ({ at: at(run), name, pale: true, beside: NAMED_AT[name] })),
    ],
    xTick: countOf,
    xTicks: Array.from({ length: 8 }, (_, i) => SHOWN.sizes[0] + i),
    xRange: SHOWN.sizes,
    yTick: (height) => format(LIMIT + 10 ** height, 2).replace(/0$/, ""),
    yTicks: LOSSES_MARKED.map(heightOf),
    yRange: SHOWN.losses.map(heightOf) as [number, number],
    height: 300,
    tracesAreNamed: true,
  });
}

/** The budget, as a power of ten, whose lowest loss a size has. */
function budgetWithLowest(parameters: number, model: Model) {
  const served = model.get("served");
  const cost = costOfLife({ parameters, tokens: tokensWithLowest(parameters, served) }, served);
  return within(Math.log10(Math.max(1, cost - 2 * runOf(model).parameters * served)), BUDGETS);
}

/** A power of ten on the axis: "10 M", "1,000 T". */
function countOf(power: number) {
  const unit = Math.min(4, Math.floor(power / 3));
  return `${(10 ** (power - 3 * unit)).toLocaleString("en")} ${["", "K", "M", "B", "T"][unit]}`;
}

function table(model: Model, best: Run) {
  const chosen = runOf(model);
  const served = model.get("served");
  const rows = [
    ["chosen", chosen],
    ["lowest", best],
    ["20 tokens for each", twentyForEach(costOfLife(chosen, served), served)],
  ] as [string, Run][];
  const days = (run: Run) => costOfLife(run, 0) / (1000 * SPEED) / 86_400;
  const measures: [string, (run: Run) => string][] = [
    ["parameters", (run) => inWords(run.parameters)],
    ["tokens", (run) => inWords(run.tokens)],
    ["tokens for each", ratio],
    ["loss", (run) => format(fittedLoss(run), 3)],
  ];
  const lines = measures.map(([name, of]) => tableRow(name, rows.map(([, run]) => of(run))));
  const inDays = (run: Run) => (days(run) < 0.1 ? "under 0.1" : days(run) < 100 ? format(days(run), 1) : Math.round(days(run)).toLocaleString("en"));
  const training = tableRow("days on 1,000 H100 GPUs", served ? rows.map(([, run]) => inDays(run)) : [`${inDays(chosen)}, whichever way`]);
  // Where nothing is served, all cost the same training.
  if (!served) training.lastElementChild?.setAttribute("colspan", String(rows.length));
  lines.push(training);
  const caption = served ? "Ways to spend as much over a life" : "Ways to spend it";
  return captionedTable(caption, ["", ...rows.map(([name]) => name)], lines, "llm-ways");
}
