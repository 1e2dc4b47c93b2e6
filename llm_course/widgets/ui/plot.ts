/** Line plots as SVG: lines differ by color and by dashes. Their names stand beside them, or in a legend where there is no room. */

import { element, redraw, svg } from "./dom.ts";
import { handle } from "./handle.ts";
import { boxOf, markAt, placed, spotFixed, spotsAlong, spotsAround, spotsRightOf, widthOf, type Point, type Spot } from "./labels.ts";

export type Points = [x: number, y: number][];

export interface Series {
  name: string;
  points: Points;
  before?: Points; // The line before the last change, which stays as a pale trace.
  look?: number; // Which of the four colors and dashes; its place in the list if left out. 4 is gray, for lines behind another.
  aside?: string; // A name in gray at the right of where it rises, where there is room.
}

export interface Plot {
  title: string; // Says what the plot shows, for those who do not see it too.
  caption?: import("./dom.ts").Child[]; // What stands above in place of the title, where a control is in it.
  x: string; // Label of the axis; empty where its ticks say it.
  y: string; // Empty where the title says it.
  series: Series[]; // Up to four.
  marker?: number; // Where a vertical line stands.
  band?: [from: number, to: number]; // A stretch of x that is shaded; the marker's name stands beside it.
  secondBand?: [from: number, to: number]; // Another stretch of the same, without a name.
  markerName?: string;
  bandNameAbove?: boolean; // Whether the band's name stands above it, where no line is.
  /**
   * Their names are written where there is room, the first ones first; one that is always named may lie on a line. One that has
   *   its place, so far from its dot, keeps it whatever lies there: the others make way. One with `onDrag` can be dragged.
   */
  dots?: { at: [x: number, y: number], name: string, below?: boolean, pale?: boolean, look?: number, isAlwaysNamed?: boolean, beside?: [right: number, down: number], onDrag?: (to: [x: number, y: number]) => void }[];
  xTick?: (value: number) => string; // How a value of x is written; a tick without text is left out.
  yTick?: (value: number) => string;
  xTicks?: number[]; // Where x is marked, in place of round numbers.
  yTicks?: number[];
  xRange?: [number, number];
  yRange?: [number, number];
  height?: number; // In pixels; by the width if left out.
  linesAreInLegend?: boolean; // Whether they are named there even where they have room beside them.
  linesAreNamedAtEnd?: boolean; // Whether their names stand at their right ends, wherever these are.
  tracesAreNamed?: boolean; // Whether words beside several plots say once what their traces are.
}

const EDGE = { right: 12, top: 26, bottom: 38 };
/** Less is needed where an axis has no name. */
const UNNAMED = { top: 12, bottom: 22 };
/** Of a name above the drawing. */
const LINE = 14;
/** Of a drawing, in pixels, until its column is known. */
const USUAL_WIDTH = 440;
const HEIGHT = { least: 200, most: 290, ofWidth: 0.5 };
const RADIUS = 4.5;
/** Of a dot that can be dragged, and of where a finger finds it. */
const [GRIP, REACH] = [6.5, 16];
/** Where the name of the upright axis stands. */
const Y_NAME = { x: 2, y: 13, anchor: "start" } as const;
/** Of a drawing whose lines are named beside them. */
const WIDE = 300;

/** A line that has not moved leaves no trace: nobody would see it, only its entry in the legend. */
function withTrace(one: Series) {
  const hasMoved = one.before && JSON.stringify(one.before) !== JSON.stringify(one.points);
  return hasMoved ? one : { ...one, before: undefined };
}

export function linePlot(asked: Plot): HTMLElement {
  const plot = { ...asked, series: asked.series.map(withTrace) };
  return element(
    "figure",
    { class: "llm-plot" },
    element("figcaption", {}, ...(plot.caption ?? [plot.title])),
    fitted((width) => drawing(plot, width)),
  );
}

/**
 * A drawing as wide as its column, made anew when that changes: its letters keep their size.
 * @param draw  One pixel is one unit.
 */
