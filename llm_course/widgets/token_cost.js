/** The same sentence costs more tokens in some languages than in others. */

import { byteCharacters } from "./js/bpe.js";
import { loadCourseModel } from "./js/course_model.js";
import { announcement, choice, element, scroller, setTrait, textField, widget } from "./js/dom.js";
import { format } from "./js/numbers.js";

/** @import { Model } from "./js/types.js" */

export default widget(
  {
    title: "What a sentence costs, by language",
    tryThis: [
      "Compare the oldest tokenizer with the newest: which languages gained most, and which are still dearer than English?",
      "Set a price and read what a million such sentences cost: in some languages the same service costs several times more.",
      "Write your own text: the course's tokenizer knows little but English stories, and falls back to bytes.",
    ],
  },
  (model, body) => {
    const names = Object.keys(model.get("counts"));
    const results = element("div");
    const price = element("input", {
      type: "number", min: 0, step: 0.5, value: model.get("price"),
      oninput: () => setTrait(model, "price", price.valueAsNumber || 0),
    });
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Tokenizer", names.map((name) => [name, name]), model.get("tokenizer"), (name) => setTrait(model, "tokenizer", name)),
        element("label", { class: "llm-field" }, "Dollars for a million tokens", price),
      ),
      results,
      sentenceList(model),
      ...ownText(model),
    );
    for (const trait of ["tokenizer", "price"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      results.replaceChildren(costTable(model));
    }
  },
);

/** @param {Model} model */
function costTable(model) {
  /** @type {[string, string][]} */
  const sentences = model.get("sentences");
  /** @type {number[]} */
  const counts = model.get("counts")[model.get("tokenizer")];
  const largest = Math.max(...counts);
  const columns = ["Language", "Tokens", `Times ${sentences[0][0]}`, "A million of them"];
  const rows = sentences.map(([language], i) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, language),
      element("td", {}, element("span", { class: "llm-bar", style: `--share: ${counts[i] / largest}` }), counts[i]),
      element("td", {}, format(counts[i] / counts[0], 1)),
      element("td", {}, `$${Math.round(counts[i] * model.get("price")).toLocaleString("en-US")}`),
    ),
  );
  const caption = `One sentence in ${sentences.length} languages, cut by ${model.get("tokenizer")}`;
  const header = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  return scroller(caption, element("table", { class: "llm-bars" }, element("caption", {}, caption), element("thead", {}, header), element("tbody", {}, ...rows)));
}

/** @param {Model} model */
function sentenceList(model) {
  /** @type {[string, string][]} */
  const sentences = model.get("sentences");
  const items = sentences.map(([language, text]) => element("li", {}, `${language}: ${text}`));
  return element("details", {}, element("summary", {}, "The sentences"), element("ul", {}, ...items));
}

/**
 * A text of the reader's, counted by the course's own tokenizer, which is loaded when they first write.
 * @param {Model} model
 */
function ownText(model) {
  const said = announcement();
  /** @type {Promise<import("./js/course_model.js").CourseModel> | null} */
  let course = null;
  const field = textField("Your own text", "", async (text) => {
    course ??= loadCourseModel(model);
    try {
      const { tokenizer } = await course;
      const tokens = tokenizer.encode(text).length;
      said.textContent = `${[...text].length} characters, ${byteCharacters(text).length} bytes, ${tokens} tokens of the course's tokenizer.`;
    } catch (error) {
      said.textContent = String(error);
    }
  });
  return [field, said];
}
