/** A sum in the rows of a table: in a column for each of two scores a bar for each step, from where the score stood. */

import { element } from "./dom.js";
import { lookOf } from "./rivals.js";

/** @import { Scores } from "./ledger.js" */
/** @import { Rivals } from "./rivals.js" */

/**
 * @param {Rivals} rivals
 * @param {Scores[]} stands  Where the scores stand at any time: the bars' scale.
 */
export function lanesOf(rivals, stands) {
  const [least, most] = [Math.min(...stands.flat()), Math.max(...stands.flat())];
  const at = (/** @type {number} */ score) => (score - least) / (most - least);
  /**
   * @param {Scores} from
   * @param {Scores} by
   * @param {(score: number, digits: number) => string} inWords
   */
  return (from, by, inWords) =>
    [rivals.guess, rivals.rival].map((id, i) => {
      const [left, right] = [at(from[i]), at(from[i] + by[i])].sort((one, other) => one - other);
      const style = Object.entries({ left, width: right - left, zero: at(0) }).map(([name, share]) => `--${name}: ${share.toFixed(4)}`).join("; ");
      return element("span", { class: `llm-lane ${lookOf(rivals, id)}${by[i] < 0 ? " llm-lowers" : ""}`, style }, inWords(by[i], 1));
    });
}

/**
 * A row of no head: its name takes two columns, and nothing stands behind its lanes.
 * @param {string} name
 * @param {HTMLElement[]} lanes
 * @param {string} [title]
 */
export function totalRow(name, lanes, title = "") {
  return element("tr", { class: "llm-total", title }, element("th", { scope: "row", colspan: 2 }, name), ...lanes.map((lane) => element("td", {}, lane)), element("td"));
}
