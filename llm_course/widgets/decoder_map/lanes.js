/** What is added to two scores, in the rows of a table: in a column for each a bar from where the score stood. */

import { element } from "../ui/dom.js";
import { lookOf } from "./rivals.js";

/** @import { Scores } from "./head_scores.js" */
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