export function fitted(draw: (width: number) => Element) {
  let drawn = USUAL_WIDTH;
  const place = element("div", { class: "llm-fitted" }, draw(drawn));
  const fit = () => {
    const width = Math.floor(place.getBoundingClientRect().width);
    if (width === 0 || width === drawn) return;
    drawn = width;
    redraw(place, draw(width));
  };
  queueMicrotask(fit); // once it stands in the page: nobody sees or measures the usual width first
  new ResizeObserver(fit).observe(place);
  return place;
}

function drawing(
  { title, x, y, series, marker, band, secondBand, markerName, bandNameAbove, dots = [], xTick = short, yTick = short, xTicks, yTicks, xRange, yRange, height: asked, linesAreInLegend, linesAreNamedAtEnd, tracesAreNamed }: Plot,
  width: number,
) {
  const height = asked ?? Math.round(Math.min(HEIGHT.most, Math.max(HEIGHT.least, HEIGHT.ofWidth * width)));
  const all = series.flatMap(({ points, before = [] }) => [...points, ...before]);
  const [left, right] = xRange ?? range(all.map(([value]) => value));
  const [low, high] = yRange ?? range(all.map(([, value]) => value));
  const rows = (yTicks ?? ticks(low, high, Math.min(5, Math.max(2, Math.round(height / 40))))).map((value) => ({ value, text: yTick(value) }));
  const start = 12 + Math.max(...rows.map(({ text }) => widthOf(text)));
  const besides = linesAreNamedAtEnd ? 6 + Math.max(...series.map(({ name }) => widthOf(name))) : EDGE.right;
  const [end, bottom] = [width - besides, height - (x ? EDGE.bottom : UNNAMED.bottom)];
  const top = (y ? EDGE.top : UNNAMED.top) + (bandNameAbove ? LINE : 0);
  const toX = (value: number) => start + ((value - left) / (right - left || 1)) * (end - start);
  const toY = (value: number) => bottom - ((value - low) / (high - low || 1)) * (bottom - top);
  const line = (points: Points, name: string) =>
    svg("polyline", { class: name, points: points.map(([px, py]) => `${toX(px).toFixed(1)},${toY(py).toFixed(1)}`).join(" ") });
  const look = (one: Series, i: number) => `llm-line llm-line-${one.look ?? i}`;
  const { texts, areNamed } = names(
    { series, marker, band, markerName, bandNameAbove, dots, y, linesAreInLegend: linesAreInLegend || linesAreNamedAtEnd },
    { start, top, bottom, width, at: ([px, py]) => [toX(px), toY(py)] },
  );
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title },
    ...rows.map(({ value }) => svg("path", { class: value === 0 ? "llm-axis" : "llm-grid", d: `M${start} ${toY(value).toFixed(1)}H${end}` })),
    ...rows.map(({ value, text }) => label(start - 8, toY(value) + 4, "end", text, "llm-tick")),
    ...(xTicks ?? ticks(left, right, Math.min(6, Math.max(2, Math.floor(width / 80))))).map((value) => tickBelow(toX(value), width, bottom + 16, xTick(value))),
    svg("path", { class: "llm-axis", d: `M${start} ${bottom}H${end}` }),
    ...[band, secondBand].map((of) => of && svg("rect", { class: "llm-band", x: toX(of[0]), y: top, width: Math.max(2, toX(of[1]) - toX(of[0])), height: bottom - top })),
    marker === undefined ? null : svg("line", { class: "llm-marker", x1: toX(marker), x2: toX(marker), y1: top, y2: bottom }),
    ...series.flatMap((one, i) => (one.before ? [line(one.before, `${look(one, i)} llm-before`)] : [])),
    ...series.map((one, i) => line(one.points, look(one, i))),
    ...dots.map(({ at: [px, py], name, pale, look: own, onDrag }) =>
      svg("circle", { class: `llm-point${own ? ` llm-point-${own}` : ""}${pale ? " llm-before" : ""}`, cx: toX(px), cy: toY(py), r: onDrag ? GRIP : RADIUS }, svg("title", {}, name)),
    ),
    ...texts,
    ...dots.flatMap(({ at: [px, py], onDrag }) => (onDrag ? [grip([px, py], onDrag)] : [])),
    ...(linesAreNamedAtEnd ? namesAtEnd(series, end + 4, bottom, toY) : []),
    label(end, height - 4, "end", x, "llm-tick"),
    label(Y_NAME.x, Y_NAME.y, Y_NAME.anchor, y, "llm-tick"),
  );
  return element("div", {}, picture, legend(series, !areNamed && !linesAreNamedAtEnd, !tracesAreNamed));

  function grip([px, py]: [x: number, y: number], onDrag: (to: [x: number, y: number]) => void) {
    const [perX, perY] = [(right - left) / (end - start), (high - low) / (bottom - top)];
    return handle(svg("circle", { cx: toX(px), cy: toY(py), r: REACH }), ([fromX, fromY]) => ([x, y]) => onDrag([px + (x - fromX) * perX, py - (y - fromY) * perY]));
  }
}

