/** A timeline of models. A size that nobody published has a hollow mark below the axis: it has no height. */

import { moveByArrows } from "../ui/arrows.ts";
import { announcement, element, redraw, setTrait, svg, traitChoice } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { boxOf, isCrossed, markAt, placed, spotsAround, spotsBeside, type Point, type Spot } from "../ui/labels.ts";
import { disclosedByYear, heightOf, inWords, shown, yearOf, type Milestone } from "./milestones.ts";
import { fitted, sample, written } from "../ui/plot.ts";
import type { Model } from "../ui/types.ts";

const HEIGHT = 432;
const LEFT = 62;
const RIGHT = 8;
const TOP = 14;
const FLOOR = 276; // where sizes end; below it is the band of those not told
const KINDS: [kind: string, text: string][] = [["llm-open", "open weights"], ["llm-closed", "closed, size published"], ["llm-undisclosed", "size not disclosed"]];
const BAND = { top: 292, rows: 6, step: 16 };
/** Beside a mark, where another one follows. */
const ROOM = 8;
/** Of a name from its mark, where nearer ones are taken. */
const FAR = [24, 40, 56, 72, 88, 104, 120, 136, 152];
/** Below this width only the picked model and the largest are named, and years have two digits. */
const NARROW = 480;
const NAMED_WHERE_NARROW = 6;
/** How often names without a good place are placed anew. */
const AGAIN = 3;

export default widget(
  {
    title: "Which makers publish the size of their models?",
    tryThis: [
      "Read the line at the bottom, year by year: how many of these models have a published size? Then show closed weights only: which was the last of them to have one?",
      "Switch the size to active parameters. Which models fall, and by how much? Kimi K3 holds 16 times as many parameters as GPT-3: does it use more of them for a token?",
      "Switch the scale to linear. What becomes of the first five years, and why does the logarithm not lie about them?",
    ],
  },
  (model, body) => {
    const all = model.get("milestones") as Milestone[];
    const said = announcement("llm-two-lines llm-five-if-narrow");
    const results = element("div");
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        traitChoice(model, "scale", "Scale", [["log", "logarithmic"], ["linear", "linear"]]),
        traitChoice(model, "measure", "Size", [["total", "all parameters"], ["active", "active for a token"]]),
        traitChoice(model, "kind", "Weights", [["all", "open and closed"], ["open", "open only"], ["closed", "closed only"]]),
        traitChoice(model, "chosen", "Model", [[-1, "none"], ...all.map(({ name }, i) => [i, name] as [number, string])]),
      ),
      said,
      results,
    );
    for (const trait of ["scale", "measure", "kind", "chosen"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const picked = all[model.get("chosen")];
      const rows = shown(all, model.get("kind"));
      said.textContent = picked ? about(picked) : summary(rows, model.get("measure"));
      redraw(results, figure(model, rows, picked));
    }
  },
);

function sizeOf({ total, active }: Milestone) {
  if (total === null) return "size not disclosed";
  return `${inWords(total)} parameters${active === total ? "" : `, ${inWords(active)} active for a token: one in ${oneIn({ total, active })}`}`;
}

function about(milestone: Milestone) {
  const { name, organization, month, open_weights: open, advance } = milestone;
  return `${name} (${organization}, ${month}): ${sizeOf(milestone)}; ${open ? "open" : "closed"} weights; ${advance}.`;
}

function summary(rows: Milestone[], measure: "total" | "active") {
  const told = rows.filter(({ total }) => total !== null).length;
  const hollow = told < rows.length ? " The hollow marks below have none." : "";
  return `${told} of the ${rows.length} models shown have a published size.${hollow}${measure === "active" ? falling(rows) : ""} Press a mark for its name.`;
}

/** From how far the models that fall do so, to how far. */
function falling(rows: Milestone[]) {
  const fallen = rows.filter(hasFallen).sort((one, other) => oneIn(one) - oneIn(other));
  if (!fallen.length) return " None falls.";
  if (fallen.length === 1) return ` One falls, by a factor of ${oneIn(fallen[0])} (${fallen[0].name}).`;
  const [least, most] = [fallen[0], fallen[fallen.length - 1]].map((row) => `${oneIn(row)} (${row.name})`);
  return ` ${fallen.length} fall, by a factor of ${least} to ${most}.`;
}

