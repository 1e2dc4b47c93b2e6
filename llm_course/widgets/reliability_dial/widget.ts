/** A reliability diagram to turn, and what a threshold for silence makes of the score. */

import { memory } from "../ui/before.ts";
import { binsOf, calibrationError, selectiveScore, sharpened, stretchesOf, type Bin } from "./calibration.ts";
import { announcement, columns, element, setTrait, svg, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { handle } from "../ui/handle.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { format } from "../models/numbers.ts";
import { fitted, linePlot, sample } from "../ui/plot.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const TRAITS = ["bins", "power", "threshold", "penalty"];
const STEPS = 50;
const THRESHOLDS = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS);
/** That are told one by one. */
const MOST_STRETCHES = 4;
const EDGE = { left: 44, right: 12, top: 22 };
/** Of the diagram, and of the bars of counts below it. */
const [SQUARE, COUNTS, HEIGHT] = [180, 36, 284];

export default widget(
  {
    title: "Is it right as often as it says?",
    tryThis: [
      "Where is the line above the diagonal, and where below? Set the bins to 1 and to 20: how far can you trust the error?",
      "With 10 bins, sharpen the confidence, as a lower temperature does: the error falls, then jumps as answers change bins. Does the surest wrong answer change, or the mean score?",
      "Raise what a wrong answer costs, c. A calibrated model would best keep silent below c / (1 + c), the dashed line. Where is this model's best, and does the diagram above say why?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const lost = announcement("llm-given-up");
    const [figures, silence] = [element("div", { "aria-live": "polite" }), element("div", { "aria-live": "polite" })];
    const [results, paid] = [element("div"), element("div")];
    const numbers = element("div");
    const setThreshold = (value: number) => setTrait(model, "threshold", Math.round(STEPS * Math.min(1, Math.max(0, value))) / STEPS);
    const parts = [
      columns(
        [
          element(
            "div",
            { class: "llm-controls" },
            traitSlider(model, "bins", "Bins", { min: 1, max: 20, step: 1 }),
            traitSlider(model, "power", "Sharpen (1 / temperature)", { min: 0.2, max: 5, step: 0.1, format: (value) => format(value, 1) }),
          ),
          figures,
          said,
        ],
        [results],
      ),
      columns(
        [
          element(
            "div",
            { class: "llm-controls" },
            traitSlider(model, "threshold", "Keep silent below", { min: 0, max: 1, step: 1 / STEPS, format: (value) => format(value, 2) }),
            traitSlider(model, "penalty", "A wrong answer costs", { min: 0, max: 9, step: 0.5, format: (value) => format(value, 1) }),
          ),
          silence,
          lost,
        ],
        [paid],
      ),
    ];
    body.append(
      ...parts.map((part) => element("div", { class: "llm-part" }, part)),
      element("details", {}, element("summary", {}, "The numbers"), numbers),
    );
    const remember = memory() as (now: Seen) => Seen | undefined;
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const now = look(model);
      const before = remember(now);
      said.textContent = trust(now.found);
      lost.textContent = lossOf(now);
      figures.replaceChildren(keyFigures([["calibration error", ({ error }) => format(error, 3)], ["surest wrong answer", ({ surest }) => surest]], now, before, true));
      silence.replaceChildren(keyFigures([[`answered, of ${now.total}`, ({ given }) => String(given)], ["mean score", ({ score }) => format(score, 2)]], now, before, true));
      results.replaceChildren(reliability(now, before, setThreshold));
      paid.replaceChildren(scores(now, before, setThreshold));
      numbers.replaceChildren(table(now.found));
    }
  },
);

