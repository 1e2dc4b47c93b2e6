/** LoRA: what a product of two thin matrices saves, and what it can hold. */

import { announcement, choice, element, setTrait, slider, widget } from "./js/dom.js";
import { heatMap } from "./js/heat_map.js";
import { format } from "./js/numbers.js";
import { linePlot } from "./js/plot.js";
import { lowRankParameters, rankErrors } from "./js/low_rank.js";

/** @typedef {{ name: string, rows: number, columns: number, singular_values: number[] }} Matrix */

/** A plot tells four lines apart. */
const LINES = 4;

export default widget(
  {
    title: "Low rank: what it saves, what it can hold",
    tryThis: (model) => [
      "Find the rank at which two thin matrices have as many numbers as the one they stand for. LoRA saves only far below it.",
      "Compare a trained weight with random numbers: neither is of low rank, so LoRA does not replace weights.",
      ...(model.get("matrices").length > 2
        ? ["Compare with the change of a weight: how much of it do the first ranks hold? That is what LoRA bets on."]
        : []),
    ],
  },
  (model, body) => {
    /** @type {Matrix[]} */
    const matrices = model.get("matrices");
    const highest = Math.min(...matrices.map(({ rows, columns }) => Math.min(rows, columns)));
    const names = matrices.map(({ name }, i) => /** @type {[string, string]} */ ([String(i), name]));
    const results = element("div");
    const said = announcement();
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Matrix", names, String(model.get("chosen")), (chosen) => setTrait(model, "chosen", Number(chosen))),
        slider("Rank r", { min: 1, max: highest, step: 1, value: Math.min(highest, model.get("rank")) }, (rank) => setTrait(model, "rank", rank)),
      ),
      said,
      results,
    );
    for (const trait of ["rank", "chosen"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const matrix = matrices[model.get("chosen")];
      const rank = Math.min(highest, model.get("rank"));
      const full = matrix.rows * matrix.columns;
      const thin = lowRankParameters(matrix.rows, matrix.columns, rank);
      said.textContent =
        `${matrix.rows} × ${matrix.columns} has ${grouped(full)} numbers, rank ${rank} has ${rank} · (${matrix.rows} + ${matrix.columns}) = ` +
        `${grouped(thin)}: ${format((100 * thin) / full, 1)} %. The best of that rank leaves an error of ${format(100 * rankErrors(matrix.singular_values)[rank], 1)} %.`;
      results.replaceChildren(rankTable(matrix, rank, highest), errorPlot(matrices, model.get("chosen"), rank, highest));
    }
  },
);

/**
 * @param {Matrix} matrix
 * @param {number} rank
 * @param {number} highest
 */
function rankTable(matrix, rank, highest) {
  const doubled = Array.from({ length: Math.floor(Math.log2(highest)) + 1 }, (_, i) => 2 ** i);
  const ranks = [...new Set([...doubled, rank])].sort((a, b) => a - b);
  const errors = rankErrors(matrix.singular_values);
  const map = heatMap({ caption: `${matrix.name}, by rank`, rows: ["numbers, % of full", "error, %"], columns: ranks.map((r) => (r === rank ? `r = ${r}` : String(r))) });
  const full = matrix.rows * matrix.columns;
  map.show([
    ranks.map((r) => (100 * lowRankParameters(matrix.rows, matrix.columns, r)) / full),
    ranks.map((r) => 100 * errors[r]),
  ]);
  return map.node;
}

/**
 * @param {Matrix[]} matrices
 * @param {number} chosen
 * @param {number} rank
 * @param {number} highest
 */
function errorPlot(matrices, chosen, rank, highest) {
  const shown = [matrices[chosen], ...matrices.filter((_, i) => i !== chosen)].slice(0, LINES);
  return linePlot({
    title: "Relative error of the best approximation, by rank",
    x: "rank",
    y: "error",
    series: shown.map(({ name, singular_values }) => ({
      name,
      points: rankErrors(singular_values).slice(0, highest + 1).map((error, r) => /** @type {[number, number]} */ ([r, error])),
    })),
    marker: rank,
    yRange: [0, 1],
  });
}

/** @param {number} count */
function grouped(count) {
  return count.toLocaleString("en-US");
}
