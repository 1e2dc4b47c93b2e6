/** Matrices as tables: each cell says its number and shows its size, so color is never the only sign. */

import { element } from "../ui/dom.ts";
import { format } from "../models/numbers.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Matrix } from "../ui/types.ts";

interface HeatMap {
  node: HTMLElement;
  rename: (caption: string) => void;
  /**
   * New numbers of the same shape, the row to mark, and the numbers before the last change: where one differs, a line below it
   * is as long as it was large.
   */
  show: (values: Matrix, picked?: number, before?: Matrix) => void;
  frame: (row?: number, column?: number) => void; // A cell, or none.
}

interface Look {
  caption: string;
  rows: string[];
  columns: string[];
  onPick?: (row: number) => void; // Makes the row labels buttons; a pointer may press anywhere in the row.
  onPoint?: (row?: number, column?: number) => void; // A cell is pointed at, or none any more.
  full?: number; // What a full color stands for; the largest number shown if left out.
  isCompact?: boolean; // Small cells, whose numbers only a screen reader reads: say those of the picked row nearby.
  look?: string; // A class of its own.
}

export function heatMap({ caption, rows, columns, onPick, onPoint, full, isCompact = false, look = "" }: Look): HeatMap {
  const cells = rows.map((_, i) => columns.map((_, j) => element("td", { onpointerenter: onPoint && (() => onPoint(i, j)), onclick: onPick && (() => onPick(i)) }, element("span"))));
  const lines = rows.map((label, i) => {
    const pick = onPick && element("button", { type: "button", onclick: () => onPick(i) }, label);
    return element("tr", {}, element("th", { scope: "row" }, pick ?? label), ...cells[i]);
  });
  const header = columns.map((label) => element("th", { scope: "col" }, element("span", {}, label)));
  const node = captionedTable(caption, ["", ...header], lines, `llm-heat ${isCompact ? "llm-compact" : ""} ${look}`);
  if (onPoint) node.onpointerleave = () => onPoint();
  return {
    node,
    rename(caption) {
      node.setAttribute("aria-label", caption);
      (node.querySelector("caption") as HTMLElement).textContent = caption;
    },
    show(values, picked, before) {
      const largest = full ?? Math.max(1e-9, ...values.flat().filter(Number.isFinite).map(Math.abs));
      values.forEach((row, i) => row.forEach((value, j) => fill(cells[i][j], value, largest, before?.[i]?.[j])));
      lines.forEach((line, i) => {
        line.classList.toggle("llm-picked", i === picked);
        line.querySelector("button")?.setAttribute("aria-pressed", String(i === picked));
      });
    },
    frame(row, column) {
      cells.forEach((line, i) => line.forEach((cell, j) => cell.classList.toggle("llm-pointed", i === row && j === column)));
    },
  };
}

/** Of the largest number: a smaller change leaves no trace. */
const LEAST_TRACED = 0.03;

/** Blue above zero, striped orange below, stronger the larger. */
function fill(cell: HTMLElement, value: number, largest: number, before?: number) {
  const isZero = Number(format(value)) === 0;
  (cell.firstChild as HTMLElement).textContent = isZero ? "0" : format(value);
  cell.className = Number.isFinite(value) ? (value < 0 ? "llm-negative" : "llm-positive") : "llm-masked";
  cell.style.setProperty("--share", Number.isFinite(value) ? (Math.abs(value) / largest).toFixed(3) : "0");
  const isTraced = before !== undefined && Math.abs(before - value) >= LEAST_TRACED * largest;
  cell.classList.toggle("llm-zero", isZero);
  cell.classList.toggle("llm-traced", isTraced);
  if (isTraced) cell.style.setProperty("--was", Math.min(1, Math.abs(before) / largest).toFixed(3));
}

interface NumberTable {
  caption: string;
  name: string; // What a row is, as in "query of cat, number 1".
  rows: string[];
  values: Matrix;
  onEdit: (values: Matrix) => void; // Called with a new matrix; what is no number counts as 0.
}

/** A matrix to type into. Long numbers are shown rounded, and kept whole until they are edited. */
export function numberTable({ caption, name, rows, values, onEdit }: NumberTable) {
  let current = values;
  const largest = Math.max(1e-9, ...values.flat().map(Math.abs));
  const shade = (input: HTMLElement, value: number) => {
    input.style.setProperty("--share", Math.min(1, Math.abs(value) / largest).toFixed(3));
    input.classList.toggle("llm-zero", value === 0);
  };
  const lines = values.map((row, i) => {
    const cells = row.map((value, j) => {
      const input = element("input", {
        type: "number", step: 0.5, value: Number(value.toFixed(2)),
        "aria-label": `${name} of ${rows[i]}, number ${j + 1}`,
        oninput: () => {
          current = replaced(current, i, j, input.valueAsNumber || 0);
          shade(input, current[i][j]);
          onEdit(current);
        },
      });
      shade(input, value);
      return input;
    });
    return tableRow(rows[i], cells);
  });
  return captionedTable(caption, [], lines, `llm-role-${name}`);
}

function replaced(matrix: Matrix, row: number, column: number, value: number): Matrix {
  return matrix.map((line, i) => (i === row ? line.map((old, j) => (j === column ? value : old)) : line));
}

/** A matrix of weights, a pixel a cell. */
export function thumbnail(weights: Matrix) {
  const canvas = element("canvas", { width: weights[0].length, height: weights.length });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const style = getComputedStyle(document.querySelector(".llm-widget") ?? document.body);
  const blue = style.getPropertyValue("--llm-blue") || "0 114 178"; // of the light or the dark page
  weights.forEach((row, i) =>
    row.forEach((weight, j) => {
      context.fillStyle = `rgb(${blue} / ${Math.sqrt(weight).toFixed(2)})`;
      context.fillRect(j, i, 1, 1);
    }),
  );
  return canvas;
}
