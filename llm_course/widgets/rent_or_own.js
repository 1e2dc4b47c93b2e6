/** Rent a machine or call an API: which is cheaper, and from when on. */

import { calculator, element, scroller, setTrait, slider } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { HOURS, breakEvenTokens, costPerMillion, utilisationFor } from "./js/prices.js";

/** @import { Model } from "./js/types.js" */

const TRAITS = ["hourly_cost", "tokens_per_second", "api_price", "utilisation"];
/** Degrees of utilisation, from a thousandth to all of the time, evenly spaced in their logarithm. */
const PLOTTED = Array.from({ length: 49 }, (_, i) => -3 + (3 * i) / 48);

export default calculator(
  {
    title: "Rent or own?",
    tryThis: [
      "Set the machine to be busy 2 % of the time, then all of it. By what factor does a token get cheaper?",
      "Batching makes more tokens per second on the same machine. Multiply them by ten: where do the two lines meet now?",
      "Halve the price of the API. How many more tokens does the machine need?",
    ],
  },
  { traits: TRAITS, fields, compute: compare, sentence, pictures: [plot, table] },
);

/** @param {Model} model */
function fields(model) {
  const field = (/** @type {string} */ label, /** @type {string} */ trait, /** @type {[number, number]} */ ends, /** @type {(value: number) => string} */ shown) =>
    slider(
      label,
      { min: ends[0], max: ends[1], step: 0.01, value: Math.log10(model.get(trait)), format: (power) => shown(10 ** power) },
      (power) => setTrait(model, trait, 10 ** power),
    );
  return [
    field("Price of an hour", "hourly_cost", [-1, 2], dollars),
    field("Tokens per second", "tokens_per_second", [0, 5], (value) => Math.round(value).toLocaleString("en")),
    field("API, per million tokens", "api_price", [-2, 2], dollars),
    field("Busy", "utilisation", [-3, 0], percent),
  ];
}

/** @param {number} price */
function dollars(price) {
  return `$${format(price, 2)}`;
}

/** @param {number} share */
function percent(share) {
  return `${format(100 * share, share < 0.1 ? 1 : 0)} %`;
}

/** @param {Model} model */
function compare(model) {
  const [hourlyCost, speed, apiPrice, utilisation] = TRAITS.map((trait) => model.get(trait));
  const tokens = breakEvenTokens(hourlyCost * HOURS, apiPrice);
  return { hourlyCost, speed, apiPrice, utilisation, tokens, own: costPerMillion(hourlyCost, speed, utilisation), even: utilisationFor(tokens, speed) };
}

/** @typedef {ReturnType<typeof compare>} Compared */

/** @param {Compared} compared */
function sentence({ own, apiPrice, utilisation, even, tokens }) {
  const cheaper = own < apiPrice ? "the machine is cheaper" : own > apiPrice ? "the API is cheaper" : "both cost the same";
  const meeting =
    even > 1
      ? "Even busy all of the time, this machine does not get as cheap as the API."
      : `They meet at ${percent(even)}, which is ${(tokens / 1e6).toLocaleString("en", { maximumFractionDigits: 0 })} million tokens a month.`;
  return `Busy ${percent(utilisation)} of the time, a million tokens cost ${dollars(own)} on the machine and ${dollars(apiPrice)} from the API: ${cheaper}. ${meeting}`;
}

/** @param {Compared} compared */
function plot({ hourlyCost, speed, apiPrice, utilisation, even }) {
  const cost = (/** @type {number} */ power) => Math.log10(costPerMillion(hourlyCost, speed, 10 ** power));
  const own = PLOTTED.map((power) => /** @type {[number, number]} */ ([power, cost(power)]));
  const api = Math.log10(apiPrice);
  const meeting = Math.log10(even);
  /** @type {import("./js/plot.js").Plot["dots"]} */
  const dots = [{ at: [Math.log10(utilisation), cost(Math.log10(utilisation))], name: "you" }];
  if (meeting > PLOTTED[0] && meeting <= 0) dots.push({ at: [meeting, api], name: "they meet", below: true });
  const heights = [api, ...own.map(([, height]) => height)];
  return linePlot({
    title: "Cost of a million tokens, by how busy the machine is",
    x: "busy, in percent of the time",
    y: "dollars per million tokens",
    series: [
      { name: "the machine", points: own },
      { name: "the API", points: [[PLOTTED[0], api], [0, api]] },
    ],
    dots,
    xTick: (power) => (Number.isInteger(power) && power < 0 ? String(100 * 10 ** power) : ""), // the last one would be cut off
    yTick: (power) => (Number.isInteger(power) ? (10 ** power).toLocaleString("en", { maximumFractionDigits: 3 }) : ""),
    yRange: [Math.floor(Math.min(...heights)), Math.ceil(Math.max(...heights))],
  });
}

/** @param {Compared} compared */
function table({ hourlyCost, speed, apiPrice }) {
  const rows = [0.02, 0.05, 0.1, 0.5, 1].map((share) => {
    const cost = costPerMillion(hourlyCost, speed, share);
    const cells = [dollars(cost), cost < apiPrice ? "machine" : "API"].map((text) => element("td", {}, text));
    return element("tr", {}, element("th", { scope: "row" }, percent(share)), ...cells);
  });
  const header = ["", "Machine, per million", "Cheaper"].map((name) => (name ? element("th", { scope: "col" }, name) : element("td")));
  const caption = "By how busy the machine is";
  return scroller(caption, element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...header)), element("tbody", {}, ...rows)));
}
