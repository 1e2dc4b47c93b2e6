/** A row of numbers as bars above and below a line. */

import { element, svg } from "../ui/dom.ts";
import { format } from "../models/numbers.ts";
import { rms } from "../models/norms.ts";

/** @param largest  The value of a full bar, where several strips share a scale; the largest of the row if left out. */
export function strip(name: string, row: ArrayLike<number>, largest: number = Math.max(...Array.from(row, Math.abs))) {
  const numbers = Array.from(row);
  const [width, height] = [4 * numbers.length, 60];
  const title = `${name}: ${numbers.length} numbers from ${format(Math.min(...numbers))} to ${format(Math.max(...numbers))}, root mean square ${format(rms(numbers))}`;
  const bars = numbers.map((value, i) => {
    const size = Math.min(1, Math.abs(value) / Math.max(largest, 1e-9)) * (height / 2);
    return svg("rect", { class: value < 0 ? "llm-below" : "llm-above", x: 4 * i, width: 3, y: value < 0 ? height / 2 : height / 2 - size, height: size });
  });
  return element(
    "figure",
    { class: "llm-strip" },
    element("figcaption", {}, title),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, preserveAspectRatio: "none" }, ...bars),
  );
}
