/** The way of an attack as a picture: from the mails through the agent to what does harm, past the gates that rules are. */

import { svg } from "../ui/dom.ts";
import type { Policy, Way } from "./mail_agent.ts";

/** A rule as a gate. */
interface Gate {
  part: keyof Policy;
  name: string;
  isSet: boolean;
  asks: boolean; // Whether it asks the user, rather than refuse.
}

/** Below this width names have two lines and boxes one word. */
const NARROW = 480;
const BOX = { height: 34, wide: 94, narrow: 44 };
const HALF_GATE = { width: 6, height: 13, post: 6 };

/**
 * The gates with the attacks that each of them stops, and the attacks that reach each end.
 * @param gates  Those of the way to sending in its order; that of deletions is the last.
 * @param ways  Those of each attack.
 */
export function gatesPicture(gates: Gate[], ways: Way[][], width: number) {
  const isNarrow = width < NARROW;
  const lines = isNarrow ? 12 : 0; // the second line of a name
  const box = isNarrow ? BOX.narrow : BOX.wide;
  const [upper, lower] = [32 + lines, (isNarrow ? 90 : 78) + 2 * lines];
  const at = (place: number) => box / 2 + 1 + (place / 6) * (width - box - 2);
  // Where there is little height, beside the texts above it.
  const branch = at(isNarrow ? 3 : 3.5);
  const [filter, notes, recipients, sending, deleting] = gates;
  const through = (tool: string, passed: Gate[]) =>
    ways.filter((of) => of.some((way) => (!tool || way.tool === tool) && !passed.some(({ part }) => part === way.stop))).length;
  const leaked = through("send", [filter, notes, recipients, sending]);
  const deleted = through("delete", [filter, deleting]);
  const toLower = `M${at(2)} ${upper}V${lower}H`;
  const text = gates.map((gate) => `${gate.name}: ${stateOf(gate, ways)}`).join("; ");
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${lower + 28}`, role: "img", "aria-label": `From the mails to what does harm. ${text}. ${leaked} leak the notes, ${deleted} delete mails.` },
    stream(`M${at(0)} ${upper}H${at(1)}`, ways.length),
    stream(`M${at(1)} ${upper}H${at(2)}`, through("", [filter])),
    stream(`${toLower}${branch}`, through("delete", [filter])),
    stream(`M${branch} ${lower}H${at(6)}`, deleted),
    stream(`M${at(2)} ${upper}H${at(3)}`, through("send", [filter])),
    stream(`M${at(3)} ${upper}H${at(4)}`, through("send", [filter, notes])),
    stream(`M${at(4)} ${upper}H${at(5)}`, through("send", [filter, notes, recipients])),
    stream(`M${at(5)} ${upper}H${at(6)}`, leaked),
    ...[at(1), at(3), at(4), at(5)].map((x, i) => drawn(gates[i], ways, x, upper, isNarrow)),
    drawn(deleting, ways, branch, lower, isNarrow),
    place(at(0), upper, box, isNarrow ? ["mails", String(ways.length)] : ["mails", counted(ways.length)]),
    place(at(2), upper, box, isNarrow ? ["agent"] : ["agent", "obeys all"]),
    place(at(6), upper, box, isNarrow ? ["leaked", String(leaked)] : ["notes leaked", counted(leaked)], leaked > 0),
    place(at(6), lower, box, isNarrow ? ["erased", String(deleted)] : ["mails deleted", counted(deleted)], deleted > 0),
  );
}

function counted(attacks: number) {
  return `${attacks} attack${attacks === 1 ? "" : "s"}`;
}

function stateOf({ part, isSet }: Gate, ways: Way[][]) {
  return isSet ? `stops ${ways.filter((of) => of.some(({ stop }) => stop === part)).length}` : "open";
}

/** A stretch of the way, as broad as the attacks on it are many. */
function stream(d: string, attacks: number) {
  return svg("path", { class: attacks ? "llm-stream" : "llm-stream llm-dry", d, "stroke-width": attacks ? 1 + 1.5 * attacks : 1 });
}

function drawn(gate: Gate, ways: Way[][], x: number, y: number, isNarrow: boolean) {
  const { width, height, post } = HALF_GATE;
  const [left, top] = [x - width, y - height];
  const bar = (from: number, long: number) => `M${left} ${from}h${2 * width}v${long}h${-2 * width}z`;
  const look = gate.isSet ? "llm-bold" : "llm-tick";
  const names = isNarrow ? gate.name.split(" ") : [gate.name];
  return svg(
    "g",
    {},
    svg("path", { class: gate.isSet ? "llm-gate llm-shut" : "llm-gate", d: gate.isSet ? bar(top, 2 * height) : bar(top, post) + bar(y + height - post, post) }),
    ...(gate.asks ? [label(x, y + 4, "?", "llm-asks")] : []),
    ...names.map((name, i) => label(x, top - 5 - 12 * (names.length - 1 - i), name, look)),
    label(x, y + height + 12, stateOf(gate, ways), look),
  );
}

function place(x: number, y: number, width: number, lines: string[], isHarmed?: boolean) {
  const box = svg("rect", { class: isHarmed ? "llm-place llm-harmed" : "llm-place", x: x - width / 2, y: y - BOX.height / 2, width, height: BOX.height, rx: 4 });
  return svg("g", {}, box, ...lines.map((line, i) => label(x, y + 4 + 14 * (i - (lines.length - 1) / 2), line, i ? "" : "llm-bold")));
}

function label(x: number, y: number, text: string, look: string) {
  return svg("text", { class: look, x, y, "text-anchor": "middle" }, text);
}
