/** A policy that learns in the page: the reader chooses what it is paid for, and sees what it makes of it. */

import { announcement, button, choice, columns, element, loadWhenVisible, setTrait, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format, randomNumbers, signed } from "../models/numbers.ts";
import { linePlot, type Series } from "../ui/plot.ts";
import { GROUPS, inWords, isRight, newRun, REWARDS, SAMPLES, tunedPolicy, type Group, type Measures } from "./policy_training.ts";
import type { Model } from "../ui/types.ts";

/** For so many milliseconds it learns before the page is drawn again. */
const SLICE = 40;
const RATES = [0.003, 0.01, 0.03, 0.1];
/** Taken before a reader does anything. */
const FIRST_STEPS = 50;
/** That the axis shows before there are more. */
const LEAST_STEPS = 100;

export default widget(
  {
    title: "A policy that learns in this page",
    tryThis: [
      "Pay for the right number and press “100 steps” twice: the first steps are taken. What happens to the entropy, and to the groups with equal rewards?",
      "Pay for “the right number is in it” (each new setting starts again), and take 100 steps. When does the line of right answers leave that of the reward? Read what the policy says then.",
      "Do the same with a KL weight of 0.3. What do the answers gain, and what does the reward lose?",
      "Pay for answers that sound sure, and take 100 steps. Does it know more? Then the same for length. Which of the four rewards would you have trusted?",
      "Set the learning rate to 0.1 and pay for the right number. A policy can also be broken by an honest reward.",
    ],
  },
  (model, body) => {
    const said = announcement("llm-after");
    const results = element("div");
    const group = element("div");
    const controls = element("div", { class: "llm-controls" });
    body.append(
      element(
        "p",
        { class: "llm-note" },
        `It adds two numbers from 0 to 4, and gets about 1 in 3 right at first. A step: ${GROUPS} questions, ${SAMPLES} answers each. A KL weight takes from answers that became likelier than at first, and gives to those that became rarer.`,
      ),
      columns([controls], [results]),
      said,
      group,
    );
    let open = true;
    const message = "Tuning the policy on sample answers …";
    loadWhenVisible(body, said, async () => tunedPolicy(randomNumbers(1)), message).then((reference) => {
      if (reference && open) runLab(model, reference, { controls, said, results, group }, () => open);
    });
    return () => (open = false);
  },
);

