/** Rent a machine or call an API: which is cheaper, and from when on. */

import { element, setTrait, slider, sliderField, tellBeside, typedNumber } from "../ui/dom.ts";
import { calculator } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { format } from "../models/numbers.ts";
import { countInWords, inWords } from "../models/parameters.ts";
import { linePlot } from "../ui/plot.ts";
import { HOURS, breakEvenTokens, costPerMillion, utilisationFor } from "./prices.ts";
import type { Model } from "../ui/types.ts";

const TRAITS = ["hourly_cost", "tokens_per_second", "api_price", "utilisation"];
/** Degrees of utilisation as powers of ten, from a thousandth to all of the time. */
const [RARELY, ALWAYS] = [-3, 0];
/** So far the axis goes, in full machines: what is more than one can do takes another. */
const PLOTTED = 1.25;

export default calculator(
  {
    title: "Rent or own?",
    tryThis: [
      "Type 2 into “Busy”, then 100. By what factor does a token get cheaper? And what happens to the two bills of the month?",
      "Batching makes more tokens per second on the same machine. Type ten times as many: with the same tokens a month, how busy is it now, and what has become of the bill?",
      "Type $0.40 as the price of the API, then $0.05. From how many tokens on is the machine cheaper? Why do the lines no longer meet?",
      "Drag “Tokens a month” slowly to the right, over the step in the machine's line. What does one token more cost there?",
    ],
  },
  { traits: TRAITS, fields, compute: compare, sentence, pictures: [figures, plot] },
);

function fields(model: Model) {
  const powerOf = (trait: string) => Math.log10(model.get(trait));
  const field = (label: string, trait: string, [min, max]: [number, number], shown: (value: number) => string, then: (power: number) => void) =>
    slider(label, { min, max, step: "any", value: powerOf(trait), format: (power) => shown(10 ** power), parse: parsePlain }, then);
  const set = (trait: string) => (power: number) => setTrait(model, trait, 10 ** power);
  const full = () => fullMonth(model.get("tokens_per_second"));
  const busyAt = (power: number) => {
    set("utilisation")(power);
    for (const { write } of [load, busy]) write(power); // two names of one thing
  };
  /** Tokens of the month that the reader asked for: a machine that is too slow makes fewer, a quicker one makes them again. */
  let wanted = model.get("utilisation") * full();
  const ask = (power: number) => {
    wanted = 10 ** power * full();
    busyAt(power);
  };
  /** How a number without a unit was understood, until that is told. */
  let readAs = "";
  const read = (text: string) => {
    const unit = unitFor(text, model.get("utilisation") * full(), 10 ** RARELY * full());
    readAs = unit && `${text.trim()} is read as ${text.trim()} ${unit}.`;
    return countInWords(`${text} ${unit}`);
  };
  const inTokens = (power: number) => inWords(10 ** power * full());
  const inPercent = (power: number) => percent(10 ** power);
  const range = { min: RARELY, max: ALWAYS, step: "any" as const, value: powerOf("utilisation") };
  const load = sliderField("Tokens a month", { ...range, format: inTokens, parse: (text) => Math.log10(read(text) / full()) }, ask);
  const busy = sliderField("Busy", { ...range, format: inPercent, parse: (text) => Math.log10(typedNumber(text.replace("%", "")) / 100) }, ask);
  load.node.addEventListener("change", () => {
    if (readAs) tellBeside(load.node, [readAs, load.node.querySelector(".llm-told")?.textContent].join(" "));
    readAs = "";
  });
  const title = "One amount, as tokens and as a share of the time";
  return [
    element("div", { class: "llm-tokens-a-month", role: "group", "aria-label": title }, element("p", { class: "llm-note" }, title), load.node, busy.node),
    field("Price of an hour", "hourly_cost", [-1, 2], dollars, set("hourly_cost")),
    field("Tokens per second", "tokens_per_second", [0, 5], whole, (power) => {
      set("tokens_per_second")(power);
      const asked = Math.log10(wanted / full());
      const can = Math.min(ALWAYS, Math.max(RARELY, asked));
      busyAt(can); // the tokens of the month stay, as far as it can
      const isCut = can < asked - 1e-9;
      tellBeside(load.node, isCut ? `At that speed one machine makes no more than ${inTokens(can)} of the ${inWords(wanted)} asked for.` : "");
    }),
    field("API, per million tokens", "api_price", [-2, 2], dollars, set("api_price")),
  ];
}

/** The unit of a number that is typed without one, where it would be too small as it stands: that of the number it replaces. */
function unitFor(text: string, replaced: number, smallest: number) {
  const isBare = typedNumber(text) > 0 && typedNumber(text) < smallest;
  return isBare ? (/[a-z]+$/.exec(inWords(replaced))?.[0] ?? "") : "";
}

/** Tokens of a month in which the machine is always busy. */
function fullMonth(speed: number) {
  return speed * 3600 * HOURS;
}

/** Reads $0.20 or 7,306 as a power of ten. */
function parsePlain(text: string) {
  return Math.log10(typedNumber(text.replace("$", "")));
}

/** Small ones have more digits: they differ far behind the point. */
function dollars(price: number) {
  return `$${format(price, price < 0.1 ? 4 : price < 1 ? 3 : 2)}`;
}

function bill(sum: number) {
  return sum < 100 ? dollars(sum) : `$${whole(sum)}`;
}

