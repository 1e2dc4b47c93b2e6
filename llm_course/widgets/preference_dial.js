/** DPO by hand: the reader says which answers are preferred, turns beta, and sees where the probability goes. */

import { memory } from "./js/before.js";
import { announcement, button, choice, element, redraw, setTrait, slider, widget } from "./js/dom.js";
import { keyFigures } from "./js/key_figures.js";
import { format } from "./js/numbers.js";
import { pairedShares } from "./js/paired_bars.js";
import { dpoLoss, klDivergence, margin, policyOver, trainDpo } from "./js/preferences.js";
import { captionedTable } from "./js/table.js";
import { percent } from "./js/token_bars.js";

/** @import { Model } from "./js/types.js" */
/** @import { Candidate, Pair } from "./js/preferences.js" */

/** What the policy can tell answers apart by; it has one weight for each. */
export const FEATURES = ["sentences", "false sentences"];
const MOST_STEPS = 400;

export default widget(
  {
    title: "Preferences, beta, and where the probability goes",
    tryThis: [
      "So far there is one pair: two true sentences over a false one. Which of the answers that nobody was asked about gain, and why does the longest gain?",
      "Add a pair that says what was meant: a single true sentence over one of three sentences with a false one among them. What happens to length now?",
      "Turn beta from 2 down to 0.05. The margin stays the same. How far does the policy move for it, and what happens to the preferred answer?",
      "Let all raters agree (100 %). Does the margin still come to rest? Compare 100 steps with 400.",
    ],
  },
  (model, body) => {
    const said = announcement();
    const pairs = element("div");
    const figures = element("div");
    const answers = element("div");
    body.append(
      element(
        "p",
        { class: "llm-note" },
        "The policy has two weights, for sentences and for false ones: it cannot treat an answer by itself.",
      ),
      element("div", { class: "llm-controls" }, ...dials(model)),
      said,
      figures,
      element("div", { class: "llm-preferred" }, pairs, adding(model)),
      answers,
    );
    const remember = /** @type {(now: State) => State | undefined} */ (memory());
    for (const trait of ["pairs", "beta", "share", "steps"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const state = trained(model);
      said.textContent = sentence(state);
      redraw(pairs, pairList(model, state));
      figures.replaceChildren(moved(state, remember(state)));
      answers.replaceChildren(answerTable(state));
    }
  },
);

/**
 * A pair to be added: one answer over another.
 * @param {Model} model
 */
function adding(model) {
  const last = model.get("candidates").length - 1;
  const asked = { chosen: 0, rejected: last };
  const options = model.get("candidates").map((/** @type {Candidate} */ _, /** @type {number} */ i) => [String(i), `answer ${i + 1}`]);
  const add = button("Add this pair", () => {
    const others = model.get("pairs").filter((/** @type {Pair} */ [first, second]) => first !== asked.chosen || second !== asked.rejected);
    setTrait(model, "pairs", [...others, [asked.chosen, asked.rejected]]);
  });
  const pick = (/** @type {string} */ label, /** @type {"chosen" | "rejected"} */ side) =>
    choice(label, options, String(asked[side]), (answer) => {
      asked[side] = Number(answer);
      add.disabled = asked.chosen === asked.rejected; // no answer is better than itself
    });
  return element("div", { class: "llm-adding" }, pick("Better", "chosen"), pick("Worse", "rejected"), add);
}

/** @param {Model} model */
function trained(model) {
  /** @type {Candidate[]} */
  const candidates = model.get("candidates");
  /** @type {Pair[]} */
  const pairs = model.get("pairs");
  const [beta, share, steps] = [model.get("beta"), model.get("share"), model.get("steps")];
  const weights = trainDpo(candidates, pairs, beta, share, steps);
  const reference = policyOver(candidates, FEATURES.map(() => 0));
  return { candidates, pairs, beta, share, steps, weights, reference, policy: policyOver(candidates, weights) };
}

/** @typedef {ReturnType<typeof trained>} State */

/** @param {Model} model */
function dials(model) {
  const set = (/** @type {string} */ trait) => (/** @type {number} */ value) => setTrait(model, trait, value);
  return [
    slider("Beta", { min: Math.log10(0.05), max: Math.log10(2), step: "any", value: Math.log10(model.get("beta")), format: (power) => (10 ** power).toFixed(2) }, (power) => set("beta")(10 ** power)),
    slider("Raters who agree", { min: 0.5, max: 1, step: 0.05, value: model.get("share"), format: (share) => `${Math.round(100 * share)} %` }, set("share")),
    slider("Training steps", { min: 0, max: MOST_STEPS, step: 10, value: model.get("steps") }, set("steps")),
  ];
}

/**
 * @param {Model} model
 * @param {State} state
 */
function pairList(model, { candidates, pairs, beta, weights }) {
  const items = pairs.map((pair, i) => {
    const [chosen, rejected] = pair.map((index) => index + 1);
    const remove = () => setTrait(model, "pairs", pairs.filter((_, j) => j !== i));
    const name = `answer ${chosen} over answer ${rejected}`;
    return element("li", {}, `${name}, ${format(margin(candidates, weights, pair, beta))} `, element("button", { type: "button", "aria-label": `Remove ${name}`, onclick: remove }, "×"));
  });
  const list = element("ul", { class: "llm-pairs" }, ...items);
  return element("div", { class: "llm-preferred" }, element("span", { class: "llm-caption" }, "Preferred, with margins"), items.length ? list : element("span", {}, "nothing yet"));
}

/** @param {State} state */
function sentence({ candidates, pairs, beta, share, steps, weights }) {
  if (!pairs.length) return "No pair, so nothing to learn: the policy is the reference.";
  return `After ${steps} steps: loss ${format(dpoLoss(candidates, weights, pairs, beta, share), 3)}, weights ${weights.map((weight, i) => `${format(weight)} for ${FEATURES[i]}`).join(" and ")}.`;
}

/**
 * @param {State} now
 * @param {State | undefined} before
 */
function moved(now, before) {
  const mean = (/** @type {State} */ { candidates, policy }, /** @type {(features: number[]) => number} */ of) => candidates.reduce((sum, { features }, i) => sum + policy[i] * of(features), 0);
  /** @type {[string, (of: State) => string][]} */
  const shown = [
    ["KL from the reference", ({ policy, reference }) => `${format(klDivergence(policy, reference))} nats`],
    ["sentences per answer", (of) => format(mean(of, ([sentences]) => sentences), 1)],
    ["answers with something false", (of) => percent(mean(of, ([, wrong]) => Number(wrong > 0)))],
  ];
  return keyFigures(shown, now, before);
}

/** @param {State} state */
function answerTable({ candidates, beta, reference, policy }) {
  const caption = "The answers: reference in outline, policy filled; implicit reward";
  const rows = candidates.map(({ text, features }, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, `${i + 1}. ${text}`, features[1] ? element("em", {}, ` (${features[1]} false)`) : null),
      element("td", {}, pairedShares(`${percent(reference[i])} → ${percent(policy[i])}`, reference[i], policy[i])),
      element("td", {}, element("span", { class: "llm-heading" }, "reward "), format(beta * Math.log(policy[i] / reference[i]))),
    ),
  );
  return captionedTable(caption, ["Answer", "reference → policy", "reward"], rows, "llm-answers");
}
