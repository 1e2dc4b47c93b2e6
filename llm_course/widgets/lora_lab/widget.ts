/** LoRA: what a product of two thin matrices saves, and what it can hold. */

import { memory } from "../ui/before.ts";
import { announcement, button, columns, element, setTrait, svg, traitChoice, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { pairedShares } from "../ui/paired_bars.ts";
import { fitted, linePlot } from "../ui/plot.ts";
import { lowRankParameters, ofRank, rankErrors, sortedByPattern } from "./low_rank.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import type { Matrix as Numbers } from "../ui/types.ts";

export interface Matrix {
  name: string;
  rows: number;
  columns: number;
  singular_values: number[];
  corner: { b: Numbers, a: Numbers }; // The factors of its first rows and columns, all ranks.
}

/** The look of its line: those of the three matrices come first. */
const ABILITY = 3;
/** Ranks that people use for LoRA. */
const USUAL = [1, 4, 8, 16];

export default widget(
  {
    title: "Low rank: what it saves, what it can hold",
    tryThis: [
      "Press the ranks 1, 4, 8 and 16, one after the other. Which of the three bars is nearly full first? How much of the matrix do B and A still miss then?",
      "Click on the slider and press the right arrow key, again and again. The middle picture comes closer to the left one: do you see broad areas of one color first, or single squares?",
      "Press the last of the ranks: B and A together then have as many numbers as the matrix itself. LoRA saves only at ranks far below it.",
      "Press rank 8, then choose the trained weight and the random numbers. How much of each do B and A miss? This is why LoRA keeps the trained weight, and adds B · A to it.",
    ],
  },
  (model, body) => {
    const matrices: Matrix[] = model.get("matrices");
    const highest = Math.min(...matrices.map(({ rows, columns }) => Math.min(rows, columns)));
    const results = element("div");
    const said = announcement("llm-eight-lines");
    const presets = element("div", { class: "llm-chips", role: "group", "aria-label": "Ranks to start with" });
    const rankField = traitSlider(model, "rank", "Rank r", { min: 1, max: highest, step: 1 });
    const drawn = element("div");
    const remember = memory() as (now: Figures) => Figures | undefined;
    body.append(
      columns(
        [
          element(
            "div",
            { class: "llm-controls" },
            traitChoice(model, "chosen", "Matrix", matrices.map(({ name }, i) => [i, name])),
            rankField,
            presets,
          ),
          said,
          drawn,
        ],
        [results],
      ),
    );
    for (const trait of ["rank", "chosen"]) model.on(`change:${trait}`, show);
    show();

    function show() {
      const matrix = matrices[model.get("chosen")];
      const rank = Math.min(highest, model.get("rank"));
      const now = figuresOf(matrix, rank, model.get("chosen") === 0 ? abilityLost(model.get("ability"), rank) : undefined);
      said.textContent = sentence(matrix, rank, now);
      presets.replaceChildren(...presetRanks(matrix, highest).map((preset) => rankButton(preset, preset === rank, (chosen) => setTrait(model, "rank", chosen))));
      drawn.replaceChildren(shapes(matrix, rank));
      results.replaceChildren(inBars(now, remember(now), rank), corners(matrix, rank), errorPlot(matrices, model.get("ability"), model.get("chosen"), rank, highest));
    }
  },
);

function sentence({ rows, columns }: Matrix, rank: number, { kept, missed, lost }: Figures) {
  const thin = lowRankParameters(rows, columns, rank);
  const counted = `At rank ${rank}, B and A have ${rank} · (${rows} + ${columns}) = ${grouped(thin)} numbers, ${share(kept)} of the ${grouped(rows * columns)} of the matrix.`;
  const gain = lost === undefined ? "" : `, and keeps ${share(1 - lost, 0)} of the drop in loss that it brought`;
  return `${counted} Their product misses ${share(missed, 0)} of its size${gain}.`;
}

/** Shares at a rank: of the numbers that are kept, of the matrix that the best pair misses, and of the ability that is lost. */
type Figures = { kept: number, missed: number, lost: number | undefined };

function figuresOf({ rows, columns, singular_values }: Matrix, rank: number, lost: number | undefined): Figures {
  return { kept: lowRankParameters(rows, columns, rank) / (rows * columns), missed: rankErrors(singular_values)[rank], lost };
}

/** What a rank keeps, as bars on one scale; what it kept before in outline. */
function inBars(now: Figures, before: Figures | undefined, rank: number) {
  const bars: [string, (figures: Figures) => number | undefined][] = [
    ["of the numbers", ({ kept }) => kept],
    ["of its size (100 % − missed)", ({ missed }) => 1 - missed],
    ["of the drop in loss", ({ lost }) => (lost === undefined ? undefined : 1 - lost)],
  ];
  const rows = bars.map(([name, of]) => {
    const is = of(now);
    const was = is === undefined ? undefined : before && of(before); // that of another matrix is none of this
    return tableRow(name, [pairedShares(is === undefined ? "not known" : share(is), was ?? is ?? 0, is ?? 0)]);
  });
  return captionedTable(`Rank ${rank} keeps${before ? " (outline: before)" : ""}`, [], rows, "llm-keeps");
}

/**
 * The share of an ability that is lost at a rank; between the ranks where it was measured, as its line is drawn.
 * @returns  Undefined where nothing was measured.
 */
function abilityLost(ability: [rank: number, lost: number][], rank: number): number | undefined {
  const above = ability.findIndex(([measured]) => measured >= rank);
  if (above < 0) return undefined;
  const [high, lostAtHigh] = ability[above];
  if (high === rank || above === 0) return high === rank ? lostAtHigh : undefined;
  const [low, lostAtLow] = ability[above - 1];
  if (low === 0) return undefined;
  return lostAtLow + (Math.log(rank / low) / Math.log(high / low)) * (lostAtHigh - lostAtLow);
}

/** The usual ranks, and the first at which two thin matrices have no fewer numbers than the full one. */
function presetRanks({ rows, columns }: Matrix, highest: number) {
  const even = Math.ceil((rows * columns) / (rows + columns));
  return [...USUAL.filter((rank) => rank < even), even].filter((rank) => rank <= highest);
}

function rankButton(rank: number, pressed: boolean, onPress: (rank: number) => void) {
  const node = button(String(rank), () => onPress(rank));
  node.setAttribute("aria-label", `r = ${rank}`);
  node.setAttribute("aria-pressed", String(pressed));
  return node;
}

/** The first rows and columns of the matrix, of the product, and of what it misses, all in one scale of color. */
function corners({ name, singular_values, corner }: Matrix, rank: number) {
  const { b, a } = sortedByPattern(corner.b, corner.a);
  const whole = ofRank(b, a, singular_values.length);
  const product = ofRank(b, a, rank);
  const rest = whole.map((row, i) => row.map((number, j) => number - product[i][j]));
  const largest = Math.max(1e-9, ...whole.flat().map(Math.abs));
  return element(
    "div",
    { class: "llm-corners" },
    picture(name, `${whole.length} × ${whole[0].length} of it, sorted to show its main pattern`, whole, largest),
    element("span", { "aria-hidden": "true" }, "="),
    picture(`B · A of rank ${rank}`, "the closest of this rank", product, largest),
    element("span", { "aria-hidden": "true" }, "+"),
    picture("What is missed", `${share(rankErrors(singular_values)[rank], 0)} of its size`, rest, largest),
  );
}

/** Blue above zero, orange below, stronger the larger. */
function picture(name: string, note: string, numbers: Numbers, largest: number) {
  const cells = numbers.flatMap((row, i) =>
    row.map((number, j) =>
      svg("rect", { x: j, y: i, width: 1, height: 1, class: number < 0 ? "llm-below" : "llm-above", "fill-opacity": Math.min(1, Math.abs(number) / largest).toFixed(2) }),
    ),
  );
  const drawing = svg("svg", { viewBox: `0 0 ${numbers[0].length} ${numbers.length}`, role: "img", "aria-label": `${name}: ${note}` }, ...cells);
  return element("figure", {}, element("figcaption", {}, name), drawing, element("p", { class: "llm-note" }, note));
}

/** The matrix and its two factors, to scale. */
function shapes({ rows, columns }: Matrix, rank: number) {
  const title = "The numbers to keep, to scale";
  const spoken = `${title}: the matrix of ${rows} by ${columns}, B of ${rows} by ${rank} and A of ${rank} by ${columns}`;
  const draw = (space: number) => {
    const side = Math.min(78, (space - 34) / 3);
    const unit = side / Math.max(rows, columns);
    const [height, width, thin] = [rows * unit, columns * unit, Math.max(1, rank * unit)];
    const left = width + 26;
    const across = left + thin + 6;
    const below = height + 16;
    const label = (x: number, y: number, text: string) => svg("text", { x, y, "text-anchor": "middle" }, text);
    return svg(
      "svg",
      { viewBox: `0 0 ${space} ${below + 6}`, role: "img", "aria-label": spoken },
      svg("rect", { class: "llm-full", x: 1, y: 1, width, height }),
      label(width / 2, below, `${rows} × ${columns}`),
      label(width + 13, height / 2 + 4, "≈"),
      svg("rect", { class: "llm-thin", x: left, y: 1, width: thin, height }),
      label(left + thin / 2, below, "B"),
      svg("rect", { class: "llm-thin", x: across, y: 1, width, height: thin }),
      label(across + width / 2, thin + 15 > height ? below : thin + 15, "A"),
    );
  };
  return element("figure", { class: "llm-plot llm-shapes" }, element("figcaption", {}, title), fitted(draw));
}

/** Each matrix has its color, whichever is chosen. */
function errorPlot(matrices: Matrix[], ability: [rank: number, lost: number][], chosen: number, rank: number, highest: number) {
  const series = matrices.map(({ name, singular_values }, look) => ({
    name, look,
    points: rankErrors(singular_values).slice(1, highest + 1).map((error, i) => [Math.log2(i + 1), error] as [number, number]),
  }));
  const kept = ability.filter(([measured]) => measured > 0).map(([measured, lost]) => [Math.log2(measured), lost] as [number, number]);
  series.push({ name: `${matrices[0].name}: its drop in loss`, look: ABILITY, points: kept });
  const lost = abilityLost(ability, rank);
  const dots = [{ value: rankErrors(matrices[chosen].singular_values)[rank], look: chosen }];
  if (lost !== undefined && chosen === 0) dots.push({ value: lost, look: ABILITY });
  return linePlot({
    title: "What is missed at each rank",
    x: "rank",
    y: "share missed",
    series,
    marker: Math.log2(rank),
    dots: dots.map(({ value, look }) => ({ at: [Math.log2(rank), value], name: share(value, 0), look })),
    xTick: (power) => String(2 ** power),
    xTicks: Array.from({ length: Math.floor(Math.log2(highest)) + 1 }, (_, i) => i),
    yTick: (share) => `${Math.round(100 * share)} %`,
    yRange: [0, 1],
    height: 186,
    linesAreInLegend: true, // beside them they would have room at some ranks only
  });
}

function share(value: number, digits: number = 1) {
  return `${format(100 * value, digits)} %`;
}

function grouped(count: number) {
  return count.toLocaleString("en-US");
}
