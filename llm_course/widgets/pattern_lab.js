/** The patterns of the families, on one sentence: pick a word and see whom it sees. */

import { announcement, choice, element, redraw, scroller, setTrait, slider, widget } from "./js/dom.js";
import { attentionPattern } from "./js/objectives.js";

/** @import { Model } from "./js/types.js" */

/** @type {[value: string, text: string][]} */
const KINDS = [
  ["bidirectional", "Encoder: everyone sees everyone"],
  ["causal", "Decoder: oneself and the past"],
  ["prefix", "Prefix: the past, and a beginning for all"],
  ["cross", "Cross: all of another text"],
];

export default widget(
  {
    title: "Who may look at whom",
    tryThis: [
      "Choose the decoder, and pick the first word and then the last. How many words does each see?",
      "Switch to the prefix and move its length from 0 to its end. Which two other patterns do you meet?",
      "With the prefix, which words see something that comes after them? With the decoder, does any?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const length = model.get("words").length;
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Pattern", KINDS, model.get("kind"), (value) => setTrait(model, "kind", value)),
        slider("Length of the prefix", { min: 0, max: length, step: 1, value: model.get("prefix") }, (value) => setTrait(model, "prefix", value)),
      ),
      said,
      results,
    );
    for (const trait of ["kind", "prefix", "row"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      said.textContent = sentence(model);
      redraw(results, table(model));
    }
  },
);

/** @param {Model} model */
function keysOf(model) {
  return /** @type {string[]} */ (model.get(model.get("kind") === "cross" ? "other" : "words"));
}

/** @param {Model} model */
function patternOf(model) {
  return attentionPattern(model.get("kind"), model.get("words").length, keysOf(model).length, model.get("prefix"));
}

/** @param {Model} model */
function sentence(model) {
  const row = model.get("row");
  const seen = keysOf(model).filter((_, key) => patternOf(model)[row][key]);
  return `“${model.get("words")[row]}” sees ${seen.length} of ${keysOf(model).length}: ${seen.join(" ")}`;
}

/** @param {Model} model */
function table(model) {
  const header = keysOf(model).map((word) => element("th", { scope: "col" }, word));
  const rows = patternOf(model).map((line, i) => {
    const pick = element(
      "button",
      { type: "button", "aria-pressed": String(i === model.get("row")), onclick: () => setTrait(model, "row", i) },
      model.get("words")[i],
    );
    const cells = line.map((sees) => element("td", { class: sees ? "llm-positive" : "llm-masked", style: "--share: 1" }, sees ? "sees" : "–"));
    return element("tr", { class: i === model.get("row") ? "llm-picked" : "" }, element("th", { scope: "row" }, pick), ...cells);
  });
  const caption = "Rows look, columns are looked at";
  return scroller(
    caption,
    element(
      "table",
      { class: "llm-heat" },
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, element("td"), ...header)),
      element("tbody", {}, ...rows),
    ),
  );
}