function look(model: Model) {
  const [bins, power, threshold, penalty] = TRAITS.map((trait) => model.get(trait));
  const correct = model.get("correct") as boolean[];
  const confidence = sharpened(model.get("confidence"), power);
  const found = binsOf(confidence, correct, bins);
  return {
    bins, threshold, found,
    // An answer that is right with probability p gains p − (1 − p) · penalty: nothing at this p.
    fair: penalty / (1 + penalty),
    total: confidence.length,
    given: confidence.filter((value) => value >= threshold).length,
    missed: confidence.filter((value, i) => value < threshold && correct[i]).length,
    error: calibrationError(found),
    surest: correct.every(Boolean) ? "none" : format(Math.max(...confidence.filter((_, i) => !correct[i])), 2),
    score: selectiveScore(confidence, correct, threshold, penalty),
    curve: THRESHOLDS.map((place) => [place, selectiveScore(confidence, correct, place, penalty)] as [number, number]),
  };
}

type Seen = ReturnType<typeof look>;

/** What silence gives up. */
function lossOf({ threshold, total, given, missed }: Seen) {
  const silent = total - given;
  if (!silent) return "Every question is answered.";
  return `Silent below ${format(threshold, 2)}: of ${silent} ${silent === 1 ? "answer" : "answers"} not given, ${missed} would have been right.`;
}

/** Where it is too sure, and where too unsure. */
function trust(found: Bin[]) {
  const stretches = stretchesOf(found);
  const within = (isTooSure: boolean) => stretches.filter((one) => one.isTooSure === isTooSure).map(({ from, to }) => `from ${format(from, 2)} to ${format(to, 2)}`).join(" and ");
  const name = (isTooSure: boolean) => (isTooSure ? "too sure" : "too unsure");
  if (!stretches.length) return "As sure as it should be.";
  const [first, second] = stretches;
  if (!second) return `${capital(name(first.isTooSure))} throughout.`;
  if (stretches.length === 2) return `${capital(name(second.isTooSure))} above ${format(second.from, 2)}, ${name(first.isTooSure)} below.`;
  if (stretches.length <= MOST_STRETCHES) return `Too sure ${within(true)}, too unsure ${within(false)}.`;
  return `By turns too sure and too unsure: it changes ${stretches.length - 1} times.`;
}

function capital(text: string) {
  return text[0].toUpperCase() + text.slice(1);
}

/**
 * The share of right answers by confidence; the distance of each bin from the diagonal; and below it, how many answers
 * stand behind each point.
 */
