/** Plots along the residual stream, from the embedding to the last layer. */

import { linePlot, ticks, type Plot } from "../ui/plot.ts";
import type { Trace } from "./trace.ts";

/** In pixels: a table stands below. */
const HEIGHT = 100;
/** Steps between them, at most. */
const Y_TICKS = 4;

/**
 * The rows of a token in the stream: its embedding, and what it is after each part that adds to it.
 * @returns  In layers: attention and feed-forward are half of one each.
 */
export function rowsAlong({ embedding, layers }: Trace, position: number): [x: number, row: Float32Array][] {
  const stops = [embedding, ...layers.flatMap(({ middle, residual }) => [middle, residual])];
  return stops.map((rows, i) => [i / 2, rows[position]]);
}

/** @param plot  Its x is in layers; its title names y. */
export function alongStream({ layers }: Trace, plot: Omit<Plot, "x" | "y">) {
  const values = plot.series.flatMap(({ points, before = [] }) => [...points, ...before]).map(([, value]) => value);
  return linePlot({
    ...plot,
    x: "",
    y: "",
    height: plot.height ?? HEIGHT,
    yTicks: ticks(Math.min(...values), Math.max(...values), Y_TICKS),
    xTicks: [0, ...layers.map((_, i) => i + 1)],
    xTick: (layer) => (layer === 0 ? "start" : `layer ${layer}`),
  });
}
