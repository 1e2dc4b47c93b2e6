/** A policy that learns in the page: the reader chooses what it is paid for, and sees what it makes of it. */

import { announcement, button, choice, element, loadWhenVisible, scroller, setTrait, slider, widget } from "./js/dom.js";
import { format, randomNumbers } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { GROUPS, inWords, isRight, newRun, REWARDS, SAMPLES, tunedPolicy } from "./js/policy_training.js";

/** @import { Model } from "./js/types.js" */
/** @import { Group, Measures } from "./js/policy_training.js" */
/** @import { Points } from "./js/plot.js" */

/** For so many milliseconds it learns before the page is drawn again. */
const SLICE = 40;
const RATES = [0.003, 0.01, 0.03, 0.1];

export default widget(
  {
    title: "A policy that learns in this page",
    tryThis: [
      "Pay for the right number and press “100 steps” twice. What happens to the entropy, and to the groups with equal rewards?",
      "Start again and pay for “the right number is somewhere in it”. When does the line of right answers leave that of the reward? Read what the policy says then.",
      "Do the same with a KL weight of 0.3. What do the answers gain, and what does the reward lose?",
      "Pay for answers that sound sure. Does it know more? Then pay for length. Which of the four rewards would you have trusted?",
      "Set the learning rate to 0.1 and pay for the right number. A policy can also be broken by an honest reward.",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const controls = element("div", { class: "llm-controls" });
    body.append(
      element(
        "p",
        {},
        "It adds two numbers from 0 to 4. It was tuned on 9,600 sample answers that state the right number in about 4 cases of 10. " +
          `In each step it answers ${GROUPS} questions ${SAMPLES} times, and answers that are paid more than the others to the same question become likelier.`,
      ),
      controls,
      said,
      results,
    );
    let open = true;
    const message = "Tuning the policy on sample answers …";
    loadWhenVisible(body, said, async () => tunedPolicy(randomNumbers(1)), message).then((reference) => {
      if (reference && open) runLab(model, reference, controls, said, results, () => open);
    });
    return () => (open = false);
  },
);

/**
 * @param {Model} model
 * @param {import("./js/small_policy.js").Policy} reference
 * @param {HTMLElement} controls
 * @param {HTMLElement} said
 * @param {HTMLElement} results
 * @param {() => boolean} isOpen
 */
function runLab(model, reference, controls, said, results, isOpen) {
  /** @type {Measures[]} */
  let history = [];
  /** @type {Group[]} */
  let groups = [];
  let step = newRun(reference, model.get("rate"), randomNumbers(2));
  let remaining = 0;
  controls.append(...fields(model), button("1 step", () => run(1)), button("25 steps", () => run(25)), button("100 steps", () => run(100)), button("Start again", restart));
  model.on("change:rate", restart);
  restart();

  function restart() {
    history = [];
    remaining = 0;
    step = newRun(reference, model.get("rate"), randomNumbers(2));
    take();
    show();
  }

  function take() {
    const { groups: seen, measures } = step({ reward: model.get("reward"), klWeight: model.get("kl_weight"), divide: model.get("divide") });
    groups = seen;
    history.push(measures);
  }

  /** @param {number} steps */
  function run(steps) {
    const isRunning = remaining > 0;
    remaining += steps;
    if (!isRunning) slice();
  }

  function slice() {
    if (!isOpen()) return;
    const until = performance.now() + SLICE;
    while (remaining > 0 && performance.now() < until) {
      take();
      remaining -= 1;
    }
    show();
    if (remaining > 0) setTimeout(slice);
  }

  function show() {
    results.replaceChildren(...(history.length > 1 ? [plots(history)] : []), groupTable(groups[0]));
    // Read out once, when it has come to rest.
    if (remaining === 0) said.textContent = sentence(history);
  }
}

/** @param {Model} model */
function fields(model) {
  const rewards = Object.entries(REWARDS).map(([key, { name }]) => /** @type {[string, string]} */ ([key, name]));
  const rates = [...new Set([...RATES, model.get("rate")])].sort((a, b) => a - b);
  return [
    choice("Pay 1 if", rewards, model.get("reward"), (reward) => setTrait(model, "reward", reward)),
    slider("KL weight", { min: 0, max: 1, step: 0.05, value: model.get("kl_weight"), format: (value) => value.toFixed(2) }, (weight) => setTrait(model, "kl_weight", weight)),
    choice("Advantage", [["yes", "GRPO: divided by the spread"], ["no", "Dr. GRPO: not divided"]], model.get("divide") ? "yes" : "no", (value) => setTrait(model, "divide", value === "yes")),
    choice("Learning rate", rates.map((rate) => [String(rate), String(rate)]), String(model.get("rate")), (rate) => setTrait(model, "rate", Number(rate))),
  ];
}

/** @param {Measures[]} history */
function sentence(history) {
  const now = history[history.length - 1];
  const percent = (/** @type {number} */ share) => `${Math.round(100 * share)}\u00a0%`;
  return (
    `After ${history.length - 1} steps: reward ${format(now.reward)}, ${percent(now.right)} of the answers right, ` +
    `entropy ${format(now.entropy)} nats per token, KL ${format(now.kl)} nats per answer, ${percent(now.equal)} of the groups with equal rewards, ${format(now.length, 1)} tokens per answer.`
  );
}

/** @param {Measures[]} history */
function plots(history) {
  const line = (/** @type {keyof Measures} */ key) => history.map((measures, i) => /** @type {[number, number]} */ ([i, measures[key]]));
  const highest = (/** @type {keyof Measures} */ key, /** @type {number} */ least) => Math.max(least, ...history.map((measures) => measures[key]));
  /** @type {(title: string, y: string, yRange: [number, number], series: { name: string, points: Points }[]) => HTMLElement} */
  const plot = (title, y, yRange, series) => linePlot({ title, x: "step", y, series, yRange });
  return element(
    "div",
    { class: "llm-row llm-thirds" },
    plot("What it is paid, and what is true", "share", [0, 1], [{ name: "reward", points: line("reward") }, { name: "right", points: line("right") }]),
    plot("Entropy", "nats per token", [0, highest("entropy", 1)], [{ name: "entropy", points: line("entropy") }]),
    plot("KL from the tuned policy", "nats per answer", [0, highest("kl", 1)], [{ name: "KL", points: line("kl") }]),
  );
}

/** @param {Group} group */
function groupTable({ question, answers, rewards, advantages }) {
  const caption = `A group of the last step: what is ${question.left} + ${question.right}?`;
  const header = ["Answer", "Right", "Reward", "Advantage"].map((name) => element("th", { scope: "col" }, name));
  const rows = answers.map((answer, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, inWords(answer)),
      element("td", {}, isRight(answer) ? "✓ yes" : "no"),
      element("td", {}, format(rewards[i])),
      element("td", {}, format(advantages[i])),
    ),
  );
  return scroller(caption, element("table", { class: "llm-answers" }, element("caption", {}, caption), element("thead", {}, element("tr", {}, ...header)), element("tbody", {}, ...rows)));
}
