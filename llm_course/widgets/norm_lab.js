/** LayerNorm and RMSNorm of one vector, beside a common variant of LayerNorm: what shift, scale and ε do. */

import { announcement, choice, element, setTrait, slider, widget } from "./js/dom.js";
import { heatMap, numberTable } from "./js/heat_map.js";
import { layerNorm, layerNormVariant, moments, rms, rmsNorm } from "./js/norms.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { strip } from "./js/strip.js";

/** @import { Model } from "./js/types.js" */

const VARIANT = "n − 1, ε outside";
const EXPONENTS = { min: -7, max: 3 };
/** Wider vectors are computed whole, but only their first numbers are shown. */
const SHOWN = 8;

export default widget(
  {
    title: "LayerNorm and RMSNorm",
    tryThis: [
      "Add the same number to all: LayerNorm does not move, RMSNorm does.",
      "Multiply by 10 or 100: both answer the same. Then go down to 10⁻⁴: ε is larger than the variance there, and the output shrinks.",
      "Compare the variant: it divides by n − 1 and adds ε to the deviation, so tiny inputs, mere noise, still come out near full size.",
      "Make all numbers equal: what is there to divide by?",
    ],
  },
  (model, body) => {
    const outputs = element("div");
    const said = announcement();
    const set = (/** @type {string} */ trait) => (/** @type {any} */ value) => setTrait(model, trait, value);
    const epsilons = ["1e-6", "1e-5", "1e-3"].map((text) => /** @type {[string, string]} */ ([text, text.replace("-", "−")]));
    const controls = element(
      "div",
      { class: "llm-controls" },
      slider("Multiply by", { ...EXPONENTS, step: 1, value: model.get("exponent"), format: power }, set("exponent")),
      slider("Then add", { min: -5, max: 5, step: 0.5, value: model.get("shift"), format }, set("shift")),
      choice("ε", epsilons, nearest(epsilons, model.get("epsilon")), (text) => set("epsilon")(Number(text))),
    );
    const wide = model.get("vector").length > SHOWN;
    const table = numberTable({
      caption: "Input x",
      name: "input",
      rows: ["x"],
      values: [model.get("vector")],
      onEdit: ([numbers]) => set("vector")(numbers),
    });
    body.append(...(wide ? [] : [table]), controls, outputs, said);
    for (const trait of ["vector", "exponent", "shift", "epsilon", "own"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const input = scaled(model, model.get("exponent"));
      const epsilon = model.get("epsilon");
      const results = norms(input, epsilon);
      const own = ownResult(model, input);
      if (own) results.push({ name: "Yours", output: own });
      const exact = results[0].output;
      const map = heatMap({
        caption: wide ? `Outputs, the first ${SHOWN} of ${input.length} numbers` : "Outputs",
        rows: results.map(({ name }) => name),
        columns: input.slice(0, SHOWN).map((_, i) => String(i + 1)),
      });
      map.show(results.map(({ output }) => output.slice(0, SHOWN)));
      outputs.replaceChildren(rowStrips(input, results), map.node, propertyTable(results, exact), scalePlot(model));
      const worst = difference(results[2].output, exact);
      said.textContent = `The variant differs from LayerNorm by up to ${worst.toPrecision(2)}.`;
    }
  },
);

/**
 * The row before, on a scale of its own, and after each norm, on one scale: what a norm keeps is the shape.
 * @param {number[]} input
 * @param {{ name: string, output: number[] }[]} results
 */
function rowStrips(input, results) {
  const shown = results.map(({ name, output }) => ({ name, row: output.slice(0, SHOWN) }));
  const largest = Math.max(...shown.flatMap(({ row }) => row.map(Math.abs)));
  const strips = [strip("Before", input.slice(0, SHOWN)), ...shown.map(({ name, row }) => strip(name, row, largest))];
  return element("div", { class: "llm-row llm-quarters" }, ...strips);
}

/**
 * @param {number[]} input
 * @param {number} epsilon
 */
function norms(input, epsilon) {
  return [
    { name: "LayerNorm", output: layerNorm(input, epsilon) },
    { name: "RMSNorm", output: rmsNorm(input, epsilon) },
    { name: VARIANT, output: layerNormVariant(input, epsilon) },
  ];
}

/**
 * @param {Model} model
 * @param {number} exponent
 * @returns {number[]}
 */
function scaled(model, exponent) {
  return model.get("vector").map((/** @type {number} */ value) => value * 10 ** exponent + model.get("shift"));
}

/**
 * What the learner's function gave in the kernel, if it was for this very input.
 * @param {Model} model
 * @param {number[]} input
 * @returns {number[] | null}
 */
function ownResult(model, input) {
  const own = model.get("own");
  const same = own?.epsilon === model.get("epsilon") && input.every((value, i) => Math.abs(value - own.input[i]) <= 1e-12 + 1e-6 * Math.abs(value));
  return same ? own.output : null;
}

/**
 * @param {{ name: string, output: number[] }[]} results
 * @param {number[]} exact
 */
function propertyTable(results, exact) {
  const map = heatMap({
    caption: "What each output is like",
    rows: results.map(({ name }) => name),
    columns: ["mean", "deviation", "RMS", "off LayerNorm by"],
  });
  map.show(
    results.map(({ output }) => {
      const { mean, variance } = moments(output);
      return [mean, Math.sqrt(variance), rms(output), difference(output, exact)];
    }),
  );
  return map.node;
}

/**
 * The size of the output against the size of the input: flat where a norm does its work.
 * @param {Model} model
 */
function scalePlot(model) {
  const exponents = Array.from({ length: (EXPONENTS.max - EXPONENTS.min) * 4 + 1 }, (_, i) => EXPONENTS.min + i / 4);
  const curves = exponents.map((exponent) => norms(scaled(model, exponent), model.get("epsilon")));
  const series = [0, 1, 2].map((i) => ({
    name: curves[0][i].name,
    points: exponents.map((exponent, j) => /** @type {[number, number]} */ ([exponent, rms(curves[j][i].output)])),
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

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function difference(a, b) {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

/** @param {number} exponent */
function power(exponent) {
  return String(10 ** exponent).length <= 6 ? String(10 ** exponent) : `10^${String(exponent).replace("-", "−")}`;
}

/**
 * @param {[string, string][]} options
 * @param {number} value
 */
function nearest(options, value) {
  return options.find(([text]) => Number(text) === value)?.[0] ?? options[0][0];
}