function runLab(
  model: Model,
  reference: import("./small_policy.ts").Policy,
  { controls, said, results, group }: Record<"controls" | "said" | "results" | "group", HTMLElement>,
  isOpen: () => boolean,
) {
  let history: Measures[] = [];
  /** The run before this one. */
  let former: Measures[] = [];
  let groups: Group[] = [];
  let step = newRun(reference, model.get("rate"), randomNumbers(2));
  let remaining = 0;
  /** How many steps the run will have when it comes to rest. */
  const goal = () => history.length - 1 + remaining;
  controls.append(...fields(model), element("div", { class: "llm-buttons" }, button("1 step", () => run(1)), button("25 steps", () => run(25)), button("100 steps", () => run(100)), button("Start again", restart)));
  // A run keeps its settings: else its lines would change their meaning on the way.
  for (const trait of ["reward", "kl_weight", "divide", "rate"]) model.on(`change:${trait}`, restart);
  for (let steps = 0; steps <= FIRST_STEPS; steps++) take();
  show();

  function restart() {
    if (history.length > 1) former = history;
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

  function run(steps: number) {
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
    results.replaceChildren(...plots(history, former));
    group.replaceChildren(groupList(groups[0]));
    // Read out once when it sets out, and once when it has come to rest: the same words are not set again.
    const words = remaining ? `Learning until step ${goal()} …` : sentence(history);
    if (said.textContent !== words) said.textContent = words;
  }
}

function fields(model: Model) {
  const rewards = Object.entries(REWARDS).map(([key, { name }]) => [key, name] as [string, string]);
  const rates = [...new Set([...RATES, model.get("rate")])].sort((a, b) => a - b);
  const pay = traitChoice(model, "reward", "Pay 1 if", rewards);
  pay.classList.add("llm-long");
  return [
    pay,
    traitSlider(model, "kl_weight", "KL weight", { min: 0, max: 1, step: 0.05, format: (value) => value.toFixed(2) }),
    choice("Advantage", [["yes", "GRPO (÷ spread)"], ["no", "Dr. GRPO (not ÷)"]], model.get("divide") ? "yes" : "no", (value) => setTrait(model, "divide", value === "yes")),
    traitChoice(model, "rate", "Learning rate", rates.map((rate) => [rate, String(rate)])),
  ];
}

function percent(share: number) {
  return `${Math.round(100 * share)}\u00a0%`;
}

function sentence(history: Measures[]) {
  const [steps, now] = [history.length - 1, history[history.length - 1]];
  return (
    `After ${steps} ${steps === 1 ? "step" : "steps"}: reward ${format(now.reward)}, ${percent(now.right)} right, ` +
    `${percent(now.equal)} of groups with equal rewards, ${format(now.length, 1)} tokens per answer.`
  );
}

function plots(history: Measures[], former: Measures[]) {
  const line = (of: Measures[], key: keyof Measures) => of.map((measures, i) => [i, measures[key]] as [number, number]);
  const highest = (key: keyof Measures, least: number) => Math.max(least, ...[...history, ...former].map((measures) => measures[key]));
  const series = (name: string, key: keyof Measures, look = 0) => ({ name, look, points: line(history, key), before: former.length ? line(former, key) : undefined });
  const plot: (title: string, y: string, most: number, height: number, shown: Series[]) => HTMLElement = (title, y, most, height, shown) => linePlot({ title, x: "step", y, series: shown, linesAreInLegend: true, tracesAreNamed: true, yRange: [0, most], xRange: [0, Math.max(LEAST_STEPS, history.length - 1, former.length - 1)], height });
  const now = history[history.length - 1];
  return [
    plot(`What it is paid, and what is true${former.length ? " (pale: the run before)" : ""}`, "share", 1, 150, [series(`right ${format(now.right)}`, "right", 0), series(`reward ${format(now.reward)}`, "reward", 1)]),
    element(
      "div",
      { class: "llm-row llm-pair" },
      plot(`Entropy: ${format(now.entropy)}`, "nats per token", highest("entropy", 1), 110, [series("entropy", "entropy", 2)]),
      plot(`KL from the tuned: ${format(now.kl)}`, "nats per answer", highest("kl", 1), 110, [series("KL", "kl", 3)]),
    ),
  ];
}

function groupList({ question, answers, rewards, costs, advantages }: Group) {
  const caption = `Answers of the last step to: what is ${question.left} + ${question.right}? ✓ right, ✗ wrong. Above the mean, an answer becomes likelier`;
  const items = answers.map((answer, i) => {
    const kind = advantages[i] > 0 ? "llm-gains" : advantages[i] < 0 ? "llm-loses" : "";
    return element(
      "li",
      { class: kind },
      element("b", { title: inWords(answer) }, `${isRight(answer) ? "✓" : "✗"} ${inWords(answer)}`),
      element("span", {}, payOf(rewards[i], costs[i])),
      element("span", {}, `advantage ${signed(advantages[i])}`),
    );
  });
  return element("figure", {}, element("figcaption", {}, caption), element("ol", { class: "llm-group", tabindex: 0, "aria-label": caption }, ...items));
}

/** What an answer is paid, and what the price on KL leaves of it: that is what is compared. */
function payOf(reward: number, cost: number) {
  const pay = `pay ${Number(reward.toFixed(2))}`;
  if (cost === 0) return pay;
  return `${pay} ${cost < 0 ? "+" : "−"} KL ${format(Math.abs(cost))} = ${format(reward - cost)}`;
}
