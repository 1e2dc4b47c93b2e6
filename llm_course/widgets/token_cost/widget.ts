/** The same sentence costs more tokens in some languages than in others. */

import { byteCharacters, symbolLabel } from "../models/bpe.ts";
import { loadCourseModel } from "../models/course_model.ts";
import { announcement, choice, element, redraw, setTrait, textField } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { captionedTable } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

/** No language. */
const NONE = -1;

export default widget(
  {
    title: "What a sentence costs, by language",
    tryThis: (model) => [
      { say: "Try the oldest tokenizer, then choose the newest: which languages gained most, and which still cost more than English?", set: { tokenizer: Object.keys(model.get("counts"))[0] } },
      { say: "At ten dollars for a million tokens, read what a million sentences cost: in some languages the same service costs several times more.", set: { price: 10 } },
      "Find languages that need fewer characters than English, and still more tokens.",
      "Write your own text: the course's tokenizer knows little but English stories, and falls back to bytes.",
    ],
  },
  (model, body) => {
    const names = Object.keys(model.get("counts"));
    const results = element("div");
    const tokenizer = choice("Tokenizer", names.map((name) => [name, name]), model.get("tokenizer"), (name) => setTrait(model, "tokenizer", name));
    tokenizer.classList.add("llm-long");
    const price = element("input", {
      type: "number", min: 0, step: 0.5, value: model.get("price"),
      oninput: () => setTrait(model, "price", Math.max(0, price.valueAsNumber || 0)),
    });
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        tokenizer,
        element("label", { class: "llm-field" }, "Dollars for a million tokens", price),
      ),
      results,
      ...ownText(model),
    );
    /** The language whose sentence is open, or none. */
    let read = NONE;
    for (const trait of ["tokenizer", "price"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      redraw(results, costTable(model, read, open));
    }

    function open(language: number) {
      read = read === language ? NONE : language;
      show();
    }
  },
);

/** @param read  The language whose sentence stands below its row. */
function costTable(model: Model, read: number, onRead: (language: number) => void) {
  const sentences: [string, string][] = model.get("sentences");
  const counts: number[] = model.get("counts")[model.get("tokenizer")];
  const tokenizers: [name: string, counts: number[]][] = Object.entries(model.get("counts"));
  const [oldest, before] = tokenizers[0];
  // Beside the oldest stands the newest: its own counts twice would say nothing.
  const [other, beside] = before === counts ? tokenizers.slice(-1)[0] : [oldest, before];
  const largest = Math.max(...counts);
  const [first] = sentences[0];
  const names = ["language", "characters", `tokens (full bar: ${largest})`, `with ${other.split(" (")[0].replace("-", "\u2011")}`, `times ${first}`, "a million sentences"];
  const rows = sentences.flatMap(([language, text], i) => [
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("button", { type: "button", "aria-expanded": String(i === read), onclick: () => onRead(i) }, language)),
      element("td", {}, [...text].length),
      element("td", {}, element("div", { class: "llm-cost" }, costBar(counts[i], counts[0], before[i], largest), element("span", {}, counts[i]))),
      element("td", {}, beside[i]),
      element("td", {}, format(counts[i] / counts[0], 1)),
      element("td", {}, `$${Math.round(counts[i] * model.get("price")).toLocaleString("en-US")}`),
    ),
    ...(i === read ? [element("tr", { class: "llm-read" }, element("td", { colspan: names.length }, text))] : []),
  ]);
  const caption = `One sentence in ${sentences.length} languages: press a language to read it`;
  const dearest = counts.indexOf(Math.max(...counts));
  const key = [["llm-within", `as many as ${first}`], ["llm-beyond", "what comes on top"], ...(before === counts ? [] : [["llm-once", `with ${oldest}`]])];
  return element(
    "div",
    {},
    element("p", { "aria-live": "polite" }, headline(sentences[dearest][0], first, counts[dearest], counts[0])),
    element("p", { class: "llm-legend" }, ...key.map(([name, text]) => element("span", {}, element("i", { class: name }), text))),
    captionedTable(caption, names, rows, "llm-bars llm-costs"),
  );
}

function headline(dearest: string, first: string, most: number, least: number) {
  return `${dearest} pays most: ${most} tokens for what takes ${least} in ${first}, ${format(most / least, 1)} times the price and of the context.`;
}

/**
 * Tokens up to those of the first language, those beyond, and behind them what the first tokenizer took: where that is
 * more than a full bar, the bar stays open.
 */
function costBar(count: number, first: number, before: number, largest: number) {
  const wide = (name: string, tokens: number) => element("span", { class: name, style: `--share: ${Math.max(0, tokens) / largest}` });
  return element("span", { class: "llm-costbar" }, wide(before > largest ? "llm-once llm-open-ended" : "llm-once", Math.min(before, largest)), wide("llm-within", Math.min(count, first)), wide("llm-beyond", count - first));
}

/** A text of the reader's, counted by the course's own tokenizer, which is loaded when they first write. */
function ownText(model: Model) {
  const said = announcement();
  const pieces = element("p", { class: "llm-text llm-tokens", hidden: true });
  let course: Promise<import("../models/course_model.ts").CourseModel> | null = null;
  const field = textField("Your own text, cut by the course's tokenizer, not the one chosen above", "", async (text) => {
    course ??= loadCourseModel(model);
    try {
      const { tokenizer } = await course;
      const tokens = tokenizer.encode(text);
      said.textContent = `${[...text].length} characters, ${byteCharacters(text).length} bytes, ${tokens.length} tokens of the course's tokenizer.`;
      pieces.replaceChildren(...tokens.map((id) => element("span", {}, symbolLabel(tokenizer.tokens[id]))));
      pieces.hidden = tokens.length === 0;
    } catch (error) {
      said.textContent = String(error);
    }
  });
  field.classList.add("llm-own-text");
  return [field, said, pieces];
}
