/** How to split a budget of compute between parameters and tokens, and what changes when the model is used afterwards. */

import { memory } from "../ui/before.js";
import { announcement, button, choice, columns, element, setTrait, traitSlider, typedNumber } from "../ui/dom.js";
import { widget } from "../ui/frame.js";
import { format } from "../models/numbers.js";
import { countInWords, inWords } from "../models/parameters.js";
import { linePlot } from "../ui/plot.js";
import { costOfLife, fittedLoss, LIMIT, lowest, runsOfCost, sizesBetween, tokensWithLowest, twentyForEach } from "./scaling.js";
import { captionedTable, tableRow } from "../ui/table.js";

/** @import { Model } from "../ui/types.js" */
/** @import { Points } from "../ui/plot.js" */
/** @import { Run } from "./scaling.js" */

const OWN = "own";
/** As published. @type {Record<string, Run>} */
const PUBLISHED = {
  "GPT-3": { parameters: 175e9, tokens: 300e9 },
  Gopher: { parameters: 280e9, tokens: 300e9 },
  Chinchilla: { parameters: 70e9, tokens: 1.4e12 },
  "LLaMA 7B": { parameters: 6.7e9, tokens: 1e12 },
  "Llama 3 8B": { parameters: 8e9, tokens: 15e12 },
  "Llama 3 405B": { parameters: 405e9, tokens: 15.6e12 },
};
/**
 * Where their names stand, in pixels to the right of their dots and down: as the dots do, they stay in their places.
 * @type {Record<string, [right: number, down: number]>}
 */
const NAMED_AT = { "GPT-3": [-3, -13], Gopher: [9, 17], Chinchilla: [-14, 36], "LLaMA 7B": [0, -30], "Llama 3 8B": [-14, 26], "Llama 3 405B": [0, 32] };
const SERVED = [0, 1e11, 1e12, 3e12, 1e13, 3e13, 1e14, 1.5e14, 2e14, 1e15];
/** Powers of ten. */
const [BUDGETS, SIZES] = [{ min: 17, max: 28 }, { min: 6, max: 13 }];
/** Powers of ten of sizes that the lowest point is looked for between: for the largest budget it is none to choose. */
const SEARCHED = { from: 5, to: 16 };
/**
 * The chart shows these sizes (as powers of ten) and losses, whatever is set: what changes is then seen to move. Losses
 * are spread out towards their limit, so that the bowls of small and of large budgets are equally wide and deep.
 */
const SHOWN = { sizes: /** @type {[number, number]} */ ([6, 13.4]), losses: [1.842, 5] };
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
    const start = choice("Start from", [[OWN, "sizes of your own"], ...names.map((name) => /** @type {[string, string]} */ ([name, name]))], OWN, (name) => {
      if (name in PUBLISHED) setAll(model, traitsOf(PUBLISHED[name]));
    });
    const started = /** @type {HTMLSelectElement} */ (start.querySelector("select"));
    const said = announcement();
    const curve = element("div");
    const ways = element("div");
    const remember = /** @type {(now: Points) => Points | undefined} */ (memory());
    body.append(columns([element("div", { class: "llm-controls" }, start, ...fields(model))], [curve]), said, ways);
    for (const trait of ["budget", "parameters", "served", "own"]) model.on(`change:${trait}`, show);
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

/**
 * A published run, before any token is served.
 * @param {Run} run
 */
function traitsOf(run) {
  return { budget: Math.log10(costOfLife(run, 0)), parameters: Math.log10(run.parameters), served: 0 };
}

/**
 * @param {Model} model
 * @returns {Run}
 */
function runOf(model) {
  const parameters = 10 ** model.get("parameters");
  return { parameters, tokens: 10 ** model.get("budget") / (6 * parameters) };
}

/**
 * @param {Model} model
 * @param {Record<string, number>} values
 */
function setAll(model, values) {
  for (const [trait, value] of Object.entries(values)) model.set(trait, value);
  model.save_changes();
}

/** @param {Model} model */
function fields(model) {
  const multiply = (/** @type {number} */ power) => () => setTrait(model, "budget", within(model.get("budget") + power, BUDGETS));
  const written = (/** @type {number} */ value) => (10 ** value).toExponential(1).replace("+", "");
  const counts = [...new Set([...SERVED, model.get("served")])].sort((a, b) => a - b);
  const served = choice("Tokens served in its life", counts.map((count) => [String(count), count ? inWords(count) : "none"]), String(model.get("served")), (count) => setTrait(model, "served", Number(count)));
  const shown = /** @type {HTMLSelectElement} */ (served.querySelector("select"));
  model.on("change:served", () => (shown.value = String(model.get("served"))));
  return [
    // Any step, so that a published run keeps its exact size.
    traitSlider(model, "budget", "Budget in FLOPs", { ...BUDGETS, step: "any", format: written, parse: (text) => Math.log10(typedNumber(text)) }),
    element("div", { class: "llm-chips" }, button("a tenth", multiply(-1)), button("ten times", multiply(1))),
    traitSlider(model, "parameters", "Parameters", { ...SIZES, step: "any", format: (value) => inWords(10 ** value), parse: (text) => Math.log10(countInWords(text)) }),
    served,
  ];
}

/**
 * @param {number} value
 * @param {{ min: number, max: number }} range
 */
function within(value, { min, max }) {
  return Math.min(max, Math.max(min, value));
}

/**
 * @param {Run} chosen
 * @param {Run} best
 */
function timesAsLarge(chosen, best) {
  const times = chosen.parameters / best.parameters;
  const count = times < 0.01 ? "under 0.01" : times >= 1000 ? inWords(times) : format(times, times < 0.95 ? 2 : times < 10 ? 1 : 0);
  return `${count} times as large as the lowest`;
}

