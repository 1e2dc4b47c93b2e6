/** Where the parameters of a decoder are, and how that moves with its sizes. */

import { announcement, choice, columns, element, setTrait, traitCheckbox, traitChoice, traitSlider, typedNumber } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { inWords, parameterCounts, type Shape } from "../models/parameters.ts";
import { captionedTable } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const OWN = "own";
/** A slider of more values has a field beside it. */
const FEW = 100;
const TRAITS = ["vocabulary", "width", "layers", "hidden", "group", "gated", "tied", "experts", "chosen"];
const DENSE = { gated: true, tied: false, experts: 1, chosen: 1 };
const PUBLISHED: Record<string, Shape> = {
  "Llama-2-7B": { ...DENSE, vocabulary: 32000, width: 4096, layers: 32, hidden: 11008, group: 1 },
  "Llama-2-70B": { ...DENSE, vocabulary: 32000, width: 8192, layers: 80, hidden: 28672, group: 8 },
  "Llama-3-8B": { ...DENSE, vocabulary: 128256, width: 4096, layers: 32, hidden: 14336, group: 4 },
  "Llama-3.2-1B": { ...DENSE, vocabulary: 128256, width: 2048, layers: 16, hidden: 8192, group: 4, tied: true },
  "Mistral-7B": { ...DENSE, vocabulary: 32000, width: 4096, layers: 32, hidden: 14336, group: 4 },
  "Mixtral 8x7B": { ...DENSE, vocabulary: 32000, width: 4096, layers: 32, hidden: 14336, group: 4, experts: 8, chosen: 2 },
};

export default widget(
  {
    title: "Where a decoder's parameters are",
    tryThis: [
      { say: "Try Llama-3.2-1B with its head untied, and raise the vocabulary: when are the feed-forward networks less than half?", set: { ...PUBLISHED["Llama-3.2-1B"], tied: false } },
      { say: "Here four query heads of Llama-2-7B share a key head. What has the model lost in size, and what has grown in share?", set: { ...PUBLISHED["Llama-2-7B"], group: 4 } },
      { say: "Here is Llama-2-7B without its gate. Raise the hidden units until the model is as large as it was: by which factor?", set: { ...PUBLISHED["Llama-2-7B"], gated: false } },
      { say: "Here is Mixtral 8x7B. Raise the number of experts: the total grows, the active parameters hardly do.", set: PUBLISHED["Mixtral 8x7B"] },
    ],
  },
  (model, body) => {
    const mixture = mixtureFields(model);
    const controls = element("div", { class: "llm-controls llm-short-exact" }, ...fields(model), mixture);
    const said = announcement();
    const names = Object.keys(PUBLISHED);
    const given = shapeOf(model);
    const changed = (name: string) => TRAITS.filter((trait) => model.get(trait) !== published(name, trait)).length;
    // A model with one change is compared with what it was made from.
    const present = names.find((name) => changed(name) === 0) ?? names.find((name) => changed(name) === 1) ?? OWN;
    const presets = [...(names.map((name) => [name, name]) as [string, string][])];
    if (present === OWN || changed(present)) presets.unshift([OWN, "as given"]);
    const beginning = (name: string) => ({ name: name === OWN ? "The model as given" : name, counts: parameterCounts(PUBLISHED[name] ?? given) });
    let began = beginning(present);
    const start = choice("Start from", presets, present, (name) => {
      const shape = PUBLISHED[name] ?? given;
      began = beginning(name);
      for (const [trait, value] of Object.entries(shape)) model.set(trait, value);
      model.save_changes();
      mixture.open = shape.experts > 1;
    });
    const [bars, parts] = [element("div"), element("div")];
    const split = columns([element("div", { class: "llm-controls" }, start), controls], [said, bars, parts]);
    split.classList.add("llm-result-first");
    body.append(split);
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const shape = shapeOf(model);
      const counts = parameterCounts(shape);
      said.textContent =
        `${inWords(counts.total)} parameters, ${percent(counts.feedForward / counts.total)} of them in feed-forward networks.` +
        (shape.experts > 1 ? ` A token uses ${inWords(counts.active)}, ${percent(counts.active / counts.total)}; the other experts are idle.` : "");
      const most = Math.max(counts.total, began.counts.total);
      bars.replaceChildren(stack("This model", counts, most), stack(began.name, began.counts, most));
      parts.replaceChildren(table(shape, counts));
    }
  },
);

