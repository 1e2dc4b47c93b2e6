/** A drafted token against the target: what is accepted, what comes out, and whether it pays. */

import { memory } from "../ui/before.ts";
import { announcement, button, columns, element, traitChoice, traitSlider, visibleToken } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { keyFigures } from "../ui/key_figures.ts";
import { format, randomNumbers, totalVariation } from "../models/numbers.ts";
import { onePlace } from "./one_place.ts";
import { barsOfParts } from "../ui/paired_bars.ts";
import { linePlot } from "../ui/plot.ts";
import { drawOne, expectedTokens, outcome, speedUp, type Rule } from "./speculation.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const TRAITS = ["place", "likeness", "rule", "drafted", "cost"];
const RULES: [Rule, string][] = [
  ["exact", "the right one"],
  ["target", "rejected: from the target"],
  ["all", "accept everything"],
  ["best", "only the likeliest"],
];
/** What becomes of a drafted token. */
const MEANINGS: Record<Rule, string> = {
  exact: "The draft proposes a token. It is accepted with probability target / draft, at most 1. If it is rejected, a new token is drawn from what the target has more than the draft. The two parts add up to the target.",
  target: "The draft proposes a token. It is accepted with probability target / draft, at most 1. If it is rejected, a new token is drawn from the whole target: what the draft had right already gets a second chance.",
  all: "The draft proposes a token, and every one is accepted. So what comes out is the draft.",
  best: "The draft proposes a token. It is accepted only if it is the target's likeliest. If it is rejected, a new token is drawn from what the target has more than the draft.",
};
const DRAWS = 2000;
const LONGEST = 16;

