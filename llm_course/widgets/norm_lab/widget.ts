/** LayerNorm and RMSNorm of one vector: what shift, scale and ε do. */

import { memory } from "../ui/before.ts";
import { announcement, element, scroller, setTrait, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { divisors, layerNorm, moments, rms, rmsNorm } from "../models/norms.ts";
import { format } from "../models/numbers.ts";
import { linePlot } from "../ui/plot.ts";
import type { Model } from "../ui/types.ts";

const EXPONENTS = { min: -7, max: 3 };
/** What is smaller than this is the computer's rounding. */
const ROUNDING = 1e-12;
/** A full column of a norm, where none is larger: a norm that does not move keeps its columns. */
const FULL = 1.8;
/** What was so many times as large as what is leaves no trace: it would fill its column. */
const FAR = 4;

export default widget(
  {
    title: "LayerNorm and RMSNorm",
    tryThis: [
      { say: "Raise “Then add”, which adds the same number to all. Which of the two results moves, and which stays?", set: { exponent: 0, shift: 0 } },
      { say: "Multiply by 10 or 100: both norms stay as they are. Then go down to 0.0001: ε is larger than the variance there, and the output shrinks.", set: { exponent: 0, shift: 0 } },
      { say: "Here all numbers are the same: what is there to divide by?", set: { vector: [2, 2, 2, 2, 2, 2], exponent: 0, shift: 0 } },
    ],
  },
  (model, body) => {
    const said = announcement("llm-two-lines");
    const controls = element(
      "div",
      { class: "llm-controls" },
      traitSlider(model, "exponent", "Multiply by", { ...EXPONENTS, step: 1, format: power }),
      traitSlider(model, "shift", "Then add", { min: -5, max: 5, step: 0.5, format }),
      traitChoice(model, "epsilon", "ε", [[1e-6, "1e−6"], [1e-5, "1e−5"], [1e-3, "1e−3"]]),
    );
    const rows = element("tbody");
    const caption = "A vector and its norms";
    const captionNode = element("caption", {}, caption, element("span", { class: "llm-note" }, "; ", element("i", { class: "llm-of-layer" }), " what LayerNorm gives"));
    const names = [...model.get("vector").map((_: number, i: number) => String(i + 1)), "mean", "RMS"];
    const head = element("thead", {}, element("tr", {}, element("td"), ...names.map((name) => element("th", { scope: "col" }, name))), typedRow(model));
    const table = element("table", { class: "llm-columns-of-numbers" }, captionNode, head, rows);
    const curve = element("div", { class: "llm-of-norms" });
    const remember = memory() as (now: Row[]) => Row[] | undefined;
    body.append(controls, scroller(caption, table), said, element("details", {}, element("summary", {}, "The size of the output at every factor"), curve));
    for (const trait of ["vector", "exponent", "shift", "epsilon"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const input = scaled(model, model.get("exponent"));
      const results = norms(input, model.get("epsilon"));
      const shown = [{ name: "input", output: input }, ...results];
      const before = remember(shown);
      const outputs = results.map(({ output }) => output);
      rows.replaceChildren(...shown.map((row, i) => (i === 0 ? barRow(row, before?.[i], [input], ROUNDING) : barRow(row, before?.[i], outputs, FULL, i > 1 ? outputs[0] : undefined))));
      said.textContent = moved(results, before?.slice(1));
      curve.replaceChildren(scalePlot(model));
    }
  },
);

type Row = { name: string, output: number[], divisor?: number };

/** The numbers to type into, above the columns that they make. */
function typedRow(model: Model) {
  const cells = model.get("vector").map((value: number, i: number) => {
    const input = element("input", {
      type: "number", step: 0.5, value: Number(value.toFixed(2)), "aria-label": `input x, number ${i + 1}`,
      oninput: () => setTrait(model, "vector", model.get("vector").with(i, input.valueAsNumber || 0)),
    });
    return element("td", {}, input);
  });
  return element("tr", {}, element("th", { scope: "row" }, "x"), ...cells, element("td"), element("td"));
}

/**
 * A row as columns above and below a line, in front of what each was before. All norms share a scale: what they keep
 * is the shape. What a full column is stands below the name.
 * @param alike  The rows on the same scale.
 * @param least  The smallest value of a full column.
 * @param compared  Marked in each column.
 */
function barRow({ name, output, divisor }: Row, before: Row | undefined, alike: readonly number[][], least: number, compared?: number[]) {
  const now = Math.max(least, ...alike.flat().map(Math.abs));
  const past = Math.max(0, ...(before?.output ?? []).map(Math.abs));
  const isFar = past > FAR * now;
  // A row with a scale of its own makes room for what it was.
  const largest = alike.length > 1 || isFar ? now : Math.max(now, past);
  const bar = (value: number, look = "") => element("i", { class: `${value < 0 ? "llm-down" : "llm-up"} ${look}`, style: `--share: ${Math.min(1, Math.abs(value) / largest).toFixed(3)}` });
  const line = (value: number) => element("i", { class: "llm-of-layer", style: `--at: ${(value / largest).toFixed(3)}` });
  const cells = output.map((value, i) => {
    const was = before?.output[i];
    const ghost = was === undefined || compact(was) === compact(value) || isFar ? null : bar(was, "llm-stood");
    return element("td", {}, element("span", { class: "llm-column" }, ghost, bar(value), compared ? line(compared[i]) : null), ...breakable(value));
  });
  return element("tr", {}, element("th", { scope: "row" }, name, element("span", { class: "llm-full-column" }, divisor === undefined ? `full bar ${compact(largest)}` : `divides by ${compact(divisor)}`)), ...cells, element("td", {}, ...breakable(moments(output).mean)), element("td", {}, ...breakable(rms(output))));
}

function moved(now: Row[], before: Row[] | undefined) {
  if (!before) return "";
  const [layer, root] = [0, 1].map((i) => compact(difference(now[i].output, before[i].output)));
  return layer === root && Number(layer) === 0 ? "Neither norm's output moved." : `Your change moved LayerNorm's output by up to ${layer}, RMSNorm's by up to ${root}.`;
}

/** A number with two digits that count, or more. */
function compact(value: number) {
  const size = Math.abs(value);
  if (size < ROUNDING) return format(0);
  if (size < 0.005 || size >= 9999.5) return value.toExponential(1).replace("e+", "e").replaceAll("-", "−");
  return format(value, size >= 99.5 ? 0 : size >= 9.95 ? 1 : 2);
}

/** A number whose power of ten goes to a second line where its column is narrow. */
function breakable(value: number) {
  const [digits, power] = compact(value).split("e");
  return power ? [digits, element("wbr"), `e${power}`] : [digits];
}

function norms(input: number[], epsilon: number): Row[] {
  const { layer, root } = divisors(input, epsilon);
  return [
    { name: "LayerNorm", output: layerNorm(input, epsilon), divisor: layer },
    { name: "RMSNorm", output: rmsNorm(input, epsilon), divisor: root },
  ];
}

function scaled(model: Model, exponent: number): number[] {
  return model.get("vector").map((value: number) => value * 10 ** exponent + model.get("shift"));
}

/** The size of the output against the size of the input: flat where a norm does its work. */
function scalePlot(model: Model) {
  const exponents = Array.from({ length: (EXPONENTS.max - EXPONENTS.min) * 4 + 1 }, (_, i) => EXPONENTS.min + i / 4);
  const curves = exponents.map((exponent) => norms(scaled(model, exponent), model.get("epsilon")));
  const series = [0, 1].map((i) => ({
    name: curves[0][i].name,
    points: exponents.map((exponent, j) => [exponent, rms(curves[j][i].output)] as [number, number]),
  }));
  return linePlot({
    title: "RMS of the output against the factor on the input",
    x: "factor, power of ten",
    y: "RMS of output",
    series,
    marker: model.get("exponent"),
    yRange: [0, 1.1],
  });
}

function difference(a: number[], b: number[]) {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

function power(exponent: number) {
  const digits = String(10 ** exponent);
  return (digits.length <= 6 ? digits : `1e${exponent}`).replace("-", "−");
}