function published(name: string, trait: string) {
  return (PUBLISHED[name] as Record<string, any>)[trait];
}

function shapeOf(model: Model): Shape {
  return Object.fromEntries(TRAITS.map((trait) => [trait, model.get(trait)])) as Shape;
}

function range(model: Model, label: string, trait: string, min: number, max: number, step: number) {
  return traitSlider(model, trait, label, { min, max, step, format: (value) => value.toLocaleString("en"), parse: max > FEW ? typedNumber : undefined });
}

function fields(model: Model) {
  const groups = [...new Set([1, 2, 4, 8, 16, model.get("group")])].sort((a, b) => a - b);
  return [
    range(model, "Vocabulary", "vocabulary", 1024, 262144, 64),
    range(model, "Width d_model", "width", 128, 8192, 128),
    range(model, "Layers", "layers", 1, 96, 1),
    range(model, "Hidden units d_ff", "hidden", 128, 32768, 128),
    traitChoice(model, "group", "Query heads per key head", groups.map((group) => [group, String(group)])),
    traitCheckbox(model, "gated", "with a gate (three matrices)"),
    traitCheckbox(model, "tied", "head tied to the embedding"),
  ];
}

function mixtureFields(model: Model) {
  const experts = range(model, "Experts in a layer", "experts", 1, 64, 1);
  // A token has no more experts than there are.
  experts.addEventListener("input", () => {
    if (model.get("chosen") > model.get("experts")) setTrait(model, "chosen", model.get("experts"));
  });
  return element("details", { class: "llm-experts", open: model.get("experts") > 1 }, element("summary", {}, "Mixture of experts"), experts, range(model, "Experts for a token", "chosen", 1, 8, 1));
}

/**
 * The parts of a model as one bar, as long as the model is large.
 * @param most  Parameters of a bar of the whole width.
 */
function stack(name: string, counts: ReturnType<typeof parameterCounts>, most: number) {
  const parts = [
    ["feed-forward", counts.feedForward], ["attention", counts.attention], ["embeddings", counts.embeddings], ["norms", counts.norms],
  ] as [string, number][];
  const asleep = counts.total - counts.active;
  const title = `${name}: ${inWords(counts.total)} parameters${asleep ? " (hatched: idle)" : ""}`;
  const spoken = parts.map(([part, count]) => `${part} ${percent(count / counts.total)}`).join(", ");
  const bars = parts.map(([part, count]) => {
    const share = count / counts.total;
    const hatched = part === "feed-forward" && asleep ? element("i", { class: "llm-asleep", style: `--share: ${(asleep / count).toFixed(4)}` }) : null;
    return element("span", { style: `flex: ${share.toFixed(4)}`, title: `${part}, ${percent(share)}` }, hatched, element("b", {}, part));
  });
  return element(
    "figure",
    { class: "llm-stack" },
    element("figcaption", {}, title),
    element("div", { style: `--share: ${(counts.total / most).toFixed(4)}`, role: "img", "aria-label": `${title}. ${spoken}.` }, ...bars),
  );
}

function table(shape: Shape, counts: ReturnType<typeof parameterCounts>) {
  const { vocabulary, width, layers, hidden, group, gated, tied, experts } = shape;
  const matrices = `${gated ? 3 : 2} · ${width} × ${hidden}`;
  const rows = [
    ["feed-forward", counts.feedForward, `${layers} layers: ${experts > 1 ? `${experts} experts of ${matrices}, and a router` : matrices}`],
    ["attention", counts.attention, `${layers} layers: queries, output 2 · ${width} × ${width}; keys, values 2 · ${Math.floor(width / group)} × ${width}`],
    ["embeddings", counts.embeddings, `${tied ? "" : "2 · "}${vocabulary} × ${width}`],
    ["norms", counts.norms, `${2 * layers + 1} norms of ${width}`],
  ] as [string, number, string][];
  const lines = rows.map(([name, count, how]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("i", { class: "llm-swatch" }), name, element("span", { class: "llm-note" }, how)),
      element("td", {}, element("span", { class: "llm-bar", style: `--share: ${(count / counts.total).toFixed(4)}` }), percent(count / counts.total)),
      element("td", {}, count.toLocaleString("en")),
    ),
  );
  return captionedTable("Parameters by part", ["", "Share", "Parameters"], lines, "llm-bars llm-filled");
}

function percent(share: number) {
  return `${format(100 * share, 1)}\u00a0%`;
}
