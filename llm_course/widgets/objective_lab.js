/** One text, four objectives: what a model reads, what it has to say, and how many tokens carry loss. */

import { announcement, choice, element, redraw, setTrait, slider, widget } from "./js/dom.js";
import { lesson } from "./js/objectives.js";

/** @import { Model } from "./js/types.js" */

/** @type {[value: string, text: string][]} */
const OBJECTIVES = [
  ["next", "Next token"],
  ["masked", "Masked tokens"],
  ["prefix", "Next token behind a prefix"],
  ["spans", "Spans"],
];

export default widget(
  {
    title: "What carries loss",
    tryThis: [
      "Stay with masked tokens and hide one word more, then another. How many words would you have to hide to have as many lessons as the next-token objective?",
      "Hide two neighbors and switch from masks to spans. How many marks does the model read in each case?",
      "Switch to next token. Why does it not matter there what you have hidden?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const words = /** @type {string[]} */ (model.get("words"));
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Objective", OBJECTIVES, model.get("objective"), (value) => setTrait(model, "objective", value)),
        slider("Length of the prefix", { min: 1, max: words.length - 1, step: 1, value: model.get("prefix") }, (value) => setTrait(model, "prefix", value)),
      ),
      said,
      results,
    );
    for (const trait of ["objective", "prefix", "hidden"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const { reads, says } = lessonOf(model);
      said.textContent = `${says.length} ${says.length === 1 ? "token carries" : "tokens carry"} loss, of ${words.length} in the text.`;
      redraw(results, hiding(model), strip("The model reads", reads), strip("and has to say", says));
    }
  },
);

/** @param {Model} model */
function lessonOf(model) {
  const hidden = /** @type {number[]} */ (model.get("hidden"));
  const words = /** @type {string[]} */ (model.get("words"));
  return lesson(model.get("objective"), words, words.map((_, i) => hidden.includes(i)), model.get("prefix"));
}

/**
 * Each word as a button that hides it.
 * @param {Model} model
 */
function hiding(model) {
  const hidden = /** @type {number[]} */ (model.get("hidden"));
  const buttons = /** @type {string[]} */ (model.get("words")).map((word, i) => {
    const is = hidden.includes(i);
    const onclick = () => setTrait(model, "hidden", is ? hidden.filter((other) => other !== i) : [...hidden, i].sort((a, b) => a - b));
    return element("button", { type: "button", "aria-pressed": String(is), onclick }, word);
  });
  return element("p", {}, "Hide for masks and spans: ", ...buttons.flatMap((button) => [button, " "]));
}

/**
 * @param {string} name
 * @param {string[]} tokens
 */
function strip(name, tokens) {
  return element("p", {}, `${name}: `, element("strong", {}, tokens.join(" ") || "nothing"));
}
