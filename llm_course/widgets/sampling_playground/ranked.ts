/** A distribution as one strip, the most probable token first: what is kept, what is cut, and what it was without. */

import { element, svg, visibleToken } from "../ui/dom.ts";
import { sum } from "../models/numbers.ts";
import { widthOf } from "../ui/labels.ts";
import { fitted, sample } from "../ui/plot.ts";
import { percent } from "../ui/token_bars.ts";

interface Ranked {
  after: string; // The token that they follow, if there is one.
  before: number[]; // The probabilities without the settings, the largest first.
  now: number[]; // With them, in the same order.
  kept: number; // How many of the first are kept: a filter keeps the most probable ones.
}

const HEIGHT = 120;
const EDGE = { top: 18, bottom: 18 };
/** How many tokens are drawn: bars of more would be hairs. */
const SHOWN = 60;

export function rankedStrip(ranked: Ranked) {
  const title = `${ranked.after ? `After “${visibleToken(ranked.after)}”: the` : "The"} ${SHOWN} most probable of ${ranked.before.length.toLocaleString("en")} tokens`;
  const mark = (look: string) => svg("rect", { class: look, x: 1, width: 24, height: 10 });
  return element(
    "figure",
    { class: "llm-plot llm-ranked" },
    element("figcaption", {}, title),
    fitted((width) => drawing(ranked, width, title)),
    element(
      "p",
      { class: "llm-legend" },
      sample("with your settings", mark("llm-bar-within")), sample("cut", mark("llm-bar-beyond")), sample("the model's own", mark("llm-plainly")),
    ),
  );
}

function drawing({ before, now, kept }: Ranked, width: number, title: string) {
  const largest = Math.max(before[0], now[0]);
  const bottom = HEIGHT - EDGE.bottom;
  const toX = (rank: number) => 1 + (rank / SHOWN) * (width - 2);
  const toY = (value: number) => bottom - (value / largest) * (bottom - EDGE.top);
  const area = (values: number[], from: number, to: number, look: string) =>
    svg("path", {
      class: look,
      d: values.slice(from, to).map((value, i) => `M${toX(from + i).toFixed(1)} ${bottom}V${toY(value).toFixed(1)}H${(toX(from + i + 1) - 1).toFixed(1)}V${bottom}Z`).join(""),
    });
  const text = (x: number, y: number, anchor: string, said: string) =>
    svg("text", { x, y, "text-anchor": anchor, class: "llm-tick" }, said);
  const edge = Math.min(kept, SHOWN);
  const isRight = toX(edge) > width - 190;
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${kept} are kept` },
    area(now, 0, edge, "llm-bar-within"),
    area(before, edge, SHOWN, "llm-bar-beyond"),
    area(before, 0, edge, "llm-plainly"),
    svg("path", { class: "llm-axis", d: `M0 ${bottom}H${width}` }),
    ...(kept < SHOWN ? [svg("line", { class: "llm-marker", x1: toX(kept), x2: toX(kept), y1: EDGE.top, y2: bottom })] : []),
    ...(kept < before.length ? [text(toX(edge) + (isRight ? -6 : 6), EDGE.top + 11, isRight ? "end" : "start", `${kept} kept, ${percent(sum(before.slice(kept)))} cut`)] : []),
    text(1, 12, "start", percent(largest)),
    text(width - 1, 12, "end", theRest(before.length - SHOWN, sum(now.slice(SHOWN)), sum(before.slice(SHOWN)), width - 60)),
    text(1, HEIGHT - 4, "start", "1st"),
    text(width - 1, HEIGHT - 4, "end", `${SHOWN}th`),
  );
}

/** What is not drawn, in the room that there is. */
function theRest(count: number, now: number, before: number, room: number) {
  const rest = `the other ${count.toLocaleString("en")}`;
  const whole = `${rest}: ${percent(now)} together (model's own: ${percent(before)})`;
  return widthOf(whole) <= room ? whole : `${rest}: ${percent(now)}`;
}
