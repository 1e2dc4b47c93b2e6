/** What to try in a widget: sentences, one at a time, with the buttons behind each. */

import { button, element } from "./dom.ts";

/** What to try: a sentence, with the traits that it starts from where they are not those of the page, and the step from there. */
export type Suggestion = string | Start;

export interface Start {
  say: string;
  set: Record<string, any>;
  then?: Step[];
  undo?: string; // The name of the way back.
  guesses?: string[]; // Asked for before the first step, which is taken by each.
  at?: string; // Selects what the sentence is about: on a phone a button leads there.
}

/** One after the other, by one button; then it takes all of them back. */
interface Step {
  name: string;
  set: Record<string, any>; // Its first trait tells whether the step is taken.
  told: string; // What it has shown: where it was guessed first the right guess and why, as in “Sam: nothing holds him back.”
}

/** What a suggestion's buttons do. */
interface Ways {
  first: string; // The one that is shown first, if it is among them.
  setUp: () => string | undefined; // The one that is set up: its button leads back.
  isSo: (set: Record<string, any>) => boolean; // Whether the widget is where a suggestion starts: it needs no button.
  hadOwn: () => boolean; // Whether what stood before was a reader's, not another suggestion's.
  begin: (start: Start) => void; // Brings the widget to where a suggestion starts.
  go: (set: Record<string, any>) => void; // Takes the step from there.
  back: () => void; // Brings back what stood before.
  goTo: (selector: string) => void; // Brings a part of the widget into sight.
}

const BEGIN = "Set this up";
const BACK = "Back to what I had";

/**
 * What to try, one at a time: all at once would push the widget off the screen. They share a place, so that nothing moves.
 * To turn to one that starts elsewhere is to set it up: what it says is then seen.
 * @returns  `refresh` after a trait has changed;
 *   `current` is the one that is shown.
 */
export function suggestions(sentences: Suggestion[], ways: Ways): { node: HTMLElement, refresh: () => void, current: () => string } {
  const { first, setUp, hadOwn, isSo, begin, back } = ways;
  let current = 0;
  const said = sentences.map((one) => (typeof one === "string" ? one : one.say));
  const isAnySetUp = sentences.some((one) => typeof one !== "string") || setUp() !== undefined;
  const shows: (() => void)[] = [];
  const items = sentences.map((one) => {
    const made = typeof one !== "string" ? buttonsOf(one, ways) : isAnySetUp ? wayBack(() => setUp() !== undefined && hadOwn(), back) : { nodes: [], show() {} };
    shows.push(made.show);
    made.nodes.forEach((node) => node.addEventListener("click", () => refresh()));
    return element("li", {}, typeof one === "string" ? one : one.say, ...made.nodes.flatMap((node) => [" ", node]));
  });
  const refresh = () => shows.forEach((each) => each());
  const count = element("span");
  const previous = button("‹", () => turn(-1));
  previous.setAttribute("aria-label", "‹ The one before");
  const next = button("", () => turn(1));

  function turn(by: number) {
    show((current + by) % items.length);
    const one = sentences[current];
    if (typeof one !== "string" && !isSo(one.set)) begin(one);
    refresh();
  }

  function show(index: number) {
    current = index;
    count.textContent = `${index + 1} of ${items.length}`;
    previous.disabled = index === 0;
    next.textContent = index < items.length - 1 ? "Next ›" : "Again ›";
    next.setAttribute("aria-label", `${next.textContent}, of what to try`);
    items.forEach((item, i) => item.classList.toggle("llm-current", i === index));
  }

  const list = element("ul", { "aria-live": "polite" }, ...items);
  show(Math.max(0, said.indexOf(first)));
  refresh();
  const node = element(
    "div",
    { class: "llm-try", role: "group", "aria-label": "What to try" },
    element("div", {}, element("b", {}, "What to try"), ...(items.length > 1 ? [element("p", {}, count, previous, next)] : [])),
    list,
  );
  return { node, refresh, current: () => said[current] };
}

