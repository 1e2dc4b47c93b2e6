/** What a check has found, on the page: the lab's panel, points, and what the code has printed. */

import { element } from "../../llm_course/widgets/ui/dom.ts";

/** @import { Printed, Reply } from "./python.js" */

/**
 * @param {Partial<Reply>} reply
 * @returns {Node[]}
 */
export function verdictOn({ passed = false, points, maximum, html, error, printed }) {
  const panel = element("div", { class: passed ? "solve-right" : "solve-wrong" });
  if (html) panel.innerHTML = html; // the engine escapes what comes of an answer
  else panel.append(element("p", {}, ...withCode(error ?? "")));
  if (html) panel.append(element("p", {}, `${points} of ${maximum} points on these cases. The grade is made on others.`));
  return printed?.length ? [panel, output(printed)] : [panel];
}

/**
 * Names between backticks are code.
 * @param {string} sentence
 */
function withCode(sentence) {
  return sentence.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

/** @param {Printed} printed */
function output({ text, length }) {
  const shown = text.length.toLocaleString("en-US");
  const cut = `Your code printed ${length.toLocaleString("en-US")} characters; these are the first ${shown}:`;
  return element("div", {}, element("p", {}, text.length < length ? cut : "Your code printed:"), element("pre", { tabindex: 0 }, text));
}
