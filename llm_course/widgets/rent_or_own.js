/** Rent a machine or call an API: which is cheaper, and from when on. */

import { calculator, setTrait, slider, typedNumber } from "./js/dom.js";
import { keyFigures } from "./js/key_figures.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { HOURS, breakEvenTokens, costPerMillion, utilisationFor } from "./js/prices.js";

/** @import { Model } from "./js/types.js" */

const TRAITS = ["hourly_cost", "tokens_per_second", "api_price", "utilisation"];
/** Degrees of utilisation as powers of ten, from a thousandth to all of the time. */
const [RARELY, ALWAYS] = [-3, 0];

export default calculator(
  {
    title: "Rent or own?",
    tryThis: [
      "Set the machine to be busy 2 % of the time, then all of it. By what factor does a token get cheaper?",
      "Batching makes more tokens per second on the same machine. Type ten times as many: where do the two lines meet now?",
      "Double the price of the API. How many tokens a month does the machine need now? Then set it to half of what it was first: why do the lines no longer meet?",
    ],
  },
  { traits: TRAITS, fields, compute: compare, sentence, pictures: [figures, plot] },
);

/** @param {Model} model */
function fields(model) {
  const field = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {[number, number]} */ ends, /** @type {(value: number) => string} */ shown) =>
    slider(
      label,
      { min: ends[0], max: ends[1], step: "any", value: Math.log10(model.get(trait)), format: (power) => shown(10 ** power), parse },
      (power) => setTrait(model, trait, 10 ** power),
    );
  return [
    field("Price of an hour", "hourly_cost", [-1, 2], dollars),
    field("Tokens per second", "tokens_per_second", [0, 5], whole),
    field("API, per million tokens", "api_price", [-2, 2], dollars),
    field("Busy", "utilisation", [RARELY, ALWAYS], percent),
  ];
}

/** Reads what a field shows: $0.20, 7,306 or 2 %, as a power of ten. @param {string} text */
function parse(text) {
  const number = typedNumber(text.replace(/[$%]/g, ""));
  return Math.log10(text.includes("%") ? number / 100 : number);
}

/** Small ones have more digits: they differ far behind the point. @param {number} price */
function dollars(price) {
  return `$${format(price, price < 0.1 ? 4 : price < 1 ? 3 : 2)}`;
}

/** @param {number} share */
function percent(share) {
  return `${format(100 * share, share < 0.01 ? 2 : share < 1 ? 1 : 0)} %`;
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString("en");
}

/** @param {Model} model */
function compare(model) {
  const [hourlyCost, speed, apiPrice, utilisation] = TRAITS.map((trait) => model.get(trait));
  const tokens = breakEvenTokens(hourlyCost * HOURS, apiPrice);
  return { hourlyCost, speed, apiPrice, utilisation, tokens, own: costPerMillion(hourlyCost, speed, utilisation), even: utilisationFor(tokens, speed) };
}

/** @typedef {ReturnType<typeof compare>} Compared */

/** @param {Compared} compared */
function sentence({ own, apiPrice, utilisation, even }) {
  const [cheap, dear] = own < apiPrice ? ["machine", "API"] : ["API", "machine"];
  const times = Math.max(own / apiPrice, apiPrice / own);
  const factor = times < 100 ? format(times, 1) : whole(times);
  const now = own === apiPrice ? "both cost the same" : `the ${cheap} is cheaper: the ${dear} takes ${factor} times as much`;
  const meeting = even > 1 ? " They never meet: at that price the API is cheaper even at full use." : "";
  return `Busy ${percent(utilisation)} of the time, ${now}.${meeting}`;
}

/**
 * @param {Compared} now
 * @param {Compared | undefined} before
 */
function figures(now, before) {
  /** @type {[string, (of: Compared) => string][]} */
  const shown = [
    ["machine, per million", ({ own }) => dollars(own)],
    ["API, per million", ({ apiPrice }) => dollars(apiPrice)],
    ["meet at", ({ even }) => (even > 1 ? "never" : percent(even))],
    ["tokens a month", ({ even, tokens }) => (even > 1 ? "never" : `${whole(tokens / 1e6)} M`)],
  ];
  return keyFigures(shown, now, before, true);
}

/** @param {Compared} compared */
function curveOf({ hourlyCost, speed, apiPrice, utilisation, even }) {
  const cost = (/** @type {number} */ power) => Math.log10(costPerMillion(hourlyCost, speed, 10 ** power));
  const api = Math.log10(apiPrice);
  const [you, meeting] = [Math.log10(utilisation), Math.log10(even)];
  return {
    machine: /** @type {[number, number][]} */ ([[RARELY, cost(RARELY)], [ALWAYS, cost(ALWAYS)]]), // straight, as both axes are logarithmic
    api: /** @type {[number, number][]} */ ([[RARELY, api], [ALWAYS, api]]),
    you: /** @type {[number, number]} */ ([you, cost(you)]),
    meeting: meeting > RARELY && meeting <= ALWAYS ? /** @type {[number, number]} */ ([meeting, api]) : undefined,
  };
}

/**
 * @param {Compared} compared
 * @param {Compared | undefined} former
 */
function plot(compared, former) {
  const now = curveOf(compared);
  const before = former && curveOf(former);
  const heights = [now, ...(before ? [before] : [])].flatMap(({ machine, api }) => [...machine, ...api]).map(([, height]) => height);
  /** @type {import("./js/plot.js").Plot["dots"]} */
  const dots = [];
  if (before) dots.push({ at: before.you, name: "", pale: true });
  dots.push({ at: now.you, name: `you: ${dollars(compared.own)}` });
  if (now.meeting) dots.push({ at: now.meeting, name: `they meet at ${percent(compared.even)}`, below: true });
  return linePlot({
    title: "Dollars per million tokens, by how busy it is; pale: before",
    x: "busy, in percent of the time",
    y: "dollars",
    series: [
      { name: "the machine", points: now.machine, before: before?.machine },
      { name: "the API", points: now.api, before: before?.api },
    ],
    dots,
    band: now.meeting && [now.meeting[0], ALWAYS],
    markerName: now.meeting && "the machine is cheaper",
    xTicks: [-3, -2, -1, 0],
    xTick: (power) => `${100 * 10 ** power} %`,
    yTick: (power) => (Number.isInteger(power) ? `$${(10 ** power).toLocaleString("en", { minimumFractionDigits: power < 0 ? 2 : 0, maximumFractionDigits: 3 })}` : ""),
    yRange: [Math.floor(4 * Math.min(...heights) - 0.3) / 4, Math.ceil(4 * Math.max(...heights) + 0.3) / 4],
    height: 300,
    linesAreInLegend: true, // beside them, their names find no room at times
    tracesAreNamed: true,
  });
}