/**
 * The names of dots, of the marker or band, and of lines, where they have room. Lines are named beside them all or none:
 * else the legend names them.
 * @param drawing  Where its lines
 *   are, in pixels, and where a point of the plot is.
 */
function names(
  { series, marker, band, markerName, bandNameAbove, dots, y, linesAreInLegend }: Pick<Plot, "series" | "marker" | "band" | "markerName" | "bandNameAbove" | "y" | "linesAreInLegend"> & { dots: NonNullable<Plot["dots"]> },
  { start, top, bottom, width, at }: { start: number, top: number, bottom: number, width: number, at: (point: Point) => Point },
) {
  const upright = (value: number) => [[at([value, 0])[0], top], [at([value, 0])[0], bottom]] as Point[];
  const uprights = [...(band ?? []), ...(marker === undefined ? [] : [marker])].map(upright);
  const [from, to] = [uprights[0], band ? uprights[1] : uprights[0]];
  const above = (from && bandNameAbove ? [{ x: (from[0][0] + to[0][0]) / 2, y: top - 5, anchor: "middle" }] : []) as Spot[];
  const fixed = dots.map((dot) => dot.beside && spotFixed(at(dot.at), dot.beside));
  const taken = [boxOf(y, Y_NAME), ...dots.flatMap(({ name }, i) => (fixed[i] ? [boxOf(name, fixed[i])] : []))];
  const things = [
    ...dots.map((dot, i) => ({ text: dot.name, spots: fixed[i] ? [] : spotsAround(at(dot.at), dot.below), isAlways: dot.isAlwaysNamed && !fixed[i], look: undefined })),
    ...(from && markerName ? [{ text: markerName, spots: [...above, ...spotsUpright(from[0][0], to[0][0], top + 11, bottom)], isAlways: false, look: undefined }] : []),
    ...series.flatMap(({ aside, points }) => (aside ? [{ text: aside, spots: spotsRightOf(points.map(at).slice(-points.length / 2)), isAlways: false, look: "llm-tick" }] : [])),
  ];
  const ofLines = series.flatMap(({ name, points, look }, i) => (name ? [{ text: name, look: look ?? i, spots: spotsAlong(points.map(at)), isOfLine: true }] : []));
  const asked = series.length > 1 && width >= WIDE && !linesAreInLegend ? ofLines : [];
  const frame = { left: start, right: width, top: 2, bottom: bottom - 2 };
  const spots = placed([...things, ...asked], {
    frame,
    taken: [...taken, ...dots.map((dot) => markAt(at(dot.at), RADIUS + 1))],
    lines: [...series.flatMap(({ points, before = [] }) => [points.map(at), before.map(at)]), ...uprights],
  });
  things.forEach((thing, i) => {
    if (!thing.isAlways || spots[i]) return;
    const names = [...things, ...asked].flatMap(({ text }, j) => (spots[j] ? [boxOf(text, spots[j] as Spot)] : []));
    [spots[i]] = placed([thing], { frame, taken: [...taken, ...names], lines: [] });
  });
  fixed.forEach((spot, i) => {
    if (spot) spots[i] = spot;
  });
  const besideLines = spots.slice(things.length);
  const areNamed = asked.length > 0 && besideLines.every(Boolean);
  const texts = things.flatMap(({ text, look }, i) => written(text, spots[i], look));
  if (areNamed) texts.push(...asked.flatMap(({ text, look }, i) => written(text, besideLines[i], `llm-named llm-named-${look}`)));
  return { texts, areNamed };
}