function reliability({ found, threshold }: Seen, before: Seen | undefined, setThreshold: (threshold: number) => void) {
  const filled = found.filter(({ count }) => count);
  const hasMoved = before && JSON.stringify(before.found) !== JSON.stringify(found);
  const former = hasMoved ? before.found.filter(({ count }) => count) : [];
  const title = "Share of right answers by confidence, and how many answers stand behind each point";
  const most = Math.max(1, ...found.map(({ count }) => count));
  const draw = (width: number) => {
    const [left, right, bottom] = [EDGE.left, width - EDGE.right, EDGE.top + SQUARE];
    const toX = (share: number) => left + share * (right - left);
    const toY = (share: number) => bottom - share * SQUARE;
    const floor = bottom + 12 + COUNTS;
    const upright = `M${toX(threshold)} ${EDGE.top}V${floor}`;
    const line = (bins: Bin[], kind: string) =>
      svg("polyline", { class: kind, points: bins.map(({ confidence, accuracy }) => `${toX(confidence).toFixed(1)},${toY(accuracy).toFixed(1)}`).join(" ") });
    const text = (x: number, y: number, anchor: string, words: string) => svg("text", { x, y, "text-anchor": anchor, class: "llm-tick" }, words);
    const bars = found.flatMap(({ count }, i) => {
      const [from, to] = [toX(i / found.length), toX((i + 1) / found.length)];
      const height = (count / most) * COUNTS;
      return count ? [svg("rect", { class: "llm-tally", x: from + 1, y: floor - height, width: Math.max(1, to - from - 2), height }, svg("title", {}, `${count} answers`))] : [];
    });
    return svg(
      "svg",
      { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title },
      ...[0, 0.5, 1].flatMap((share) => [svg("path", { class: "llm-grid", d: `M${left} ${toY(share)}H${right}` }), text(left - 8, toY(share) + 4, "end", format(share, 1))]),
      threshold > 0 ? svg("rect", { class: "llm-silent", x: left, y: EDGE.top, width: toX(threshold) - left, height: floor - EDGE.top }) : null,
      threshold > 0.15 ? text(left + 4, EDGE.top + 12, "start", "keeps silent") : null,
      svg("path", { class: "llm-threshold", d: upright }),
      svg("line", { class: "llm-line llm-line-3", x1: toX(0), y1: toY(0), x2: toX(1), y2: toY(1) }),
      ...filled.map(({ confidence, accuracy }) => svg("line", { class: "llm-gap", x1: toX(confidence), x2: toX(confidence), y1: toY(confidence), y2: toY(accuracy) })),
      former.length ? line(former, "llm-line llm-before") : null,
      line(filled, "llm-line"),
      ...filled.map(({ confidence, accuracy, count }) => svg("circle", { class: "llm-point", cx: toX(confidence), cy: toY(accuracy), r: 2.5 + 4.5 * Math.sqrt(count / most) })),
      ...bars,
      text(left - 8, floor - COUNTS + 9, "end", String(most)),
      text(left - 8, floor, "end", "0"),
      svg("path", { class: "llm-axis", d: `M${left} ${floor}H${right}` }),
      ...[0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => text(toX(share), floor + 15, "middle", format(share, 1))),
      text(2, 12, "start", "right"),
      text(right, HEIGHT - 2, "end", "confidence; bars: answers"),
      handle(svg("path", { class: "llm-wide-grip", d: upright }), ([from]) => ([to]) => setThreshold(threshold + (to - from) / (right - left))),
    );
  };
  const trace = sample("before", svg("path", { class: "llm-line llm-before", d: "M0 5H26" }));
  trace.style.visibility = former.length ? "" : "hidden"; // keeps its room
  const legend = element(
    "p",
    { class: "llm-legend" },
    sample("this model", svg("path", { class: "llm-line", d: "M0 5H26" })),
    sample("as often as it says", svg("path", { class: "llm-line llm-line-3", d: "M0 5H26" })),
    sample("error of a bin", svg("path", { class: "llm-gap", d: "M13 0V10" })),
    trace,
  );
  return element("figure", { class: "llm-plot" }, element("figcaption", {}, "How often right, by how sure. Drag the upright line to keep silent below it"), fitted(draw), legend);
}

function scores({ curve, threshold, score, fair }: Seen, before: Seen | undefined, setThreshold: (threshold: number) => void) {
  const least = Math.min(...[...curve, ...(before?.curve ?? [])].map(([, value]) => value));
  const lowest = Math.min(-0.1, least - 0.12 * (1 - least)); // room for names below the curve
  const hasMoved = before && JSON.stringify(before.curve) !== JSON.stringify(curve);
  const best = curve.reduce((found, point) => (point[1] > found[1] ? point : found));
  return linePlot({
    title: `Mean score by threshold${hasMoved ? "; pale: before" : ""}`,
    x: "keep silent below",
    y: "score",
    series: [{ name: "score", points: curve, before: before?.curve }],
    dots: [
      { at: [threshold, score], name: `you: ${format(score, 2)}`, look: 3, isAlwaysNamed: true, onDrag: ([place]) => setThreshold(place) },
      { at: best, name: `best: silent below ${format(best[0], 2)}`, look: 1 },
    ],
    marker: fair,
    markerName: `if calibrated: ${format(fair, 2)}`,
    yRange: [lowest, 1],
    height: 190,
    tracesAreNamed: true,
  });
}

function table(bins: Bin[]) {
  const rows = bins.map(({ count, confidence, accuracy }, i) => {
    const cells = [String(count), ...[confidence, accuracy].map((value) => (count ? format(value, 2) : "–"))];
    const name = `${format(i / bins.length, 2)} to ${format((i + 1) / bins.length, 2)}`;
    return tableRow(name, cells);
  });
  return captionedTable("The bins", ["Confidence", "Answers", "Mean confidence", "Right"], rows);
}