/** Whether fewer parameters work on a token than there are. */
function hasFallen({ total, active }: Milestone) {
  return active !== null && active !== total;
}

/** Of how many parameters one works on a token. */
function oneIn({ total, active }: Pick<Milestone, "total" | "active">) {
  return Number(((total as number) / (active as number)).toPrecision(2));
}

function figure(model: Model, rows: Milestone[], picked: Milestone | undefined) {
  const measure = model.get("measure") as "total" | "active";
  const kinds = KINDS.filter(([kind]) => model.get("kind") !== (kind === "llm-open" ? "closed" : "open"));
  const entries = kinds.map(([kind, text]) => sample(text, svg("circle", { class: kind, cx: 13, cy: 5, r: 4.5 })));
  const legend = element("p", { class: "llm-legend" }, ...entries);
  const caption = measure === "total" ? "Parameters of the models chosen here" : "Active parameters; thin lines: from all of them";
  return element("figure", { class: "llm-plot llm-timeline" }, element("figcaption", {}, caption), legend, fitted((width) => drawing(model, measure, rows, picked, width)));
}

function drawing(model: Model, measure: "total" | "active", rows: Milestone[], picked: Milestone | undefined, width: number) {
  const scale = model.get("scale");
  const everything = model.get("milestones") as Milestone[];
  const years = everything.map(({ month }) => yearOf(month));
  const [first, last] = [Math.floor(Math.min(...years)), Math.ceil(Math.max(...years))];
  const sizes = everything.map(({ total }) => total ?? 0).filter(Boolean);
  const range = { smallest: 10 ** Math.floor(Math.log10(Math.min(...sizes))), largest: (scale === "log" ? 4 : 1.25) * Math.max(...sizes) }; // room above
  const right = width - RIGHT;
  const x = (year: number) => LEFT + ((year - first) / (last - first)) * (right - LEFT);
  const y = (billions: number) => FLOOR - heightOf(billions, range, scale) * (FLOOR - TOP);
  const ticks = scale === "log" ? [0.1, 1, 10, 100, 1000] : [0, 1000, 2000, 3000];
  const counts = disclosedByYear(rows);
  const byYear = counts.map(([year, told, all]) => `${year}: ${told} of ${all}`).join(", ");
  const inYear = (year: number) => (width < NARROW ? `’${String(year).slice(2)}` : String(year));
  const ofAll = (told: number, all: number) => (width < NARROW ? `${told}/${all}` : `${told} of ${all}`);
  const lane = lanes(right);
  const places = rows.map((row) => {
    const [size, cx] = [row[measure], x(yearOf(row.month))];
    return { cx, cy: size === null ? BAND.top + lane(cx, row.name) * BAND.step : y(size) };
  });
  const falls = rows.flatMap((row, i) => {
    const { cx, cy } = places[i];
    return measure === "active" && hasFallen(row) ? [[[cx, y(row.total as number)], [cx, cy]] as Point[]] : [];
  });
  const marks = rows.map((row, i) => {
    const kind = row[measure] === null ? "llm-undisclosed" : row.open_weights ? "llm-open" : "llm-closed";
    return svg("circle", { class: `${kind}${row === picked ? " llm-picked" : ""}`, r: row === picked ? 8 : 5.5, ...places[i] });
  });
  const named = names(rows, places, falls, rows.indexOf(picked as Milestone), width);
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `${summary(rows, measure)} Years ${first} to ${last}, ${scale} scale. Sizes told by year: ${byYear}.` },
    svg("rect", { class: "llm-untold", x: LEFT, y: FLOOR + 6, width: right - LEFT, height: BAND.rows * BAND.step + 6 }),
    ...ticks.filter((tick) => tick <= range.largest).map((tick) => rule(right, y(tick), tick === 0 ? "0" : inWords(tick))),
    ...Array.from({ length: last - first - 1 }, (_, i) => svg("path", { class: "llm-grid", d: `M${x(first + i + 1)} ${TOP}V${HEIGHT - 38}` })),
    label(LEFT - 6, BAND.top + BAND.step + 4, "end", "unknown"),
    ...Array.from({ length: last - first }, (_, i) => label(x(first + i + 0.5), HEIGHT - 24, "middle", inYear(first + i))),
    label(LEFT - 6, HEIGHT - 6, "end", "known"),
    ...counts.map(([year, told, all]) => svg("text", { class: told < all ? "llm-few" : "llm-tick", x: x(year + 0.5), y: HEIGHT - 6, "text-anchor": "middle" }, ofAll(told, all))),
    ...falls.map(([[at, from], [, to]]) => svg("path", { class: "llm-fall", d: `M${at - 4} ${from}H${at + 4}M${at} ${from}V${to}` })),
    ...marks,
    ...named,
  );
  const choose = (row: Milestone) => setTrait(model, "chosen", everything.indexOf(row));
  return element("div", { class: "llm-marked" }, picture, ...targets(rows, places, picked, width, choose));
}

