/** DPO by hand: the reader says which answers are preferred, turns beta, and sees where the probability goes. */

import { memory } from "../ui/before.ts";
import { announcement, button, element, redraw, scroller, setTrait, slider, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { format, klDivergence } from "../models/numbers.ts";
import { pairedShares } from "../ui/paired_bars.ts";
import { dpoLoss, margin, policyOver, trainDpo, type Candidate, type Pair } from "./preferences.ts";
import { captionedTable } from "../ui/table.ts";
import { percent } from "../ui/token_bars.ts";
import type { Model } from "../ui/types.ts";

/** What the policy can tell answers apart by; it has one weight for each. */
export const FEATURES = ["sentences", "false sentences"];
const MOST_STEPS = 400;
/** No answer: neither half of a pair waits for the other. */
const NONE = -1;

/** What the page starts with, as the Python class has it. */
const START = { pairs: [1, 4], beta: 0.3, share: 0.8, steps: 200, better: NONE, worse: NONE };

export default widget(
  {
    title: "Preferences, beta, and where the probability goes",
    tryThis: [
      "So far there is one pair: two true sentences over a false one. Which of the answers that nobody was asked about gain, and why does the longest gain?",
      "Add a pair that says what was meant: press + beside a single true sentence, and − beside three sentences with a false one among them. What happens to length now?",
      "Take the second pair out again, and turn beta from 2 down to 0.05. The margin stays the same. How far does the policy move for it, and what happens to the preferred answer?",
      "Let all raters agree (100 %). Does the margin still come to rest? Compare 100 steps with 400.",
    ],
  },
  (model, body) => {
    const said = announcement("llm-after");
    const pairs = element("div");
    const figures = element("div");
    const answers = element("div");
    const next = element("span", { "aria-live": "polite" });
    const insight = element("p");
    const controls = element("div", { class: "llm-controls" }, ...dials(model));
    body.append(
      element("p", { class: "llm-note" }, "The policy can only count sentences and false sentences: it has one weight for each."),
      controls,
      said,
      figures,
      pairs,
      element("div", { class: "llm-preferred llm-to-add" }, next, button("Start again", restart)),
      answers,
      element("details", {}, element("summary", {}, "Loss, weights and rewards"), insight),
    );
    const remember = memory() as (now: State) => State | undefined;
    for (const trait of ["pairs", "beta", "share", "steps"]) model.on(`change:${trait}`, show);
    for (const trait of ["better", "worse"]) model.on(`change:${trait}`, mark);
    show();

    function restart() {
      for (const [trait, value] of Object.entries(START)) model.set(trait, value);
      model.save_changes();
      controls.replaceChildren(...dials(model));
    }

    function show() {
      const state = trained(model);
      said.textContent = sentence(state);
      insight.textContent = inside(state);
      const grows = state.pairs.length > pairs.querySelectorAll("li").length;
      redraw(pairs, pairList(model, state));
      if (grows) pairs.querySelector(".llm-scroller")?.scrollTo(pairs.scrollWidth * state.pairs.length, 0);
      figures.replaceChildren(moved(state, remember(state)));
      redraw(answers, answerTable(model, state));
      mark();
    }

    function mark() {
      next.textContent = nextOf(model);
      for (const button of answers.querySelectorAll("button")) {
        const waits = model.get(button.name) === Number(button.value);
        const other = model.get(button.name === "better" ? "worse" : "better");
        button.setAttribute("aria-pressed", String(waits));
        button.classList.toggle("llm-wanted", other !== NONE && other !== Number(button.value));
      }
      answers.querySelectorAll("tbody tr").forEach((row, i) => row.classList.toggle("llm-waits", [model.get("better"), model.get("worse")].includes(i)));
    }
  },
);

/** Takes an answer as a half of a pair, or back. With its other half it is a pair. */
function take(model: Model, side: string, answer: number) {
  const other = side === "better" ? "worse" : "better";
  model.set(side, model.get(side) === answer ? NONE : answer);
  if (model.get(other) === answer) model.set(other, NONE); // no answer is better than itself
  const [chosen, rejected] = [model.get("better"), model.get("worse")];
  if (chosen !== NONE && rejected !== NONE) {
    const others = pairsOf(model).filter(([first, second]) => first !== chosen || second !== rejected);
    model.set("better", NONE);
    model.set("worse", NONE);
    model.set("pairs", [...others, [chosen, rejected]].flat());
  }
  model.save_changes();
}

/** The trait has them one after the other, the better answer of each first. */
function pairsOf(model: Model): Pair[] {
  const answers = model.get("pairs") as number[];
  const pairs: Pair[] = Array.from({ length: Math.floor(answers.length / 2) }, (_, i) => [answers[2 * i], answers[2 * i + 1]]);
  return pairs.filter((pair) => pair.every((answer) => model.get("candidates")[answer])); // an address may name others
}

/** What makes a pair of what was pressed so far. */
function nextOf(model: Model) {
  if (model.get("better") !== NONE) return `Answer ${model.get("better") + 1} is the better one: press − beside a worse one.`;
  if (model.get("worse") !== NONE) return `Answer ${model.get("worse") + 1} is the worse one: press + beside a better one.`;
  return "To add one: + beside the better, − beside the worse.";
}

function trained(model: Model) {
  const candidates: Candidate[] = model.get("candidates");
  const pairs = pairsOf(model);
  const [beta, share, steps] = [model.get("beta"), model.get("share"), model.get("steps")];
  const weights = trainDpo(candidates, pairs, beta, share, steps);
  const reference = policyOver(candidates, FEATURES.map(() => 0));
  return { candidates, pairs, beta, share, steps, weights, reference, policy: policyOver(candidates, weights) };
}

type State = ReturnType<typeof trained>;

function dials(model: Model) {
  const set = (trait: string) => (value: number) => setTrait(model, trait, value);
  return [
    slider("Beta", { min: Math.log10(0.05), max: Math.log10(2), step: "any", value: Math.log10(model.get("beta")), format: (power) => (10 ** power).toFixed(2) }, (power) => set("beta")(10 ** power)),
    traitSlider(model, "share", "Raters who agree", { min: 0.5, max: 1, step: 0.05, format: (share) => `${Math.round(100 * share)}\u00a0%` }),
    traitSlider(model, "steps", "Training steps", { min: 0, max: MOST_STEPS, step: 10 }),
  ];
}

function pairList(model: Model, { candidates, pairs, beta, weights }: State) {
  const items = pairs.map((pair, i) => {
    const [chosen, rejected] = pair.map((index) => index + 1);
    const remove = () => setTrait(model, "pairs", pairs.filter((_, j) => j !== i).flat());
    const name = `answer ${chosen} over answer ${rejected}`;
    return element("li", {}, `${chosen} over ${rejected}, margin ${format(margin(candidates, weights, pair, beta))} `, element("button", { type: "button", "aria-label": `Remove ${name}`, onclick: remove }, "×"));
  });
  const list = scroller("Pairs", element("ul", { class: "llm-pairs" }, ...items));
  return element("div", { class: "llm-preferred llm-one-line" }, element("span", { class: "llm-caption" }, "Preferred answers"), items.length ? list : element("span", {}, "none yet"));
}

/** What happened to the answers that were preferred. */
function sentence({ pairs, reference, policy }: State) {
  if (!pairs.length) return "No pair, so nothing to learn: the policy is the reference.";
  const way = (answer: number) => `${percent(reference[answer])} → ${percent(policy[answer])}`;
  const preferred = [...new Set(pairs.map(([chosen]) => chosen))];
  const fallen = preferred.filter((answer) => percent(policy[answer]) !== percent(reference[answer]) && policy[answer] < reference[answer]);
  if (pairs.length === 1) {
    const [[chosen, rejected]] = pairs;
    const moved = fallen.length ? "itself fell" : policy[chosen] > reference[chosen] ? "rose" : "stays";
    return `The preferred answer ${moved}: ${way(chosen)}. The rejected one: ${way(rejected)}.`;
  }
  if (!fallen.length) return "No preferred answer fell.";
  return `${fallen.length} of ${preferred.length} preferred answers fell: ${fallen.map((answer) => `answer ${answer + 1}, ${way(answer)}`).join("; ")}.`;
}

function inside({ candidates, pairs, beta, share, steps, weights, reference, policy }: State) {
  if (!pairs.length) return "Without a pair there is no loss, and both weights are 0.";
  const reward = (answer: number) => `${format(beta * Math.log(policy[answer] / reference[answer]))} for answer ${answer + 1}`;
  const judged = [...new Set(pairs.flat())].sort((a, b) => a - b);
  const rewards = `Rewards, beta × log (policy / reference): ${judged.map(reward).join(", ")}. A margin is the difference of two.`;
  return `After ${steps} steps: loss ${format(dpoLoss(candidates, weights, pairs, beta, share), 3)}, weights ${weights.map((weight, i) => `${format(weight)} for ${FEATURES[i]}`).join(" and ")}: the policy cannot treat an answer by itself. ${rewards}`;
}

function moved(now: State, before: State | undefined) {
  const mean = ({ candidates, policy }: State, of: (features: number[]) => number) => candidates.reduce((sum, { features }, i) => sum + policy[i] * of(features), 0);
  const shown: [string, (of: State) => string][] = [
    ["moved from the reference (KL)", ({ policy, reference }) => `${format(klDivergence(policy, reference))} nats`],
    ["sentences per answer", (of) => format(mean(of, ([sentences]) => sentences), 1)],
    ["answers with something false", (of) => percent(mean(of, ([, wrong]) => Number(wrong > 0)))],
  ];
  return keyFigures(shown, now, before);
}

function answerTable(model: Model, { candidates, reference, policy }: State) {
  const caption = "A square is a sentence, a striped one is false. Bars: reference in outline, policy filled";
  const rows = candidates.map(({ text, features }, i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, `${i + 1}. ${text}`),
      element("td", {}, sentenceMarks(features)),
      element("td", {}, half(model, "better", "+", i), half(model, "worse", "−", i)),
      element("td", {}, pairedShares(`${percent(reference[i])} → ${percent(policy[i])}`, reference[i], policy[i])),
    ),
  );
  return captionedTable(caption, ["Answer", "sentences", "your pairs", "reference → policy"], rows, "llm-answers");
}

/** What the policy sees of an answer: a mark for each sentence, those that are false last. */
function sentenceMarks([sentences, wrong]: number[]) {
  const marks = Array.from({ length: sentences }, (_, i) => element("i", { class: i < sentences - wrong ? "llm-true" : "llm-false" }));
  const said = `${sentences} ${sentences === 1 ? "sentence" : "sentences"}${wrong ? `, ${wrong} false` : ""}`;
  return element("span", { class: "llm-sentence-marks", role: "img", "aria-label": said }, ...marks);
}

function half(model: Model, side: string, sign: string, answer: number) {
  const label = `${side === "better" ? "Prefer" : "Reject"} answer ${answer + 1}`;
  return element("button", { type: "button", name: side, value: answer, "aria-label": label, onclick: () => take(model, side, answer) }, sign);
}
