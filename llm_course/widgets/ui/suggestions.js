/** What to try in a widget: sentences, one at a time, with the buttons behind each. */

import { button, element } from "./dom.js";

/**
 * What to try: a sentence, with the traits that it starts from where they are not those of the page, and the step from there.
 * @typedef {string | Start} Suggestion
 *
 * @typedef {object} Start
 * @property {string} say
 * @property {Record<string, any>} set
 * @property {Step[]} [then]
 * @property {string} [undo]  The name of the way back.
 * @property {string[]} [guesses]  Asked for before the first step, which is taken by each.
 * @property {string} [at]  Selects what the sentence is about: on a phone a button leads there.
 *
 * @typedef {object} Step  One after the other, by one button; then it takes all of them back.
 * @property {string} name
 * @property {Record<string, any>} set  Its first trait tells whether the step is taken.
 * @property {string} told  What it has shown: where it was guessed first the right guess and why, as in “Sam: nothing holds him back.”
 */

/**
 * @typedef {object} Ways  What a suggestion's buttons do.
 * @property {string} first  The one that is shown first, if it is among them.
 * @property {() => string | undefined} setUp  The one that is set up: its button leads back.
 * @property {(set: Record<string, any>) => boolean} isSo  Whether the widget is where a suggestion starts: it needs no button.
 * @property {() => boolean} hadOwn  Whether what stood before was a reader's, not another suggestion's.
 * @property {(start: Start) => void} begin  Brings the widget to where a suggestion starts.
 * @property {(set: Record<string, any>) => void} go  Takes the step from there.
 * @property {() => void} back  Brings back what stood before.
 * @property {(selector: string) => void} goTo  Brings a part of the widget into sight.
 */

const BEGIN = "Set this up";
const BACK = "Back to what I had";

/**
 * What to try, one at a time: all at once would push the widget off the screen. They share a place, so that nothing moves.
 * To turn to one that starts elsewhere is to set it up: what it says is then seen.
 * @param {Suggestion[]} sentences
 * @param {Ways} ways
 * @returns {{ node: HTMLElement, refresh: () => void, current: () => string }}  `refresh` after a trait has changed;
 *   `current` is the one that is shown.
 */
export function suggestions(sentences, ways) {
  const { first, setUp, hadOwn, isSo, begin, back } = ways;
  let current = 0;
  const said = sentences.map((one) => (typeof one === "string" ? one : one.say));
  const isAnySetUp = sentences.some((one) => typeof one !== "string") || setUp() !== undefined;
  /** @type {(() => void)[]} */
  const shows = [];
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

  /** @param {number} by */
  function turn(by) {
    show((current + by) % items.length);
    const one = sentences[current];
    if (typeof one !== "string" && !isSo(one.set)) begin(one);
    refresh();
  }

  /** @param {number} index */
  function show(index) {
    current = index;
    count.textContent = `${index + 1} of ${items.length}`;
    previous.disabled = index === 0;
    next.textContent = index < items.length - 1 ? "Next ›" : "Again ›";
    next.setAttribute("aria-label", `${next.textContent}, of what to try`);
    items.forEach((item, i) => item.classList.toggle("llm-current", i === index));
    list.dispatchEvent(new CustomEvent("llm-tried", { detail: index, bubbles: true }));
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

/**
 * A button that does one of several things, as wide as the longest of their names.
 * @param {[name: string, does: () => void][]} ways
 * @param {() => number} which
 */
function eitherButton(ways, which) {
  const spans = ways.map(([name]) => element("span", {}, name));
  const show = () => spans.forEach((span, i) => span.classList.toggle("llm-current", i === which()));
  return { node: element("button", { type: "button", class: "llm-either", onclick: () => ways[which()][1]() }, ...spans), show };
}

/**
 * The buttons behind a sentence, as they are once `show` was called.
 * @param {Start} start
 * @param {Ways} ways
 * @returns {{ nodes: HTMLElement[], show: () => void }}
 */
function buttonsOf(start, ways) {
  const made = start.then ? stepButtons(start, start.then, ways) : setUpButton(start, ways);
  if (!start.at) return made;
  const { at } = start;
  const there = button("Go there ↓", () => ways.goTo(at));
  there.className = "llm-on-phones";
  return { nodes: [...made.nodes, there], show: made.show };
}

/**
 * @param {Start} start
 * @param {Ways} ways
 */
function setUpButton(start, { setUp, hadOwn, isSo, begin, back }) {
  const leadsBack = () => setUp() === start.say && hadOwn();
  const either = eitherButton([[BEGIN, () => begin(start)], [BACK, back]], () => Number(leadsBack()));
  const show = () => {
    either.show();
    either.node.classList.toggle("llm-needless", !leadsBack() && isSo(start.set));
  };
  return { nodes: [either.node], show };
}

/**
 * @param {() => boolean} isOpen
 * @param {() => void} back
 */
function wayBack(isOpen, back) {
  const leave = button(BACK, back);
  return { nodes: [leave], show: () => { leave.classList.toggle("llm-needless", !isOpen()); } };
}

/**
 * What sets a sentence up or, once it is, takes the next step, with what the last one has shown; and the way back to what stood
 * before.
 * @param {Start} start
 * @param {Step[]} then  Its steps.
 * @param {Ways} ways
 */
function stepButtons(start, then, { setUp, hadOwn, isSo, begin, go, back }) {
  const { say, set, undo = "", guesses = [] } = start;
  const stages = stagesOf(set, then);
  const taken = () => stages.findIndex(isSo); // less than 0 where the steps do not start from here
  const steps = then.map((step) => /** @type {[string, () => void]} */ ([step.name, () => go(step.set)]));
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

  /** @param {string} guess */
  function answer(guess) {
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

/**
 * @param {string[]} guesses
 * @param {(guess: string) => void} onGuess
 */
function guessButtons(guesses, onGuess) {
  const buttons = guesses.map((guess) => button(guess, () => onGuess(guess)));
  buttons.forEach((one) => (one.className = "llm-step"));
  return element("span", { role: "group", "aria-label": "Your guess" }, ...buttons);
}

/**
 * @param {string} told  What a step has shown.
 * @param {string} given  What was guessed, if anything.
 */
function judged(told, given) {
  if (!given) return told;
  return `${told.startsWith(`${given}:`) ? "Right" : "No"}, ${told}`;
}

/**
 * Where a widget stands before the first step, after each, by what its steps do not change and by the first trait that they do.
 * @param {Record<string, any>} set
 * @param {Step[]} [then]
 * @returns {Record<string, any>[]}
 */
function stagesOf(set, then) {
  if (!then) return [set];
  const changed = then[0].set;
  const [told] = Object.keys(changed);
  const rest = Object.fromEntries(Object.entries(set).filter(([trait]) => !(trait in changed)));
  return [set, ...then.map((step) => step.set)].map((stage) => ({ ...rest, [told]: stage[told] }));
}
