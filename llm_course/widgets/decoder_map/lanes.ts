/** What is added to two scores, in the rows of a table: in a column for each a bar from where the score stood. */

import { element } from "../ui/dom.ts";
import { lookOf, type Rivals } from "./rivals.ts";
import type { Scores } from "./head_scores.ts";

/** @param stands  Where the scores stand at any time: the bars' scale. */
export function lanesOf(rivals: Rivals, stands: Scores[]) {
  const [least, most] = [Math.min(...stands.flat()), Math.max(...stands.flat())];
  const at = (score: number) => (score - least) / (most - least);
  return (from: Scores, by: Scores, inWords: (score: number, digits: number) => string) =>
    [rivals.guess, rivals.rival].map((id, i) => {
      const [left, right] = [at(from[i]), at(from[i] + by[i])].sort((one, other) => one - other);
      const style = Object.entries({ left, width: right - left, zero: at(0) }).map(([name, share]) => `--${name}: ${share.toFixed(4)}`).join("; ");
      return element("span", { class: `llm-lane ${lookOf(rivals, id)}${by[i] < 0 ? " llm-lowers" : ""}`, style }, inWords(by[i], 1));
    });
}