/** @param {Run} run */
function sentence(run) {
  return `${inWords(run.parameters)} parameters on ${inWords(run.tokens)} tokens, ${ratio(run)} for each, loss ${format(fittedLoss(run), 3)}.`;
}

/** @param {Run} run */
function ratio({ parameters, tokens }) {
  if (tokens < 0.01 * parameters) return "under 0.01";
  if (tokens < parameters) return format(tokens / parameters, 2);
  if (tokens > 1e6 * parameters) return inWords(tokens / parameters);
  return tokens < 10 * parameters ? format(tokens / parameters, 1) : Math.round(tokens / parameters).toLocaleString("en");
}

/**
 * The name of the published model that a run is, if any.
 * @param {Run} run
 */
function publishedAs(run) {
  const isSame = (/** @type {number} */ one, /** @type {number} */ other) => Math.abs(one / other - 1) < 1e-6;
  const found = Object.entries(PUBLISHED).find(([, { parameters, tokens }]) => isSame(parameters, run.parameters) && isSame(tokens, run.tokens));
  return found?.[0];
}

/** Where a run is in the chart. @param {Run} run @returns {[power: number, height: number]} */
function at(run) {
  return [Math.log10(run.parameters), heightOf(fittedLoss(run))];
}

/** @param {number} loss */
function heightOf(loss) {
  return Math.log10(loss - LIMIT);
}

/** @param {[power: number, height: number]} point */
function isSeen([power, height]) {
  const [least, most] = SHOWN.losses.map(heightOf);
  return power >= SHOWN.sizes[0] && power <= SHOWN.sizes[1] && height >= least && height <= most;
}

/**
 * The part in the chart of the line of all runs that cost the same over their lives.
 * @param {number} cost
 * @param {number} served
 * @param {Run} [chosen]  Its own size is one of them.
 * @returns {Points}
 */
function bowl(cost, served, chosen) {
  const sizes = [...sizesBetween(...SHOWN.sizes, chosen ? 200 : 40), ...(chosen ? [chosen.parameters] : [])].sort((a, b) => a - b);
  return runsOfCost(cost, served, sizes).map(at).filter(isSeen);
}

/**
 * @param {Model} model
 * @param {Points} points
 * @param {Points | undefined} before
 * @param {Run & { loss: number }} best
 * @param {number} cost  Of the chosen run's life.
 */
function plot(model, points, before, best, cost) {
  const chosen = runOf(model);
  const seen = Object.entries(PUBLISHED).filter(([, run]) => isSeen(at(run)));
  const itself = seen.find(([name]) => name === publishedAs(chosen));
  const isHere = isSeen(at(chosen)) && Math.abs(at(chosen)[0] - at(best)[0]) < DOTS_APART * (SHOWN.sizes[1] - SHOWN.sizes[0]);
  const toSize = (/** @type {Points[0]} */ [power]) => setTrait(model, "parameters", within(power, SIZES));
  const toBudget = (/** @type {Points[0]} */ [power]) => setTrait(model, "budget", budgetWithLowest(10 ** power, model));
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
    yRange: /** @type {[number, number]} */ (SHOWN.losses.map(heightOf)),
    height: 300,
    tracesAreNamed: true,
  });
}

/**
 * The budget, as a power of ten, whose lowest loss a size has.
 * @param {number} parameters
 * @param {Model} model
 */
function budgetWithLowest(parameters, model) {
  const served = model.get("served");
  const cost = costOfLife({ parameters, tokens: tokensWithLowest(parameters, served) }, served);
  return within(Math.log10(Math.max(1, cost - 2 * runOf(model).parameters * served)), BUDGETS);
}

/**
 * A power of ten on the axis: "10 M", "1,000 T".
 * @param {number} power
 */
function countOf(power) {
  const unit = Math.min(4, Math.floor(power / 3));
  return `${(10 ** (power - 3 * unit)).toLocaleString("en")} ${["", "K", "M", "B", "T"][unit]}`;
}

/**
 * @param {Model} model
 * @param {Run} best
 */
function table(model, best) {
  const chosen = runOf(model);
  const served = model.get("served");
  const own = model.get("own");
  const rows = /** @type {[string, Run][]} */ ([
    ["chosen", chosen],
    ["lowest", best],
    ["20 tokens for each", twentyForEach(costOfLife(chosen, served), served)],
  ]);
  // The function knows only the budget of training.
  if (own && own.budget === model.get("budget") && !served) rows.push(["your function", own]);
  const days = (/** @type {Run} */ run) => costOfLife(run, 0) / (1000 * SPEED) / 86_400;
  /** @type {[string, (run: Run) => string][]} */
  const measures = [
    ["parameters", (run) => inWords(run.parameters)],
    ["tokens", (run) => inWords(run.tokens)],
    ["tokens for each", ratio],
    ["loss", (run) => format(fittedLoss(run), 3)],
  ];
  const lines = measures.map(([name, of]) => tableRow(name, rows.map(([, run]) => of(run))));
  const inDays = (/** @type {Run} */ run) => (days(run) < 0.1 ? "under 0.1" : days(run) < 100 ? format(days(run), 1) : Math.round(days(run)).toLocaleString("en"));
  const training = tableRow("days on 1,000 H100 GPUs", served ? rows.map(([, run]) => inDays(run)) : [`${inDays(chosen)}, whichever way`]);
  // Where nothing is served, all cost the same training.
  if (!served) training.lastElementChild?.setAttribute("colspan", String(rows.length));
  lines.push(training);
  const caption = served ? "Ways to spend as much over a life" : "Ways to spend it";
  return captionedTable(caption, ["", ...rows.map(([name]) => name)], lines, "llm-ways");
}