function percent(share: number) {
  return `${format(100 * share, share < 0.01 ? 2 : share < 1 ? 1 : 0)} %`;
}

function whole(value: number) {
  return Math.round(value).toLocaleString("en");
}

function compare(model: Model) {
  const [hourlyCost, speed, apiPrice, utilisation] = TRAITS.map((trait) => model.get(trait));
  const even = breakEvenTokens(hourlyCost * HOURS, apiPrice);
  const tokens = utilisation * fullMonth(speed);
  return {
    full: fullMonth(speed), apiPrice, tokens, even, busyAtEven: utilisationFor(even, speed),
    own: costPerMillion(hourlyCost, speed, utilisation), // of a million
    bills: { machine: hourlyCost * HOURS, api: (tokens / 1e6) * apiPrice },
  };
}

type Compared = ReturnType<typeof compare>;

function sentence(compared: Compared) {
  const { bills } = compared;
  const [cheap, dear] = bills.machine < bills.api ? ["machine", "API"] : ["API", "machine"];
  const times = Math.max(bills.machine / bills.api, bills.api / bills.machine);
  const factor = times < 100 ? format(times, times < 1.1 ? 2 : 1) : whole(times);
  const now = times < 1.005 ? "Both cost the same." : `Now the ${cheap} is cheaper: the ${dear} takes ${factor} times as much.`;
  return `${now} ${meeting(compared)}`;
}

/**
 * From where on machines pay. Where one pays only when it is busy for more than half of the time, a second does not pay at
 * once: between the two, the API is cheaper again.
 */
function meeting({ full, even, busyAtEven }: Compared) {
  if (busyAtEven > 1) return "The lines never meet: at that price the API is cheaper even at full use.";
  if (busyAtEven <= 0.5) return `The machine pays from ${inWords(even)} tokens a month on, and where it is full, a second pays at once.`;
  return `One machine pays from ${inWords(even)} tokens a month on, until it is full at ${inWords(full)}. A second pays only from ${inWords(2 * even)} on.`;
}

function figures(now: Compared, before: Compared | undefined) {
  const shown: [string, (of: Compared) => string][] = [
    ["machine, a month", ({ bills }) => bill(bills.machine)],
    ["API, a month", ({ bills }) => bill(bills.api)],
    ["machine, per million", ({ own }) => dollars(own)],
    ["break-even load", ({ busyAtEven }) => (busyAtEven > 1 ? "never" : percent(busyAtEven))],
  ];
  return keyFigures(shown, now, before, true);
}

function linesOf({ full, apiPrice, bills }: Compared) {
  const end = PLOTTED * full;
  return {
    machine: [[0, bills.machine], [full, bills.machine], [full, 2 * bills.machine], [end, 2 * bills.machine]] as [number, number][],
    api: [[0, 0], [end, (end / 1e6) * apiPrice]] as [number, number][],
  };
}

function plot(compared: Compared, former: Compared | undefined) {
  const { full, tokens, bills } = compared;
  const [now, before] = [linesOf(compared), former && linesOf(former)];
  const isSame = former && former.full === full; // else its lines would run out of the picture
  const hasMoved = isSame && JSON.stringify(before) !== JSON.stringify(now);
  const [band, secondBand] = cheaper(compared);
  const highest = 1.1 * Math.max(2 * bills.machine, Math.min(now.api[1][1], 6 * bills.machine));
  const below = (points: [number, number][]) => clipped(points, highest);
  return linePlot({
    title: `The month's bill, by the tokens of the month${hasMoved ? "; pale: before" : ""}`,
    x: "tokens a month (behind the step: a second machine)",
    y: "dollars a month",
    series: [
      { name: "the machine", points: now.machine, before: isSame && before ? below(before.machine) : undefined },
      { name: "the API", points: below(now.api), before: isSame && before ? below(before.api) : undefined },
    ],
    dots: [
      { at: [tokens, bills.machine], name: bill(bills.machine) },
      ...(bills.api <= highest ? [{ at: [tokens, bills.api] as [number, number], name: bill(bills.api), below: true, look: 1 }] : []),
    ],
    marker: band ? undefined : tokens,
    band,
    secondBand,
    markerName: band ? "the machine is cheaper" : "you",
    bandNameAbove: true,
    xRange: [0, PLOTTED * full],
    xTick: (at) => inWords(at).replace(".00 ", " "),
    yTick: (sum) => `$${whole(sum)}`,
    yRange: [0, highest],
    height: 300,
    linesAreInLegend: true, // beside them, their names find no room at times
    tracesAreNamed: true,
  });
}

/**
 * Where machines are cheaper, as far as the axis goes: one stretch of it, or two with one in between where the second
 * machine does not pay yet.
 */
function cheaper({ full, even, busyAtEven }: Compared): [from: number, to: number][] {
  const end = PLOTTED * full;
  if (busyAtEven > 1) return [];
  if (busyAtEven <= 0.5) return [[even, end]];
  return 2 * even < end ? [[even, full], [2 * even, end]] : [[even, full]];
}

/** A line up to a height. */
function clipped(points: [number, number][], highest: number): [number, number][] {
  const beyond = points.findIndex(([, y]) => y > highest);
  if (beyond < 1) return points;
  const [[x0, y0], [x1, y1]] = [points[beyond - 1], points[beyond]];
  return [...points.slice(0, beyond), [x0 + ((highest - y0) / (y1 - y0)) * (x1 - x0), highest]];
}
