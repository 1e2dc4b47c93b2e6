/** A reliability diagram to turn, and what a threshold for silence makes of the score. */

import { binsOf, calibrationError, selectiveScore, sharpened } from "./js/calibration.js";
import { announcement, element, scroller, setTrait, slider, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";

/** @import { Model } from "./js/types.js" */
/** @import { Bin } from "./js/calibration.js" */

const TRAITS = ["bins", "power", "threshold", "penalty"];
const THRESHOLDS = Array.from({ length: 51 }, (_, i) => i / 50);

export default widget(
  {
    title: "Is it right as often as it says?",
    tryThis: [
      "Where is the line above the diagonal, and where below? Move the number of bins to 1 and to 20: how far can you trust the error?",
      "Sharpen the confidence until the error is smallest. Which answers are still wrong, and did any of them change?",
      "Leave the penalty at 0 and look for the best threshold. Then raise the penalty: from where on does silence pay?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const set = (/** @type {string} */ trait) => (/** @type {number} */ value) => setTrait(model, trait, value);
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        slider("Bins", { min: 1, max: 20, step: 1, value: model.get("bins") }, set("bins")),
        slider("Sharpen by", { min: 0.2, max: 5, step: 0.1, value: model.get("power"), format: (value) => format(value, 1) }, set("power")),
        slider("Keep silent below", { min: 0, max: 1, step: 0.02, value: model.get("threshold"), format: (value) => format(value, 2) }, set("threshold")),
        slider("A wrong answer costs", { min: 0, max: 9, step: 0.5, value: model.get("penalty"), format: (value) => format(value, 1) }, set("penalty")),
      ),
      said,
      results,
    );
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const [bins, power, threshold, penalty] = TRAITS.map((trait) => model.get(trait));
      const correct = /** @type {boolean[]} */ (model.get("correct"));
      const confidence = sharpened(model.get("confidence"), power);
      const found = binsOf(confidence, correct, bins);
      const given = confidence.filter((value) => value >= threshold).length;
      said.textContent =
        `Calibration error ${format(calibrationError(found), 3)} in ${bins} ${bins === 1 ? "bin" : "bins"}. ` +
        `${given} of ${confidence.length} questions are answered; the mean score is ${format(selectiveScore(confidence, correct, threshold, penalty), 2)}.`;
      results.replaceChildren(reliability(found), scores(confidence, correct, threshold, penalty), table(found));
    }
  },
);

/** @param {Bin[]} bins */
function reliability(bins) {
  const filled = bins.filter(({ count }) => count);
  return linePlot({
    title: "Share of right answers by confidence",
    x: "confidence",
    y: "right",
    series: [
      { name: "this model", points: filled.map(({ confidence, accuracy }) => [confidence, accuracy]) },
      { name: "as often as it says", points: [[0, 0], [1, 1]] },
    ],
    yRange: [0, 1],
  });
}

/**
 * @param {number[]} confidence
 * @param {boolean[]} correct
 * @param {number} threshold
 * @param {number} penalty
 */
function scores(confidence, correct, threshold, penalty) {
  const points = THRESHOLDS.map((place) => /** @type {[number, number]} */ ([place, selectiveScore(confidence, correct, place, penalty)]));
  return linePlot({
    title: "Mean score by threshold",
    x: "keep silent below",
    y: "score",
    series: [{ name: "score", points }],
    marker: threshold,
    markerName: "threshold",
    yRange: [Math.min(-0.1, ...points.map(([, value]) => value)), 1],
  });
}

/** @param {Bin[]} bins */
function table(bins) {
  const rows = bins.map(({ count, confidence, accuracy }, i) => {
    const cells = [String(count), ...[confidence, accuracy].map((value) => (count ? format(value, 2) : "–"))];
    const name = `${format(i / bins.length, 2)} to ${format((i + 1) / bins.length, 2)}`;
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells.map((text) => element("td", {}, text)));
  });
  const head = element("tr", {}, ...["Confidence", "Answers", "Mean confidence", "Right"].map((name) => element("th", { scope: "col" }, name)));
  const caption = "The bins";
  return element("details", {}, element("summary", {}, "The numbers"), scroller(caption, element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows))));
}
