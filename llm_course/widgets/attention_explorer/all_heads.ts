/** The weights of all heads, small: what a reader looks through before looking closely. */

import { attention } from "./attention.ts";
import { habitName } from "./attention_words.ts";
import { element } from "../ui/dom.ts";
import { thumbnail } from "./heat_map.ts";
import type { Matrix } from "../ui/types.ts";
import type { Source, Vectors, Weights } from "./widget.ts";

/** @returns  Null where there is one head alone. */
export function allHeads(
  { source, layer, head }: { source: Source, layer: number, head: number },
  onChoose: (layer: number, head: number) => void,
): HTMLElement | null {
  const { layers, heads } = source;
  if (layers * heads < 2) return null;
  const indices = (count: number) => Array.from({ length: count }, (_, i) => i);
  const buttons = indices(layers).flatMap((i) =>
    indices(heads).map((j) => {
      const weights = weightsOf(source.at(i, j));
      const habit = habitName(weights, source.tokens);
      return element(
        "button",
        { type: "button", "aria-label": `Layer ${i + 1}, head ${j + 1}, ${habit.join(" ")}`, "aria-pressed": String(i === layer && j === head), onclick: () => onChoose(i, j) },
        thumbnail(weights),
        element("i", { "data-number": `${i + 1}.${j + 1}` }), // in the corner that a causal mask leaves empty
        element("span", {}, element("span", {}, habit[0]), habit[1] ? element("span", {}, ` ${habit[1]}`) : null),
      );
    }),
  );
  return element(
    "figure",
    {},
    element("figcaption", {}, "Press a head: 2.4 is head 4 of layer 2"),
    element("div", { class: "llm-thumbnails", style: `--columns: ${heads}`, role: "group", "aria-label": "Heads" }, ...buttons),
    element("p", { class: "llm-note" }, "Under each head: where it looks most, if that has at least 30 % of its weight; else to how many tokens it looks."),
  );
}

function weightsOf(numbers: Vectors | Weights): Matrix {
  return "weights" in numbers ? numbers.weights : attention({ ...numbers, causal: true, scaled: true }).weights;
}
