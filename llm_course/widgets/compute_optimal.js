/** How to split a budget of compute between parameters and tokens, and what changes when the model is used afterwards. */

import { announcement, choice, element, scroller, setTrait, slider, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { inWords } from "./js/parameters.js";
import { linePlot } from "./js/plot.js";
import { fittedLoss, lossBySize, lowest, sizesBetween, tokensFor } from "./js/scaling.js";

/** @import { Model } from "./js/types.js" */

/** @typedef {{ parameters: number, tokens: number }} Run */

const OWN = "own";
/** Parameters and tokens, as published. @type {Record<string, Run>} */
const PUBLISHED = {
  "GPT-3": { parameters: 175e9, tokens: 300e9 },
  Gopher: { parameters: 280e9, tokens: 300e9 },
  Chinchilla: { parameters: 70e9, tokens: 1.4e12 },
  "LLaMA 7B": { parameters: 6.7e9, tokens: 1e12 },
  "Llama 3 8B": { parameters: 8e9, tokens: 15e12 },
  "Llama 3 405B": { parameters: 405e9, tokens: 15.6e12 },
};
const SERVED = [0, 1e11, 1e12, 3e12, 1e13, 3e13, 1e14];
const SMALLEST = 6;
const LARGEST = 13;
const SHOWN_ABOVE_THE_LOWEST = 0.6;
/** FLOPs in a second of a GPU at work, as in the chapter. */
const SPEED = 4e14;

export default widget(
  {
    title: "A budget of compute, split",
    tryThis: [
      "Start from Gopher. How far from the lowest point does it stand, and in which direction? Chinchilla had the same budget.",
      "Multiply the budget by a hundred. By how much do parameters and tokens of the lowest point grow?",
      "Start from Chinchilla and let the same budget also pay for tokens served. Where does the lowest point go?",
      "Start from Llama 3 8B. How many tokens must it serve until its size is the best for training and use together?",
    ],
  },
  (model, body) => {
    const controls = element("div", { class: "llm-controls" });
    const said = announcement();
    const results = element("div");
    const names = Object.keys(PUBLISHED);
    const given = traitsOf(model);
    /** @type {[string, string][]} */
    const presets = [[OWN, "as given"], ...names.map((name) => /** @type {[string, string]} */ ([name, name]))];
    body.append(
      choice("Start from", presets, OWN, (name) => {
        const traits = name === OWN ? given : traitsFor(PUBLISHED[name]);
        for (const [trait, value] of Object.entries(traits)) model.set(trait, value);
        model.save_changes();
        fill();
      }),
      controls,
      said,
      results,
    );
    for (const trait of ["budget", "parameters", "served", "own"]) model.on(`change:${trait}`, show);
    fill();
    show();

    function fill() {
      controls.replaceChildren(...fields(model));
    }

    function show() {
      const { budget, parameters, served } = amounts(model);
      const best = lowest(lossBySize(budget, served, sizesBetween(SMALLEST, LARGEST, 100)));
      const tokens = tokensFor(budget, parameters, served);
      said.textContent = `${sentence({ parameters, tokens })} ${best ? `The lowest point of this budget: ${sentence(best)}` : "No size leaves anything for training."}`;
      results.replaceChildren(...(best ? [plot(budget, parameters, served, best.loss), table(model, best)] : []));
    }
  },
);

/** @param {Model} model */
function traitsOf(model) {
  return { budget: model.get("budget"), parameters: model.get("parameters"), served: model.get("served") };
}

/** @param {Run} run */
function traitsFor({ parameters, tokens }) {
  return { budget: Math.log10(6 * parameters * tokens), parameters: Math.log10(parameters), served: 0 };
}

/** @param {Model} model */
function amounts(model) {
  return { budget: 10 ** model.get("budget"), parameters: 10 ** model.get("parameters"), served: model.get("served") };
}

/** @param {Model} model */
function fields(model) {
  const set = (/** @type {string} */ trait) => (/** @type {any} */ value) => setTrait(model, trait, value);
  const served = [...new Set([...SERVED, model.get("served")])].sort((a, b) => a - b);
  const power = (/** @type {number} */ value) => (10 ** value).toExponential(1).replace("+", "");
  return [
    // Any step, so that a published run keeps its exact size.
    slider("Budget in FLOPs", { min: 17, max: 27, step: "any", value: model.get("budget"), format: power }, set("budget")),
    slider("Parameters", { min: SMALLEST, max: LARGEST, step: "any", value: model.get("parameters"), format: (value) => inWords(10 ** value) }, set("parameters")),
    choice("Tokens served in its life", served.map((count) => [String(count), count ? inWords(count) : "none"]), String(model.get("served")), (count) => set("served")(Number(count))),
  ];
}

/** @param {Run} run */
function sentence({ parameters, tokens }) {
  if (tokens <= 0) return `${inWords(parameters)} parameters: use alone takes the budget.`;
  const loss = format(fittedLoss(parameters, tokens), 3);
  return `${inWords(parameters)} parameters on ${inWords(tokens)} tokens, ${perParameter({ parameters, tokens })} for each: loss ${loss}.`;
}

/** @param {Run} run */
function perParameter({ parameters, tokens }) {
  const ratio = tokens / parameters;
  return ratio < 10 ? format(ratio, 1) : Math.round(ratio).toLocaleString("en");
}

/**
 * @param {number} budget
 * @param {number} parameters
 * @param {number} served
 * @param {number} best
 */
function plot(budget, parameters, served, best) {
  const sizes = sizesBetween(SMALLEST, LARGEST, 20);
  const top = best + SHOWN_ABOVE_THE_LOWEST;
  const curve = (/** @type {string} */ name, /** @type {number} */ tokens) => ({
    name,
    points: lossBySize(budget, tokens, sizes)
      .filter(({ loss }) => loss <= top)
      .map((run) => /** @type {[number, number]} */ ([Math.log10(run.parameters), run.loss])),
  });
  const series = [curve("all for training", 0)];
  if (served) series.push(curve(`${inWords(served)} tokens served`, served));
  const all = series.flatMap(({ points }) => points.map(([size]) => size));
  const size = Math.log10(parameters);
  const isInside = size >= Math.min(...all) && size <= Math.max(...all);
  return linePlot({
    title: "Loss by size, for one budget",
    x: "parameters, as a power of ten",
    y: "fitted loss",
    series,
    marker: isInside ? size : undefined,
    yRange: [Math.min(...series.flatMap(({ points }) => points.map(([, loss]) => loss))) - 0.02, top],
  });
}

/**
 * @param {Model} model
 * @param {Run} best
 */
function table(model, best) {
  const { budget, parameters, served } = amounts(model);
  const own = model.get("own");
  const root = Math.sqrt(budget / 120);
  const rows = /** @type {[string, Run][]} */ ([
    ["chosen", { parameters, tokens: tokensFor(budget, parameters, served) }],
    ["lowest point", best],
    ["20 tokens for each", { parameters: root, tokens: 20 * root }],
  ]);
  if (own && own.budget === model.get("budget")) rows.push(["your function", own]);
  const names = ["", "Parameters", "Tokens", "For each", "Loss", "Days on 1,000 GPUs"];
  const header = names.map((name) => (name ? element("th", { scope: "col" }, name) : element("td")));
  const lines = rows.map(([name, run]) => {
    const isPossible = run.tokens > 0;
    const days = (6 * run.parameters * run.tokens) / (1000 * SPEED) / 86_400;
    const cells = isPossible
      ? [inWords(run.tokens), perParameter(run), format(fittedLoss(run.parameters, run.tokens), 3), days < 0.1 ? "under 0.1" : format(days, 1)]
      : ["none left", "–", "–", "–"];
    return element("tr", {}, element("th", { scope: "row" }, name), ...[inWords(run.parameters), ...cells].map((text) => element("td", {}, text)));
  });
  const caption = "Ways to spend it";
  return scroller(
    caption,
    element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...header)), element("tbody", {}, ...lines)),
  );
}
