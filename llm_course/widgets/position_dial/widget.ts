/** Positions as clock hands: RoPE turns queries and keys, sinusoids are such hands themselves. */

import { fromTo, memory } from "../ui/before.ts";
import { announcement, choice, columns, element, setTrait, svg, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { handle } from "../ui/handle.ts";
import { ropeFrequencies } from "../models/decoder.ts";
import { dot, format } from "../models/numbers.ts";
import { linePlot, type Points } from "../ui/plot.ts";
import { rope, sinusoid } from "./positions.ts";
import type { Model } from "../ui/types.ts";

const DIALS = 6;
const FARTHEST = 64;
const POSITIONS = { min: 0, max: FARTHEST, step: 1 };
/** A hand, and the way along the rim, on a dial with a radius of 50. */
const LONGEST = 43;
const RIM = 48;
/** What the legend shows of an area. */
const AREA = "M4 1H26V9H4Z";
const BELOW_DIALS = "Drag a hand. Fast ones tell neighbors apart, slow ones far from near. Below each: both angles, its share of the product, positions a turn takes.";
const BASES: [string, string][] = [["100", "100"], ["10000", "10,000"], ["500000", "500,000"]];
const KINDS: [string, string][] = [["rope", "RoPE: vectors turned"], ["sinusoid", "Sinusoids: added"]];
const LARGEST = "Find the distance at which the product is largest. How do the hands of query and key lie there?";
const TURNED = [
  "Move both positions on together: every hand turns, yet the product stays. Only the distance counts.",
  "Move the key one position at a time: the first hand turns by about 57° a step, the last hardly at all.",
  LARGEST,
  "Raise the base: the slow hands get slower still. In 64 positions they hardly move: such hands are made for longer texts.",
  "Choose sinusoids: the product again depends on the distance only. What else of the curve is the same, and what is not?",
];
const ADDED = [
  "Move both positions on together: every hand turns, yet the product stays. Only the distance counts.",
  "Move the key until the product is lowest. Is that the farthest distance?",
  "Raise the base, and move the key again: which hands still tell position 2 from position 3?",
  "Bring the key to the query: the product is then half the width, at every position. All positions have the same length.",
];

export default widget(
  {
    title: "Positions as clock hands",
    tryThis: suggestions,
  },
  (model, body) => {
    const set = (trait: string) => (value: any) => setTrait(model, trait, value);
    const dials = element("div", { class: "llm-dials" });
    const plot = element("div", { class: "llm-quiet-trace" });
    const said = announcement();
    said.classList.add("llm-three-lines");
    const remember = memory() as (now: Shown) => Shown | undefined;
    body.append(
      columns(
        [
          element(
            "div",
            { class: "llm-controls" },
            choice("Encoding", KINDS, model.get("kind"), set("kind")),
            traitSlider(model, "query_position", "Query at", POSITIONS),
            traitSlider(model, "key_position", "Key at", POSITIONS),
            traitSlider(model, "moved", "Both moved on by", { ...POSITIONS, max: 1000 }),
            choice("Base", BASES, String(model.get("base")), (base) => set("base")(Number(base))),
          ),
          said,
        ],
        [
          element(
            "div",
            {},
            element("p", { class: "llm-legend" }, hand("llm-hand", "query"), hand("llm-hand llm-hand-key", "key"), hand("llm-hand llm-before", "before"), hand("llm-apart", "angle between", AREA), hand("llm-swept", `query’s way through ${FARTHEST} positions`)),
            dials,
            element("p", { class: "llm-note" }, BELOW_DIALS),
          ),
          plot,
        ],
      ),
    );
    for (const trait of ["kind", "query_position", "key_position", "moved", "base"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const base = model.get("base");
      const query = model.get("query_position") + model.get("moved");
      const key = model.get("key_position") + model.get("moved");
      const distance = query - key;
      const [queryVector, keyVector] = [encoded(model, "query", query), encoded(model, "key", key)];
      const product = dot(queryVector, keyVector);
      const most = largestProduct(model);
      const now = { hands: hands(model, query, key), product: format(product, 3), curve: productByDistance(model) };
      const before = remember(now);
      const moved = model.get("moved");
      const at = (name: string, position: number) => `${name} at ${moved ? `${position - moved}\u00a0+\u00a0${moved}\u00a0=\u00a0` : ""}${position}`;
      const speeds = ropeFrequencies(model.get("query").length, base);
      const longest = Math.max(...now.hands.flat().map(({ length }) => length)) || 1;
      dials.replaceChildren(...now.hands.map((both, i) => dial({ pair: i, speed: speeds[i], longest, from: both[0].angle - speeds[i] * model.get("query_position") }, both, before?.hands[i], turner)));
      said.textContent =
        `${at("Query", query)}, ${at("key", key)}, distance ${format(distance, 0)}: product ${fromTo(before?.product, now.product)}` +
        (model.get("kind") === "sinusoid" ? `; squared length of each ${format(dot(keyVector, keyVector), 3)} = d/2.` : ".");
      const toDistance = (to: number) => set("key_position")(nearestPosition(model.get("query_position") - to));
      plot.replaceChildren(productPlot(now.curve, before?.curve, [distance, product], most, toDistance));
    }

    /** Turns a hand to where it is dragged: to the position that is nearest, in the turn that it has reached. */
    function turner(name: "query" | "key", speed: number) {
      const trait = `${name}_position`;
      let position = model.get(trait);
      return (turn: number) => {
        position += turn / speed;
        set(trait)(nearestPosition(position));
      };
    }
  },
);

/** Vectors whose hands start apart have their own point, which comes first. */
function suggestions(model: Model) {
  if (model.get("kind") !== "rope") return ADDED;
  const curve = productByDistance(model);
  const [peak] = curve.reduce((best, point) => (point[1] > best[1] ? point : best));
  if (peak === 0) return TURNED;
  return [`Here the hands of query and key start apart: the product is not largest at distance 0. ${LARGEST}`, ...TURNED.filter((one) => one !== LARGEST)];
}

/** The vector as it enters the product. */
function encoded(model: Model, name: "query" | "key", position: number): number[] {
  const vector = model.get(name);
  return model.get("kind") === "rope" ? rope(vector, position, model.get("base")) : sinusoid(vector.length, position, model.get("base"));
}

/**
 * Both hands of each pair. With RoPE they are the vectors' own pairs of numbers, turned; sinusoids begin at 0 and are
 * equally long.
 * @param query  Its position.
 */
function hands(model: Model, query: number, key: number): [query: Hand, key: Hand][] {
  const half = model.get("query").length / 2;
  const isTurned = model.get("kind") === "rope";
  const start = (name: "query" | "key", i: number) =>
    isTurned ? { x: model.get(name)[i], y: model.get(name)[i + half] } : { x: 1, y: 0 };
  return ropeFrequencies(2 * half, model.get("base")).slice(0, DIALS).map((speed, i) => [
    turned(start("query", i), query * speed),
    turned(start("key", i), key * speed),
  ]);
}

function turned({ x, y }: { x: number, y: number }, turn: number): Hand {
  return { angle: Math.atan2(y, x) + turn, length: Math.hypot(x, y) };
}

/**
 * The product of query and key if all hands lay on each other: no base and no distance has a larger one, and its
 * opposite is the least.
 */
function largestProduct(model: Model) {
  const [query, key] = ["query", "key"].map((name) => model.get(name));
  const half = query.length / 2;
  if (model.get("kind") === "sinusoid") return half;
  const length = (vector: number[], i: number) => Math.hypot(vector[i], vector[i + half]);
  return query.slice(0, half).reduce((sum: number, _: number, i: number) => sum + length(query, i) * length(key, i), 0);
}

interface Hand {
  angle: number; // In radians.
  length: number; // What is shown at one time.
}

interface Shown {
  hands: [query: Hand, key: Hand][]; // By pair.
  product: string;
  curve: Points;
}

function productByDistance(model: Model): Points {
  const query = encoded(model, "query", 0);
  return Array.from({ length: 2 * FARTHEST + 1 }, (_, i) => {
    const distance = i - FARTHEST;
    return [distance, dot(query, encoded(model, "key", -distance))];
  });
}

/** @param most  The largest that the product can be. */
function productPlot(
  points: Points,
  before: Points | undefined,
  now: [distance: number, product: number],
  most: number,
  toDistance: (distance: number) => void,
) {
  return linePlot({
    title: "The product of query and key, by distance",
    x: "position of query − position of key",
    y: "product",
    series: [{ name: "product", points, before }],
    marker: now[0],
    dots: [{ at: now, name: `now ${format(now[1], 3)}`, look: 3, isAlwaysNamed: true, onDrag: ([to]) => toDistance(to) }],
    yRange: [-most, most],
    yTicks: [-most, -most / 2, 0, most / 2, most],
    tracesAreNamed: true,
  });
}

/**
 * Two hands on a clock, and pale where they stood before; zero is at the right and angles grow against the clock, as in
 * mathematics.
 * @param clock  Its speed in radians a position, the longest
 *   of all hands, which reaches the rim, and where the query's is at the first position that can be chosen.
 */
function dial(
  { pair, speed, longest, from }: { pair: number, speed: number, longest: number, from: number },
  [query, key]: [query: Hand, key: Hand],
  before: [query: Hand, key: Hand] | undefined,
  turner: (name: "query" | "key", speed: number) => (turn: number) => void,
) {
  const share = signed(query.length * key.length * Math.cos(query.angle - key.angle));
  const label = `Pair ${pair + 1}: query at ${degrees(query)}, key at ${degrees(key)}, share of the product ${share}, a full turn takes ${fullTurn(speed)} positions`;
  const line = ({ angle, length }: Hand, name: string) => {
    const [x, y] = [Math.cos(angle), Math.sin(angle)].map((side) => (side * LONGEST * length) / longest);
    return svg("line", { class: name, x1: 0, y1: 0, x2: x, y2: -y });
  };
  const grip = (name: "query" | "key", at: Hand) => handle(line(at, "llm-wide-grip"), (start) => {
    const turn = turner(name, speed);
    let last = start;
    return (to) => {
      turn(shorterWay(angleOf(to) - angleOf(last)));
      last = to;
    };
  });
  return element(
    "figure",
    {},
    svg(
      "svg",
      { viewBox: "-52 -52 104 104", role: "img", "aria-label": label },
      svg("circle", { r: 50 }),
      arc("llm-swept", from, FARTHEST * speed),
      svg("path", { class: "llm-apart", d: sector(key.angle, query.angle - key.angle) }),
      ...(before ? [line(before[0], "llm-hand llm-before"), line(before[1], "llm-hand llm-hand-key llm-before")] : []),
      line(query, "llm-hand"),
      line(key, "llm-hand llm-hand-key"),
      grip("key", key),
      grip("query", query),
    ),
    element("figcaption", { "aria-hidden": "true" }, `${degrees(query)}, ${degrees(key)}`),
    element("p", { class: "llm-part-of-product", "aria-hidden": "true" }, share),
    element("p", { class: "llm-note", "aria-hidden": "true" }, `turn: ${fullTurn(speed)}`),
  );
}

/**
 * A way along the rim, all around for a turn or more.
 * @param from  In radians.
 */
function arc(look: string, from: number, turn: number) {
  if (turn >= 2 * Math.PI) return svg("circle", { class: look, r: RIM });
  return svg("path", { class: look, d: `M${along(from, turn, RIM).join("L")}` });
}

/** The angle between two hands, the shorter way. */
function sector(from: number, turn: number) {
  return `M0 0L${along(from, shorterWay(turn), LONGEST / 2).join("L")}Z`;
}

/** @param point  Of a drawing, whose y grows downwards. */
function angleOf([x, y]: [x: number, y: number]) {
  return Math.atan2(-y, x);
}

/** The same turn the shorter way around. */
function shorterWay(turn: number) {
  return Math.atan2(Math.sin(turn), Math.cos(turn));
}

/** Points of an arc, close enough to look round. */
function along(from: number, turn: number, radius: number) {
  const steps = Math.ceil(Math.abs(turn) / 0.1) + 1;
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = from + (turn * i) / steps;
    return `${(radius * Math.cos(angle)).toFixed(1)} ${(-radius * Math.sin(angle)).toFixed(1)}`;
  });
}

function nearestPosition(position: number) {
  return Math.min(FARTHEST, Math.max(0, Math.round(position)));
}

/** With its sign, as what is added up is written. */
function signed(value: number) {
  const text = format(value, 3);
  return value < 0 ? text : `+${text}`;
}

/** How many positions one turn takes: a hand that seems to stand still is a slow one. */
function fullTurn(speed: number) {
  const positions = (2 * Math.PI) / speed;
  if (positions >= 1e6) return positions.toExponential(0).replace("e+", "e");
  return positions < 10 ? format(positions, 1) : Math.round(positions).toLocaleString("en");
}

function hand(name: string, label: string, drawn: string = "M3 5H27") {
  return element("span", {}, svg("svg", { viewBox: "0 0 30 10", width: 30, height: 10, "aria-hidden": "true" }, svg("path", { class: name, d: drawn })), ` ${label}`);
}

function degrees({ angle }: Hand) {
  const turned = Math.round((angle * 180) / Math.PI) % 360;
  return `${turned < 0 ? turned + 360 : turned}°`;
}