/**
 * A button over each mark; what it tells when it is pointed at or focused stands beside the mark, on the side that has more
 * room. They are one stop of the Tab key: arrows move between them.
 */
function targets(
  rows: Milestone[],
  places: { cx: number, cy: number }[],
  picked: Milestone | undefined,
  width: number,
  choose: (row: Milestone) => void,
) {
  const tip = element("div", { class: "llm-tip", "aria-hidden": "true", hidden: true }); // the buttons' own names say it
  const tell = () => {
    const index = [":hover", ":focus-visible"].map((state) => buttons.findIndex((button) => button.matches(state))).find((found) => found >= 0);
    tip.hidden = index === undefined;
    if (index === undefined) return;
    const row = rows[index];
    tip.replaceChildren(element("b", {}, row.name), `${row.organization}, ${row.month}`, element("br"), sizeOf(row));
    const { cx, cy } = places[index];
    const isLeft = cx < width / 2;
    Object.assign(tip.style, { top: `${cy}px`, left: isLeft ? `${cx}px` : "", right: isLeft ? "" : `${width - cx}px` });
  };
  const listeners = Object.fromEntries(["pointerenter", "pointerleave", "focus", "blur"].map((event) => [`on${event}`, tell]));
  const buttons = rows.map((row, i) => element(
    "button",
    { type: "button", style: `left: ${places[i].cx}px; top: ${places[i].cy}px`, "aria-label": about(row), tabindex: -1, onclick: () => choose(row), ...listeners },
  ));
  const first = buttons[Math.max(0, rows.indexOf(picked as Milestone))];
  if (first) first.tabIndex = 0;
  const group = element("div", { class: "llm-targets", role: "group", "aria-label": "Models by month: arrows move between them", onkeydown: (event: KeyboardEvent) => moveByArrows(event, buttons) }, ...buttons);
  return [tip, group];
}

/**
 * Where marks without a height stand, one after the other in time: in the first lane of the band that has room for the
 * mark and its name, or in that which has been free for longest.
 */
function lanes(right: number): (at: number, name: string) => number {
  const ends = Array(BAND.rows).fill(-Infinity) as number[];
  return (at, name) => {
    const spots = spotsBeside([at, 0]).map((spot) => boxOf(name, spot));
    const box = spots.find((box) => box.right <= right) ?? spots[spots.length - 1];
    const free = ends.findIndex((end) => end < Math.min(at - ROOM, box.left));
    const lane = free < 0 ? ends.indexOf(Math.min(...ends)) : free;
    ends[lane] = Math.max(at + ROOM, box.right);
    return lane;
  };
}

function label(x: number, y: number, anchor: string, text: string) {
  return svg("text", { class: "llm-tick", x, y, "text-anchor": anchor }, text);
}

function rule(right: number, height: number, text: string) {
  return svg("g", {}, svg("path", { class: "llm-grid", d: `M${LEFT} ${height}H${right}` }), label(LEFT - 6, height + 4, "end", text));
}

/**
 * The names that have room, that of the picked first; each mark tells its own when it is pointed at. From the
 * largest down, from the smallest up, after those that have fallen or by time, whichever gives most of them a place, and
 * then whichever has the fewest on a line.
 * @param picked  -1 for none.
 */