/** A button that does one of several things, as wide as the longest of their names. */
function eitherButton(ways: [name: string, does: () => void][], which: () => number) {
  const spans = ways.map(([name]) => element("span", {}, name));
  const show = () => spans.forEach((span, i) => span.classList.toggle("llm-current", i === which()));
  return { node: element("button", { type: "button", class: "llm-either", onclick: () => ways[which()][1]() }, ...spans), show };
}

/** The buttons behind a sentence, as they are once `show` was called. */
function buttonsOf(start: Start, ways: Ways): { nodes: HTMLElement[], show: () => void } {
  const made = start.then ? stepButtons(start, start.then, ways) : setUpButton(start, ways);
  if (!start.at) return made;
  const { at } = start;
  const there = button("Go there ↓", () => ways.goTo(at));
  there.className = "llm-on-phones";
  return { nodes: [...made.nodes, there], show: made.show };
}

function setUpButton(start: Start, { setUp, hadOwn, isSo, begin, back }: Ways) {
  const leadsBack = () => setUp() === start.say && hadOwn();
  const either = eitherButton([[BEGIN, () => begin(start)], [BACK, back]], () => Number(leadsBack()));
  const show = () => {
    either.show();
    either.node.classList.toggle("llm-needless", !leadsBack() && isSo(start.set));
  };
  return { nodes: [either.node], show };
}

function wayBack(isOpen: () => boolean, back: () => void) {
  const leave = button(BACK, back);
  return { nodes: [leave], show: () => { leave.classList.toggle("llm-needless", !isOpen()); } };
}

/**
 * What sets a sentence up or, once it is, takes the next step, with what the last one has shown; and the way back to what stood
 * before.
 * @param then  Its steps.
 */
function stepButtons(start: Start, then: Step[], { setUp, hadOwn, isSo, begin, go, back }: Ways) {
  const { say, set, undo = "", guesses = [] } = start;
  const stages = stagesOf(set, then);
  const taken = () => stages.findIndex(isSo); // less than 0 where the steps do not start from here
  const steps = then.map((step) => [step.name, () => go(step.set)] as [string, () => void]);
  const step = eitherButton([[BEGIN, () => begin(start)], ...steps, [undo, () => go(set)]], () => taken() + 1);
  const told = element("b");
  let given = "";
  const asked = guessButtons(guesses, answer);
  const next = element("span", {}, told, step.node);
  const leave = wayBack(() => setUp() === say && hadOwn(), back);
  step.node.addEventListener("click", () => {
    show();
    if (taken() === 0) asked.querySelector("button")?.focus();
  });

  function answer(guess: string) {
    given = guess;
    go(then[0].set);
    show();
    step.node.focus();
  }

  function show() {
    const count = taken();
    if (count === 0) given = "";
    const isAsked = count === 0 && guesses.length > 0;
    step.show();
    step.node.classList.toggle("llm-step", count >= 0);
    told.textContent = count > 0 ? judged(then[count - 1].told, count === 1 ? given : "") : "";
    asked.hidden = !isAsked;
    next.hidden = isAsked;
    leave.show();
  }
  return { nodes: [asked, next, ...leave.nodes], show };
}

function guessButtons(guesses: string[], onGuess: (guess: string) => void) {
  const buttons = guesses.map((guess) => button(guess, () => onGuess(guess)));
  buttons.forEach((one) => (one.className = "llm-step"));
  return element("span", { role: "group", "aria-label": "Your guess" }, ...buttons);
}

/**
 * @param told  What a step has shown.
 * @param given  What was guessed, if anything.
 */
function judged(told: string, given: string) {
  if (!given) return told;
  return `${told.startsWith(`${given}:`) ? "Right" : "No"}, ${told}`;
}

/** Where a widget stands before the first step, after each, by what its steps do not change and by the first trait that they do. */
function stagesOf(set: Record<string, any>, then: Step[]): Record<string, any>[] {
  const changed = then[0].set;
  const [told] = Object.keys(changed);
  const rest = Object.fromEntries(Object.entries(set).filter(([trait]) => !(trait in changed)));
  return [set, ...then.map((step) => step.set)].map((stage) => ({ ...rest, [told]: stage[told] }));
}
