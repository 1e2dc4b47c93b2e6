/** DPO by hand: the reader says which answers are preferred, turns beta, and sees where the probability goes. */

import { announcement, button, choice, element, scroller, setTrait, slider, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";
import { dpoLoss, klDivergence, margin, policyOver, trainDpo } from "./js/preferences.js";
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
    const controls = element("div", { class: "llm-controls" });
    const said = announcement();
    const results = element("div");
    body.append(
      element(
        "p",
        {},
        "Eight answers to one question, with the chances that the reference gives them. The policy has two weights, one for the number of sentences and one for the number of false ones, " +
          "and gradient descent on the DPO loss sets them. It cannot treat an answer by itself: like a network, it generalizes.",
      ),
      controls,
      said,
      results,
    );
    fill();
    for (const trait of ["pairs", "beta", "share", "steps"]) model.on(`change:${trait}`, show);
    show();

    function fill() {
      controls.replaceChildren(...dials(model), ...pairFields(model));
    }

    function show() {
      const state = trained(model);
      said.textContent = sentence(state);
      results.replaceChildren(pairList(model, state), answerTable(state));
    }
  },
);

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

/** @param {Model} model */
function pairFields(model) {
  /** @type {Candidate[]} */
  const candidates = model.get("candidates");
  const options = candidates.map((_, i) => /** @type {[string, string]} */ ([String(i), `answer ${i + 1}`]));
  let [chosen, rejected] = [0, Math.min(7, candidates.length - 1)];
  return [
    choice("Prefer", options, String(chosen), (value) => (chosen = Number(value))),
    choice("to", options, String(rejected), (value) => (rejected = Number(value))),
    button("Add this pair", () => {
      const pairs = model.get("pairs").filter((/** @type {Pair} */ [first, second]) => first !== chosen || second !== rejected);
      if (chosen !== rejected) setTrait(model, "pairs", [...pairs, [chosen, rejected]]);
    }),
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
    return element("li", {}, `${name}: margin ${format(margin(candidates, weights, pair, beta))} `, element("button", { type: "button", "aria-label": `Remove ${name}`, onclick: remove }, "remove"));
  });
  return element("div", {}, element("p", { class: "llm-caption" }, "What the raters prefer"), items.length ? element("ul", {}, ...items) : element("p", {}, "nothing yet: add a pair"));
}

/** @param {State} state */
function sentence({ candidates, pairs, beta, share, steps, weights, reference, policy }) {
  if (!pairs.length) return "No pair, so nothing to learn: the policy is the reference.";
  const mean = (/** @type {number[]} */ probabilities) => candidates.reduce((sum, { features }, i) => sum + probabilities[i] * features[0], 0);
  return (
    `After ${steps} steps: loss ${format(dpoLoss(candidates, weights, pairs, beta, share), 3)}, weights ${weights.map((weight, i) => `${format(weight)} for ${FEATURES[i]}`).join(" and ")}. ` +
    `KL from the reference ${format(klDivergence(policy, reference))} nats; ${format(mean(reference), 1)} sentences per answer before, ${format(mean(policy), 1)} now.`
  );
}

/** @param {State} state */
function answerTable({ candidates, beta, reference, policy }) {
  const caption = "The answers before and after";
  const names = ["Answer", "Reference", "Policy", "Implicit reward"];
  const rows = candidates.map(({ text, features }, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, `${i + 1}. ${text}`, features[1] ? element("em", {}, ` (${features[1]} false)`) : null),
      element("td", {}, bar(reference[i])),
      element("td", {}, bar(policy[i])),
      element("td", {}, format(beta * Math.log(policy[i] / reference[i]))),
    ),
  );
  const header = names.map((name) => element("th", { scope: "col" }, name));
  return scroller(caption, element("table", { class: "llm-bars llm-answers" }, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...header)), element("tbody", {}, ...rows)));
}

/** @param {number} probability */
function bar(probability) {
  return element("span", {}, element("span", { class: "llm-bar", style: `--share: ${(0.5 * probability).toFixed(4)}` }), percent(probability));
}