/** The names of lines at their right ends, above what is written below the axis. */
function namesAtEnd(series: Series[], x: number, bottom: number, toY: (value: number) => number) {
  const ends = apart(series.map(({ points }) => toY(points[points.length - 1][1])), bottom - 6);
  return series.map(({ name, look }, i) => label(x, ends[i] + 4, "start", name, `llm-named llm-named-${look ?? i}`));
}

/** Heights of names at the ends of lines: names that would lie on each other make room, above the axis. */
function apart(ends: number[], bottom: number) {
  const fromTop = ends.map((_, i) => i).sort((one, other) => ends[one] - ends[other]);
  const at = [...ends];
  fromTop.slice(1).forEach((i, rank) => (at[i] = Math.max(at[i], at[fromTop[rank]] + LINE)));
  fromTop.reverse().forEach((i, rank) => (at[i] = Math.min(at[i], bottom - LINE * rank)));
  return at;
}

/** A name at its place, with what leads to it. */
export function written(text: string, spot: Spot | undefined, name?: string) {
  if (!spot) return [];
  const { x, y, anchor, leader } = spot;
  return [...(leader ? [svg("path", { class: "llm-leader", d: `M${leader.map((point) => point.map((value) => value.toFixed(1))).join("L")}` })] : []), label(x, y, anchor, text, name)];
}

/** Places for the name of an upright line, or of a stretch between two: within it, at its right, at its left, from top to bottom. */
function spotsUpright(from: number, to: number, top: number, bottom: number) {
  return Array.from({ length: Math.floor((bottom - top) / 6) }, (_, i) => top + 6 * i).flatMap((y) => [
    { x: (from + to) / 2, y, anchor: "middle" }, { x: to + 7, y, anchor: "start" }, { x: from - 7, y, anchor: "end" },
  ] as Spot[]);
}

/**
 * An entry of a legend: what a mark means.
 * @param mark  In a box of 26 by 10.
 */
export function sample(name: string, mark: Element) {
  return element("span", {}, svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" }, mark), ` ${name}`);
}

/**
 * @param lines  Whether it names the lines.
 * @param past  Whether it names what stood before.
 */
function legend(series: Series[], lines: boolean, past: boolean) {
  const mark = (name: string, look: string) => sample(name, svg("path", { class: `llm-line ${look}`, d: "M0 5H26" }));
  const entries = lines && series.length > 1 ? series.flatMap(({ name, look }, i) => (name ? [mark(name, `llm-line-${look ?? i}`)] : [])) : [];
  const traces = (past ? series : []).flatMap(({ before, name, look }, i) => (before ? [{ name, look: look ?? i }] : []));
  for (const { name, look } of traces) entries.push(mark(name && traces.length > 1 ? `${name}, before` : "before", `llm-line-${look} llm-before`));
  return entries.length ? element("p", { class: "llm-legend" }, ...entries) : null;
}

function range(values: number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Round numbers in a range, `most` or fewer steps apart; of a single value, that. */
export function ticks(low: number, high: number, most: number) {
  if (low === high) return [low];
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw * (1 - 1e-9)) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** A number of an axis. */
export function short(value: number) {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** A number below the axis: one at the edge stays inside the drawing. */
function tickBelow(x: number, width: number, y: number, text: string) {
  const half = widthOf(text) / 2;
  return label(Math.min(width - half, Math.max(half, x)), y, "middle", text, "llm-tick");
}

function label(x: number, y: number, anchor: string, text: string, name?: string) {
  return svg("text", { x, y, "text-anchor": anchor, class: name }, text);
}
