/** A layer as a sum, in a table: the two scores before it, what each head and feed-forward add to them, and after it. */

import { element } from "../ui/dom.js";
import { lanesOf } from "./lanes.js";
import { NOTHING, standsOf } from "./ledger.js";
import { written } from "./lens_table.js";
import { format, signed } from "../models/numbers.js";
import { rivalsOf } from "./rivals.js";
import { headName, headOf, isUntold } from "./sight.js";
import { captionedTable, tableRow } from "../ui/table.js";

/** @import { Ledger } from "./ledger.js" */
/** @import { Sight } from "./sight.js" */

const READ_IT = "A bar starts where the one above it ended; a hollow one goes back.";
const NORM = "The last norm divides by the row’s length after the layer: where the row has grown, what stood in it counts for less.";
const LATER = "Later parts read the sum: without a head, they add something else, too.";

/**
 * @param {Sight} sight
 * @param {number} layer
 * @param {Ledger} ledger
 */
export function layerSum(sight, layer, ledger) {
  const { before, norm, heads, feedForward, after } = ledger;
  const rivals = rivalsOf(sight);
  const stands = standsOf(ledger);
  const lanes = lanesOf(rivals, [NOTHING, before, after, ...stands]);
  const rows = [
    tableRow(`before layer ${layer + 1}`, lanes(NOTHING, before, format)),
    tableRow("norm (new length)", lanes(before, norm, signed)),
    ...heads.map(({ by, isOut }, head) => tableRow(`head ${head + 1}${isOut ? " (left out)" : ""}`, lanes(stands[head], isOut ? NOTHING : by, signed))),
    tableRow(`feed-forward ${layer + 1}`, lanes(stands[heads.length], feedForward, signed)),
    tableRow(`after layer ${layer + 1}`, lanes(NOTHING, after, format)),
  ];
  const columns = ["", ...[rivals.guess, rivals.rival].map((id) => written(sight.course, id))];
  const table = captionedTable(`The scores before and after layer ${layer + 1}`, columns, rows, "llm-heat llm-sum");
  const summary = element("summary", {}, "How the scores add up");
  const isAsked = isUntold(sight, headName(layer, headOf(sight, layer))); // it would tell what a reader is to guess
  return element("details", { class: isAsked && "llm-needless" }, summary, element("p", {}, READ_IT), table, element("p", {}, `${NORM} ${LATER}`));
}