function names(rows: Milestone[], places: { cx: number, cy: number }[], falls: Point[][], picked: number, width: number) {
  const bySize = [...rows.keys()].sort((a, b) => places[a].cy - places[b].cy).slice(0, width < NARROW ? NAMED_WHERE_NARROW : rows.length);
  const drawing = {
    frame: { left: LEFT, top: 0, right: width, bottom: BAND.top + BAND.rows * BAND.step },
    taken: places.map(({ cx, cy }) => markAt([cx, cy], 6)),
    lines: [],
  };
  // A mark that has fallen, with room for its name: on a linear scale there is none.
  const hasRoomBelow = (i: number) => falls.some(([, [x, y]]) => x === places[i].cx && y === places[i].cy && y + FAR[0] < FLOOR);
  // From the left: where leaders go down side by side, each name passes below those before it.
  const fallen = [...rows.keys()].filter((i) => bySize.includes(i) && hasRoomBelow(i)).sort((a, b) => places[a].cx - places[b].cx);
  const byTime = [...bySize].sort((a, b) => a - b);
  const orders = [bySize, byTime, [...fallen, ...bySize]].flatMap((some) => [some, [...some].reverse()]);
  const namedIn = (some: number[]) => {
    const order = [...new Set([...(picked >= 0 ? [picked] : []), ...some])];
    const spots = placed(order.map((i) => ({ text: rows[i].name, spots: spotsOf(i) })), drawing, falls);
    const unnamed = order.filter((_, place) => !spots[place]);
    const crossed = order.filter((i, place) => spots[place] && isCrossed(boxOf(rows[i].name, spots[place] as Spot), falls));
    return { order, spots, unnamed, crossed, leaders: spots.filter((spot) => spot?.leader).length };
  };
  const tries = orders.map(namedIn);
  // Those that found no good place choose before all others, a few times over.
  for (const one of [...tries]) {
    let last = one;
    for (let again = 0; again < AGAIN && last.unnamed.length + last.crossed.length > 0; again++) {
      last = namedIn([...last.unnamed, ...last.crossed, ...last.order]);
      tries.push(last);
    }
  }
  const [{ order, spots }] = tries.sort((one, other) =>
    one.unnamed.length - other.unnamed.length || one.crossed.length - other.crossed.length || one.leaders - other.leaders,
  );
  return order.flatMap((i, place) => written(rows[i].name, spots[place], i === picked ? "llm-name llm-bold" : "llm-name"));

  /** A name in the band below is that of a model whose size is not told, and no other. */
  function spotsOf(i: number) {
    const point = [places[i].cx, places[i].cy] as Point;
    const isTold = point[1] <= FLOOR;
    const fall = falls.find(([, end]) => end[0] === point[0] && end[1] === point[1]);
    // Above a mark that has fallen is its own line, on which a leader would lie: its name is beside it or below.
    const near = fall && hasRoomBelow(i) ? [...spotsBelow(point), ...spotsAround(point, true)] : spotsAround(point, false, 1);
    const far = fall ? [] : [...spotsStraight(point), ...spotsAround(point)];
    const spots = isTold || i === picked ? [...near, ...far] : spotsBeside(point);
    return spots.filter((spot) => !isTold || boxOf(rows[i].name, spot).bottom <= FLOOR + 4);
  }
}

/** Farther places, with a leader straight up or down: where many stand in a row, their names climb over each other. */
function spotsStraight([x, y]: Point): Spot[] {
  return FAR.flatMap((far) => [-1, 1].flatMap((down) => [["middle", 0], ["start", -6], ["end", 6]].map(([anchor, aside]) => (
    { x: x + Number(aside), y: y + down * far + 4, anchor, leader: [[x, y + 9 * down], [x, y + down * (far - 8)]] }
  )) as Spot[]));
}

/** The same straight down, at the left of the leader: those of marks that stand close together pass each other's names. */
function spotsBelow([x, y]: Point): Spot[] {
  return FAR.map((far) => ({ x: x + 2, y: y + far + 4, anchor: "end", leader: [[x, y + 9], [x, y + far - 8]] }));
}