export default widget(
  {
    title: "One drafted token",
    tryThis: [
      "The draft proposes some tokens too often: where is the excess rejected, and where does it come back? Then choose another rule: which tokens come too often?",
      "Set “Draft like the target” to 50 %, then to 100 %. What happens to the rejected parts, and to the best draft length?",
      "Set “Draft like the target” to 0 %, and raise what a draft's pass costs until speculation loses at every length. How like the target must the draft be to win again?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const [text, meaning] = [element("div"), element("div")];
    let seed = 1;
    let counts: number[] | null = null;
    const draw = button(`Draw ${DRAWS.toLocaleString("en")} tokens`, () => {
      const { target, draft, rule } = placeOf(model);
      const uniform = randomNumbers(seed++);
      counts = target.map(() => 0);
      for (let i = 0; i < DRAWS; i++) counts[drawOne(target, draft, rule, uniform)]++;
      show();
    });
    body.append(text, meaning, columns([element("div", { class: "llm-controls" }, ...fields(model), draw), said], [results]));
    const remember = memory() as (now: Place) => Place | undefined;
    for (const trait of TRAITS) {
      model.on(`change:${trait}`, () => {
        if (trait !== "drafted" && trait !== "cost") counts = null;
        show();
      });
    }
    show();

    function show() {
      const place = placeOf(model);
      said.textContent = sentence(place);
      text.replaceChildren(textBefore(model));
      meaning.replaceChildren(meaningOf(place.rule));
      const before = remember(place);
      results.replaceChildren(figures(place, before), legend(), table(place, counts), plot(place, before));
    }
  },
);

/** The text up to the drafted token. */
function textBefore(model: Model) {
  const texts = (model.get("texts") as string[]).map((text) => element("p", { class: "llm-text llm-before-this" }, text, element("mark", {}, " ? ")));
  return onePlace(texts, model.get("place"));
}

function meaningOf(rule: Rule) {
  const sentences = RULES.map(([name]) => element("p", { class: "llm-meaning" }, MEANINGS[name]));
  return onePlace(sentences, RULES.findIndex(([name]) => name === rule));
}

function fields(model: Model) {
  return [
    traitChoice(model, "place", "Place", model.get("places").map((name: string, i: number) => [i, name])),
    traitChoice(model, "rule", "Rule", RULES),
    traitSlider(model, "likeness", "Draft like the target", { min: 0, max: 1, step: 0.05, format: (share) => `${Math.round(100 * share)} %` }),
    traitSlider(model, "drafted", "Drafted tokens", { min: 0, max: LONGEST, step: 1 }),
    traitSlider(model, "cost", "A draft's pass costs", { min: 0, max: 1, step: 0.01, format: (share) => `${Math.round(100 * share)} %` }),
  ];
}

/** The chosen place, with the draft as like the target as was asked for. */
function placeOf(model: Model) {
  const place = model.get("place");
  const target: number[] = model.get("target")[place];
  const likeness = model.get("likeness");
  const draft: number[] = model.get("draft")[place].map((q: number, token: number) => (1 - likeness) * q + likeness * target[token]);
  const rule: Rule = model.get("rule");
  return { target, draft, rule, tokens: model.get("tokens")[place], text: model.get("texts")[place] ?? "", drafted: model.get("drafted"), cost: model.get("cost"), ...outcome(target, draft, rule) };
}

type Place = ReturnType<typeof placeOf>;

function sentence({ target, comesOut, acceptance, drafted, cost }: Place) {
  const apart = totalVariation(target, comesOut);
  const exact = apart < 1e-9 ? "What comes out is the target's distribution, exactly." : `What comes out is not the target's distribution: ${format(100 * apart, 1)} % of it lies elsewhere.`;
  const speed = speedUp(acceptance, drafted, cost);
  return `${exact} If it were like this everywhere, ${drafted} drafted tokens would make it ${format(speed)} times as fast${speed < 1 ? ": a loss" : ""}.`;
}

function figures(now: Place, before: Place | undefined) {
  const shown: [string, (of: Place) => string][] = [
    ["accepted", ({ acceptance }) => `${format(100 * acceptance, 1)} %`],
    ["not the target's", ({ target, comesOut }) => `${format(100 * totalVariation(target, comesOut), 1)} %`],
    ["tokens a pass", ({ acceptance, drafted }) => format(expectedTokens(acceptance, drafted))],
    ["times as fast", ({ acceptance, drafted, cost }) => format(speedUp(acceptance, drafted, cost))],
  ];
  return keyFigures(shown, now, before, true);
}

function legend() {
  const part = (name: string, look: string) => element("span", {}, element("i", { class: look, style: "--first: 0" }), name);
  return element(
    "p",
    { class: "llm-legend llm-parts" },
    part("accepted", "llm-within"),
    part("rejected", "llm-own llm-refused"),
    part("drawn again", "llm-own"),
    part("line: the target", "llm-aim"),
  );
}

/** What the draft proposes, and below it what comes out: the accepted part is the same in both. The line is the target. */
function table({ target, draft, accepted, redrawn, comesOut, tokens }: Place, counts: number[] | null) {
  // Hidden until something is drawn; its place is there from the start: the bars keep their length.
  const drawn = element("th", { scope: "col", style: !counts && "visibility: hidden" }, "drawn");
  const head = ["", "", "draft", "target", "comes out", "error", drawn];
  const largest = Math.max(...target, ...draft, ...comesOut);
  const lines = target.map((p, token) => {
    const off = comesOut[token] - p;
    const size = format(Math.abs(off));
    const cells = [
      element(
        "div",
        {},
        barsOfParts({ shared: accepted[token], above: draft[token], below: comesOut[token], aim: p }, largest),
        element("span", { class: "llm-in-words" }, `${format(accepted[token])} accepted + ${format(redrawn[token])} drawn again`),
      ),
      format(draft[token]),
      format(p),
      format(comesOut[token]),
      Number(size) ? `${off > 0 ? "▲" : "▼"} ${size}` : "–",
      counts ? format(counts[token] / DRAWS) : "",
    ];
    return tableRow(visibleToken(tokens[token]), cells);
  });
  return captionedTable("What the draft proposes (above), and what comes out of it (below)", head, lines, "llm-outcomes");
}

function plot({ acceptance, drafted, cost }: Place, before: Place | undefined) {
  const lengths = Array.from({ length: LONGEST + 1 }, (_, k) => k);
  const highest = Math.max(...lengths.map((k) => speedUp(acceptance, k, cost)), ...(before ? lengths.map((k) => speedUp(before.acceptance, k, before.cost)) : []));
  const line = (rate: number, of: number) => lengths.map((k) => [k, speedUp(rate, k, of)] as [number, number]);
  return linePlot({
    title: "Speed by the number of drafted tokens",
    x: "drafted tokens",
    y: "times as fast",
    series: [
      { name: "this draft", points: line(acceptance, cost), before: before && line(before.acceptance, before.cost) },
      { name: "no draft", points: [[0, 1], [LONGEST, 1]] },
    ],
    dots: [{ at: [drafted, speedUp(acceptance, drafted, cost)], name: `you: ${format(speedUp(acceptance, drafted, cost))}`, look: 3 }],
    yRange: [0, Math.max(2, Math.ceil(1.1 * highest))],
    height: 150,
    linesAreInLegend: true, // always: their names would find no room at times
  });
}
